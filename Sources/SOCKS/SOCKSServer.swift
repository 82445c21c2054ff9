import Bytes
import Wire

/// A client of the proxy: SOCKS 4, 4a or 5 (RFC 1928, RFC 1929), until its request is granted; then one end of a tunnel.
public final class SOCKSServer: SOCKSEnd {
  /// PLAIT_SOCKS_READING, ... of socks.h.
  public enum Stage: UInt32 { case reading = 1, asking, connecting, bound, open }
  /// What comes next while reading.
  enum Step { case greeting, login, request }

  public private(set) var stage = Stage.reading
  public private(set) var version: UInt8 = 0
  public private(set) var command: UInt8 = 0
  var step = Step.greeting
  /// The last question to the host.
  var question: UInt64 = 0
  var user: Text?
  var host: Text?
  var ip: IP?
  var port = 0
  var connect: Connect?
  var listener: Listener?
  /// A name that a client waits for is being looked up; and who may come.
  var lookup: Attempt?
  var awaited: [IP] = []
  /// The client has said that it will send no more, before that could be passed on.
  var hasEnded = false
  var isResting = false
  /// What the other end had passed on when it ended.
  var returned: UInt64 = 0
  let timer = SOCKSTimer()
  /// How much may come before there is somebody to pass it on to.
  static var mostEarly: Int { 64 * 1024 }

  init(_ factory: SOCKSServerFactory) { super.init(Tag.socksServer, factory) }

  /// The other end's conn, or 0, and how many bytes came from there.
  public func target(_ conn: Conn) -> (id: UInt64, passed: UInt64) {
    var passed = returned
    onOther(conn) { other in
      _ = other.speaking(Tag.socksTarget) { (target: SOCKSTarget) in
        passed = target.passed
        return .ok
      }
    }
    return (isOpen ? other : 0, passed)
  }

  public override func connected(_ conn: Conn) {
    timer.conn = conn.id
    arm(conn, factory.options.handshakeTime)
    factory.opened(conn)
  }

  public override func received(_ bytes: RawSpan, _ conn: Conn) {
    super.received(bytes, conn)
    if !isOpen, stage != .reading, !isResting, kept.count > SOCKSServer.mostEarly {
      isResting = true
      conn.restrain()
    }
  }

  public override func resumed(_ conn: Conn) {
    if isOpen { return super.resumed(conn) }
    while stage == .reading, conn.isReading, !kept.isEmpty {
      var buffer = kept.take()
      let used = read(buffer.bytes, conn)
      buffer.dropFirst(used)
      kept = buffer.take()
      if used == 0 { break }
    }
    if conn.isClosing { kept.removeAll() }
  }

  public override func readClosed(_ conn: Conn) -> Bool {
    factory.readClosed(conn)
    if isOpen { return super.readClosed(conn) }
    hasEnded = true
    return stage != .reading  // whoever has asked hears the answer
  }

  public override func writePaused(_ conn: Conn) {
    super.writePaused(conn)
    factory.writePaused(conn)
  }
  public override func writeResumed(_ conn: Conn) {
    super.writeResumed(conn)
    factory.writeResumed(conn)
  }

  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    giveUp(conn)
    factory.ended(conn, reason)  // who sees the counters before the other end is told
    endOther(conn, reason)
  }
  public override func left(_ conn: Conn, _ why: Reason) {
    giveUp(conn)
    super.left(conn, why)
  }

  /// What was begun for the client is not wanted any more.
  func giveUp(_ conn: Conn) {
    conn.context.timers.remove(timer)
    let (begun, waiting, asking) = (connect, listener, lookup)
    (connect, listener, lookup) = (nil, nil, nil)
    begun?.cancel()
    asking?.cancel()
    waiting?.close()
  }

  // MARK: Time

  func arm(_ conn: Conn, _ time: UInt64) {
    conn.context.timers.remove(timer)
    if time > 0, !conn.context.schedule(timer, after: time) { conn.abort(.noMemory) }
  }

  func timeIsUp(_ conn: Conn) {
    guard isOpen else {
      if stage == .bound || lookup != nil { return refuse(.expired, conn) }
      return conn.close(Reason(.timeout, text: "there was no request in time"))
    }
    var last = lastTime
    onOther(conn) { other in
      _ = other.speaking(Tag.socksTarget) { (target: SOCKSTarget) in
        last = max(last, target.lastTime)
        return .ok
      }
    }
    let (now, idle) = (conn.context.now, factory.options.idleTime)
    if now >= last + idle { return conn.abort(Reason(.timeout, text: "nothing was passed on for a long time")) }
    arm(conn, last + idle - now)
  }

  // MARK: Messages

  /// One message of these; how many bytes it had, or 0 when it is not whole.
  func read(_ bytes: RawSpan, _ conn: Conn) -> Int {
    switch step {
    case .login: return readLogin(bytes, conn)
    case .request: return readRequest(bytes, conn)
    case .greeting:
      version = bytes.byte(0)
      if version == 4, factory.options.knows4 {
        step = .request
        return readRequest(bytes, conn)
      }
      if version == 5, factory.options.knows5 { return readMethods(bytes, conn) }
      conn.close(Reason(.malformed, text: "neither SOCKS 4 nor SOCKS 5"))
      return 0
    }
  }

  /// Which ways the client knows to say who it is (RFC 1928 §3).
  func readMethods(_ bytes: RawSpan, _ conn: Conn) -> Int {
    guard bytes.byteCount > 1, bytes.byteCount >= 2 + Int(bytes.byte(1)) else { return 0 }
    let length = 2 + Int(bytes.byte(1))
    let methods = bytes.extracting(2..<length)
    var chosen: UInt8 = 255
    if factory.asksLogin, methods.position(of: 2, from: 0) >= 0 {
      chosen = 2
    } else if !factory.options.needsLogin, methods.position(of: 0, from: 0) >= 0 {
      chosen = 0
    }
    say(5, chosen, conn)
    if chosen == 255 { conn.close(Reason(.refused, text: "no way to say who one is that both sides know")) }
    step = chosen == 2 ? .login : .request
    return length
  }

  func say(_ first: UInt8, _ second: UInt8, _ conn: Conn) {
    let status = conn.write(2) { out in
      out.put(first)
      out.put(second)
    }
    if status != .ok { conn.abort(status) }
  }

  /// User and password (RFC 1929).
  func readLogin(_ bytes: RawSpan, _ conn: Conn) -> Int {
    guard bytes.byteCount > 1 else { return 0 }
    let middle = 2 + Int(bytes.byte(1))
    guard bytes.byteCount > middle else { return 0 }
    let end = middle + 1 + Int(bytes.byte(middle))
    guard bytes.byteCount >= end else { return 0 }
    guard bytes.byte(0) == 1, let name = Text.make(bytes.extracting(2..<middle)),
      let password = Text.make(bytes.extracting(middle + 1..<end))
    else {
      conn.close(Reason(.malformed, text: "a login that is none"))
      return 0
    }
    user = name
    ask()
    factory.askLogin(
      conn, question, SOCKSWish(version: 5, command: 0, host: nil, port: 0, user: name, password: password))
    return end
  }

  func readRequest(_ bytes: RawSpan, _ conn: Conn) -> Int {
    switch version == 4 ? SOCKSRequest.parse4(bytes) : SOCKSRequest.parse5(bytes) {
    case .unfinished: return 0
    case .refused(let why):
      refuse(why, conn)
      return 0
    case .request(let found):
      command = found.command
      port = found.port
      ip = found.ip
      if version == 4 { user = Text.make(bytes.extracting(found.user)) }
      host = found.ip.map { $0.text } ?? Text.make(bytes.extracting(found.host))
      guard host != nil else {
        conn.abort(.noMemory)
        return 0
      }
      guard version == 5 || !factory.options.needsLogin else {
        refuse(.denied, conn)
        return 0
      }
      if factory.asksHost {
        ask()
        factory.ask(conn, question, wish)
      } else {
        grant(conn)
      }
      return found.length
    }
  }

  var wish: SOCKSWish {
    SOCKSWish(version: version, command: command, host: host, port: port, user: user, password: nil)
  }

  func ask() {
    stage = .asking
    question += 1
  }

  // MARK: Answers

  public func answer(_ number: UInt64, _ reply: SOCKSReply, _ conn: Conn) -> Status {
    guard !conn.isClosing else { return .closed }
    guard stage == .asking, number == question else { return .absent }
    if step == .request {
      if reply == .granted { grant(conn) } else { refuse(reply, conn) }
      return .ok
    }
    say(1, reply == .granted ? 0 : 1, conn)
    if reply != .granted {
      conn.close(Reason(.refused, text: "the login was not accepted"))
      return .ok
    }
    step = .request
    stage = .reading
    conn.reframe()  // what is there already
    return .ok
  }

  func refuse(_ reply: SOCKSReply, _ conn: Conn) {
    guard !conn.isClosing else { return }
    _ = conn.reply(version, reply, Address())
    conn.close(Reason(.refused, code: CInt(reply.rawValue), text: reply.words))
  }

  func grant(_ conn: Conn) {
    if command == 1 { reach(conn) } else { listen(conn) }
  }

  /// CONNECT.
  func reach(_ conn: Conn) {
    stage = .connecting
    conn.context.timers.remove(timer)
    guard let host, let endpoint = factory.place(host, port) else { return refuse(.failed, conn) }
    let (id, context, factory) = (conn.id, conn.context, factory)
    let made = Connect(
      context, endpoint, factory.targets, attemptDelay: 250, time: factory.options.connectTime
    ) { _, _, reason in
      guard reason.status != .ok, let conn = context.conn(id) else { return }
      _ = conn.speaking(Tag.socksServer) { (server: SOCKSServer) in
        let isBarred = server.connect?.isBarred == true
        server.connect = nil
        server.refuse(SOCKSReply.of(reason, isBarred: isBarred), conn)
        return .ok
      }
    }
    made.parent = id
    made.permits = { factory.admits($0) }
    connect = made
    let status = made.begin()
    guard status != .ok else { return }
    connect = nil
    refuse(.failed, conn)
  }

  /// BIND.
  func listen(_ conn: Conn) {
    guard factory.options.canBind else { return refuse(.badCommand, conn) }
    if let ip { return listen(conn, [ip]) }
    guard let host else { return refuse(.badAddress, conn) }
    stage = .connecting
    arm(conn, factory.options.connectTime)
    let (id, context) = (conn.id, conn.context)
    lookup = factory.resolve(host, context) { found in
      guard let conn = context.conn(id) else { return }
      _ = conn.speaking(Tag.socksServer) { (server: SOCKSServer) in
        server.lookup = nil
        server.listen(conn, found)
        return .ok
      }
    }
    if lookup == nil { refuse(.failed, conn) }
  }

  /// For whoever comes from one of these, where the rules admit it. A listener has one family: the client's own, if there is a choice.
  func listen(_ conn: Conn, _ found: [IP]) {
    guard !conn.isClosing else { return }
    var local = Address()
    let isOwn = conn.local(&local) == .ok ? local.ip?.isIPv4 : nil
    var chosen: IP?
    for ip in found where factory.admits(ip) && (version == 5 || ip.isIPv4) {
      awaited.append(ip)
      if chosen == nil || (chosen?.isIPv4 != isOwn && ip.isIPv4 == isOwn) { chosen = ip }
    }
    guard let chosen else { return refuse(found.isEmpty ? .noHost : .denied, conn) }
    var settings = ListenOptions()
    settings.drawsPort = true
    guard let endpoint = factory.placeToListen(conn, chosen),
      case .listener(let made) = conn.context.listen(endpoint, settings, factory.targets, parent: conn)
    else { return refuse(.failed, conn) }
    listener = made
    stage = .bound
    arm(conn, factory.options.bindTime)
    var address = Address()
    _ = made.local(&address)
    let status = conn.reply(version, .granted, address)
    if status != .ok { conn.abort(status) }
  }

  /// Somebody has come, or was reached: is it who was asked for? The first to come decides.
  func accepts(_ made: Conn, _ client: Conn) -> Bool {
    guard !client.isClosing, !isOpen, other == 0 else { return false }
    guard stage == .bound else { return stage == .connecting }
    listener?.close()
    listener = nil
    var peer = Address()
    guard made.peer(&peer) == .ok, awaited.contains(where: { factory.isExpected(peer, $0) }) else {
      refuse(.denied, client)
      return false
    }
    stage = .connecting
    return true
  }

  /// Both ends are there.
  func join(_ conn: Conn, _ target: SOCKSTarget, _ far: Conn) -> Bool {
    guard !conn.isClosing, !isOpen else { return false }
    other = far.id
    connect = nil
    var address = Address()
    _ = version == 4 || command == 2 ? far.peer(&address) : far.local(&address)
    let status = conn.reply(version, .granted, address)
    if status != .ok { conn.abort(status) }
    let granted = wish
    (stage, isOpen, target.isOpen) = (.open, true, true)
    (host, user) = (nil, nil)
    lastTime = conn.context.now
    arm(conn, factory.options.idleTime)
    resumed(conn)
    if hasEnded, far.closeWrite() == .unsupported { far.close(.ok) }
    if isResting {
      isResting = false
      conn.unrestrain()
    }
    if !factory.hears {
      conn.transport.relay(to: far.transport)
      far.transport.relay(to: conn.transport)
    }
    factory.established(conn, granted)
    return true
  }
}
