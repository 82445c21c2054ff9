import Bytes
import COpenSSL

/// A certificate of our own with what belongs to it, loaded.
final class Identity {
  let certificate: OpaquePointer
  let key: OpaquePointer
  /// The rest of the chain: a STACK_OF(X509).
  let chain: UnsafeMutableRawPointer
  let names: [Text]
  let answer: [UInt8]

  init(
    _ certificate: OpaquePointer, _ key: OpaquePointer, _ chain: UnsafeMutableRawPointer, _ names: [Text],
    _ answer: [UInt8]
  ) {
    self.certificate = certificate
    self.key = key
    self.chain = chain
    self.names = names
    self.answer = answer
  }
  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
    copenssl_chain_free(chain)
  }

  /// A new key, and a certificate that it has signed itself.
  static func makeUp() -> Identity? {
    guard let chain = copenssl_chain_new() else { return nil }
    var key: OpaquePointer?
    guard let certificate = copenssl_make_up(&key), let key else {
      copenssl_chain_free(chain)
      return nil
    }
    return Identity(certificate, key, chain, [], [])
  }

  /// Is it for this host?
  func isFor(_ host: UnsafePointer<CChar>) -> Bool {
    guard names.isEmpty else { return names.contains { Identity.matches($0, host) } }
    return X509_check_host(certificate, host, strlen(host), CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS), nil)
      == 1
  }

  /// A name, or "*." before one for all that are directly below.
  static func matches(_ name: Text, _ host: UnsafePointer<CChar>) -> Bool {
    var rest = UnsafePointer(name.pointer)
    var other = host
    if name.count > 2, rest[0] == 42, rest[1] == 46 {
      rest += 1
      while other[0] != 0, other[0] != 46 { other += 1 }
      if other == host { return false }
    }
    return OPENSSL_strcasecmp(rest, other) == 0
  }
}

/// Reads what is in PEM or DER.
struct Loader {
  let settings: Settings

  enum Loaded<T> {
    case done(T)
    case failed(Reason)
  }

  func open(_ source: Source) -> OpaquePointer? {
    switch source {
    case .file(let path): copenssl_open(path.pointer)
    case .memory(let text): BIO_new_mem_buf(text.pointer, CInt(truncatingIfNeeded: text.count))
    }
  }

  /// Runs `body` on what the source holds; nil when it can't be opened.
  func reading<T>(_ source: Source, _ body: (OpaquePointer) -> T) -> T? {
    ERR_clear_error()
    guard let bio = open(source) else { return nil }
    defer { BIO_free(bio) }
    return body(bio)
  }

  /// Every certificate of a source; `each` takes each of them over. The fault, or nil.
  func certificates(_ source: Source, _ what: StaticString, _ each: (OpaquePointer) -> Bool) -> Reason? {
    let fault = reading(source) { bio -> Reason? in
      var count = 0
      while let certificate = PEM_read_bio_X509(bio, nil, { _, _, _, _ in -1 }, nil) {
        count += 1
        if !each(certificate) { return misconfigured(what, source.name) }
      }
      if count > 0, copenssl_is_end_of_pem(ERR_peek_last_error()) != 0 {
        ERR_clear_error()
        return nil
      }
      return count == 0 && copenssl_is_end_of_pem(ERR_peek_last_error()) != 0
        ? misconfigured(what, source.name, "there is no certificate in it") : misconfigured(what, source.name)
    }
    guard let fault else { return misconfigured(what, source.name) }
    return fault
  }

  func lists(_ source: Source, _ store: OpaquePointer) -> Reason? {
    let fault = reading(source) { bio -> Reason? in
      var count = 0
      while let list = PEM_read_bio_X509_CRL(bio, nil, { _, _, _, _ in -1 }, nil) {
        count += 1
        let isAdded = X509_STORE_add_crl(store, list)
        X509_CRL_free(list)
        if isAdded != 1 { return misconfigured("revocation list", source.name) }
      }
      guard count > 0, copenssl_is_end_of_pem(ERR_peek_last_error()) != 0 else {
        return misconfigured("revocation list", source.name)
      }
      ERR_clear_error()
      return nil
    }
    guard let fault else { return misconfigured("revocation list", source.name) }
    return fault
  }

  /// What the passphrase callback gets.
  final class Asking {
    let settings: Settings
    let source: Source
    init(_ settings: Settings, _ source: Source) {
      self.settings = settings
      self.source = source
    }
  }

  /// Never a question on the terminal.
  func key(_ source: Source) -> OpaquePointer? {
    let asking = Asking(settings, source)
    let key = reading(source) { bio in
      PEM_read_bio_PrivateKey(
        bio, nil,
        { room, size, _, asking in
          guard let room, let asking, size > 0 else { return -1 }
          return Unmanaged<Asking>.fromOpaque(asking)._withUnsafeGuaranteedRef { asking in
            guard let passphrase = asking.settings.passphrase else { return -1 }
            let length = passphrase(asking.source.name, room, Int(size))
            return length >= 0 && length <= Int(size) ? CInt(truncatingIfNeeded: length) : -1
          }
        }, Unmanaged.passUnretained(asking).toOpaque())
    }
    withExtendedLifetime(asking) {}
    return key ?? nil
  }

  static var mostBytes: Int { 64 * 1024 }

  /// All that a source holds, as it is, up to a bound that no OCSP answer reaches.
  func bytes(_ source: Source) -> [UInt8]? {
    let read = reading(source) { bio -> [UInt8] in
      [UInt8](unsafeUninitializedCapacity: Loader.mostBytes) { room, count in
        count = max(0, Int(BIO_read(bio, room.baseAddress, CInt(Loader.mostBytes))))
      }
    }
    return read
  }

  func identity(_ wanted: IdentitySettings) -> Loaded<Identity> {
    var first: OpaquePointer?
    guard let chain = copenssl_chain_new() else { return .failed(Reason(.noMemory)) }
    var key: OpaquePointer?
    var isTaken = false
    defer {
      if !isTaken {
        copenssl_chain_free(chain)
        if let first { X509_free(first) }
        if let key { EVP_PKEY_free(key) }
      }
    }
    func push(_ certificate: OpaquePointer) -> Bool {
      if copenssl_chain_push(chain, certificate) != 0 { return true }
      X509_free(certificate)
      return false
    }
    var fault = certificates(wanted.certificate, "certificate") { certificate in
      if first != nil { return push(certificate) }
      first = certificate
      return true
    }
    if fault == nil, let more = wanted.chain { fault = certificates(more, "certificate chain", push) }
    if let fault { return .failed(fault) }
    let place = wanted.key ?? wanted.certificate
    key = self.key(place)
    guard let certificate = first, let found = key else { return .failed(misconfigured("private key", place.name)) }
    guard copenssl_is_pkey_pair(certificate, found) != 0 else {
      ERR_clear_error()
      return .failed(misconfigured("private key", place.name, "it is not the certificate's"))
    }
    var answer: [UInt8] = []
    if let source = wanted.answer {
      guard let read = bytes(source), !read.isEmpty else { return .failed(misconfigured("OCSP answer", source.name)) }
      answer = read
    }
    isTaken = true
    return .done(Identity(certificate, found, chain, wanted.names, answer))
  }
}
