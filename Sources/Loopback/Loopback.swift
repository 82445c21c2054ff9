import Bytes
import Wire

/// A loopback in memory. The order of events is fixed: the server is connected first; each round delivers what the
/// server has written, then what the client has; the side that closes has all it wrote delivered, then the server
/// hears the end, then the client.
public final class Loopback: LoopbackCall {
  let first = LoopbackTransport(isServer: true)
  let second = LoopbackTransport(isServer: false)
  var policy: PumpPolicy
  let handMade: Bool
  public override var isByHand: Bool { handMade }
  var hasStarted = false
  var isEnding = false
  /// Did the one that ended first not do so in good order?
  var wasAborted = false
  /// A write that is under way arrives.
  let arrival = EntityTimer()

  public init(
    _ context: Context, _ policy: PumpPolicy, isByHand: Bool, _ done: @escaping (UInt64, Reason, Reason) -> Void
  ) {
    self.policy = policy
    handMade = isByHand
    super.init(context, done)
  }

  /// Builds both ends. They are connected in the next turn.
  public func begin(_ serverFactory: Factory, _ clientFactory: Factory) -> Status {
    guard serverFactory.bind(context), clientFactory.bind(context) else { return .bound }
    guard register(Kind.call) else { return .limit }
    arrival.id = id
    let name: StaticString = "loopback"
    let text = Text.make(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount).bytes)
    (first.endpoint, second.endpoint) = (text, text)
    guard case .conn(let serverConn) = open(first, serverFactory, .accepted) else { return giveBack() }
    guard case .conn(let clientConn) = open(second, clientFactory, .connected) else {
      serverConn.retract()
      return giveBack()
    }
    first.attach(serverConn)
    second.attach(clientConn)
    set(server: serverConn.id)
    set(client: clientConn.id)
    first.call = Unmanaged.passUnretained(self)
    second.call = Unmanaged.passUnretained(self)
    list()
    return .ok
  }

  var fault = Status.ok
  func open(_ transport: LoopbackTransport, _ factory: Factory, _ role: Origin.Role) -> Conn.Opening {
    let opening = Conn.open(context, transport, factory, Origin(role))
    if case .failed(let status) = opening { fault = status }
    return opening
  }
  func giveBack() -> Status {
    unregister()
    return fault
  }

  func other(of end: LoopbackTransport) -> LoopbackTransport { end.isServer ? second : first }

  // MARK: Rounds

  public override func service() {
    if !hasStarted {
      hasStarted = true
      first.open?.start()
      second.open?.start()
    }
    lookWhetherEstablished()
    if isOver || outcome != nil {
      if isOver { end(Reason(.ok)) }
      return isOver ? super.service() : list()
    }
    if !isByHand, round(freshAnswers: true) { list() }
    lookWhetherEstablished()
  }

  public override func pump(_ rounds: Int) -> Int {
    var moved = 0
    while moved < rounds, round(freshAnswers: false) {
      moved += 1
      context.settle()
    }
    lookWhetherEstablished()
    return moved
  }

  /// Delivers what the server has written, then what the client has: its answers to that too, or not. Was there any?
  func round(freshAnswers: Bool) -> Bool {
    first.open?.flush()
    if !freshAnswers { second.open?.flush() }
    let most = second.queue.count
    let one = deliver(from: first, to: second, most: .max)
    if freshAnswers { second.open?.flush() }
    let two = deliver(from: second, to: first, most: freshAnswers ? .max : most)
    return one || two
  }

  func deliver(from source: LoopbackTransport, to target: LoopbackTransport, most: Int) -> Bool {
    guard !source.queue.isEmpty, target.takes else { return false }
    let there = min(arrived(source), most)
    guard there > 0 else { return false }
    // Out of its property, so that no access is open while a host is called.
    var bytes = source.queue.take()
    source.delivering = bytes.count
    var at = 0
    while at < there, source.call != nil, target.takes, let conn = target.open {
      let rest = bytes.bytes.extracting(at..<there)
      var size = next(source, rest)
      if size == 0, source.open?.isClosing == true { size = rest.byteCount }
      if size == 0 { break }
      source.delivered(size)
      at += size
      if target.isServer { bytesToServer += UInt64(size) } else { bytesToClient += UInt64(size) }
      source.delivering = bytes.count - at
      conn.received(rest.extracting(first: size))
    }
    source.delivering = 0
    bytes.dropFirst(at)
    if !bytes.isEmpty, source.call != nil {
      if !source.queue.isEmpty { _ = bytes.append(source.queue.bytes, limit: mostBytes) }
      source.queue = bytes
    }
    if at > 0 { source.open?.drained() }
    return at > 0
  }

  func next(_ source: LoopbackTransport, _ bytes: RawSpan) -> Int {
    var policy = self.policy  // a host may be asked, and do anything
    let size = policy.next(source.isServer, bytes, source.writes.first?.length ?? bytes.byteCount)
    self.policy.random = policy.random
    return size
  }

  /// How many bytes have been under way long enough. The rest has a timer.
  func arrived(_ source: LoopbackTransport) -> Int {
    guard policy.delay > 0 else { return source.queue.count }
    var total = 0
    for write in source.writes {
      let due = write.time &+ policy.delay
      if due > context.now {
        if !arrival.isScheduled || arrival.due > due { _ = context.schedule(arrival, after: due - context.now) }
        break
      }
      total += write.length
    }
    return total
  }

  public override func timeIsUp() { list() }

  // MARK: The end

  /// One end is about to hear it. The server hears it first.
  func ending(_ end: LoopbackTransport, _ reason: Reason) {
    lookWhetherEstablished()
    ended(end.isServer, reason)
    if !isEnding { wasAborted = end.open?.isAborting == true }
    if !end.isServer { cutOff(first) }
  }

  /// One end has heard it.
  func ended(_ end: LoopbackTransport) {
    if end.isServer { cutOff(second) }
    if isOver {
      context.timers.remove(arrival)
      list()
    }
  }

  func cutOff(_ end: LoopbackTransport) {
    guard !isEnding else { return }
    isEnding = true
    end.open?.cutOff(wasAborted ? .system(-104) : .ok)  // ECONNRESET
  }
}
