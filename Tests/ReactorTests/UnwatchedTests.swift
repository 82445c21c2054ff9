import Bench
import Bytes
import CSystem
import Glibc
import Testing
import Wire

@testable import Reactor

/// The kernel does not watch a descriptor: that is told, and libuv, which would end the process, does not meet it.
struct UnwatchedTests {
  /// Another file stands in the place of libuv's epoll, outside of a turn.
  func blind(_ bench: LoopBench, _ body: () -> Void) {
    let epoll = bench.loop.epoll
    let (kept, other) = (dup(epoll), open("/dev/null", O_RDONLY))
    #expect(dup2(other, epoll) == epoll)
    body()
    #expect(dup2(kept, epoll) == epoll)
    close(kept)
    close(other)
  }
  var refused: String { "disconnected \(Status.system(-EINVAL))" }

  func pair(_ kind: String, _ server: Host, _ client: Host) -> (LoopBench, Listener?, LoopBench.Outcome) {
    let bench = LoopBench()
    let path = LoopBench.path()
    let listener = bench.listen(kind == "tcp" ? "tcp:0:interface=127.0.0.1" : "unix:\(path)", server)
    let outcome = bench.connect(kind == "tcp" ? "tcp:127.0.0.1:\(LoopBench.port(listener))" : "unix:\(path)", client)
    #expect(bench.until { outcome.status == .ok && server.events == ["connected"] })
    return (bench, listener, outcome)
  }

  @Test(arguments: ["tcp", "unix"]) func reading(_ kind: String) {
    let client = Host(.raw)
    client.onConnected = { _ = $0.pause() }
    let (bench, _, outcome) = pair(kind, Host(.raw), client)
    blind(bench) { bench.bench.turn { _ = bench.conn(outcome.conn)?.resume() } }
    #expect(bench.until { client.events.count == 2 })
    #expect(client.events == ["connected", refused])
  }

  @Test(arguments: ["tcp", "unix"]) func writing(_ kind: String) {
    let (server, client) = (Host(.raw), Host(.raw))
    server.onConnected = { _ = $0.pause() }
    client.onConnected = { _ = $0.pause() }
    let (bench, _, outcome) = pair(kind, server, client)
    let chunk = [UInt8](repeating: 120, count: 32 << 20)  // more than the kernel takes
    blind(bench) {
      bench.bench.turn { _ = bench.conn(outcome.conn)?.write(chunk.count) { $0.put(chunk.span.bytes) } }
    }
    #expect(bench.until { client.events.last == refused })
  }

  /// A conn that has ended and would read on for its peer's sake is closed at once.
  @Test func lingering() {
    let (server, client) = (Host(.raw), Host(.raw))
    client.onConnected = { _ = $0.pause() }
    server.onConnected = { $0.write("never read") }
    let (bench, _, outcome) = pair("tcp", server, client)
    bench.turn(0)
    blind(bench) { bench.bench.turn { bench.conn(outcome.conn)?.close(.ok) } }
    #expect(client.events == ["connected", "disconnected 0"] && bench.loop.lingering.isEmpty)
    #expect(bench.until { server.events.count > 1 })
  }

  /// A listener tries again after a while.
  @Test func accepting() {
    let (server, client) = (Host(.raw), Host(.raw))
    let (bench, listener, _) = pair("tcp", server, client)
    listener?.pause(true)
    blind(bench) { listener?.pause(false) }
    #expect((listener as? SocketListener)?.backoff.isScheduled == true)
    _ = bench.connect("tcp:127.0.0.1:\(LoopBench.port(listener))", client)
    #expect(bench.until { server.events == ["connected", "connected"] })
  }

  @Test func beginning() {
    let bench = LoopBench()
    var outcome: LoopBench.Outcome?
    blind(bench) {
      #expect(bench.fault("tcp:0:interface=127.0.0.1") == .system(-EINVAL))
      outcome = bench.connect("tcp:127.0.0.1:9", Host(.raw))
    }
    #expect(bench.until { outcome?.status == .system(-EINVAL) })
  }
}
