import Bench
import Bytes
import Testing
import Wire

@testable import Loopback

/// Listeners and connections in memory.
struct MemoryTests {
  static func endpoint(_ words: String, _ use: Endpoint.Use) -> Endpoint {
    guard case .endpoint(let made) = Endpoint.parse(Array(words.utf8).span.bytes, for: use) else { fatalError(words) }
    return made
  }

  func listen(_ bench: Bench, _ host: Host, _ words: String = "memory:x") -> Listener {
    guard
      case .listener(let listener) = bench.context.environment.listen(
        Self.endpoint(words, .listen), ListenOptions(), host, bench.context)
    else { fatalError("the name is taken") }
    #expect(listener.register(Kind.listener))
    return listener
  }

  func fault(_ bench: Bench, _ words: String) -> Status? {
    guard
      case .failed(let status) = bench.context.environment.listen(
        Self.endpoint(words, .listen), ListenOptions(), Host(.raw), bench.context)
    else { return nil }
    return status
  }

  /// Connects, and tells how that ended.
  final class Outcome { var statuses: [Status] = [] }
  @discardableResult func connect(
    _ bench: Bench, _ host: Host, _ outcome: Outcome = Outcome(), _ words: String = "memory:x"
  ) -> Connect {
    let connect = Connect(bench.context, Self.endpoint(words, .connect), host, attemptDelay: 0, time: 30_000) {
      _, _, reason in
      outcome.statuses.append(reason.status)
    }
    #expect(connect.begin() == .ok)
    return connect
  }

  /// Two ends that know each other.
  func pair(_ bench: Bench, _ server: Host, _ client: Host) -> (Conn, Conn) {
    _ = listen(bench, server)
    var ends: [Conn] = []
    let before = (server.onConnected, client.onConnected)
    server.onConnected = {
      ends.append($0)
      before.0($0)
    }
    client.onConnected = {
      ends.append($0)
      before.1($0)
    }
    connect(bench, client)
    bench.turn()
    (server.onConnected, client.onConnected) = before  // they would keep the ends
    return (ends[0], ends[1])
  }

  @Test func connects() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let outcome = Outcome()
    _ = listen(bench, server)
    connect(bench, client, outcome)
    #expect(outcome.statuses == [] && server.events == [])
    bench.turn()
    #expect(outcome.statuses == [.ok] && server.events == ["connected"] && client.events == ["connected"])
  }

  @Test func nobodyListens() {
    let bench = Bench()
    let outcome = Outcome()
    connect(bench, Host(.raw), outcome)
    #expect(outcome.statuses == [])
    bench.turn()
    #expect(outcome.statuses == [.refused] && bench.alive == 0)
  }

  @Test func refusedByTheServersFactory() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    server.isWilling = false
    let outcome = Outcome()
    _ = listen(bench, server)
    connect(bench, client, outcome)
    bench.turn()
    #expect(outcome.statuses == [.refused] && client.events == [])
  }

  @Test func refusedByTheClientsFactory() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    client.isWilling = false
    let outcome = Outcome()
    _ = listen(bench, server)
    connect(bench, client, outcome)
    bench.turn()
    #expect(outcome.statuses == [.refused])
    #expect(server.events == ["connected", "read closed", "disconnected 0"])
  }

  @Test func names() {
    let bench = Bench()
    let listener = listen(bench, Host(.raw))
    #expect(fault(bench, "memory:x") == .inUse)
    #expect(fault(bench, "tcp:80") == .unsupported)
    _ = listen(bench, Host(.raw), "memory:xy")
    let connect = Connect(bench.context, Self.endpoint("tcp:h:80", .connect), Host(.raw), attemptDelay: 0, time: 1) {
      _, _, _ in
    }
    #expect(connect.begin() == .unsupported)
    listener.close()
    _ = listen(bench, Host(.raw))
    // Names are per reactor.
    _ = listen(Bench(), Host(.raw))
  }

  @Test func echo() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    server.onRaw = { conn, bytes in conn.write(bytes) }
    client.onConnected = { $0.write("hello") }
    let (_, end) = pair(bench, server, client)
    #expect(server.events == ["connected", "raw hello"] && client.events == ["connected", "raw hello"])
    var address = Address()
    #expect(end.transport.peer(&address) == .ok)
    #expect(address.memory.map { String(cString: $0) } == "x")
    address = Address()
    #expect(end.transport.local(&address) == .ok && address.memory != nil)
    #expect(end.transport.setNoDelay(true) == .unsupported && end.transport.setKeepAlive(1) == .unsupported)
  }

  /// What is written never arrives inside the write.
  @Test func notInsideTheWrite() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let (one, _) = pair(bench, server, client)
    bench.turn {
      one.write("a")
      one.write("b")
      #expect(client.events == ["connected"])
    }
    #expect(client.events == ["connected", "raw ab"])
  }

  /// Two ends that answer each other do not keep a turn for ever.
  @Test func pingPong() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    for host in [server, client] {
      host.isCounting = true
      host.onRaw = { conn, bytes in conn.write(bytes) }
    }
    client.onConnected = { $0.write("ball") }
    let (one, _) = pair(bench, server, client)
    let before = server.count
    bench.turn()
    #expect(server.count > before && server.count < 1000)
    bench.turn { one.abort(.aborted) }
    while bench.context.hasWork { bench.turn() }
  }

  @Test func backpressure() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    client.isCounting = true
    var got = 0
    client.onRaw = { _, bytes in got += bytes.count }
    let (one, other) = pair(bench, server, client)
    bench.turn { _ = other.pause() }
    let piece = String(repeating: "x", count: 100_000)
    for _ in 0..<5 { bench.turn { one.write(piece) } }
    #expect(got == 0 && server.events == ["connected", "write paused"])
    #expect(one.waiting >= 200_000 && one.waiting < 500_000)
    bench.turn { _ = other.resume() }
    #expect(got == 500_000 && server.events == ["connected", "write paused", "write resumed"] && one.waiting == 0)
  }

  @Test func halfClose() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    client.onReadClosed = { $0.write("still here") }
    let (one, other) = pair(bench, server, client)
    bench.turn {
      one.write("last")
      #expect(one.closeWrite() == .ok)
    }
    #expect(client.events == ["connected", "raw last", "read closed"])
    #expect(server.events == ["connected", "raw still here"])
    bench.turn { _ = other.closeWrite() }
    #expect(client.events.last == "disconnected 0")
    #expect(server.events.suffix(2) == ["read closed", "disconnected 0"])
    #expect(bench.alive == 1, "the listener")
  }

  /// What was written before a close arrives first, then both ends end cleanly.
  @Test func close() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let (one, _) = pair(bench, server, client)
    bench.turn {
      one.write("bye")
      one.close(.ok)
    }
    #expect(server.events == ["connected", "disconnected 0"])
    #expect(client.events == ["connected", "raw bye", "read closed", "disconnected 0"])
  }

  @Test func closeTowardsOneThatPauses() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let (one, other) = pair(bench, server, client)
    bench.turn { _ = other.pause() }
    bench.turn {
      one.write("bye")
      one.close(.ok)
    }
    #expect(server.events == ["connected", "disconnected 0"] && client.events == ["connected"])
    bench.turn { other.write("to nobody") }
    bench.turn { _ = other.resume() }
    #expect(client.events == ["connected", "raw bye", "read closed", "disconnected 0"])
  }

  @Test func abort() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let (one, other) = pair(bench, server, client)
    bench.turn { _ = other.pause() }
    bench.turn {
      one.write("lost")
      one.abort(.aborted)
    }
    #expect(server.events == ["connected", "disconnected -31"])
    #expect(client.events == ["connected", "disconnected -1104"])
  }

  @Test func bothCloseAtOnce() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let (one, other) = pair(bench, server, client)
    bench.turn {
      one.close(.ok)
      other.close(.ok)
    }
    #expect(server.events == ["connected", "disconnected 0"] && client.events == ["connected", "disconnected 0"])
  }

  // MARK: Listeners

  @Test func pausedListener() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let listener = listen(bench, server)
    listener.pause(true)
    listener.pause(true)
    let outcome = Outcome()
    connect(bench, client, outcome)
    bench.turn()
    #expect(outcome.statuses == [] && server.events == [])
    listener.pause(false)
    bench.turn()
    #expect(outcome.statuses == [.ok] && server.events == ["connected"])
  }

  @Test func closedWithAQueue() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let listener = listen(bench, server)
    let outcome = Outcome()
    connect(bench, client, outcome)
    let cancelled = Outcome()
    connect(bench, client, cancelled).cancel()
    listener.close()
    bench.turn()
    #expect(outcome.statuses == [.refused] && cancelled.statuses == [.cancelled] && server.events == [])
  }

  @Test func cancelledInTheQueue() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let listener = listen(bench, server)
    listener.pause(true)
    let outcome = Outcome()
    let call = connect(bench, client, outcome)
    call.cancel()
    bench.turn()
    listener.pause(false)
    bench.turn()
    #expect(outcome.statuses == [.cancelled] && server.events == [] && client.events == [])
  }

  @Test func timesOutInTheQueue() {
    let bench = Bench()
    let listener = listen(bench, Host(.raw))
    listener.pause(true)
    let outcome = Outcome()
    connect(bench, Host(.raw), outcome, "memory:x:timeout=1")
    bench.advance(1000)
    #expect(outcome.statuses == [.timeout])
  }

  @Test func endsWithItsReactor() {
    let bench = Bench()
    let (server, client) = (Host(.raw), Host(.raw))
    let outcome = Outcome()
    _ = pair(bench, server, client)
    connect(bench, client, outcome)
    bench.end()
    #expect(server.events.last == "disconnected -31")
    #expect(client.events.last?.hasPrefix("disconnected") == true)
    #expect(outcome.statuses.count == 1)
  }
}
