import Bench
import Bytes
import CSystem
import Glibc
import Loopback
import Testing
import Wire

@testable import Reactor

/// When the process has no descriptor left, each function says so. In a process of its own, whose limit is lowered.
struct DescriptorsTests {
  /// From now on there are no more descriptors.
  static func exhaust() {
    let next = dup(0)
    close(next)
    limit(to: rlim_t(next))
  }
  /// From now on there are some again: the leak checker needs one at the end.
  static func recover() { limit(to: 64) }
  static func limit(to count: rlim_t) {
    var limit = rlimit()
    #expect(getrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit) == 0)
    limit.rlim_cur = count
    #expect(setrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit) == 0)
  }
  static var none: Status { .system(-EMFILE) }

  @Test func noReactor() async {
    await #expect(processExitsWith: .success) {
      Self.exhaust()
      var fault = Status.ok
      #expect(Loop.make(MemoryEnvironment(), turnBytes: 1, manualClock: false, fault: &fault) == nil)
      #expect(fault == Self.none)
      Self.recover()
    }
  }

  @Test func nothingNew() async {
    await #expect(processExitsWith: .success) {
      let bench = LoopBench()
      let listener = bench.listen("tcp:0:interface=127.0.0.1", Host(.raw))
      let port = LoopBench.port(listener)
      Self.exhaust()
      #expect(bench.fault("tcp:0:interface=127.0.0.1") == Self.none)
      #expect(bench.fault("unix:\(LoopBench.path())") == Self.none)
      let outcomes = ["tcp:127.0.0.1:\(port)", "unix:/nowhere"].map { bench.connect($0, Host(.raw)) }
      #expect(bench.until { outcomes.allSatisfy { $0.status == Self.none } })
      var fd: CInt = -1
      #expect(bench.loop.descriptor(bench.context, &fd) == Self.none && fd == -1)
    }
  }

  /// Peers wait in the kernel until there are descriptors again.
  @Test func acceptingRests() async {
    await #expect(processExitsWith: .success) {
      let bench = LoopBench()
      let server = Host(.raw)
      let listener = bench.listen("tcp:0:interface=127.0.0.1", server) as? SocketListener
      let peer = csystem_socket(Address.ipv4)
      var address = csystem_address()
      _ = csystem_address_parse(&address, "127.0.0.1", Address.ipv4, UInt16(LoopBench.port(listener)))
      _ = csystem_connect(peer, &address)
      var limit = rlimit()
      #expect(getrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit) == 0)
      Self.exhaust()
      #expect(bench.until { listener?.backoff.isScheduled == true })
      #expect(server.events == [])
      #expect(setrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit) == 0)
      #expect(bench.until { server.events == ["connected"] })
    }
  }
}
