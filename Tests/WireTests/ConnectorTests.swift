import Bench
import Bytes
import Loopback
import Testing

@testable import Wire

/// Connecting once: completion, cancel, time limit. On the memory environment and the manual clock.
struct ConnectTests {
  static func endpoint(_ words: String, _ use: Endpoint.Use = .connect) -> Endpoint {
    guard case .endpoint(let made) = Endpoint.parse(Array(words.utf8).span.bytes, for: use) else { fatalError(words) }
    return made
  }

  /// An environment where every connect is left open, or refused at once.
  final class Silent: Environment {
    final class Trying: Attempt {
      var isCancelled = false
      override func cancel() { isCancelled = true }
    }
    var attempts: [Trying] = []
    var connects: [Connect] = []
    var answer = Status.ok
    override init() {
      super.init()
      manualTime = 0
    }
    override func canConnect(_ endpoint: Endpoint) -> Bool { answer == .ok }
    override func connect(_ endpoint: Endpoint, _ connect: Connect) -> Status {
      let trying = Trying()
      attempts.append(trying)
      connects.append(connect)
      connect.attempt = trying
      return answer
    }
  }

  func connect(
    _ bench: Bench, _ host: Host, _ log: @escaping (String) -> Void, _ words: String = "memory:x", time: UInt64 = 1000
  ) -> Connect {
    Connect(bench.context, Self.endpoint(words), host, attemptDelay: 250, time: time) { _, conn, reason in
      log("done \(conn == 0 ? "nothing" : "conn") \(reason.status)")
    }
  }

  @Test func succeeds() {
    let silent = Silent()
    let bench = Bench(silent)
    let host = Host(.raw)
    var log: [String] = []
    let connect = connect(bench, host) { log.append($0 + " after \(host.events)") }
    #expect(connect.begin() == .ok)
    bench.turn { connect.succeeded(Output()) }
    #expect(log == ["done conn 0 after [\"connected\"]"])
    bench.advance(100_000)
    #expect(log.count == 1 && bench.alive == 1)
    let late = Output()
    bench.turn { connect.succeeded(late) }
    #expect(late.closedWith == .aborted, "nobody is there for it any more")
  }

  @Test func succeedsFromOutside() {
    let silent = Silent()
    let bench = Bench(silent)
    let host = Host(.raw)
    var log: [String] = []
    let connect = connect(bench, host) { log.append($0) }
    #expect(connect.begin() == .ok)
    connect.succeedSoon(Output())
    #expect(log == [])
    bench.turn()
    #expect(log == ["done conn 0"] && host.events == ["connected"])
  }

  @Test func refusedByTheFactory() {
    let silent = Silent()
    let bench = Bench(silent)
    let host = Host(.raw)
    host.isWilling = false
    var log: [String] = []
    let connect = connect(bench, host) { log.append($0) }
    #expect(connect.begin() == .ok)
    let output = Output()
    bench.turn { connect.succeeded(output) }
    #expect(log == ["done nothing -34"] && output.closedWith == .ok && bench.alive == 0)
  }

  @Test func closedWhenConnected() {
    let silent = Silent()
    let bench = Bench(silent)
    let host = Host(.raw)
    host.onConnected = { $0.close(.ok) }
    var log: [String] = []
    let connect = connect(bench, host) { log.append($0) }
    #expect(connect.begin() == .ok)
    bench.turn { connect.succeeded(Output()) }
    #expect(log == ["done conn 0"] && host.events == ["connected", "disconnected 0"])
  }

  @Test(arguments: [false, true]) func cancelled(_ isReady: Bool) {
    let silent = Silent()
    let bench = Bench(silent)
    var log: [String] = []
    let connect = connect(bench, Host(.raw)) { log.append($0) }
    #expect(connect.begin() == .ok)
    let output = Output()
    if isReady { connect.succeedSoon(output) }
    connect.cancel()
    connect.cancel()
    #expect(log == [], "never before the call returns")
    bench.turn()
    bench.advance(5000)
    #expect(log == ["done nothing -33"])
    #expect(silent.attempts[0].isCancelled && bench.alive == 0)
    #expect(output.closedWith == (isReady ? .aborted : nil))
  }

  @Test func timesOut() {
    for words in ["memory:x", "memory:x:timeout=0.5"] {
      let silent = Silent()
      let bench = Bench(silent)
      var log: [String] = []
      let connect = connect(bench, Host(.raw), { log.append($0) }, words)
      #expect(connect.begin() == .ok)
      bench.advance(499)
      #expect(log == [])
      bench.advance(501)
      #expect(log == ["done nothing -32"] && silent.attempts[0].isCancelled)
    }
  }

  @Test func failsAtOnce() {
    let silent = Silent()
    silent.answer = .unsupported
    let bench = Bench(silent)
    let connect = connect(bench, Host(.raw)) { _ in Issue.record("a call that fails never calls back") }
    #expect(connect.begin() == .unsupported)
    bench.advance(5000)
    #expect(bench.alive == 0 && bench.context.timers.count == 0)
  }

  @Test func fails() {
    let silent = Silent()
    let bench = Bench(silent)
    var log: [String] = []
    let connect = connect(bench, Host(.raw)) { log.append($0) }
    _ = connect.begin()
    connect.failed(Reason(.refused))
    connect.failed(Reason(.timeout))
    bench.turn()
    #expect(log == ["done nothing -34"])
  }

  @Test func endsWithItsReactor() {
    let bench = Bench(Silent())
    var log: [String] = []
    let connect = connect(bench, Host(.raw)) { log.append($0) }
    _ = connect.begin()
    bench.end()
    #expect(log == ["done nothing -33"])
    let late = self.connect(bench, Host(.raw)) { _ in Issue.record("the reactor has ended") }
    #expect(late.begin() == .aborted)
  }

  @Test func aForeignFactory() {
    let host = Host(.raw)
    let other = Bench()
    _ = other.open(host)
    let bench = Bench(Silent())
    #expect(connect(bench, host, { _ in }).begin() == .bound)
  }

  @Test func anEnvironmentWithNothing() {
    let environment = Environment()
    let bench = Bench(environment)
    #expect(environment.connect(Self.endpoint("memory:x"), connect(bench, Host(.raw)) { _ in }) == .unsupported)
    guard
      case .failed(.unsupported) = environment.listen(
        Self.endpoint("memory:x"), ListenOptions(), Host(.raw), bench.context)
    else { return #expect(Bool(false)) }
    #expect(environment.now == 0 && environment.freshNow() == 0)
  }
}

/// Connectors: waits, resets, stops.
struct ConnectorTests {
  final class Keeper: Connector {
    var log: [String] = []
    override func connected(_ conn: UInt64) { log.append("connected") }
    override func waiting(_ reason: Reason, _ delay: UInt64) { log.append("waiting \(delay) for \(reason.status)") }
    override func stopped(_ reason: Reason) { log.append("stopped \(reason.status)") }
    func heard() -> [String] {
      defer { log = [] }
      return log
    }
  }

  func keeper(_ bench: Bench, _ host: Host = Host(.raw), _ change: (inout ConnectorOptions) -> Void = { _ in })
    -> Keeper
  {
    var options = ConnectorOptions()
    options.jitter = 0
    change(&options)
    let keeper = Keeper(bench.context, ConnectTests.endpoint("memory:there"), host, options)
    #expect(keeper.begin() == .ok)
    return keeper
  }

  func listen(_ bench: Bench, _ host: Host) -> Listener? {
    let endpoint = ConnectTests.endpoint("memory:there", .listen)
    guard case .listener(let made) = bench.context.environment.listen(endpoint, ListenOptions(), host, bench.context)
    else { return nil }
    #expect(made.register(Kind.listener))
    return made
  }

  /// Twisted's sequence: 1, e, e², ... up to an hour.
  @Test func waits() {
    let bench = Bench()
    let keeper = keeper(bench)
    bench.turn()
    var delays: [UInt64] = []
    while delays.count < 12 {
      guard let last = keeper.heard().last, let delay = UInt64(last.split(separator: " ")[1]) else { break }
      delays.append(delay)
      bench.advance(delay - 1)
      #expect(keeper.log == [], "not before its time")
      bench.advance(1)
    }
    #expect(
      delays == [
        1000, 2718, 7389, 20085, 54598, 148_413, 403_428, 1_096_633, 2_980_957, 3_600_000, 3_600_000, 3_600_000,
      ])
  }

  @Test func jitter() {
    for seed in 1...50 as ClosedRange<UInt64> {
      let bench = Bench(seed: seed)
      let keeper = keeper(bench) {
        $0.jitter = 0.1
        $0.maximum = 5000
      }
      bench.turn()
      for mean in [1000, 2718, 5000, 5000] as [Double] {
        guard let last = keeper.heard().last, let delay = Double(last.split(separator: " ")[1]) else { break }
        #expect(delay <= 5000 && delay >= mean * 0.4, "within six standard deviations")
        if mean < 5000 { #expect(delay <= mean * 1.6) }
        bench.advance(UInt64(delay))
      }
    }
    let delays = Set(
      (1...20).map { seed in
        let bench = Bench(seed: UInt64(seed))
        let keeper = keeper(bench) { $0.jitter = 0.1 }
        bench.turn()
        return keeper.heard().last
      })
    #expect(delays.count > 15)
  }

  @Test func connectsAndConnectsAgain() {
    let bench = Bench()
    let server = Host(.raw)
    let client = Host(.raw)
    let listener = listen(bench, server)
    let keeper = keeper(bench, client)
    bench.turn()
    #expect(keeper.heard() == ["connected"] && client.heard() == ["connected"])
    #expect(keeper.conn != 0)
    server.onRaw = { conn, _ in conn.abort(.aborted) }
    bench.turn {
      bench.context.ids.find(keeper.conn, Kind.conn).map {
        _ = Unmanaged<Conn>.fromOpaque($0).takeUnretainedValue().write("x")
      }
    }
    #expect(keeper.heard() == ["waiting 1000 for -1104"] && keeper.conn == 0)
    bench.advance(1000)
    #expect(keeper.heard() == ["connected"])
    keeper.reset()
    listener?.close()
    keeper.stop(Reason(.ok))
    bench.turn()
    #expect(keeper.heard() == ["stopped 0"])
    #expect(client.events.last == "connected", "what is up is left alone")
    bench.end()
    #expect(keeper.log == [])
  }

  @Test func resetWhileWaiting() {
    let bench = Bench()
    let keeper = keeper(bench)
    bench.turn()
    bench.advance(1000)
    #expect(keeper.heard() == ["waiting 1000 for -34", "waiting 2718 for -34"])
    keeper.reset()
    bench.turn()
    #expect(keeper.heard() == ["waiting 1000 for -34"], "at once, and from the beginning")
  }

  @Test func stops() {
    for isWaiting in [false, true] {
      let bench = Bench(ConnectTests.Silent())
      let keeper = keeper(bench)
      if isWaiting {
        bench.turn()
        bench.advance(30_000)
        #expect(keeper.heard() == ["waiting 1000 for -32"])
      } else {
        bench.turn()
      }
      keeper.stop(Reason(.ok))
      keeper.stop(Reason(.timeout))
      #expect(keeper.log == [])
      bench.turn()
      #expect(keeper.heard() == ["stopped 0"] && bench.alive == 0)
      bench.advance(1_000_000)
      #expect(keeper.log == [])
    }
  }

  @Test func stoppedInItsOwnCalls() {
    let bench = Bench()
    final class Quitter: Connector {
      var log: [String] = []
      override func waiting(_ reason: Reason, _ delay: UInt64) {
        log.append("waiting")
        stop(Reason(.ok))
      }
      override func stopped(_ reason: Reason) {
        log.append("stopped")
        stop(reason)
      }
    }
    let quitter = Quitter(bench.context, ConnectTests.endpoint("memory:there"), Host(.raw), ConnectorOptions())
    _ = quitter.begin()
    bench.turn()
    bench.advance(100_000)
    #expect(quitter.log == ["waiting", "stopped"] && bench.alive == 0)
  }

  @Test func givesUp() {
    let bench = Bench()
    let keeper = keeper(bench) { $0.mostRetries = 2 }
    bench.advance(1_000_000)
    #expect(keeper.log.last == "stopped -34")
    #expect(keeper.log.first == "waiting 1000 for -34")
    #expect(bench.alive == 0)
  }

  @Test func anEnvironmentThatCannot() {
    let silent = ConnectTests.Silent()
    silent.answer = .unsupported
    let bench = Bench(silent)
    let keeper = Keeper(bench.context, ConnectTests.endpoint("memory:there"), Host(.raw), ConnectorOptions())
    #expect(keeper.begin() == .unsupported, "it would never succeed")
    bench.turn()
    #expect(keeper.heard() == [] && bench.alive == 0)
  }

  @Test func endsWithItsReactor() {
    let bench = Bench()
    let keeper = keeper(bench)
    bench.turn()
    _ = keeper.heard()
    bench.end()
    #expect(keeper.log == ["stopped -31"])
    #expect(Keeper(bench.context, keeper.endpoint, Host(.raw), ConnectorOptions()).begin() == .aborted)
  }

  @Test func aForeignFactory() {
    let host = Host(.raw)
    let other = Bench()
    _ = other.open(host)
    let bench = Bench()
    #expect(Keeper(bench.context, ConnectTests.endpoint("memory:x"), host, ConnectorOptions()).begin() == .bound)
  }
}
