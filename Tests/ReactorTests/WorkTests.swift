import Bench
import Bytes
import CSystem
import Glibc
import Loopback
import Synchronization
import Testing
import Wire

@testable import Reactor

/// Work that may block: on a thread of its own, told once, given up, and outlived by nothing.
struct WorkTests {
  final class Task: Work {
    let gate: CInt
    let end: (Status, Bool) -> Void
    let hasRun = Atomic(false)
    let thread = Atomic<UInt>(0)
    /// Waits until the gate, a pipe, can be read.
    init(_ context: Context, gate: CInt = -1, _ end: @escaping (Status, Bool) -> Void) {
      self.gate = gate
      self.end = end
      super.init(context)
    }
    override func run() {
      thread.store(UInt(csystem_thread()), ordering: .relaxed)
      if gate >= 0 {
        var byte: UInt8 = 0
        _ = csystem_read(gate, &byte, 1)
      }
      hasRun.store(true, ordering: .sequentiallyConsistent)
    }
    override func completed(_ reason: Reason) { end(reason.status, hasRun.load(ordering: .sequentiallyConsistent)) }
  }

  /// What no event tells of is looked at each millisecond, for ten seconds.
  func soon(_ bench: LoopBench, _ isSo: () -> Bool) -> Bool {
    for _ in 0..<10_000 where !isSo() { bench.turn(1) }
    return isSo()
  }

  final class Ends { var all: [Status] = [] }

  @Test func onAnotherThread() {
    let bench = LoopBench()
    let ends = Ends()
    let task = Task(bench.context) { status, hasRun in
      #expect(hasRun)
      ends.all.append(status)
    }
    #expect(task.begin() == .ok)
    #expect(ends.all.isEmpty, "never before the call has returned")
    #expect(bench.until { !ends.all.isEmpty })
    #expect(ends.all == [.ok])
    #expect(task.thread.load(ordering: .relaxed) != UInt(csystem_thread()))
    #expect(bench.loop.working == 0 && bench.bench.alive == 0)
  }

  @Test func cancelledWhileItRuns() {
    var ends: [CInt] = [0, 0]
    #expect(pipe(&ends) == 0)
    let bench = LoopBench()
    let told = Ends()
    let task = Task(bench.context, gate: ends[0]) { status, _ in told.all.append(status) }
    #expect(task.begin() == .ok)
    #expect(soon(bench) { task.thread.load(ordering: .relaxed) != 0 })
    bench.bench.turn { task.cancel() }
    #expect(told.all == [.cancelled])
    _ = csystem_close(ends[1])  // its thread goes on, and nobody hears of it
    #expect(soon(bench) { bench.loop.working == 0 })
    #expect(told.all == [.cancelled])
    _ = csystem_close(ends[0])
  }

  @Test func theReactorEndsMeanwhile() {
    var ends: [CInt] = [0, 0]
    #expect(pipe(&ends) == 0)
    let bench = LoopBench()
    let told = Ends()
    for _ in 0..<12 {  // more than there are threads
      #expect(Task(bench.context, gate: ends[0]) { status, _ in told.all.append(status) }.begin() == .ok)
    }
    _ = csystem_close(ends[1])
    bench.end()
    #expect(told.all == Array(repeating: .cancelled, count: 12))
    #expect(Task(bench.context) { _, _ in Issue.record("it never was") }.begin() == .aborted)
    _ = csystem_close(ends[0])
  }

  @Test func inMemory() {
    let memory = MemoryEnvironment()
    let bench = Bench(memory)
    let told = Ends()
    func begin() -> Task {
      let task = Task(bench.context) { status, _ in told.all.append(status) }
      #expect(task.begin() == .ok)
      return task
    }
    _ = begin()
    #expect(told.all.isEmpty)
    bench.turn()
    #expect(told.all == [.ok])
    memory.holdsWork = true
    let (first, second) = (begin(), begin())
    #expect(second.others == 1)
    bench.turn { first.cancel() }
    #expect(told.all == [.ok, .cancelled] && memory.working == 1)
    memory.releaseWork()
    bench.turn()
    #expect(told.all == [.ok, .cancelled, .ok])
  }
}
