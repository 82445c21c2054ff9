import Bench
import Bytes
import CSystem
import Glibc
import Testing
import Wire

@testable import Reactor

/// Which file a descriptor names: tests run beside each other, and its number may be another's by now.
func file(_ fd: CInt) -> UInt64? {
  var about = stat()
  return fstat(fd, &about) == 0 ? UInt64(about.st_ino) : nil
}

/// Listeners, and descriptors that are taken over.
struct ListeningTests {
  @Test func portsAreTaken() {
    let bench = LoopBench()
    let listener = bench.listen("tcp:0:interface=127.0.0.1:backlog=5", Host(.raw))
    let port = LoopBench.port(listener)
    #expect(port > 0)
    #expect(bench.fault("tcp:\(port):interface=127.0.0.1") == .system(-98))
    listener?.close()
    #expect(bench.listen("tcp:\(port):interface=localhost", Host(.raw)) != nil, "free at once")
  }

  @Test func portsAreShared() {
    let bench = LoopBench()
    var options = ListenOptions()
    options.reusePort = true
    let listener = bench.listen("tcp:0:interface=127.0.0.1", Host(.raw), options)
    #expect(bench.listen("tcp:\(LoopBench.port(listener)):interface=127.0.0.1:reusePort=1", Host(.raw)) != nil)
  }

  @Test func portsAreDrawn() {
    let bench = LoopBench()
    let drawn = csystem_draw_port()
    #expect(drawn == 0 || drawn >= 1024, "0: the system keeps some back")
    var options = ListenOptions()
    options.drawsPort = true
    var seen: Set<Int> = []
    for _ in 0..<64 {
      let listener = bench.listen("tcp:0:interface=127.0.0.1", Host(.raw), options)
      let port = Int(LoopBench.port(listener))
      #expect(port >= 1024)
      #expect(seen.insert(port).inserted, "all of them listen still")
    }
    let chosen = seen.first ?? 0
    #expect(bench.fault("tcp:\(chosen):interface=127.0.0.1", options) == .system(-98), "asked for, so no other")
  }

  @Test func allInterfaces() {
    let bench = LoopBench()
    #expect(bench.listen("tcp:0", Host(.raw)) != nil)
    var options = ListenOptions()
    options.dualStack = true
    let listener = bench.listen("tcp6:0", Host(.raw), options)
    let outcome = bench.connect("tcp:127.0.0.1:\(LoopBench.port(listener))", Host(.raw))
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status == .ok, "as a mapped address")
    #expect(bench.listen("tcp6:0:interface=localhost", Host(.raw)) != nil)
    #expect(bench.fault("tcp:0:interface=192.0.2.1") == .system(-99))
  }

  @Test func socketFiles() {
    let bench = LoopBench()
    let path = LoopBench.path()
    let listener = bench.listen("unix:\(path):mode=600", Host(.raw))
    var about = stat()
    #expect(stat(path, &about) == 0 && about.st_mode & 0o777 == 0o600)
    #expect(bench.fault("unix:\(path)") == .system(-98), "somebody listens")
    listener?.close()
    #expect(stat(path, &about) != 0, "removed")
    #expect(bench.fault("unix:/nowhere/at/all") == .system(-2))
  }

  /// What nobody listens at any more is replaced; what took our place is left.
  @Test func staleSocketFiles() {
    let path = LoopBench.path()
    var address = csystem_address()
    #expect(csystem_address_unix(&address, path) == 0)
    let left = csystem_socket(Address.unix)
    #expect(csystem_bind(left, &address) == 0)
    _ = csystem_close(left)
    let bench = LoopBench()
    let listener = bench.listen("unix:\(path)", Host(.raw))
    #expect(listener != nil)
    unlink(path)
    let other = bench.listen("unix:\(path)", Host(.raw))
    listener?.close()
    var about = stat()
    #expect(stat(path, &about) == 0, "it is the other's")
    other?.close()
    #expect(stat(path, &about) != 0)
    // A file that is no socket is nobody's to remove.
    let file = open(path, O_CREAT | O_WRONLY, 0o600)
    close(file)
    #expect(bench.fault("unix:\(path)") == .system(-98))
    unlink(path)
  }

  @Test func paused() {
    let bench = LoopBench()
    let server = Host(.raw)
    let listener = bench.listen("tcp:0:interface=127.0.0.1", server)
    listener?.pause(true)
    let outcome = bench.connect("tcp:127.0.0.1:\(LoopBench.port(listener))", Host(.raw))
    #expect(bench.until { outcome.status == .ok }, "the kernel holds it")
    for _ in 0..<5 { bench.turn(0) }
    #expect(server.events == [])
    listener?.pause(false)
    #expect(bench.until { server.events == ["connected"] })
  }

  @Test func refusedByTheFactory() {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    server.isWilling = false
    let listener = bench.listen("tcp:0:interface=127.0.0.1", server)
    _ = bench.connect("tcp:127.0.0.1:\(LoopBench.port(listener))", client)
    #expect(bench.until { client.events.last?.hasPrefix("disconnected") == true })
    #expect(server.events == [])
  }

  /// Out of descriptors, accepting rests: a tenth of a second, doubling up to five. On a manual clock.
  @Test func backoff() {
    final class Lines: Log {
      var warnings = 0
      override func write(_ level: LogLevel, _ subsystem: StaticString, _ text: StaticString, _ status: Status) {
        if level == .warning { warnings += 1 }
      }
    }
    let bench = LoopBench(manualClock: true)
    let lines = Lines(level: 2)
    bench.context.log = lines
    let server = Host(.raw)
    guard let listener = bench.listen("tcp:0:interface=127.0.0.1", server) as? SocketListener else { return }
    for delay in [100, 200, 400, 800, 1600, 3200, 5000, 5000] as [UInt64] {
      bench.turn(0) { listener.rest(.system(-24)) }
      #expect(listener.backoff.due == bench.context.now + delay)
      #expect(listener.poller?.watched == 0)
      if delay < 5000 { bench.bench.advance(delay) }
    }
    #expect(lines.warnings == 8)
    let outcome = bench.connect("tcp:127.0.0.1:\(LoopBench.port(listener))", Host(.raw))
    for _ in 0..<20 where outcome.status == nil { bench.turn(100) }
    #expect(server.events == [])
    listener.pause(true)
    bench.bench.advance(5000)
    #expect(listener.poller?.watched == 0, "the host's pause goes on")
    listener.pause(false)
    for _ in 0..<20 where server.events.isEmpty { bench.turn(100) }
    #expect(server.events == ["connected"])
    #expect(listener.nextPause == 100)
    bench.turn(0) { listener.rest(.system(-24)) }
    listener.close()
    #expect(!listener.backoff.isScheduled)
  }

  // MARK: Descriptors

  @Test func listeningDescriptor() {
    let bench = LoopBench()
    let fd = csystem_socket(Address.ipv4)
    var address = csystem_address()
    _ = csystem_address_parse(&address, "127.0.0.1", Address.ipv4, 0)
    #expect(csystem_bind(fd, &address) == 0)
    #expect(bench.fault("fd:\(fd)") == .invalid, "it does not listen yet")
    #expect(csystem_listen(fd, 5) == 0)
    let socket = file(fd)
    let server = Host(.raw)
    let listener = bench.listen("fd:\(fd)", server)
    _ = bench.connect("tcp:127.0.0.1:\(LoopBench.port(listener))", Host(.raw))
    #expect(bench.until { server.events == ["connected"] })
    listener?.close()
    #expect(file(fd) != socket)
  }

  @Test func connectedDescriptors() {
    let bench = LoopBench()
    var ends: [CInt] = [0, 0]
    #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let sockets = [file(ends[0]), file(ends[1])]
    let (one, other) = (Host(.raw), Host(.raw))
    other.onRaw = { conn, bytes in conn.write(bytes) }
    one.onConnected = { $0.write("hello") }
    one.onRaw = { conn, _ in conn.close(.ok) }
    _ = bench.connect("fd:\(ends[0])", one)
    _ = bench.connect("fd:\(ends[1])", other)
    #expect(bench.until { bench.bench.alive == 0 && one.events.count > 1 })
    #expect(one.events == ["connected", "raw hello", "disconnected 0"])
    #expect(file(ends[0]) != sockets[0] && file(ends[1]) != sockets[1])
  }

  @Test func pipes() {
    let bench = LoopBench()
    var ends: [CInt] = [0, 0]
    #expect(pipe(&ends) == 0)
    let (reader, writer) = (Host(.raw), Host(.raw))
    writer.onConnected = { conn in
      conn.write("down the pipe")
      #expect(conn.closeWrite() == .unsupported)
      conn.close(.ok)
    }
    _ = bench.connect("fd:\(ends[0])", reader)
    _ = bench.connect("fd:\(ends[1])", writer)
    #expect(bench.until { reader.events.last == "disconnected 0" })
    #expect(reader.events == ["connected", "raw down the pipe", "read closed", "disconnected 0"])
  }

  @Test func whatIsNoStream() {
    let bench = LoopBench()
    let path = LoopBench.path()
    let regular = open(path, O_CREAT | O_RDWR, 0o600)
    let datagram = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
    var status = Status.ok
    for fd in [regular, datagram] {
      _ = bench.connect("fd:\(fd)", Host(.raw), &status)
      #expect(status == .invalid)
      #expect(bench.fault("fd:\(fd)") == .invalid)
      #expect(fcntl(fd, F_GETFD) != -1, "it stays the host's")
    }
    _ = bench.connect("fd:1000000", Host(.raw), &status)
    #expect(status == .system(-9) && bench.fault("fd:1000000") == .system(-9))
    for fd in [regular, datagram] { close(fd) }
    unlink(path)
  }

  @Test func aDeviceThatCannotBePolled() {
    let bench = LoopBench()
    let file = open("/dev/null", O_RDONLY)
    var status = Status.ok
    _ = bench.connect("fd:\(file)", Host(.raw), &status)
    #expect(status != .ok)
    #expect(fcntl(file, F_GETFD) != -1, "it stays the host's")
    close(file)
  }

  @Test func takenOverAndCancelled() {
    let bench = LoopBench()
    var ends: [CInt] = [0, 0]
    #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let socket = file(ends[0])
    var status = Status.ok
    let (connect, outcome) = bench.connect("fd:\(ends[0])", Host(.raw), &status)
    connect.cancel()
    #expect(bench.until { outcome.status == .cancelled })
    #expect(file(ends[0]) != socket)
    close(ends[1])
  }

  @Test func memoryOnALoop() {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    client.onConnected = { $0.write("hello") }
    _ = bench.listen("memory:x", server)
    _ = bench.connect("memory:x", client)
    #expect(bench.until { server.events == ["connected", "raw hello"] })
  }
}
