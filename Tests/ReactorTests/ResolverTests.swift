import Bench
import Bytes
import CLibuv
import Testing
import Wire

@testable import Reactor

/// Names, and which of their addresses are tried.
struct ResolverTests {
  static func text(_ words: String) -> Text { Text.make(Array(words.utf8).span.bytes)! }

  @Test func aName() {
    let bench = LoopBench()
    var found: [IP]?
    var asked: Attempt?
    bench.turn(0) { asked = bench.loop.resolve(Self.text("localhost")) { found = $0 } }
    #expect(asked != nil)
    #expect(bench.until { found != nil })
    #expect(found?.contains(IP(ipv4: 0x7f00_0001)) == true)
  }

  @Test func whoDoesNotWait() {
    let bench = LoopBench()
    var (first, second) = (0, 0)
    bench.turn(0) {
      let asked = bench.loop.resolve(Self.text("localhost")) { _ in first += 1 }
      asked?.cancel()
      asked?.cancel()
    }
    var asked: Attempt?
    bench.turn(0) { asked = bench.loop.resolve(Self.text("127.0.0.1")) { _ in second += 1 } }
    #expect(asked != nil)
    #expect(bench.until { second == 1 })
    #expect(first == 0)
  }

  @Test(arguments: [
    (UV_EAI_AGAIN, Status.nameAgain), (UV_EAI_MEMORY, .noMemory), (UV_ENOMEM, .noMemory), (UV_EAI_NONAME, .noName),
    (UV_EAI_NODATA, .noName), (UV_EAI_ADDRFAMILY, .noName), (UV_EAI_FAIL, .noName), (UV_EAI_SERVICE, .noName),
    (UV_EMFILE, .system(CInt(UV_EMFILE.rawValue))),
  ]) func whatFailureMeans(_ code: uv_errno_t, _ status: Status) {
    #expect(Lookup.status(CInt(code.rawValue)) == status)
  }

  @Test(arguments: [true, false]) func whoIsPermitted(_ isPermitted: Bool) {
    let bench = LoopBench()
    let port = LoopBench.port(bench.listen("tcp:0:interface=127.0.0.1", Host(.raw)))
    let outcome = LoopBench.Outcome()
    let connect = Connect(
      bench.context, LoopBench.endpoint("tcp:127.0.0.1:\(port)", .connect), Host(.raw), attemptDelay: 50, time: 10_000
    ) { _, _, reason in outcome.status = reason.status }
    var asked: [IP] = []
    connect.permits = {
      asked.append($0)
      return isPermitted
    }
    #expect(connect.begin() == .ok)
    #expect(bench.until { outcome.status != nil })
    #expect(outcome.status == (isPermitted ? .ok : .refused) && connect.isBarred == !isPermitted)
    #expect(asked == [IP(ipv4: 0x7f00_0001)])
  }
}
