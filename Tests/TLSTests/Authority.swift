import Bytes
import COpenSSL

/// Makes keys and certificates for a test, as an authority does.
final class Authority {
  let key: OpaquePointer
  let certificate: OpaquePointer

  /// A root, signed by itself.
  init(_ name: String) {
    key = Authority.makeKey()
    certificate = Authority.make(name, key, issuer: nil, Authority.Wish(isAuthority: true))
  }
  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  struct Wish {
    var names: String?  // "DNS:a,IP:127.0.0.1"
    /// In seconds from now.
    var begins = -3600
    var ends = 86400
    var isAuthority = false
    var serial = 1
    var isForClients = false
  }

  struct Issued {
    var certificate: String
    var key: String
    var pem: String { certificate + key }
  }

  var pem: String { Authority.pem(certificate) }

  func issue(_ name: String, _ wish: Wish = Wish()) -> Issued {
    var wish = wish
    if wish.names == nil { wish.names = "DNS:\(name)" }
    let own = Authority.makeKey()
    let made = Authority.make(name, own, issuer: self, wish)
    defer {
      X509_free(made)
      EVP_PKEY_free(own)
    }
    return Issued(certificate: Authority.pem(made), key: Authority.pem(key: own))
  }

  /// The same, but signed by itself.
  static func selfSigned(_ name: String) -> Issued {
    let own = makeKey()
    let made = make(name, own, issuer: nil, Wish(names: "DNS:\(name)"))
    defer {
      X509_free(made)
      EVP_PKEY_free(own)
    }
    return Issued(certificate: pem(made), key: pem(key: own))
  }

  /// A list of revoked serial numbers.
  func revoking(_ serials: [Int], ends: Int = 86400) -> String {
    let list = X509_CRL_new()!
    defer { X509_CRL_free(list) }
    X509_CRL_set_version(list, 1)
    X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate))
    let now = X509_gmtime_adj(nil, -60)
    X509_CRL_set1_lastUpdate(list, now)
    let next = X509_gmtime_adj(nil, CLong(ends))
    X509_CRL_set1_nextUpdate(list, next)
    for serial in serials {
      let revoked = X509_REVOKED_new()!
      let number = ASN1_INTEGER_new()
      ASN1_INTEGER_set(number, CLong(serial))
      X509_REVOKED_set_serialNumber(revoked, number)
      X509_REVOKED_set_revocationDate(revoked, now)
      X509_CRL_add0_revoked(list, revoked)
      ASN1_INTEGER_free(number)
    }
    ASN1_STRING_free(now)
    ASN1_STRING_free(next)
    X509_CRL_sort(list)
    X509_CRL_sign(list, key, EVP_sha256())
    return written { PEM_write_bio_X509_CRL($0, list) }
  }

  static func makeKey() -> OpaquePointer {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    EVP_PKEY_keygen_init(context)
    EVP_PKEY_CTX_set_group_name(context, "P-256")
    EVP_PKEY_keygen(context, &key)
    return key!
  }

  static func make(_ name: String, _ key: OpaquePointer, issuer: Authority?, _ wish: Wish) -> OpaquePointer {
    let made = X509_new()!
    X509_set_version(made, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(made), CLong(wish.serial))
    X509_gmtime_adj(X509_getm_notBefore(made), CLong(wish.begins))
    X509_gmtime_adj(X509_getm_notAfter(made), CLong(wish.ends))
    X509_set_pubkey(made, key)
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8, name, -1, -1, 0)
    X509_set_issuer_name(made, X509_get_subject_name(issuer?.certificate ?? made))
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, issuer?.certificate ?? made, made, nil, nil, 0)
    func add(_ kind: Int32, _ value: String) {
      guard let extra = X509V3_EXT_conf_nid(nil, &context, kind, value) else { fatalError(value) }
      X509_add_ext(made, extra, -1)
      X509_EXTENSION_free(extra)
    }
    if wish.isAuthority {
      add(NID_basic_constraints, "critical,CA:TRUE")
      add(NID_key_usage, "critical,keyCertSign,cRLSign")
      add(NID_subject_key_identifier, "hash")
    }
    if let names = wish.names { add(NID_subject_alt_name, names) }
    if wish.isForClients { add(NID_ext_key_usage, "clientAuth") }
    X509_sign(made, issuer?.key ?? key, EVP_sha256())
    return made
  }

  func written(_ write: (OpaquePointer) -> Int32) -> String { Authority.written(write) }
  static func written(_ write: (OpaquePointer) -> Int32) -> String {
    let bio = BIO_new(BIO_s_mem())!
    defer { BIO_free(bio) }
    _ = write(bio)
    var out: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = BIO_read(bio, &room, 4096)
      if count <= 0 { break }
      out += room[..<Int(count)]
    }
    return String(decoding: out, as: UTF8.self)
  }
  static func pem(_ certificate: OpaquePointer) -> String { written { PEM_write_bio_X509($0, certificate) } }
  static func pem(key: OpaquePointer, password: String? = nil) -> String {
    written { bio in
      guard let password else { return PEM_write_bio_PrivateKey(bio, key, nil, nil, 0, nil, nil) }
      let bytes = Array(password.utf8)
      return PEM_write_bio_PrivateKey(bio, key, EVP_aes_256_cbc(), bytes, Int32(bytes.count), nil, nil)
    }
  }
}
