import Bench
import Bytes
import CSystem
import Glibc
import Testing
import Wire

@testable import Reactor

/// Open files that go over UNIX sockets, in their place between the bytes.
struct PassingTests {
  static func identity(_ fd: CInt) -> UInt64 {
    var info = stat()
    return fstat(fd, &info) == 0 ? UInt64(info.st_ino) : 0
  }

  static func pipes(_ count: Int) -> [CInt] {
    (0..<count).flatMap { _ in
      var ends: [CInt] = [-1, -1]
      #expect(pipe(&ends) == 0)
      return ends
    }
  }

  /// More than go at once, too; those that are left over go with the bytes behind.
  @Test(arguments: [1, 6, 70]) func pass(_ count: Int) {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    let pipes = Self.pipes(3)
    let files = (0..<count).map { pipes[2 * ($0 % 3)] }
    var taken: [UInt64] = []
    var text = ""
    server.onConnected = { $0.acceptDescriptors() }
    server.onRaw = { conn, part in
      text += part
      var fd: CInt = -1
      while conn.take(descriptor: UInt64(taken.count), &fd) == .ok {
        taken.append(Self.identity(fd))
        _ = csystem_close(fd)
      }
    }
    client.onConnected = { conn in
      conn.acceptDescriptors()
      for (index, file) in files.enumerated() {
        var number = UInt64.max
        #expect(conn.nextDescriptor == Int64(index))
        #expect(conn.send(descriptor: file, &number) == .ok && number == UInt64(index))
      }
      conn.write("hello")
    }
    let path = LoopBench.path()
    #expect(bench.listen("unix:\(path)", server) != nil)
    let outcome = bench.connect("unix:\(path)", client)
    #expect(bench.until { text == "hello" && taken.count == count })
    #expect(outcome.status == .ok && taken == files.map { Self.identity($0) })
    for end in pipes { _ = csystem_close(end) }
  }

  /// With more bytes than the socket takes at once.
  @Test func passBeforeMuch() {
    let bench = LoopBench()
    let (server, client) = (Host(.raw), Host(.raw))
    let pipes = Self.pipes(1)
    let chunk = [UInt8](repeating: 120, count: 4 << 20)
    var (got, fd) = (0, CInt(-1))
    (server.isCounting, client.isCounting) = (true, true)
    server.onConnected = { $0.acceptDescriptors() }
    server.onRaw = { conn, part in
      got += part.utf8.count
      if fd < 0 { #expect(conn.take(descriptor: 0, &fd) == .ok) }
    }
    client.onConnected = { conn in
      conn.acceptDescriptors()
      var number = UInt64.max
      #expect(conn.send(descriptor: pipes[0], &number) == .ok)
      #expect(conn.write(chunk.count) { $0.put(chunk.span.bytes) } == .ok)
    }
    let path = LoopBench.path()
    #expect(bench.listen("unix:\(path)", server) != nil)
    _ = bench.connect("unix:\(path)", client)
    #expect(bench.until { got == chunk.count })
    #expect(Self.identity(fd) == Self.identity(pipes[0]))
    for end in [fd] + pipes { _ = csystem_close(end) }
  }

  /// What could not be sent any more is closed: when the peer is gone, and when nothing is written behind it.
  @Test(arguments: [true, false]) func notSent(_ isWritten: Bool) {
    let bench = LoopBench()
    let client = Host(.raw)
    var pair: [CInt] = [-1, -1]
    #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0)
    let pipes = Self.pipes(1)
    client.onConnected = { $0.acceptDescriptors() }
    let outcome = bench.connect("fd:\(pair[0])", client)
    #expect(bench.until { outcome.status == .ok && !client.events.isEmpty })
    bench.turn(0) {
      guard let conn = bench.conn(outcome.conn) else { return }
      if isWritten { _ = csystem_close(pair[1]) }
      var number = UInt64.max
      #expect(conn.send(descriptor: pipes[0], &number) == .ok)
      if isWritten { conn.write("x") } else { conn.abort(.aborted) }
    }
    #expect(bench.until { client.events.count == 2 })
    #expect(client.events.last == (isWritten ? "disconnected \(-1000 - EPIPE)" : "disconnected \(Status.aborted)"))
    if !isWritten { _ = csystem_close(pair[1]) }
    _ = csystem_close(pipes[0])
    var end = pollfd(fd: pipes[1], events: Int16(POLLOUT), revents: 0)
    #expect(poll(&end, 1, 0) == 1 && end.revents & Int16(POLLERR) != 0, "nobody has the reading end any more")
    _ = csystem_close(pipes[1])
  }
}
