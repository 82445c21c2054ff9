import Bench
import Bytes
import CSystem
import Testing

@testable import Wire

/// Turns, posts, drains, logs.
struct ContextTests {
  /// Something with work: calls back, and asks again as often as it is told to.
  final class Worker: Entity {
    var again = 0
    var served = 0
    var body: (Worker) -> Void = { _ in }
    override func service() {
      served += 1
      body(self)
      if again > 0 {
        again -= 1
        list()
      }
    }
  }

  @Test func drivingIsNotReentrant() {
    let bench = Bench()
    var inner = Status.ok
    #expect(bench.turn { inner = bench.turn() } == .ok)
    #expect(inner == .reentrant)
    #expect(bench.context.isDriving == false)
  }

  @Test func workIsDoneAtTheTurnsEnd() {
    let bench = Bench()
    let worker = Worker(bench.context)
    #expect(worker.register(Kind.call))
    bench.turn {
      worker.list()
      worker.list()
      #expect(worker.served == 0)
    }
    #expect(worker.served == 1 && !bench.context.hasWork)
    worker.list()
    #expect(bench.context.hasWork)
    worker.unregister()
    worker.unregister()
    bench.turn()
    #expect(worker.served == 1, "it is gone")
  }

  /// Work without end does not keep a turn for ever.
  @Test func turnsEnd() {
    let bench = Bench()
    let worker = Worker(bench.context)
    _ = worker.register(Kind.call)
    worker.again = 10_000
    bench.turn { worker.list() }
    #expect(worker.served < 10_000 && bench.context.hasWork)
    var turns = 0
    while bench.context.hasWork, turns < 1000 {
      bench.turn()
      turns += 1
    }
    #expect(worker.served == 10_001)
    worker.unregister()
  }

  /// What ends lives until the turn's end: calls that have it in their hands go on.
  @Test func whatEndsLivesOn() {
    let bench = Bench()
    weak var seen: Worker?
    bench.turn {
      let worker = Worker(bench.context)
      seen = worker
      _ = worker.register(Kind.call)
      worker.unregister()
    }
    #expect(seen == nil)
    bench.turn {
      do {
        let worker = Worker(bench.context)
        seen = worker
        _ = worker.register(Kind.call)
        worker.unregister()
      }
      #expect(seen != nil)
    }
    #expect(seen == nil)
  }

  @Test func posts() {
    final class Log { var lines: [Int] = [] }
    let bench = Bench()
    let log = Log()
    for number in 0..<3 {
      let box = Unmanaged.passRetained(Post { log.lines.append(number) }).toOpaque()
      let status = csystem_record_post(
        bench.context.index, bench.context.id, { Unmanaged<Post>.fromOpaque($0!).takeRetainedValue().body() }, box)
      #expect(status == 1)
    }
    #expect(bench.context.hasWork && bench.context.isAlive)
    bench.turn()
    #expect(log.lines == [0, 1, 2])
    let last = Unmanaged.passRetained(Post { log.lines.append(9) }).toOpaque()
    _ = csystem_record_post(
      bench.context.index, bench.context.id, { Unmanaged<Post>.fromOpaque($0!).takeRetainedValue().body() }, last)
    bench.end()
    #expect(log.lines == [0, 1, 2, 9], "at the end too")
    #expect(csystem_record_post(bench.context.index, bench.context.id, { _ in }, nil) == 0)
  }
  final class Post {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  @Test func recordsOfReactors() {
    let bench = Bench()
    let context = bench.context
    #expect(csystem_context(context.index) == Unmanaged.passUnretained(context).toOpaque())
    #expect(Context.lives(context.id) && !Context.lives(0) && !Context.lives(context.id + 1))
    #expect(csystem_record_adopt(context.index, context.id) == 1)
    bench.turn { #expect(csystem_record_adopt(context.index, context.id) == 3) }
    #expect(csystem_record_stop(context.index, context.id) == 1)
    #expect(csystem_record_take_stop(context.index) == 1 && csystem_record_take_stop(context.index) == 0)
    let id = context.id
    bench.end()
    #expect(!Context.lives(id))
  }

  @Test func logs() {
    final class Lines: Log {
      var lines: [String] = []
      override func write(_ level: LogLevel, _ subsystem: StaticString, _ text: StaticString, _ status: Status) {
        lines.append("\(level) \(subsystem) \(text) \(status)")
      }
    }
    let bench = Bench()
    let lines = Lines(level: LogLevel.info.rawValue)
    bench.context.log = lines
    bench.context.log(.error, "a", "b", .timeout)
    bench.context.log(.info, "c", "d")
    bench.context.log(.debug, "e", "f")
    #expect(lines.lines == ["error a b -32", "info c d 0"])
    bench.context.log = Log(level: 4)
    bench.context.log(.error, "a", "b")
  }

  // MARK: Draining

  final class Draining: Drain {
    var log: [Status] = []
    override func completed(_ reason: Reason) { log.append(reason.status) }
  }

  func drain(_ bench: Bench, _ limit: UInt64 = 1000) -> Draining {
    let drain = Draining(bench.context)
    #expect(drain.begin(limit: limit) == .ok)
    return drain
  }

  @Test func nothingToWaitFor() {
    let bench = Bench()
    let drain = drain(bench)
    #expect(drain.log == [], "never before the call returns")
    bench.advance(0)
    #expect(drain.log == [.ok] && bench.alive == 0)
    #expect(bench.context.timers.count == 0)
  }

  @Test func waitsForTheLastConn() {
    let bench = Bench()
    let peers = (0..<3).map { _ in bench.open(Host(.raw)) }
    bench.turn()
    let drain = drain(bench)
    for peer in peers {
      bench.advance(100)
      #expect(drain.log == [])
      peer.end()
    }
    bench.advance(100)
    #expect(drain.log == [.ok] && bench.alive == 0)
  }

  @Test func itsTimeIsUp() {
    let bench = Bench()
    let host = Host(.raw)
    _ = bench.open(host)
    let drain = drain(bench)
    bench.advance(999)
    #expect(drain.log == [] && host.events == ["connected"])
    bench.advance(1)
    #expect(drain.log == [.timeout] && host.events == ["connected", "disconnected -31"])
  }

  @Test func drainCancelled() {
    let bench = Bench()
    let host = Host(.raw)
    _ = bench.open(host)
    let drain = drain(bench)
    drain.cancel()
    bench.advance(5000)
    #expect(drain.log == [.cancelled] && host.events == ["connected"])
  }

  @Test func closesListenersAndConnectors() {
    let bench = Bench()
    let connectors = ConnectorTests()
    let listener = connectors.listen(bench, Host(.raw))
    let keeper = connectors.keeper(bench)
    bench.turn()
    #expect(keeper.heard() == ["connected"])
    let drain = drain(bench)
    bench.advance(500)
    #expect(keeper.heard() == ["stopped 0"] && drain.log == [])
    #expect(listener.map { bench.context.ids.names($0.id) } == false)
    bench.advance(500)
    #expect(drain.log == [.timeout] && bench.alive == 0)
  }
}
