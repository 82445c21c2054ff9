import Bytes
import Wire

/// How the next data connection comes about.
enum DataPlan {
  case none
  /// The client connects to it.
  case listening(Listener)
  /// We connect to the client, when there is something to transfer.
  case dialling(IP, UInt16)
  /// It is there already, and waits.
  case open(UInt64)
}

/// Builds a session's data connections. What is not the client's is refused.
final class DataFactory: Factory {
  let session: FTPSession
  let control: UInt64

  init(_ session: FTPSession, _ control: Conn) {
    self.session = session
    self.control = control.id
    super.init(user: control.user)
  }

  override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    guard let control = conn.context.conn(control) else { return nil }
    guard session.options.anyPeer || FTPSession.isSamePeer(conn, control) else {
      conn.context.log(.warning, "ftp", "a data connection from elsewhere was refused")
      return nil
    }
    if session.isPrivate, let security = session.options.security {
      guard security.start(conn, { _, _ in }) == .ok else { return nil }
    }
    return DataProtocol(session, control.id)
  }
}

/// A data connection: passes on what happens to its session.
final class DataProtocol: Protocol {
  let session: FTPSession
  let control: UInt64

  init(_ session: FTPSession, _ control: UInt64) {
    self.session = session
    self.control = control
    super.init(tag: Tag.ftpData)
  }

  func with(_ conn: Conn, _ body: (Conn) -> Void) {
    guard let control = conn.context.conn(control), !control.isClosing else { return conn.abort(.aborted) }
    body(control)
  }

  override func connected(_ conn: Conn) { with(conn) { session.dataOpened(conn, $0) } }
  override func received(_ bytes: RawSpan, _ conn: Conn) { with(conn) { session.dataReceived(bytes, conn, $0) } }
  override func readClosed(_ conn: Conn) -> Bool {
    with(conn) { session.dataEnded(conn, $0) }
    return true  // the session closes it
  }
  override func writeResumed(_ conn: Conn) { with(conn) { session.dataDrained(conn, $0) } }
  override func disconnected(_ conn: Conn, _ reason: Reason) {
    guard let control = conn.context.conn(control), !control.isClosing else { return }
    session.dataLost(conn, reason, control)
  }
}

extension FTPSession {
  static func isSamePeer(_ conn: Conn, _ control: Conn) -> Bool {
    var (one, other) = (Address(), Address())
    guard conn.transport.peer(&one) == .ok, control.peer(&other) == .ok else { return false }
    if one.memory != nil || other.memory != nil { return one.memory != nil && other.memory != nil }
    guard let first = one.ip, let second = other.ip else { return false }
    return first == second
  }

  /// Forgets how the next data connection was to come about.
  func dropPlan(_ context: Context) {
    wasForeign = false
    switch plan {
    case .listening(let listener): listener.close()
    case .open(let id): context.conn(id)?.abort(.aborted)
    default: break
    }
    plan = .none
  }

  // MARK: Passive

  /// Listens, and tells the port; nil when that is impossible.
  func listen(_ conn: Conn) -> UInt16? {
    dropPlan(conn.context)
    var address = Address()
    guard conn.transport.local(&address) == .ok else { return nil }
    let isMemory = address.memory != nil
    let (first, last) = (options.passiveFirst, options.passiveLast)
    let count = isMemory || last == 0 ? 1 : UInt64(last - first) + 1
    let lot = count == 1 ? 0 : conn.context.random.next() % count
    var tries: UInt64 = 0
    while true {
      let port = isMemory ? factory.nextMemoryPort() : first + UInt16((lot + tries) % count)
      tries += 1
      guard let endpoint = Endpoint.listening(beside: address, port: port) else { return nil }
      var settings = ListenOptions()
      settings.backlog = 4
      settings.drawsPort = true
      switch conn.context.listen(endpoint, settings, DataFactory(self, conn), parent: conn) {
      case .listener(let listener):
        plan = .listening(listener)
        var place = Address()
        guard !isMemory, listener.local(&place) == .ok else { return port }
        return place.port
      case .failed(let status):
        guard tries < count, status == .addressInUse else {
          conn.context.log(.warning, "ftp", "no passive port", status)
          return nil
        }
      }
    }
  }

  func passive(_ conn: Conn) {
    guard !isExtendedOnly else {
      return say(conn, 503, "Incorrect sequence of commands: may not send PASV after EPSV ALL")
    }
    var address = Address()
    guard conn.transport.local(&address) == .ok else { return say(conn, 425, "Can't open data connection.") }
    let own = address.memory != nil ? IP(ipv4: 0x7f00_0001) : address.ip
    guard let own, own.isIPv4 else { return say(conn, 502, "PASV available only for IPv4 (use EPSV instead)") }
    guard let port = listen(conn) else { return say(conn, 425, "Can't open data connection.") }
    let shown = (options.passiveAddress ?? own).low
    var words = Words("Entering Passive Mode (")
    for shift in [24, 16, 8, 0] {
      words.add(number: shown >> UInt64(shift) & 255)
      words.add(UInt8(ascii: ","))
    }
    words.add(number: UInt64(port >> 8))
    words.add(UInt8(ascii: ","))
    words.add(number: UInt64(port & 255))
    words.add(").")
    send(conn, 227, words.bytes)
  }

  func extendedPassive(_ words: [UInt8], _ conn: Conn) {
    if words.map(Verb.upper) == Words("ALL").bytes {
      isExtendedOnly = true
      return say(conn, 200, "EPSV ALL OK")
    }
    var address = Address()
    guard conn.transport.local(&address) == .ok else { return say(conn, 425, "Can't open data connection.") }
    if !words.isEmpty {
      guard let family = FTPSession.number(words) else {
        return sayBad(words, conn)
      }
      let own: UInt64 = address.memory != nil || address.ip?.isIPv4 == true ? 1 : 2
      guard family == own else {
        return say(
          conn, 522, own == 1 ? "Network protocol not supported, use (1)" : "Network protocol not supported, use (2)")
      }
    }
    guard let port = listen(conn) else { return say(conn, 425, "Can't open data connection.") }
    var words = Words("Entering Extended Passive Mode (|||")
    words.add(number: UInt64(port))
    words.add("|).")
    send(conn, 229, words.bytes)
  }

  // MARK: Active

  func port(_ words: [UInt8], _ conn: Conn) {
    guard !isExtendedOnly else {
      return say(conn, 503, "Incorrect sequence of commands: may not send PORT after EPSV ALL")
    }
    let parts = words.filter { $0 != 32 }.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    var numbers: [UInt64] = []
    for part in parts {
      guard part.count <= 3, let number = FTPSession.number(Array(part)), number < 256 else { break }
      numbers.append(number)
    }
    guard parts.count == 6, numbers.count == 6 else { return sayBad(words, conn) }
    let high = UInt32(numbers[0]) << 24 | UInt32(numbers[1]) << 16
    let ip = IP(ipv4: high | UInt32(numbers[2]) << 8 | UInt32(numbers[3]))
    dial(ip, UInt16(numbers[4] << 8 | numbers[5]), "PORT OK", conn)
  }

  func extendedPort(_ words: [UInt8], _ conn: Conn) {
    guard !isExtendedOnly else {
      return say(conn, 503, "Incorrect sequence of commands: may not send EPRT after EPSV ALL")
    }
    var parts: [[UInt8]] = []
    if let mark = words.first {
      parts = words.split(separator: mark, omittingEmptySubsequences: false).map { Array($0) }
    }
    guard parts.count == 5, let family = FTPSession.number(parts[1]), let port = FTPSession.number(parts[3]),
      port < 65536
    else { return sayBad(words, conn) }
    guard family == 1 || family == 2 else { return say(conn, 522, "Network protocol not supported, use (1,2)") }
    let host = parts[2]
    guard let ip = IP.parse(host.span.bytes), (family == 1) == ip.isIPv4 else {
      return sayBad(words, conn)
    }
    dial(ip, UInt16(truncatingIfNeeded: port), "EPRT OK", conn)
  }

  /// Only to the client itself, and to no service that a system has: else others could be attacked from here (RFC 2577).
  func dial(_ ip: IP, _ port: UInt16, _ text: StaticString, _ conn: Conn) {
    var peer = Address()
    guard conn.peer(&peer) == .ok else { return say(conn, 425, "Can't open data connection.") }
    let isMemory = peer.memory != nil
    guard options.anyPeer || isMemory || peer.ip == ip else {
      return say(conn, 504, "Data connections go to your own address only.")
    }
    guard port >= 1024 || isMemory || (options.anyPeer && port > 0) else {
      return say(conn, 504, "Data connections go to ports from 1024 on only.")
    }
    dropPlan(conn.context)
    plan = .dialling(ip, port)
    say(conn, 200, text)
  }

  /// Connects to the client: there is something to transfer.
  func connect(_ ip: IP, _ port: UInt16, _ conn: Conn) {
    var address = Address()
    let (context, id) = (conn.context, conn.id)
    guard conn.transport.local(&address) == .ok,
      let endpoint = Endpoint.connecting(to: ip, port: port, from: address)
    else { return connectFailed(conn, .refused) }
    let connect = Connect(context, endpoint, DataFactory(self, conn), attemptDelay: 250, time: options.dataTime) {
      _, _, reason in
      guard reason.status != .ok, let conn = context.conn(id), !conn.isClosing else { return }
      self.connectFailed(conn, reason.status)
    }
    connect.parent = conn.id
    let status = connect.begin()
    if status != .ok { connectFailed(conn, status) }
  }

  func connectFailed(_ conn: Conn, _ status: Status) {
    if let transfer, transfer.state == .waiting { fail(transfer, conn, status) }
  }
}
