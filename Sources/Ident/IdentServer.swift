import Bytes
import Wire

/// How queries are answered: ident.h, plait_ident_server_options.
public struct IdentServerOptions {
  public var hides = false
  /// Queries a second; 0: any number.
  public var rate: UInt32 = 0
  public var system: Text?
  public var fixed: Text?
  public init() {}
}

/// Builds conns that answer queries. A subclass asks the host, and the kernel.
open class IdentServerFactory: Factory {
  public final let options: IdentServerOptions
  /// How many queries may still be answered in the second that began then.
  final var left: UInt32 = 0
  final var second: UInt64 = .max

  public init(_ options: IdentServerOptions, user: UnsafeMutableRawPointer?) {
    self.options = options
    super.init(user: user)
  }

  open func opened(_ conn: Conn) {}
  open func ended(_ conn: Conn, _ reason: Reason) {}
  open func readClosed(_ conn: Conn) -> Bool { false }
  open func writePaused(_ conn: Conn) {}
  open func writeResumed(_ conn: Conn) {}
  /// Does the host want to answer?
  open var asksHost: Bool { false }
  open func ask(_ conn: Conn, _ query: UInt64, local: Int, remote: Int) {}
  /// The name of the user of the socket with these ends, or why there is none.
  open func owner(_ local: Address, _ remote: Address, _ name: inout ByteBuffer) -> IdentFault? { .unknownError }

  public final override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { IdentServer(self) }

  /// May another query be answered?
  final func admits(_ now: UInt64) -> Bool {
    guard options.rate > 0 else { return true }
    if now / 1000 != second {
      second = now / 1000
      left = options.rate
    }
    guard left > 0 else { return false }
    left -= 1
    return true
  }
}

/// The server's side of a conversation (RFC 1413).
public final class IdentServer: IdentLines {
  struct Query {
    let number: UInt64
    let local: Int
    let remote: Int
  }
  let factory: IdentServerFactory
  var queries: [Query] = []
  var last: UInt64 = 0
  var isResting = false
  static var mostOpen: Int { 64 }

  init(_ factory: IdentServerFactory) {
    self.factory = factory
    super.init(tag: Tag.identServer)
  }

  public override func connected(_ conn: Conn) { factory.opened(conn) }
  public override func readClosed(_ conn: Conn) -> Bool {
    if factory.readClosed(conn) { return true }
    return !queries.isEmpty  // who has asked hears the answers
  }
  public override func writePaused(_ conn: Conn) { factory.writePaused(conn) }
  public override func writeResumed(_ conn: Conn) { factory.writeResumed(conn) }
  public override func disconnected(_ conn: Conn, _ reason: Reason) { factory.ended(conn, reason) }

  override func take(_ line: RawSpan, _ conn: Conn) {
    guard let ports = line.ports() else { return conn.close(.ok) }  // without a word
    let isPort = (1...65535).contains(ports.first) && (1...65535).contains(ports.second)
    guard isPort else { return reply(ports.first, ports.second, .invalidPort, conn) }
    guard factory.admits(conn.context.now) else { return reply(ports.first, ports.second, .unknownError, conn) }
    if factory.asksHost { return ask(ports.first, ports.second, conn) }
    if let fixed = factory.options.fixed { return reply(ports.first, ports.second, fixed.bytes, conn) }
    var name = ByteBuffer()
    if let fault = owner(ports.first, ports.second, &name, conn) {
      return reply(ports.first, ports.second, fault, conn)
    }
    if factory.options.hides { return reply(ports.first, ports.second, .hiddenUser, conn) }
    reply(ports.first, ports.second, name.bytes, conn)
  }

  func ask(_ local: Int, _ remote: Int, _ conn: Conn) {
    last += 1
    queries.append(Query(number: last, local: local, remote: remote))
    if queries.count >= IdentServer.mostOpen, !isResting {
      isResting = true
      conn.restrain()
    }
    factory.ask(conn, last, local: local, remote: remote)
  }

  /// The addresses are those of this conversation.
  func owner(_ local: Int, _ remote: Int, _ name: inout ByteBuffer, _ conn: Conn) -> IdentFault? {
    var (here, there) = (Address(), Address())
    guard conn.local(&here) == .ok, conn.peer(&there) == .ok, let ours = here.ip, let theirs = there.ip else {
      return .unknownError
    }
    return factory.owner(
      Address(ours, port: UInt16(truncatingIfNeeded: local)), Address(theirs, port: UInt16(truncatingIfNeeded: remote)),
      &name)
  }

  // MARK: Answers

  public func answer(_ number: UInt64, _ user: RawSpan, _ conn: Conn) -> Status {
    guard IdentServer.isUser(user) else { return .invalid }
    return finish(number, conn) { reply($0.local, $0.remote, user, conn) }
  }

  public func answer(_ number: UInt64, _ fault: IdentFault, _ conn: Conn) -> Status {
    finish(number, conn) { reply($0.local, $0.remote, fault, conn) }
  }

  public static func isUser(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 0, bytes.byteCount <= 512 else { return false }
    for index in 0..<bytes.byteCount where bytes.byte(index) == 0 || bytes.byte(index) == 10 || bytes.byte(index) == 13
    {
      return false
    }
    return true
  }

  func finish(_ number: UInt64, _ conn: Conn, _ body: (Query) -> Void) -> Status {
    guard !conn.isClosing else { return .closed }
    guard let place = queries.firstIndex(where: { $0.number == number }) else { return .absent }
    let query = queries.remove(at: place)
    body(query)
    if isResting, queries.count < IdentServer.mostOpen {
      isResting = false
      conn.unrestrain()
      conn.reframe()
    }
    if queries.isEmpty, conn.hasEnded { conn.close(.ok) }
    return conn.isAborting ? .overflow : .ok
  }

  func reply(_ local: Int, _ remote: Int, _ fault: IdentFault, _ conn: Conn) {
    let word = fault.word
    write(local, remote, 11 + word.utf8CodeUnitCount, conn) { out in
      out.put("ERROR : ")
      out.put(word)
    }
  }

  func reply(_ local: Int, _ remote: Int, _ user: RawSpan, _ conn: Conn) {
    let system = factory.options.system
    write(local, remote, 20 + (system?.count ?? 4) + user.byteCount, conn) { out in
      out.put("USERID : ")
      if let system { out.put(system.bytes) } else { out.put("UNIX") }
      out.put(" : ")
      out.put(user)
    }
  }

  /// `port, port : ` and what follows.
  func write(_ local: Int, _ remote: Int, _ size: Int, _ conn: Conn, _ body: (inout ByteWriter) -> Void) {
    let status = conn.write(size + 30) { out in
      out.put(decimal: Int64(local))
      out.put(", ")
      out.put(decimal: Int64(remote))
      out.put(" : ")
      body(&out)
      out.put(UInt16(littleEndian: 0x0a0d))
    }
    if status != .ok, status != .closed { conn.abort(status) }
  }
}
