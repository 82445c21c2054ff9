import Bench
import Bytes
import CSystem
import Glibc
import Testing
import Wire

@testable import Reactor

/// What happens seldom on a socket: full queues, resets, ends at the wrong moment.
struct EdgeTests {
  /// A socket of the test's own, connected, that does not block.
  func dial(_ listener: Listener?) -> CInt {
    let fd = csystem_socket(Address.ipv4)
    var address = csystem_address()
    #expect(csystem_address_parse(&address, "127.0.0.1", Address.ipv4, UInt16(LoopBench.port(listener))) == 0)
    #expect([0, -CInt(CSYSTEM_EINPROGRESS)].contains(csystem_connect(fd, &address)))
    return fd
  }

  // MARK: Listening and connecting

  /// More peers at once than a turn accepts.
  @Test func aCrowd() {
    let bench = LoopBench()
    let server = Host(.raw)
    let listener = bench.listen("tcp:0:interface=127.0.0.1", server)
    let peers = (0..<100).map { _ in dial(listener) }
    bench.turn()
    #expect(server.events.count < 100)
    #expect(bench.until { server.events.count == 100 })
    for peer in peers { _ = csystem_close(peer) }
  }

  /// A UNIX socket whose backlog is full refuses; its owner may come round to accept.
  @Test func aFullBacklog() {
    let bench = LoopBench()
    let server = Host(.raw)
    let path = LoopBench.path()
    let listener = bench.listen("unix:\(path):backlog=1", server)
    listener?.pause(true)
    let outcomes = (0..<6).map { _ in bench.connect("unix:\(path)", Host(.raw)) }
    for _ in 0..<5 { bench.turn(20) }
    #expect(outcomes.contains { $0.status == nil } && !outcomes.contains { $0.status ?? 0 < 0 })
    listener?.pause(false)
    #expect(bench.until { outcomes.allSatisfy { $0.status == .ok } })
    #expect(bench.until { server.events.count == 6 })
  }

  /// Longer in ASCII than a name may be.
  @Test func aNameThatIsNone() {
    let bench = LoopBench()
    var status = Status.ok
    let (_, outcome) = bench.connect("tcp:\(String(repeating: "ä.", count: 80)):80", Host(.raw), &status)
    if status == .ok {
      #expect(bench.until { outcome.status != nil })
      status = outcome.status ?? .ok
    }
    #expect(status < 0)
  }

  @Test func fromALocalName() {
    let bench = LoopBench()
    let listener = bench.listen("tcp:0:interface=127.0.0.1", Host(.raw))
    let outcome = bench.connect("tcp:127.0.0.1:\(LoopBench.port(listener)):bindAddress=localhost", Host(.raw))
    #expect(bench.until { outcome.status == .ok })
  }

  // MARK: Ends

  /// A reset behind bytes is no good end.
  @Test func resetBehindBytes() {
    let bench = LoopBench()
    let server = Host(.raw)
    let listener = bench.listen("tcp:0:interface=127.0.0.1", server)
    let peer = dial(listener)
    #expect(bench.until { server.events == ["connected"] })
    #expect(send(peer, "last words", 10, 0) == 10)
    #expect(csystem_reset_on_close(peer) == 0 && csystem_close(peer) == 0)
    #expect(bench.until { server.events.count == 3 })
    #expect(server.events == ["connected", "raw last words", "disconnected -1104"])
  }

  /// A peer that leaves while there is more for it than the socket takes.
  @Test(arguments: ["tcp", "unix"]) func goneWhileWeWrite(_ kind: String) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    var served: UInt64 = 0
    server.onConnected = { conn in
      served = conn.id
      _ = conn.pause()
    }
    client.onConnected = { _ = $0.pause() }
    let path = LoopBench.path()
    let listener = bench.listen(kind == "tcp" ? "tcp:0:interface=127.0.0.1" : "unix:\(path)", server)
    let outcome = bench.connect(kind == "tcp" ? "tcp:127.0.0.1:\(LoopBench.port(listener))" : "unix:\(path)", client)
    #expect(bench.until { outcome.status == .ok && served != 0 })
    let chunk = [UInt8](repeating: 120, count: 32 << 20)  // more than the kernel takes
    // Outside of a turn: the shield against SIGPIPE ends with the call.
    bench.bench.turn { _ = bench.conn(served)?.write(chunk.count) { $0.put(chunk.span.bytes) } }
    #expect(bench.conn(served)?.transport.isBusy == true && !bench.loop.isShielded)
    bench.turn(0) { bench.conn(outcome.conn)?.abort(.aborted) }
    #expect(bench.until { server.events.last?.hasPrefix("disconnected") == true })
    #expect([-1104, -1032].contains { server.events.last == "disconnected \($0)" })
  }

  /// A UNIX peer that leaves with something unread.
  @Test func unread() {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    server.onConnected = { $0.write("never read") }
    client.onConnected = { _ = $0.pause() }
    let path = LoopBench.path()
    _ = bench.listen("unix:\(path)", server)
    let outcome = bench.connect("unix:\(path)", client)
    #expect(bench.until { outcome.status == .ok && server.events == ["connected"] })
    bench.turn(0)
    bench.turn(0) { bench.conn(outcome.conn)?.abort(.aborted) }
    #expect(bench.until { server.events.count == 2 })
    #expect(server.events.last == "disconnected -1104")
  }

  // MARK: Reading

  /// A host that pauses while all that was asked for has come, and one whose conn ends while it rests.
  @Test(arguments: ["tcp", "unix"]) func stoppedWhileItRests(_ kind: String) {
    for aborts in [false, true] {
      let bench = LoopBench(turnBytes: 1000)
      let (server, client) = (Host(.raw), Host(.raw))
      server.isCounting = true
      var served: UInt64 = 0
      var got = 0
      server.onConnected = { served = $0.id }
      server.onRaw = { conn, bytes in
        got += bytes.utf8.count
        if kind == "unix", got < 100_000 { _ = conn.pause() }
      }
      let chunk = [UInt8](repeating: 120, count: 150_000)
      client.onConnected = { conn in _ = conn.write(chunk.count) { $0.put(chunk.span.bytes) } }
      let path = LoopBench.path()
      let listener = bench.listen(kind == "tcp" ? "tcp:0:interface=127.0.0.1" : "unix:\(path)", server)
      _ = bench.connect(kind == "tcp" ? "tcp:127.0.0.1:\(LoopBench.port(listener))" : "unix:\(path)", client)
      #expect(bench.until { got > 0 })
      let before = got
      bench.bench.turn { if aborts { bench.conn(served)?.abort(.aborted) } else { _ = bench.conn(served)?.pause() } }
      for _ in 0..<5 { bench.turn(0) }
      #expect(got == before)
      if aborts {
        #expect(bench.until { bench.bench.alive == 1 })
      } else {
        bench.turn(0) { _ = bench.conn(served)?.resume() }
        #expect(bench.until { got == chunk.count || bench.conn(served)?.isPaused == true })
        bench.turn(0) { _ = bench.conn(served)?.resume() }
        #expect(bench.until { got == chunk.count || bench.conn(served)?.isPaused == true })
      }
    }
  }

  // MARK: Addresses

  @Test func whatHasNoAddress() {
    let bench = LoopBench()
    var ends: [CInt] = [0, 0]
    #expect(pipe(&ends) == 0)
    let outcomes = ends.map { bench.connect("fd:\($0)", Host(.raw)) }
    #expect(bench.until { outcomes.allSatisfy { $0.status == .ok } })
    for outcome in outcomes {
      var address = Address()
      #expect(bench.conn(outcome.conn)?.transport.peer(&address) == .ok)
      #expect(bench.conn(outcome.conn)?.transport.local(&address) == .ok)
      #expect(address.socket.length == 0)
    }
  }

  // MARK: Time

  /// A timer that is due at once waits for the next turn, which does not wait.
  @Test func dueAtOnce() {
    final class Chain: TimerEntry {
      var rounds = 0
      override func fired(_ context: Context) {
        rounds += 1
        if rounds < 3 { _ = context.schedule(self, after: 0) }
      }
    }
    let bench = LoopBench()
    let chain = Chain()
    _ = bench.context.schedule(chain, after: 0)
    for _ in 0..<5 where chain.rounds < 3 { bench.turn(10_000) }
    #expect(chain.rounds == 3)
  }

  /// A host's loop is not woken for a time that only the host makes pass.
  @Test func aManualClockWakesNobody() {
    final class Far: TimerEntry {}
    let bench = LoopBench(manualClock: true)
    var fd: CInt = -1
    #expect(bench.loop.descriptor(bench.context, &fd) == .ok)
    let far = Far()
    #expect(bench.context.schedule(far, after: 1))
    bench.turn(0)
    var watched = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
    #expect(poll(&watched, 1, 5) == 0)
    bench.context.timers.remove(far)
  }
}
