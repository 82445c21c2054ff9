import Bench
import Bytes
import CSystem
import Loopback
import Testing
import Wire

@testable import Reactor

/// A reactor on libuv. Every wait has a limit: a timer in the loop.
final class LoopBench {
  let bench: Bench
  let loop: Loop
  var context: Context { bench.context }

  final class Alarm: TimerEntry {
    var rang = false
    override func fired(_ context: Context) { rang = true }
  }

  init(turnBytes: Int = 1 << 20, manualClock: Bool = false) {
    var fault = Status.ok
    guard let loop = Loop.make(MemoryEnvironment(), turnBytes: turnBytes, manualClock: manualClock, fault: &fault)
    else {
      fatalError("no loop: \(fault)")
    }
    self.loop = loop
    bench = Bench(loop)
    context.open(context.id, wake: Loop.wakeUp, argument: loop.waker)
  }

  deinit { end() }

  func end() {
    guard !loop.isShut else { return }
    _ = context.drive {
      context.abandonAll()
      loop.shut()
      loop.leave()
      return .ok
    }
    bench.end()
  }

  /// Turns until it is so; false after a minute.
  @discardableResult func until(_ isSo: () -> Bool) -> Bool {
    let alarm = Alarm()
    _ = context.schedule(alarm, after: 60_000)
    while !isSo(), !alarm.rang { turn() }
    context.timers.remove(alarm)
    return isSo()
  }

  func turn(_ limit: Int64 = -1, _ body: () -> Void = {}) {
    _ = context.drive {
      body()
      loop.turn(limit, alone: true, context)
      return .ok
    }
  }

  static func endpoint(_ words: String, _ use: Endpoint.Use) -> Endpoint {
    guard case .endpoint(let made) = Endpoint.parse(Array(words.utf8).span.bytes, for: use) else { fatalError(words) }
    return made
  }

  func listen(_ words: String, _ factory: Factory, _ options: ListenOptions = ListenOptions()) -> Listener? {
    guard case .listener(let listener) = loop.listen(Self.endpoint(words, .listen), options, factory, context) else {
      return nil
    }
    return listener.register(Kind.listener) ? listener : nil
  }

  func fault(_ words: String, _ options: ListenOptions = ListenOptions()) -> Status? {
    guard case .failed(let status) = loop.listen(Self.endpoint(words, .listen), options, Host(.raw), context) else {
      return nil
    }
    return status
  }

  final class Outcome {
    var status: Status?
    var conn: UInt64 = 0
  }

  func connect(_ words: String, _ factory: Factory, time: UInt64 = 10_000, _ status: inout Status) -> (Connect, Outcome)
  {
    let outcome = Outcome()
    let connect = Connect(context, Self.endpoint(words, .connect), factory, attemptDelay: 50, time: time) {
      _, conn, reason in
      #expect(outcome.status == nil, "a completion comes once")
      outcome.status = reason.status
      outcome.conn = conn
    }
    status = connect.begin()
    return (connect, outcome)
  }
  func connect(_ words: String, _ factory: Factory) -> Outcome {
    var status = Status.ok
    let outcome = connect(words, factory, &status).1
    #expect(status == .ok)
    return outcome
  }

  func conn(_ id: UInt64) -> Conn? {
    context.ids.find(id, Kind.conn).map { Unmanaged<Conn>.fromOpaque($0).takeUnretainedValue() }
  }

  static func port(_ listener: Listener?) -> UInt32 {
    var address = Address()
    guard let listener, listener.local(&address) == .ok else { return 0 }
    return port(&address)
  }

  static func port(_ address: inout Address) -> UInt32 {
    var port: UInt32 = 0
    var host = [CChar](repeating: 0, count: 112)
    var scope: UInt32 = 0
    csystem_address_text(&address.socket, &host, &port, &scope)
    return port
  }

  /// A path of its own for a socket's file.
  static func path() -> String { "/tmp/plait-\(csystem_random())" }
}
