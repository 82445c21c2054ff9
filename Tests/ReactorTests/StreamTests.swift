import Bench
import Bytes
import CSystem
import Glibc
import Testing
import Wire

@testable import Reactor

/// Connections over TCP and UNIX sockets on this machine.
struct StreamTests {
  /// Listens, and the endpoint that reaches it.
  func serve(_ bench: LoopBench, _ kind: String, _ host: Host) -> (Listener?, String) {
    switch kind {
    case "tcp":
      let listener = bench.listen("tcp:0:interface=127.0.0.1", host)
      return (listener, "tcp:127.0.0.1:\(LoopBench.port(listener))")
    case "tcp6":
      let listener = bench.listen("tcp6:0:interface=\\:\\:1", host)
      return (listener, "tcp:\\:\\:1:\(LoopBench.port(listener))")
    case "unix":
      let path = LoopBench.path()
      return (bench.listen("unix:\(path)", host), "unix:\(path)")
    default:
      let path = "@plait-\(csystem_random())"
      return (bench.listen("unix:\(path)", host), "unix:\(path)")
    }
  }
  static let kinds = ["tcp", "tcp6", "unix", "abstract"]

  @Test(arguments: kinds) func echo(_ kind: String) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    server.onRaw = { conn, bytes in conn.write(bytes) }
    client.onConnected = { $0.write("hello") }
    client.onRaw = { conn, _ in conn.close(.ok) }
    let (listener, endpoint) = serve(bench, kind, server)
    #expect(listener != nil)
    let outcome = bench.connect(endpoint, client)
    #expect(bench.until { server.events.count == 4 && client.events.count == 3 })
    #expect(outcome.status == .ok)
    #expect(server.events == ["connected", "raw hello", "read closed", "disconnected 0"])
    #expect(client.events == ["connected", "raw hello", "disconnected 0"])
    #expect(bench.bench.alive == 1)
  }

  /// A block that is written through leaves at once, behind nothing.
  @Test(arguments: kinds) func throughToTheSocket(_ kind: String) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    client.onConnected = { conn in
      #expect(conn.writeThrough(Array("hello".utf8).span.bytes) == .ok)
      #expect(conn.transport.descriptor >= 0)
      conn.transport.setUrgentInline()
      conn.write(" world")
      #expect(conn.writeThrough(Array("!".utf8).span.bytes) == .ok)
      conn.close(.ok)
    }
    let (_, endpoint) = serve(bench, kind, server)
    _ = bench.connect(endpoint, client)
    var heard = ""
    server.onRaw = { _, bytes in heard += bytes }
    #expect(bench.until { bench.bench.alive == 1 && server.events.last == "disconnected 0" })
    #expect(heard == "hello world!")
  }

  @Test(arguments: kinds) func bigWriteToASlowReader(_ kind: String) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    client.isCounting = true
    let size = 32 << 20  // more than the kernel takes
    var got = 0
    let chunk = [UInt8](repeating: 120, count: 4 << 20)
    server.onConnected = { conn in
      for _ in 0..<8 { #expect(conn.write(chunk.count) { $0.put(chunk.span.bytes) } == .ok) }
      conn.close(.ok)
    }
    client.onConnected = { conn in _ = conn.pause() }
    client.onRaw = { _, bytes in got += bytes.utf8.count }
    let (_, endpoint) = serve(bench, kind, server)
    let outcome = bench.connect(endpoint, client)
    #expect(bench.until { outcome.status == .ok && server.events.contains("connected") })
    for _ in 0..<20 { bench.turn(0) }
    #expect(got == 0 && !server.events.contains("disconnected 0"))
    bench.turn(0) { _ = bench.conn(outcome.conn)?.resume() }
    #expect(bench.until { got == size && server.events.last == "disconnected 0" && bench.bench.alive == 1 })
  }

  @Test(arguments: kinds) func waterMarks(_ kind: String) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    client.isCounting = true
    let chunk = [UInt8](repeating: 120, count: 1 << 20)
    var produced = 0
    server.onConnected = { conn in
      for _ in 0..<8 { _ = conn.write(chunk.count) { $0.put(chunk.span.bytes) } }
    }
    server.onWriteResumed = { conn in
      produced += 1
      if produced < 3 { _ = conn.write(chunk.count) { $0.put(chunk.span.bytes) } } else { conn.close(.ok) }
    }
    let (_, endpoint) = serve(bench, kind, server)
    _ = bench.connect(endpoint, client)
    #expect(bench.until { bench.bench.alive == 1 && server.events.count > 1 })
    #expect(server.events.first == "connected" && server.events.contains("write paused"))
    #expect(server.events.last == "disconnected 0")
  }

  @Test(arguments: kinds) func abort(_ kind: String) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    server.onRaw = { conn, _ in conn.abort(.aborted) }
    client.onConnected = { $0.write("x") }
    let (_, endpoint) = serve(bench, kind, server)
    _ = bench.connect(endpoint, client)
    #expect(bench.until { bench.bench.alive == 1 && client.events.count > 1 })
    #expect(server.events == ["connected", "raw x", "disconnected -31"])
    // TCP has a reset; a UNIX socket that is closed with nothing unread only ends.
    #expect(client.events.last == (kind.hasPrefix("tcp") ? "disconnected -1104" : "disconnected 0"))
  }

  @Test(arguments: kinds) func halfClose(_ kind: String) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    server.onReadClosed = { conn in
      conn.write("answer")
      conn.close(.ok)
    }
    client.onConnected = { conn in
      conn.write("question")
      #expect(conn.closeWrite() == .ok)
    }
    let (_, endpoint) = serve(bench, kind, server)
    _ = bench.connect(endpoint, client)
    #expect(bench.until { bench.bench.alive == 1 && client.events.count > 2 })
    #expect(server.events == ["connected", "raw question", "read closed", "disconnected 0"])
    #expect(client.events == ["connected", "raw answer", "read closed", "disconnected 0"])
  }

  /// One that sends without end does not starve the rest.
  @Test(arguments: kinds) func turnsAreShared(_ kind: String) {
    let bench = LoopBench(turnBytes: 4096)
    let server = Host(.raw)
    server.isCounting = true
    var loud = 0
    var quiet = 0
    server.onRaw = { _, bytes in if bytes == "quiet" { quiet += 1 } else { loud += bytes.utf8.count } }
    let client = Host(.raw)
    let (_, endpoint) = serve(bench, kind, server)
    let first = bench.connect(endpoint, client)
    let second = bench.connect(endpoint, client)
    #expect(bench.until { first.status == .ok && second.status == .ok })
    let chunk = [UInt8](repeating: 120, count: 1 << 20)
    bench.turn(0) {
      _ = bench.conn(first.conn)?.write(chunk.count) { $0.put(chunk.span.bytes) }
      bench.conn(second.conn)?.write("quiet")
    }
    #expect(bench.until { quiet == 1 })
    #expect(loud < 1 << 20)
    #expect(bench.until { loud == 1 << 20 })
  }

  @Test func addressesAndOptions() {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    let (listener, endpoint) = serve(bench, "tcp", server)
    let outcome = bench.connect(endpoint + ":bindAddress=127.0.0.1", client)
    #expect(bench.until { outcome.status == .ok })
    guard let transport = bench.conn(outcome.conn)?.transport else { return }
    var address = Address()
    var port: UInt32 = 0
    var scope: UInt32 = 0
    var host = [CChar](repeating: 0, count: 112)
    #expect(transport.peer(&address) == .ok)
    csystem_address_text(&address.socket, &host, &port, &scope)
    #expect(port == LoopBench.port(listener) && host.prefix(3).map(UInt8.init) == Array("127".utf8))
    #expect(transport.local(&address) == .ok)
    #expect(transport.setNoDelay(false) == .ok && transport.setNoDelay(true) == .ok)
    #expect(transport.setKeepAlive(7) == .ok && transport.setKeepAlive(0) == .ok)
  }

  @Test func addressesOfUnixSockets() {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    let (listener, endpoint) = serve(bench, "unix", server)
    let outcome = bench.connect(endpoint, client)
    #expect(bench.until { outcome.status == .ok })
    guard let transport = bench.conn(outcome.conn)?.transport else { return }
    var address = Address()
    #expect(transport.peer(&address) == .ok && transport.local(&address) == .ok)
    #expect(transport.setNoDelay(true) == .unsupported)
    #expect(LoopBench.port(listener) == 0)
  }

  /// A peer that has gone away is an error, not a signal.
  @Test(arguments: kinds) func writingToNobody(_ kind: String) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    server.onConnected = { $0.abort(.aborted) }
    client.onReadClosed = { _ in }
    let (_, endpoint) = serve(bench, kind, server)
    let outcome = bench.connect(endpoint, client)
    #expect(bench.until { outcome.status != nil && server.events.count == 2 })
    #expect(
      bench.until {
        bench.turn(0) { bench.conn(outcome.conn)?.write(String(repeating: "x", count: 10_000)) }
        return bench.conn(outcome.conn) == nil
      })
    #expect(client.events.last?.hasPrefix("disconnected -1") == true)
  }

  /// Everything open ends with the reactor, with output under way too.
  @Test(arguments: kinds) func theEnd(_ kind: String) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    client.onConnected = { conn in _ = conn.pause() }
    let chunk = [UInt8](repeating: 120, count: 32 << 20)  // more than the kernel takes
    server.onConnected = { conn in _ = conn.write(chunk.count) { $0.put(chunk.span.bytes) } }
    let (_, endpoint) = serve(bench, kind, server)
    let outcome = bench.connect(endpoint, client)
    #expect(bench.until { outcome.status == .ok && server.events.count == 2 })
    bench.end()
    #expect(server.events.last == "disconnected -31" && client.events.last == "disconnected -31")
  }
}
