import Bytes
import COpenSSL
import Wire

/// Is the peer who it says it is? The checks are OpenSSL's; what they find becomes a reason, and the host has the last word.
enum Verifying {
  static let callback: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> CInt = { store, _ in
    guard let store, let ssl = copenssl_ssl(store), let object = copenssl_layer(ssl) else { return 0 }
    return Unmanaged<TLSLayer>.fromOpaque(object)._withUnsafeGuaranteedRef { verify(store, $0) }
  }

  static func verify(_ store: OpaquePointer, _ layer: TLSLayer) -> CInt {
    let settings = layer.config.settings
    let isChecked = layer.isServer || settings.verifies
    var verdict = Reason(.ok)
    if isChecked {
      if X509_verify_cert(store) != 1 { verdict = reason(store, layer) }
      ERR_clear_error()
    }
    if verdict.status == .ok, !settings.pins.isEmpty, !hasPin(store, settings, isChecked) {
      verdict = describe(.tlsPin, store, layer, 50) { $0.add("none of the pinned keys is in the chain") }
      X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION)
    }
    layer.isStaplingDue = verdict.status == .ok && isChecked && !layer.isServer && settings.asksForAnswer
    if let verify = settings.verify, let conn = layer.conn {
      let status = conn._withUnsafeGuaranteedRef { verify($0, chain(store, layer), verdict) }
      guard status != .ok else {
        if !isChecked { X509_STORE_CTX_set_error(store, X509_V_OK) }
        return 1
      }
      if verdict.status == .ok {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION)
        verdict = describe(status, store, layer, 50) { $0.add("the host's own check refused it") }
      }
    }
    if verdict.status == .ok { return 1 }
    layer.refusal = verdict
    return 0
  }

  static func status(_ error: CInt) -> Status {
    switch error {
    case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: .tlsExpired
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: .tlsSelfSigned
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .tlsName
    case X509_V_ERR_CERT_REVOKED: .tlsRevoked
    case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, X509_V_ERR_CRL_HAS_EXPIRED,
      X509_V_ERR_CRL_NOT_YET_VALID, X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE,
      X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, X509_V_ERR_DIFFERENT_CRL_SCOPE, X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
      .tlsCRL
    default: .tlsUntrusted
    }
  }

  /// What OpenSSL found.
  static func reason(_ store: OpaquePointer, _ layer: TLSLayer) -> Reason {
    let error = X509_STORE_CTX_get_error(store)
    return describe(status(error), store, layer, error) { words in
      words.add(c: X509_verify_cert_error_string(CLong(error)))
      let certificate = X509_STORE_CTX_get_current_cert(store)
      switch error {
      case X509_V_ERR_CERT_HAS_EXPIRED:
        words.add(", on ")
        words.add(certificate.flatMap { X509_get0_notAfter($0) }.map { OpaquePointer($0) }) {
          copenssl_time(UnsafePointer($0), $1, $2)
        }
      case X509_V_ERR_CERT_NOT_YET_VALID:
        words.add(" before ")
        words.add(certificate.flatMap { X509_get0_notBefore($0) }.map { OpaquePointer($0) }) {
          copenssl_time(UnsafePointer($0), $1, $2)
        }
      case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
        words.add(": it is not for ")
        words.add(layer.name)
      default: break
      }
    }
  }

  /// Names the certificate, then what is wrong with it.
  static func describe(
    _ status: Status, _ store: OpaquePointer, _ layer: TLSLayer, _ error: CInt, _ body: (inout Words) -> Void
  ) -> Reason {
    var words = Words()
    words.add(layer.isServer ? "the client's certificate " : "the server's certificate ")
    let certificate = X509_STORE_CTX_get_current_cert(store) ?? X509_STORE_CTX_get0_cert(store)
    words.addSubject(of: certificate)
    let depth = X509_STORE_CTX_get_error_depth(store)
    if depth > 0 {
      words.add(" (number ")
      words.add(Int(depth))
      words.add(" of its chain)")
    }
    words.add(": ")
    body(&words)
    return Reason(status, code: error, detail: words.text)
  }

  /// Is one of the pinned keys in the chain? Where the chain was not checked, only the peer's own key is proven to be its.
  static func hasPin(_ store: OpaquePointer, _ settings: Settings, _ isChecked: Bool) -> Bool {
    var digest = [UInt8](repeating: 0, count: 32)
    func isPinned(_ certificate: OpaquePointer?) -> Bool {
      guard let certificate, copenssl_key_digest(certificate, &digest) != 0 else { return false }
      return settings.pins.contains(digest)
    }
    guard isChecked, let chain = copenssl_store_chain(store) else { return isPinned(X509_STORE_CTX_get0_cert(store)) }
    for index in 0..<copenssl_chain_count(chain) where isPinned(copenssl_chain_at(chain, index)) { return true }
    return false
  }

  /// The chain as it was checked, or as it was shown.
  static func chain(_ store: OpaquePointer, _ layer: TLSLayer) -> PeerChain {
    let chain = copenssl_store_chain(store) ?? copenssl_store_untrusted(store)
    var all: [[UInt8]] = []
    for index in 0..<copenssl_chain_count(chain) {
      if let certificate = copenssl_chain_at(chain, index) { all.append(der(certificate)) }
    }
    if all.isEmpty, let own = X509_STORE_CTX_get0_cert(store) { all.append(der(own)) }
    return PeerChain(certificates: all, serverName: layer.isServer ? nil : layer.name)
  }

  static func der(_ certificate: OpaquePointer) -> [UInt8] {
    let size = i2d_X509(certificate, nil)
    guard size > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: Int(size)) { room, count in
      var end: UnsafeMutablePointer<UInt8>? = room.baseAddress
      count = max(0, Int(i2d_X509(certificate, &end)))
    }
  }

  // MARK: OCSP

  /// A server staples what belongs to the identity that was chosen: 0 done, 3 (SSL_TLSEXT_ERR_NOACK) there is none. A client
  /// looks at what came: 1 is fine, 0 is not.
  static let answerCallback: copenssl_status_fn = { ssl, _ in
    guard let ssl, let object = copenssl_layer(ssl) else { return 0 }
    return Unmanaged<TLSLayer>.fromOpaque(object)._withUnsafeGuaranteedRef { layer in
      guard layer.isServer else { return check(ssl, layer) }
      guard let answer = layer.identity?.answer ?? layer.material.identities.first?.answer, !answer.isEmpty else {
        return SSL_TLSEXT_ERR_NOACK
      }
      return copenssl_staple(ssl, answer, answer.count) != 0 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK
    }
  }

  static func check(_ ssl: OpaquePointer, _ layer: TLSLayer) -> CInt {
    guard layer.isStaplingDue else { return 1 }
    var data: UnsafePointer<UInt8>?
    let length = copenssl_ocsp_answer(ssl, &data)
    guard let data, length > 0 else {
      guard layer.config.settings.needsAnswer else { return 1 }
      return refuse(.tlsOCSP, ssl, layer, "no OCSP answer came with it")
    }
    let chain = copenssl_verified_chain(ssl)
    guard copenssl_chain_count(chain) > 0, let own = copenssl_chain_at(chain, 0) else { return 1 }
    let issuer = copenssl_chain_count(chain) > 1 ? copenssl_chain_at(chain, 1) : own
    let store = SSL_CTX_get_cert_store(layer.material.context)
    defer { ERR_clear_error() }
    switch copenssl_check_ocsp(data, length, own, issuer, chain, store) {
    case 0:
      layer.isStapled = true
      return 1
    case 1: return refuse(.tlsRevoked, ssl, layer, "it was revoked, as the OCSP answer that came with it says")
    default: return refuse(.tlsOCSP, ssl, layer, "the OCSP answer that came with it is no good")
    }
  }

  static func refuse(_ status: Status, _ ssl: OpaquePointer, _ layer: TLSLayer, _ why: StaticString) -> CInt {
    var words = Words()
    words.add("the server's certificate ")
    words.addSubject(of: SSL_get0_peer_certificate(ssl))
    words.add(": ")
    words.add(why)
    layer.refusal = Reason(status, detail: words.text)
    return 0
  }
}
