import Bytes
import CSystem
import Wire

/// Listening: what an endpoint says becomes a socket.
extension Loop {
  func openListener(
    _ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory, _ context: Context
  ) -> Listening {
    defer { wake() }
    switch endpoint.kind {
    case .memory: return memory.listen(endpoint, options, factory, context)
    case .tcp, .tcp6:
      let port = UInt16(truncatingIfNeeded: endpoint.number)
      if port == 0, options.drawsPort, let made = listenSomewhere(endpoint, options, factory, context) { return made }
      return listenTCP(endpoint, port, options, factory, context)
    case .unix: return listenUNIX(endpoint, options, factory, context)
    case .fd: return adoptListener(endpoint, factory, context)
    }
  }

  /// On a port by lot; nil where eight were in use, or no range is known to draw from: the kernel is to find one then.
  func listenSomewhere(
    _ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory, _ context: Context
  ) -> Listening? {
    for _ in 0..<8 {
      let port = csystem_draw_port()
      guard port > 0 else { return nil }
      let made = listenTCP(endpoint, port, options, factory, context)
      guard case .failed(let status) = made, status == .addressInUse else { return made }
    }
    return nil
  }

  func listenTCP(
    _ endpoint: Endpoint, _ port: UInt16, _ options: ListenOptions, _ factory: Factory, _ context: Context
  ) -> Listening {
    let family = endpoint.kind == .tcp6 ? Address.ipv6 : Address.ipv4
    var address = csystem_address()
    guard Loop.parse(endpoint, port, family, &address) else { return .failed(.endpoint) }
    let fd = csystem_socket(family)
    guard fd >= 0 else { return .failed(.system(fd)) }
    var status = csystem_reuse_address(fd)
    if status == 0, options.reusePort || endpoint.reusePort { status = csystem_reuse_port(fd) }
    if status == 0, family == Address.ipv6 { status = csystem_only_v6(fd, options.dualStack ? 0 : 1) }
    // What is accepted has it from there (Linux): a system call less for each.
    if status == 0 { status = csystem_no_delay(fd, 1) }
    if status == 0 { status = csystem_bind(fd, &address) }
    return open(fd, status, endpoint, options, factory, context)
  }

  /// The interface of a listening endpoint, or all of them.
  static func parse(_ endpoint: Endpoint, _ port: UInt16, _ family: UInt32, _ address: inout csystem_address) -> Bool {
    guard let interface = endpoint.interface else {
      return csystem_address_parse(&address, family == Address.ipv6 ? "::" : "0.0.0.0", family, port) == 0
    }
    if csystem_address_parse(&address, interface.pointer, family, port) == 0 { return true }
    // The parser lets nothing else pass but "localhost".
    return csystem_address_parse(&address, family == Address.ipv6 ? "::1" : "127.0.0.1", family, port) == 0
  }

  func open(
    _ fd: CInt, _ status: CInt, _ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory, _ context: Context
  ) -> Listening {
    var status = status
    if status == 0 { status = csystem_listen(fd, CInt(truncatingIfNeeded: endpoint.backlog ?? options.backlog)) }
    guard status == 0 else {
      _ = csystem_close(fd)
      return .failed(.system(status))
    }
    let isUnix = endpoint.kind == .unix
    return begin(SocketListener(self, fd, isUnix: isUnix, hasNoDelay: !isUnix, factory, context))
  }

  func begin(_ listener: SocketListener) -> Listening {
    var fault = Status.ok
    guard listener.begin(&fault) else {
      _ = csystem_close(listener.fd)
      return .failed(fault)
    }
    return .listener(listener)
  }

  func listenUNIX(_ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory, _ context: Context) -> Listening {
    guard let name = endpoint.name else { return .failed(.endpoint) }
    let path = name.pointer
    var address = csystem_address()
    guard csystem_address_unix(&address, path) == 0 else { return .failed(.endpoint) }
    let fd = csystem_socket(Address.unix)
    guard fd >= 0 else { return .failed(.system(fd)) }
    let isFile = path[0] != 64  // "@": abstract
    let lock = isFile ? csystem_lock_beside(path) : -1
    defer { if lock >= 0 { _ = csystem_close(lock) } }
    var status = csystem_bind(fd, &address)
    if status == -CInt(CSYSTEM_EADDRINUSE), csystem_is_stale_socket(path) != 0, csystem_unlink(path) == 0 {
      status = csystem_bind(fd, &address)
    }
    let isBound = status == 0
    if isBound, isFile { status = csystem_chmod(path, endpoint.mode) }
    let listening = open(fd, status, endpoint, options, factory, context)
    if case .listener(let made) = listening, isFile, let listener = made as? SocketListener {
      listener.path = name
      _ = csystem_path_identity(path, &listener.device, &listener.inode)
    } else if isBound, isFile, case .failed = listening {
      _ = csystem_unlink(path)
    }
    return listening
  }

  /// A descriptor that was inherited; it stays the host's when this fails.
  func adoptListener(_ endpoint: Endpoint, _ factory: Factory, _ context: Context) -> Listening {
    let fd = CInt(truncatingIfNeeded: endpoint.number)
    var kind = csystem_kind()
    var status = csystem_descriptor_kind(fd, &kind)
    guard status == 0 else { return .failed(.system(status)) }
    guard kind.is_listening != 0, kind.is_stream != 0 else { return .failed(.invalid) }
    status = csystem_not_blocking(fd)
    guard status == 0 else { return .failed(.system(status)) }
    let listener = SocketListener(self, fd, isUnix: kind.family == Address.unix, factory, context)
    var fault = Status.ok
    return listener.begin(&fault) ? .listener(listener) : .failed(fault)
  }
}
