#if TLS
  import Bytes
  import CPlait
  import CSystem
  import TLS
  import Wire

  // What a host says about TLS becomes the settings of a configuration.

  /// The host's callbacks of a configuration.
  final class TLSHost {
    let options: plait_tls_options
    /// A configuration that was never given out has no host to tell.
    var isGiven = false
    init(_ options: plait_tls_options) { self.options = options }
    deinit { if isGiven { options.release?(options.user) } }

    func passphrase(_ file: Text?, _ out: UnsafeMutablePointer<CChar>, _ room: Int) -> Int {
      guard let ask = options.passphrase else { return -1 }
      return Int(ask(options.user, file.map { UnsafePointer($0.pointer) }, out, room))
    }

    func verify(_ conn: Conn, _ peer: PeerChain, _ verdict: Reason) -> Status {
      guard let verify = options.verify else { return verdict.status }
      var all: [UInt8] = []
      for certificate in peer.certificates { all += certificate }
      return all.withUnsafeBufferPointer { bytes in
        var chain: [plait_bytes] = []
        var at = 0
        for certificate in peer.certificates {
          chain.append(plait_bytes(data: bytes.baseAddress.map { $0 + at }, len: certificate.count))
          at += certificate.count
        }
        return chain.withUnsafeBufferPointer { chain in
          var shown = plait_tls_peer()
          shown.struct_size = UInt32(MemoryLayout<plait_tls_peer>.size)
          shown.count = UInt32(truncatingIfNeeded: chain.count)
          shown.chain = chain.baseAddress
          shown.server_name = peer.serverName.map { UnsafePointer($0.pointer) }
          var answer: Status = .ok
          verdict.export { answer = verify(options.user, plait_conn(id: conn.id), &shown, &$0) }
          return answer > 0 ? .tlsUntrusted : answer  // whoever says something else than 0 does not accept
        }
      }
    }
  }

  /// A host's text of at most 4096 bytes; `fault` is set when it can't be one.
  func text(_ words: UnsafePointer<CChar>?, _ fault: inout Status) -> Text? {
    guard let words else { return nil }
    let length = strnlen(words, 4097)
    guard length > 0, length <= 4096 else {
      fault = .invalid
      return nil
    }
    let made = Text.make(UnsafeRawBufferPointer(start: words, count: length).bytes)
    if made == nil { fault = .noMemory }
    return made
  }

  /// A file, or what is in memory, or nothing.
  func source(_ file: UnsafePointer<CChar>?, _ memory: plait_bytes, _ fault: inout Status) -> Source? {
    if file != nil { return text(file, &fault).map { .file($0) } }
    guard let bytes = checked(memory.data, memory.len) else {
      fault = .invalid
      return nil
    }
    guard bytes.count > 0 else { return nil }
    let made = Text.make(bytes.bytes)
    if made == nil { fault = .noMemory }
    return made.map { .memory($0) }
  }

  func array(_ given: Given) -> [UInt8] { given.bytes.withUnsafeBytes { Array($0) } }

  extension IdentitySettings {
    static func make(_ identity: plait_tls_identity, _ fault: inout Status) -> IdentitySettings? {
      guard let certificate = source(identity.cert_file, identity.cert_pem, &fault) else {
        if fault == .ok { fault = .invalid }
        return nil
      }
      let made = IdentitySettings(certificate: certificate)
      made.key = source(identity.key_file, identity.key_pem, &fault)
      made.chain = source(identity.chain_file, identity.chain_pem, &fault)
      made.answer = source(identity.ocsp_file, identity.ocsp, &fault)
      guard let names = text(identity.names, &fault) else { return made }
      var name: [UInt8] = []
      for index in 0...names.count {
        let byte = UInt8(bitPattern: names.pointer[index])  // the last one is the NUL
        if byte == 0 || byte == UInt8(ascii: ",") {
          if !name.isEmpty, let text = Text.make(name.span.bytes) { made.names.append(text) }
          name = []
        } else if byte != UInt8(ascii: " ") {
          name.append(byte)
        }
      }
      return made
    }
  }

  extension Settings {
    static func make(_ options: plait_tls_options, _ fault: inout Status) -> Settings {
      let made = Settings()
      let flags = Int(options.flags)
      guard flags <= 511, options.client_certificate <= UInt32(PLAIT_TLS_CLIENT_REQUIRED), options.verify_depth <= 100,
        options.identity_count >= 0, options.identity_count <= 1000, options.alpn_count >= 0, options.alpn_count <= 32,
        options.pin_count >= 0, options.pin_count <= 64, let time = checkedTime(options.handshake_ms),
        isVersion(options.min_version), isVersion(options.max_version),
        options.max_version == 0 || options.min_version <= options.max_version
      else {
        fault = .invalid
        return made
      }
      made.verifies = flags & PLAIT_TLS_NO_VERIFY == 0
      made.checksName = flags & PLAIT_TLS_NO_NAME_CHECK == 0
      made.trustsSystem = flags & PLAIT_TLS_SYSTEM_TRUST != 0
      made.hasTickets = flags & PLAIT_TLS_NO_TICKETS == 0
      made.checksAllForRevocation = flags & PLAIT_TLS_CRL_CHECK_ALL != 0
      made.needsAnswer = flags & PLAIT_TLS_OCSP_REQUIRED != 0
      made.asksForAnswer = made.needsAnswer || flags & PLAIT_TLS_OCSP != 0
      made.followsClient = flags & PLAIT_TLS_CLIENT_ORDER != 0
      made.makesOneUp = flags & PLAIT_TLS_SELF_SIGNED != 0
      made.leastVersion = CInt(truncatingIfNeeded: options.min_version)
      made.mostVersion = CInt(truncatingIfNeeded: options.max_version)
      made.ciphers = text(options.ciphers, &fault)
      made.suites = text(options.cipher_suites, &fault)
      made.groups = text(options.groups, &fault)
      if time > 0 { made.handshakeTime = time }
      if options.verify_depth > 0 { made.depth = CInt(truncatingIfNeeded: options.verify_depth) }
      made.clientCertificate =
        options.client_certificate == 0
        ? .none : options.client_certificate == UInt32(PLAIT_TLS_CLIENT_OPTIONAL) ? .optional : .required
      made.takeTrust(options, &fault)
      made.takeLists(options, &fault)
      return made
    }

    static func isVersion(_ version: UInt32) -> Bool {
      version == 0 || version == UInt32(PLAIT_TLS_1_2) || version == UInt32(PLAIT_TLS_1_3)
    }

    func takeTrust(_ options: plait_tls_options, _ fault: inout Status) {
      let none = plait_bytes()
      if let file = source(options.ca_file, none, &fault) { authorities.append(file) }
      if let memory = source(nil, options.ca_pem, &fault) { authorities.append(memory) }
      authorityDirectory = text(options.ca_dir, &fault)
      if let file = source(options.crl_file, none, &fault) { revoked.append(file) }
      if let memory = source(nil, options.crl_pem, &fault) { revoked.append(memory) }
    }

    func takeLists(_ options: plait_tls_options, _ fault: inout Status) {
      for index in 0..<options.alpn_count {
        guard let part = options.alpn?[index], let bytes = checked(part.data, part.len), bytes.count > 0,
          bytes.count <= 255
        else { return fault = .invalid }
        protocols.append(UInt8(truncatingIfNeeded: bytes.count))
        protocols += array(bytes)
      }
      for index in 0..<options.pin_count {
        guard let part = options.pins?[index], let bytes = checked(part.data, part.len), bytes.count == 32 else {
          return fault = .invalid
        }
        pins.append(array(bytes))
      }
      if options.ticket_keys_len != 0 {
        guard let keys = checked(options.ticket_keys, options.ticket_keys_len), Config.isTicketKeys(keys.count) else {
          return fault = .invalid
        }
        ticketKeys = array(keys)
      }
      takeIdentities(options, &fault)
    }

    /// As far apart as the host's own idea of the struct's size says.
    func takeIdentities(_ options: plait_tls_options, _ fault: inout Status) {
      guard options.identity_count > 0 else { return }
      guard let first = options.identities else { return fault = .invalid }
      let stride = Int(truncatingIfNeeded: first.pointee.struct_size)
      for index in 0..<options.identity_count {
        let place = UnsafeRawPointer(first).advanced(by: index * stride).assumingMemoryBound(
          to: plait_tls_identity.self)
        var identity = plait_tls_identity()
        let status = unused(read(place, &identity), identity.reserved)
        guard status == .ok, Int(truncatingIfNeeded: identity.struct_size) == stride, stride % 8 == 0 else {
          return fault = status == .ok ? .structSize : status
        }
        guard let made = IdentitySettings.make(identity, &fault) else { return }
        identities.append(made)
      }
    }
  }
#endif
