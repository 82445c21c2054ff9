import Bytes
import Wire

/// Builds the data connection of a client's transfer.
final class ClientDataFactory: Factory {
  let client: FTPClient
  let call: FTPClientCall

  init(_ client: FTPClient, _ call: FTPClientCall, _ control: Conn) {
    self.client = client
    self.call = call
    super.init(user: control.user)
  }

  /// One, and from nobody but the server.
  override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    guard let control = conn.context.conn(call.conn), let transfer = call.transfer, !transfer.isOver, transfer.data == 0
    else { return nil }
    guard origin.role == .connected || FTPSession.isSamePeer(conn, control) else {
      conn.context.log(.warning, "ftp", "a data connection from elsewhere was refused")
      return nil
    }
    return ClientData(client, call, transfer)
  }
}

/// A data connection: passes on what happens to its transfer.
final class ClientData: Protocol {
  let client: FTPClient
  let call: FTPClientCall
  let transfer: ClientTransfer

  init(_ client: FTPClient, _ call: FTPClientCall, _ transfer: ClientTransfer) {
    self.client = client
    self.call = call
    self.transfer = transfer
    super.init(tag: Tag.ftpClientData)
  }

  func with(_ conn: Conn, _ body: (Conn) -> Void) {
    guard !transfer.isOver, let control = conn.context.conn(call.conn), !control.isClosing else {
      return conn.abort(.aborted)
    }
    body(control)
  }

  override func connected(_ conn: Conn) { with(conn) { client.opened(call, transfer, conn, $0) } }
  override func received(_ bytes: RawSpan, _ conn: Conn) {
    with(conn) { client.received(bytes, call, transfer, conn, $0) }
  }
  override func readClosed(_ conn: Conn) -> Bool {
    with(conn) { client.ended(call, transfer, conn, $0) }
    return true  // the client closes it
  }
  override func writeResumed(_ conn: Conn) { with(conn) { client.sendOn(call, transfer, conn, $0) } }
  override func disconnected(_ conn: Conn, _ reason: Reason) {
    guard !transfer.isOver, let control = conn.context.conn(call.conn), !control.isClosing else { return }
    client.lost(call, transfer, conn, reason, control)
  }
}

/// How a data connection comes about.
extension FTPClient {
  /// The wire knows no addresses where everything is in memory.
  static func isMemory(_ conn: Conn) -> Bool {
    var address = Address()
    return conn.transport.local(&address) == .ok && address.memory != nil
  }

  static func isIPv6(_ conn: Conn) -> Bool {
    var address = Address()
    guard conn.transport.peer(&address) == .ok, address.memory == nil, let ip = address.ip else { return false }
    return !ip.isIPv4
  }

  func ask(_ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) {
    if options.isActive || call.request.isActive { return listen(call, transfer, conn) }
    transfer.isExtended = FTPClient.isIPv6(conn) || !(options.isWithoutEPSV || lacksEPSV)
    say(transfer.isExtended ? "EPSV" : "PASV", [], conn)
  }

  /// The data connection comes to this side.
  func listen(_ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) {
    let verb = Words("PORT").bytes
    var address = Address()
    let isMemory = FTPClient.isMemory(conn)
    if isMemory { factory.memoryPort = factory.memoryPort == .max ? 20_001 : factory.memoryPort + 1 }
    guard conn.transport.local(&address) == .ok,
      let endpoint = Endpoint.listening(beside: address, port: isMemory ? factory.memoryPort : 0),
      let data = guarded(call, conn)
    else { return finish(call, FTPClient.reason(.unsupported, verb, "there are no data connections here"), conn) }
    var settings = ListenOptions()
    settings.backlog = 4
    settings.drawsPort = true
    switch conn.context.listen(endpoint, settings, data, parent: conn) {
    case .failed(let status): finish(call, FTPClient.reason(status, verb, "no port to listen at"), conn)
    case .listener(let listener):
      transfer.listener = listener
      transfer.isActive = true
      var place = Address()
      let ip = isMemory ? IP(ipv4: 0x7f00_0001) : address.ip
      guard let ip, isMemory || listener.local(&place) == .ok else {
        return finish(call, FTPClient.reason(.unsupported, verb, "no port to listen at"), conn)
      }
      transfer.port = isMemory ? factory.memoryPort : place.port
      transfer.ip = ip
      transfer.isExtended = !ip.isIPv4 || !(options.isWithoutEPSV || lacksEPRT)
      tellPort(transfer, conn)
    }
  }

  func tellPort(_ transfer: ClientTransfer, _ conn: Conn) {
    var words = Words(transfer.isExtended ? "EPRT |" : "PORT ")
    if transfer.isExtended {
      words.add(transfer.ip.isIPv4 ? "1|" : "2|")
      words.add(transfer.ip.text)
      words.add("|")
      words.add(number: UInt64(transfer.port))
      words.add("|")
    } else {
      for shift in [24, 16, 8, 0] {
        words.add(number: transfer.ip.low >> UInt64(shift) & 255)
        words.add(",")
      }
      words.add(number: UInt64(transfer.port >> 8))
      words.add(",")
      words.add(number: UInt64(transfer.port & 255))
    }
    say(words.bytes, conn)
  }

  /// The answer to EPSV, PASV, EPRT or PORT.
  func addressed(_ call: FTPClientCall, _ transfer: ClientTransfer, _ text: [UInt8], _ conn: Conn) {
    let isActive = transfer.isActive  // the server may have come already
    let verb: StaticString =
      isActive ? transfer.isExtended ? "EPRT" : "PORT" : transfer.isExtended ? "EPSV" : "PASV"
    if code >= 400 {
      guard code >= 500, transfer.isExtended, !FTPClient.isIPv6(conn) else {
        return finish(call, remote(Words(verb).bytes, text), conn)
      }
      // An older server; the next transfer does not ask again.
      transfer.isExtended = false
      if isActive { lacksEPRT = true } else { lacksEPSV = true }
      return isActive ? tellPort(transfer, conn) : say("PASV", [], conn)
    }
    if !isActive {
      let words = Array(FTPClient.last(text).dropFirst(4))
      let port = transfer.isExtended ? ClientReply.port(words) : nil
      let plain = transfer.isExtended ? nil : ClientReply.address(words)
      guard let port = port ?? plain?.1 else {
        return finish(
          call, FTPClient.reason(.malformed, Words(verb).bytes, FTPClient.last(text), code: code), conn)
      }
      let reason = connect(options.trustsAddress ? plain?.0 : nil, port, call, transfer, conn)
      if let reason { return finish(call, reason, conn) }
    }
    goOnWith(.rest, call, transfer, conn)
  }

  /// Hidden, if the session is.
  func guarded(_ call: FTPClientCall, _ conn: Conn) -> Factory? {
    let data = ClientDataFactory(self, call, conn)
    return isProtected ? factory.secured(data, conn) : data
  }

  /// Goes to where the server listens; why that can't be, or nil.
  func connect(_ ip: IP?, _ port: UInt16, _ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) -> Reason? {
    var (own, peer) = (Address(), Address())
    guard conn.transport.local(&own) == .ok, conn.transport.peer(&peer) == .ok,
      let target = ip ?? peer.ip ?? (own.memory != nil ? IP(ipv4: 0x7f00_0001) : nil),
      let endpoint = Endpoint.connecting(to: target, port: port, from: own), let data = guarded(call, conn)
    else { return FTPClient.reason(.unsupported, call.phrase, "there are no data connections here") }
    let (context, id) = (conn.context, conn.id)
    let connect = Connect(context, endpoint, data, attemptDelay: 250, time: options.dataTime) { _, _, reason in
      guard reason.status != .ok, !transfer.isOver, let conn = context.conn(id), !conn.isClosing else { return }
      self.unreachable(call, transfer, reason, conn)
    }
    connect.parent = conn.id
    let status = connect.begin()
    if status == .ok { transfer.connect = connect.id }
    return status == .ok ? nil : FTPClient.reason(status, call.phrase, "the data connection can't be made")
  }

  func unreachable(_ call: FTPClientCall, _ transfer: ClientTransfer, _ reason: Reason, _ conn: Conn) {
    transfer.connect = 0
    guard transfer.fault == nil, transfer.data == 0 else { return }
    let why = FTPClient.reason(reason.status, Words("the data connection").bytes, reason)
    abandon(call, FTPClient.reason(reason.status, call.phrase, why), conn)
  }
}

extension IP {
  /// As people write it.
  var text: [UInt8] {
    guard let host = Address(self, port: 0).host else { return [] }
    return host.bytes.copied
  }
}
