import Bytes
import Wire

/// How is asked: ident.h, plait_ident_options.
public struct IdentOptions {
  public var mostQueries = 1024
  /// In milliseconds.
  public var queryTime: UInt64 = 30_000
  public init() {}
}

/// Builds conns that ask.
open class IdentClientFactory: Factory {
  public final let options: IdentOptions
  public init(_ options: IdentOptions, user: UnsafeMutableRawPointer?) {
    self.options = options
    super.init(user: user)
  }

  open func opened(_ conn: Conn) {}
  open func ended(_ conn: Conn, _ reason: Reason) {}
  open func readClosed(_ conn: Conn) -> Bool { false }
  open func writePaused(_ conn: Conn) {}
  open func writeResumed(_ conn: Conn) {}
  open func makeCall(_ context: Context) -> IdentCall { IdentCall(context) }

  public final override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { IdentClient(self) }
}

/// A query that waits for its reply.
open class IdentCall: Call {
  final var remote = 0
  final var local = 0
  /// The conn's id.
  public final var place: UInt64 = 0
  final let limit = EntityTimer()

  /// The reply: a line of three parts or four; where `user` is empty, `fault` says why.
  open func told(system: RawSpan, charset: RawSpan, user: RawSpan, _ fault: IdentFault?) {}
  /// It ended without one.
  open func failed(_ reason: Reason) {}

  public final override func completed(_ reason: Reason) {
    context.timers.remove(limit)
    failed(reason)
  }
  public final override func giveUp() {
    guard let conn = context.conn(place) else { return }
    _ = conn.speaking(Tag.identClient) { (spoken: IdentClient) in
      spoken.calls.removeAll { $0 === self }
      return .ok
    }
  }
  public final override func timeIsUp() {
    guard outcome == nil else { return }
    giveUp()
    end(Reason(.timeout, text: "there was no reply in time"))
  }
}

/// The client's side of a conversation (RFC 1413).
public final class IdentClient: IdentLines {
  let factory: IdentClientFactory
  var calls: [IdentCall] = []

  init(_ factory: IdentClientFactory) {
    self.factory = factory
    super.init(tag: Tag.identClient)
  }

  public override func connected(_ conn: Conn) {
    isConnected = true
    factory.opened(conn)
  }
  public override func readClosed(_ conn: Conn) -> Bool { factory.readClosed(conn) }
  public override func writePaused(_ conn: Conn) { factory.writePaused(conn) }
  public override func writeResumed(_ conn: Conn) { factory.writeResumed(conn) }
  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    endAll(reason)
    factory.ended(conn, reason)
  }
  public override func left(_ conn: Conn, _ why: Reason) { endAll(why) }

  func endAll(_ reason: Reason) {
    let why = reason.status == .ok ? Reason(.closed, text: "the connection ended before the reply") : reason
    let waiting = calls
    calls = []
    for call in waiting { if isConnected { call.endNow(why) } else { call.end(why) } }
  }

  public func ask(
    remote: Int, local: Int, limit: UInt64, _ conn: Conn, _ give: (IdentCall) -> Void
  ) -> Status {
    guard (1...65535).contains(remote), (1...65535).contains(local) else { return .invalid }
    guard !conn.isClosing else { return .closed }
    guard calls.count < factory.options.mostQueries else { return .limit }
    let call = factory.makeCall(conn.context)
    guard call.register(Kind.call) else { return .limit }
    (call.remote, call.local, call.place, call.limit.id) = (remote, local, conn.id, call.id)
    var status =
      conn.context.schedule(call.limit, after: limit > 0 ? limit : factory.options.queryTime) ? Status.ok : .noMemory
    if status == .ok {
      status = conn.write(16) { out in
        out.put(decimal: Int64(remote))
        out.put(", ")
        out.put(decimal: Int64(local))
        out.put(UInt16(littleEndian: 0x0a0d))
      }
    }
    guard status == .ok else {
      conn.context.timers.remove(call.limit)
      call.unregister()
      return status
    }
    calls.append(call)
    give(call)
    return .ok
  }

  /// `port , port : USERID : system [, charset] : user`, or `port , port : ERROR : word`
  override func take(_ line: RawSpan, _ conn: Conn) {
    let colon = line.position(of: UInt8(ascii: ":"), from: 0)
    guard colon >= 0, let ports = line.extracting(first: colon).ports() else { return malformed(conn) }
    let rest = line.extracting(droppingFirst: colon + 1)
    let next = rest.position(of: UInt8(ascii: ":"), from: 0)
    guard next >= 0 else { return malformed(conn) }
    let kind = rest.extracting(first: next).trimmed()
    let more = rest.extracting(droppingFirst: next + 1)
    if kind.isEqual("ERROR") {
      let word = more.trimmed()
      return finish(ports) {
        $0.told(system: word.extracting(first: 0), charset: word.extracting(first: 0), user: word, IdentFault.of(word))
      }
    }
    let last = more.position(of: UInt8(ascii: ":"), from: 0)
    guard kind.isEqual("USERID"), last >= 0 else { return malformed(conn) }
    let system = more.extracting(first: last)
    let comma = system.position(of: UInt8(ascii: ","), from: 0)
    let name = system.extracting(first: comma < 0 ? last : comma).trimmed()
    let charset = system.extracting(droppingFirst: comma < 0 ? last : comma + 1).trimmed()
    let user = more.extracting(droppingFirst: last + 1).trimmed()
    finish(ports) { $0.told(system: name, charset: charset, user: user, nil) }
  }

  func malformed(_ conn: Conn) { conn.close(Reason(.malformed, text: "a line that is no reply")) }

  /// One for which nobody waits is dropped.
  func finish(_ ports: (first: Int, second: Int), _ body: (IdentCall) -> Void) {
    guard let place = calls.firstIndex(where: { $0.remote == ports.first && $0.local == ports.second }) else { return }
    let call = calls.remove(at: place)
    call.context.timers.remove(call.limit)
    call.unregister()
    body(call)
  }
}
