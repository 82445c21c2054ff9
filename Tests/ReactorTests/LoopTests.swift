import Bench
import Bytes
import CSystem
import Glibc
import Testing
import Wire

@testable import Reactor

/// Turning, time, posts, the descriptor for a host's own loop.
struct LoopTests {
  final class Ring: HostTimer {
    let action: () -> Void
    init(_ action: @escaping () -> Void) {
      self.action = action
      super.init(every: 0)
    }
    override func fire() { action() }
  }

  func run(_ bench: LoopBench) -> Status { bench.context.drive { bench.loop.run(bench.context) } }
  func stop(_ bench: LoopBench) { #expect(csystem_record_stop(bench.context.index, bench.context.id) == 1) }

  @Test func nothingToWaitFor() { #expect(run(LoopBench()) == 1) }

  @Test func runsUntilItIsStopped() {
    let bench = LoopBench()
    var log: [Int] = []
    for delay in [30, 10, 20] { _ = Ring { log.append(delay) }.start(bench.context, after: UInt64(delay)) }
    _ = Ring { self.stop(bench) }.start(bench.context, after: 25)
    #expect(run(bench) == 0)
    #expect(log.prefix(2) == [10, 20])
    #expect(run(bench) == 1)
    #expect(log == [10, 20, 30])
  }

  @Test func stoppedBeforeItRuns() {
    let bench = LoopBench()
    _ = Ring { Issue.record("far away") }.start(bench.context, after: 100_000)
    stop(bench)
    #expect(run(bench) == 0)
  }

  @Test func aTurnHasItsTime() {
    let bench = LoopBench()
    let start = csystem_now_ms()
    bench.turn(0)
    bench.turn(5)
    #expect(csystem_now_ms() - start < 5000)
    var rang = false
    _ = Ring { rang = true }.start(bench.context, after: 1)
    #expect(bench.until { rang })
    #expect(bench.context.now >= start)
  }

  @Test func aManualClockStandsStill() {
    let bench = LoopBench(manualClock: true)
    var rang = false
    _ = Ring { rang = true }.start(bench.context, after: 10)
    bench.turn(5)
    #expect(!rang && bench.context.now == 0)
    bench.bench.advance(10)
    #expect(rang)
    #expect(bench.loop.timeout(bench.context) == -1)
  }

  // MARK: Posts

  final class Box: @unchecked Sendable {
    var got: [Int] = []
    let index: UInt32
    let id: UInt64
    init(_ bench: LoopBench) { (index, id) = (bench.context.index, bench.context.id) }
  }
  final class Post {
    let box: Box
    let number: Int
    init(_ box: Box, _ number: Int) { (self.box, self.number) = (box, number) }
    static func send(_ box: Box, _ number: Int) -> CInt {
      csystem_record_post(
        box.index, box.id,
        { user in
          let post = Unmanaged<Post>.fromOpaque(user!).takeRetainedValue()
          post.box.got.append(post.number)
        }, Unmanaged.passRetained(Post(box, number)).toOpaque())
    }
  }

  /// Each thread's posts come in its order, each once, while the loop waits without limit.
  @Test func postsFromThreads() {
    let bench = LoopBench()
    let box = Box(bench)
    var threads: [pthread_t] = []
    for _ in 0..<4 {
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { box in
          let box = Unmanaged<Box>.fromOpaque(box!).takeRetainedValue()
          for number in 0..<500 where Post.send(box, number) != 1 { return nil }
          return nil
        }, Unmanaged.passRetained(box).toOpaque())
      #expect(status == 0)
      threads.append(thread)
    }
    #expect(bench.until { box.got.count == 2000 })
    for thread in threads { pthread_join(thread, nil) }
    #expect(box.got.sorted() == (0..<2000).map { $0 / 4 })
  }

  @Test func stopFromAThread() {
    let bench = LoopBench()
    let box = Box(bench)
    _ = Ring { Issue.record("too late") }.start(bench.context, after: 10_000)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { box in
        let box = Unmanaged<Box>.fromOpaque(box!).takeRetainedValue()
        _ = csystem_record_stop(box.index, box.id)
        return nil
      }, Unmanaged.passRetained(box).toOpaque())
    #expect(status == 0)
    #expect(run(bench) == 0)
    pthread_join(thread, nil)
  }

  // MARK: A host's own loop

  func isReadable(_ fd: CInt, _ wait: CInt = 0) -> Bool {
    var watched = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, wait) == 1
  }

  @Test func oneDescriptor() {
    let bench = LoopBench()
    let box = Box(bench)
    var fd: CInt = -1
    var again: CInt = -1
    #expect(bench.loop.descriptor(bench.context, &fd) == .ok && fd >= 0)
    #expect(bench.loop.descriptor(bench.context, &again) == .ok && again == fd)
    bench.turn(0)
    #expect(!isReadable(fd))
    // A timer that was started outside a turn, a post, a connection.
    var rang = false
    _ = Ring { rang = true }.start(bench.context, after: 5)
    var rounds = 0
    while !rang, rounds < 100 {
      #expect(isReadable(fd, 10_000))
      bench.turn(0)
      rounds += 1
    }
    bench.turn(0)
    #expect(!isReadable(fd))
    #expect(Post.send(box, 1) == 1)
    #expect(isReadable(fd, 10_000))
    bench.turn(0)
    #expect(box.got == [1])
    let (server, client) = (Host(.raw), Host(.raw))
    client.onConnected = { $0.write("hello") }
    let listener = bench.listen("tcp:0:interface=127.0.0.1", server)
    _ = bench.connect("tcp:127.0.0.1:\(LoopBench.port(listener))", client)
    rounds = 0
    while server.events.count < 2, rounds < 100 {
      #expect(isReadable(fd, 10_000))
      bench.turn(0)
      rounds += 1
    }
    #expect(server.events == ["connected", "raw hello"])
  }

  @Test func timeouts() {
    let bench = LoopBench()
    bench.turn(0)
    #expect(bench.loop.timeout(bench.context) == -1)
    let timer = Ring {}
    _ = timer.start(bench.context, after: 1000)
    let wait = bench.loop.timeout(bench.context)
    #expect(wait > 0 && wait <= 1000)
    timer.cancel(bench.context)
    let peer = bench.bench.open(Host(.raw))
    #expect(bench.loop.timeout(bench.context) == 0, "there is work")
    bench.turn(0)
    peer.conn?.abort(.aborted)
    bench.turn(0)
  }
}
