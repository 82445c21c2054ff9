import Bytes
import CPlait
import CSystem
import Wire

#if TLS
  import TLS

  func onConfig(_ config: plait_tls_config, _ body: (Config) -> Status) -> Status {
    onShared(config.id, Kind.tlsConfig, body)
  }

  /// How a host wants a configuration to be used.
  struct TLSUse {
    var role = Role.auto
    var name: Text?
    var takesHeld = false

    static func read(_ options: UnsafePointer<plait_tls_conn_options>?, _ into: inout TLSUse) -> Status {
      var wanted = plait_tls_conn_options()
      var status = CAPI.read(options, &wanted)
      guard status == .ok else { return status }
      switch Int(wanted.role) {
      case PLAIT_TLS_ROLE_AUTO: break
      case PLAIT_TLS_ROLE_CLIENT: into.role = .client
      case PLAIT_TLS_ROLE_SERVER: into.role = .server
      default: return .invalid
      }
      guard wanted.flags & ~UInt32(PLAIT_TLS_CLIENT_IS_READY) == 0, wanted.reserved == 0 else { return .invalid }
      into.takesHeld = wanted.flags != 0
      into.name = text(wanted.server_name, &status)
      return status
    }
  }
#endif

@_cdecl("plait_tls_config_new") @implementation
public func plait_tls_config_new(
  _ out: UnsafeMutablePointer<plait_tls_config>?, _ options: UnsafePointer<plait_tls_options>?,
  _ reason: UnsafeMutablePointer<plait_reason>?
) -> CInt {
  var wanted = plait_tls_options()
  var status = read(options, &wanted)
  if status == .ok, reason != nil { status = canTake(reason) }
  guard status == .ok, let out else { return status == .ok ? .invalid : status }
  #if TLS
    let host = TLSHost(wanted)
    let settings = Settings.make(wanted, &status)
    guard status == .ok else { return status }
    settings.passphrase = { host.passphrase($0, $1, $2) }
    if wanted.verify != nil { settings.verify = { host.verify($0, $1, $2) } }
    if let keyLog = wanted.key_log {
      settings.keyLog = { conn, line in keyLog(host.options.user, plait_conn(id: conn.id), line) }
    }
    switch Config.make(settings) {
    case .failed(let fault): return fault.status == .tlsConfig ? tell(fault, reason) : fault.status
    case .config(let config):
      let id = share(config, Kind.tlsConfig)
      guard id != 0 else { return .limit }
      host.isGiven = true
      out.pointee.id = id
      return .ok
    }
  #else
    return tell(Reason(.unsupported, text: "this library was built without TLS"), reason)
  #endif
}

@_cdecl("plait_tls_config_retain") @implementation
public func plait_tls_config_retain(_ config: plait_tls_config) -> CInt {
  #if TLS
    countShared(config.id, Kind.tlsConfig, 1)
  #else
    .unsupported
  #endif
}

@_cdecl("plait_tls_config_release") @implementation
public func plait_tls_config_release(_ config: plait_tls_config) -> CInt {
  #if TLS
    countShared(config.id, Kind.tlsConfig, -1)
  #else
    .unsupported
  #endif
}

@_cdecl("plait_tls_config_reload") @implementation
public func plait_tls_config_reload(_ config: plait_tls_config, _ reason: UnsafeMutablePointer<plait_reason>?) -> CInt {
  #if TLS
    onConfig(config) { config in
      let status = reason == nil ? .ok : canTake(reason)
      guard status == .ok else { return status }
      guard let fault = config.reload() else { return .ok }
      return fault.status == .tlsConfig ? tell(fault, reason) : fault.status
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_tls_config_set_ticket_keys") @implementation
public func plait_tls_config_set_ticket_keys(
  _ config: plait_tls_config, _ keys: UnsafePointer<UInt8>?, _ len: Int
) -> CInt {
  #if TLS
    onConfig(config) { config in
      guard let bytes = checked(keys, len) else { return .invalid }
      return config.setTicketKeys(bytes.bytes)
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_tls_factory_new") @implementation
public func plait_tls_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ inner: plait_factory, _ config: plait_tls_config,
  _ options: UnsafePointer<plait_tls_conn_options>?
) -> CInt {
  #if TLS
    onFactory(inner) { inner in
      onConfig(config) { config in
        var use = TLSUse()
        let status = TLSUse.read(options, &use)
        guard status == .ok else { return status }
        if use.role == .server, let fault = TLSLayer.fault(config, isServer: true, nil) { return fault.status }
        return addFactory(out, TLSFactory(inner, config, use.role, use.name))
      }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_conn_start_tls") @implementation
public func plait_conn_start_tls(
  _ conn: plait_conn, _ config: plait_tls_config, _ options: UnsafePointer<plait_tls_conn_options>?,
  _ done: plait_tls_started_fn?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  #if TLS
    onConn(conn) { conn in
      onConfig(config) { config in
        var use = TLSUse()
        let status = TLSUse.read(options, &use)
        guard status == .ok else { return status }
        return conn.startTLS(config, use.role, use.name, takesHeld: use.takesHeld) { conn, reason in
          guard let done else { return }
          reason.export { done(user, plait_conn(id: conn.id), &$0) }
        }
      }
    }
  #else
    .unsupported
  #endif
}

#if TLS
  /// Runs `body` on the TLS layer next to the protocol, if its handshake is over.
  func onTLS(_ conn: plait_conn, _ first: Status = .ok, _ body: (TLSLayer) -> Status) -> Status {
    onConn(conn) { conn in
      guard first == .ok else { return first }
      var found: TLSLayer?
      conn.eachLayer { if let layer = $0 as? TLSLayer { found = layer } }
      guard let found, found.isOpen else { return .unsupported }
      return body(found)
    }
  }

  /// Copies a text into a host's array of chars, which was zeroed.
  func put(_ text: UnsafePointer<CChar>?, _ out: UnsafeMutableRawPointer, _ room: Int) {
    if let text { memcpy(out, text, strnlen(text, room - 1)) }
  }
#endif

@_cdecl("plait_conn_get_tls") @implementation
public func plait_conn_get_tls(_ conn: plait_conn, _ out: UnsafeMutablePointer<plait_tls_info>?) -> CInt {
  #if TLS
    onTLS(conn, canTake(out)) { layer in
      guard let out else { return .invalid }
      let agreed = layer.agreed
      let size = out.pointee.struct_size
      out.pointee = plait_tls_info()
      out.pointee.struct_size = size
      out.pointee.version = UInt32(truncatingIfNeeded: agreed.version)
      out.pointee.bits = UInt32(truncatingIfNeeded: agreed.bits)
      out.pointee.certificates = UInt32(truncatingIfNeeded: agreed.certificates)
      var flags = layer.isServer ? PLAIT_TLS_INFO_SERVER : 0
      if agreed.isResumed { flags |= PLAIT_TLS_INFO_RESUMED }
      if agreed.isVerified { flags |= PLAIT_TLS_INFO_VERIFIED }
      if layer.hasAnswer { flags |= PLAIT_TLS_INFO_STAPLED }
      out.pointee.flags = UInt32(truncatingIfNeeded: flags)
      out.pointee.alpn_len = UInt32(truncatingIfNeeded: agreed.chosen.count)
      // The texts lie behind six 32-bit numbers, 64, 32, 256 and 256 bytes (asserted by the C tests).
      let texts = UnsafeMutableRawPointer(out).advanced(by: 24)
      put(agreed.cipher, texts, 64)
      put(agreed.group, texts + 64, 32)
      if let chosen = agreed.chosen.baseAddress { memcpy(texts + 96, chosen, min(255, agreed.chosen.count)) }
      put(agreed.serverName, texts + 352, 256)
      return .ok
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_conn_get_peer_certificate") @implementation
public func plait_conn_get_peer_certificate(
  _ conn: plait_conn, _ index: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  #if TLS
    onTLS(conn, index >= 0 && index < 1 << 31 ? .ok : .invalid) { layer in
      guard let certificate = layer.certificate(index) else { return .invalid }
      return give(certificate.span.bytes, out, cap, len)
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_conn_get_channel_binding") @implementation
public func plait_conn_get_channel_binding(
  _ conn: plait_conn, _ binding: UInt32, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  #if TLS
    onTLS(conn, (1...3).contains(binding) && out != nil && len != nil ? .ok : .invalid) { layer in
      var bytes: [UInt8] = []
      var status: Status = .invalid
      switch Int(binding) {
      case PLAIT_TLS_BINDING_EXPORTER: status = layer.channelBinding(.exporter, into: &bytes)
      case PLAIT_TLS_BINDING_UNIQUE: status = layer.channelBinding(.unique, into: &bytes)
      case PLAIT_TLS_BINDING_END_POINT: status = layer.channelBinding(.endPoint, into: &bytes)
      default: break
      }
      return status == .ok ? give(bytes.span.bytes, out, cap, len) : status
    }
  #else
    .unsupported
  #endif
}
