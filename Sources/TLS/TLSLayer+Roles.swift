import Bytes
import COpenSSL
import CSystem
import Wire

/// Client and server, and what OpenSSL asks during their handshakes.
extension TLSLayer {
  func beServer() {
    SSL_set_accept_state(ssl)
    switch config.settings.clientCertificate {
    case .none: SSL_set_verify(ssl, SSL_VERIFY_NONE, nil)
    case .optional: SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
    case .required: SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
    SSL_set_verify_depth(ssl, config.settings.depth)
    if config.settings.clientCertificate != .none { material.readSystemTrust() }
  }

  func beClient(_ port: Int, _ sibling: TLSLayer?) {
    SSL_set_connect_state(ssl)
    if config.settings.verifies { material.readSystemTrust() }
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
    SSL_set_verify_depth(ssl, config.settings.depth)
    if config.settings.asksForAnswer { copenssl_ask_for_ocsp(ssl) }
    // A copy: with TLS 1.3 OpenSSL has a session be resumed once, and there are many siblings.
    if let sibling, let known = SSL_get_session(sibling.ssl), let session = SSL_SESSION_dup(known) {
      SSL_set_session(ssl, session)
      SSL_SESSION_free(session)
    }
    guard let name else { return }
    var address = csystem_address()
    let isAddress = csystem_address_parse(&address, name.pointer, 0, 0) == 0
    if !isAddress { _ = copenssl_set_server_name(ssl, name.pointer) }
    if config.settings.verifies, config.settings.checksName, let parameters = SSL_get0_param(ssl) {
      X509_VERIFY_PARAM_set_hostflags(parameters, CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
      let isSet =
        isAddress
        ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name.pointer)
        : X509_VERIFY_PARAM_set1_host(parameters, name.pointer, name.count)
      if isSet != 1 { refusal = misconfigured("server name", name) }
    }
    guard sibling == nil, config.settings.hasTickets else { return }  // a sibling's sessions are nobody else's
    peer =
      name.bytes.withUnsafeBytes { Array($0) } + [
        0, UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port),
      ]
    if let session = config.session(for: peer) {
      SSL_set_session(ssl, session)
      SSL_SESSION_free(session)
    }
  }

  /// TLS 1.2 lets a session be resumed again.
  func keepResumed() {
    guard !isServer, !peer.isEmpty, SSL_session_reused(ssl) == 1, SSL_version(ssl) < TLS1_3_VERSION,
      let session = SSL_get1_session(ssl)
    else { return }
    config.keep(session, for: peer, material)
  }

  static func on(_ ssl: OpaquePointer?, _ body: (TLSLayer, OpaquePointer) -> CInt) -> CInt {
    guard let ssl, let object = copenssl_layer(ssl) else { return 0 }
    // Sound: a layer frees its SSL when it goes, and is in use by this call.
    return Unmanaged<TLSLayer>.fromOpaque(object)._withUnsafeGuaranteedRef { body($0, ssl) }
  }

  /// A session that can be resumed: 1, it is kept.
  static let keepSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> CInt = { ssl, session in
    on(ssl) { layer, _ in
      guard !layer.isServer, !layer.peer.isEmpty, let session else { return 0 }
      layer.config.keep(session, for: layer.peer, layer.material)
      return 1
    }
  }

  /// Which certificate a server shows: those for the name that the client asked for. The first is set already.
  static let chooseIdentity: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> CInt = { ssl, _ in
    on(ssl) { layer, ssl in
      guard layer.isServer, let host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return 1 }
      let identities = layer.material.identities
      guard identities.count > 1 else { return 1 }
      for identity in identities where identity.isFor(host) {
        if layer.identity == nil {
          SSL_certs_clear(ssl)
          layer.identity = identity
        }
        guard copenssl_use(ssl, identity.certificate, identity.key, identity.chain) != 0 else { return 0 }
      }
      return 1
    }
  }

  /// ALPN: the first of ours that the client has, too.
  static let chooseProtocol:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?, UnsafePointer<UInt8>?,
      CUnsignedInt, UnsafeMutableRawPointer?
    ) -> CInt = { ssl, out, length, theirs, count, _ in
      let chosen = on(ssl) { layer, _ in
        guard let theirs else { return 0 }
        let offered = UnsafeBufferPointer(start: theirs, count: Int(count))
        let ours = layer.config.settings.protocols
        var mine = 0
        while mine < ours.count {
          let wanted = ours[mine...mine + Int(ours[mine])]
          var at = 0
          while at < offered.count, at + Int(offered[at]) < offered.count {
            if offered[at...at + Int(offered[at])].elementsEqual(wanted) {
              out?.pointee = theirs + at + 1
              return 1
            }
            at += 1 + Int(offered[at])
          }
          mine += wanted.count
        }
        return 0
      }
      guard chosen == 1, let out, let at = out.pointee else { return SSL_TLSEXT_ERR_ALERT_FATAL }
      length?.pointee = (at - 1).pointee
      return SSL_TLSEXT_ERR_OK
    }

  static let logKey: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> Void = { ssl, line in
    _ = on(ssl) { layer, _ in
      if let conn = layer.conn, let line { conn._withUnsafeGuaranteedRef { layer.config.settings.keyLog?($0, line) } }
      return 0
    }
  }

  // MARK: Failures

  /// Why SSL gave up, in words.
  func failure() -> Reason {
    if pipe.pointee.failed != 0 { return Reason(.noMemory) }
    if let refusal {
      ERR_clear_error()
      return refusal
    }
    let error = ERR_peek_error()
    let code = copenssl_error_is_ssl(error) != 0 ? copenssl_error_reason(error) : 0
    var words = Words()
    if code > SSL_AD_REASON_OFFSET {
      words.add("the peer ended TLS with an alert: ")
      words.add(c: SSL_alert_desc_string_long(code - SSL_AD_REASON_OFFSET))
      ERR_clear_error()
      return Reason(.tlsAlert, code: code - SSL_AD_REASON_OFFSET, detail: words.text)
    }
    if code == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE {
      ERR_clear_error()
      return Reason(.tlsNoCertificate, text: "the client has shown no certificate")
    }
    addError(&words)
    switch code {
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG:
      words.add(" (it seems that the peer does not speak TLS)")
    default: break
    }
    return Reason(.tls, code: code, detail: words.text)
  }

  /// A client that no protocol was built for: nobody else tells of it.
  func logFailure(_ conn: Conn, _ reason: Reason) {
    guard let log = conn.context.log, log.level >= LogLevel.info.rawValue else { return }
    guard reason.status != .ok, reason.status != .aborted else { return }
    var words = Words()
    words.add("the handshake with ")
    var address = Address()
    var shown = ByteBuffer()
    if conn.peer(&address) == .ok { address.write(to: &shown) }
    if shown.isEmpty { words.add("a client") } else { words.add(shown.bytes) }
    words.add(" failed: ")
    if let detail = reason.detail {
      words.add(detail)
    } else if let text = reason.text {
      words.add(text)
    } else if reason.osError != 0 {
      words.add(c: csystem_error_text(reason.osError))
    } else {
      words.add("the connection ended")
    }
    log.write(.info, "tls", words.bytes.span.bytes)
  }
}
