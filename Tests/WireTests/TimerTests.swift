import Bench
import Bytes
import Testing

@testable import Wire

struct TimerHeapTests {
  final class Entry: TimerEntry {
    let name: Int
    init(_ name: Int) { self.name = name }
  }

  func drain(_ heap: inout TimerHeap, by now: UInt64 = .max, before limit: UInt64 = .max) -> [Int] {
    var names: [Int] = []
    while let entry = heap.pop(dueBy: now, before: limit) { names.append((entry as? Entry)?.name ?? -1) }
    return names
  }

  @Test func byTimeThenByOrder() {
    var heap = TimerHeap()
    for (name, due) in [5, 3, 5, 1, 3, 9, 1].enumerated() {
      #expect((heap.schedule(Entry(name), at: UInt64(due))) == true)
    }
    #expect(heap.earliest == 1 && heap.count == 7)
    #expect(drain(&heap, by: 4) == [3, 6, 1, 4])
    #expect(drain(&heap) == [0, 2, 5])
    #expect(heap.earliest == nil && heap.count == 0)
  }

  @Test func onlyThoseOfBefore() {
    var heap = TimerHeap()
    _ = heap.schedule(Entry(0), at: 1)
    let limit = heap.order
    _ = heap.schedule(Entry(1), at: 1)
    #expect(drain(&heap, before: limit) == [0])
    #expect(drain(&heap) == [1])
  }

  @Test func moved() {
    var heap = TimerHeap()
    let entries = (0..<3).map(Entry.init)
    for entry in entries { _ = heap.schedule(entry, at: 10) }
    _ = heap.schedule(entries[0], at: 10)  // to the end of those of its time
    _ = heap.schedule(entries[2], at: 5)
    #expect(heap.count == 3 && entries[2].due == 5)
    #expect(drain(&heap) == [2, 1, 0])
    #expect(entries.allSatisfy { !$0.isScheduled })
  }

  @Test func removedFromAnyPlace() {
    for victim in 0..<20 {
      var heap = TimerHeap()
      let entries = (0..<20).map(Entry.init)
      for entry in entries { _ = heap.schedule(entry, at: UInt64((entry.name * 7) % 20)) }
      heap.remove(entries[victim])
      heap.remove(entries[victim])
      #expect(!entries[victim].isScheduled && heap.count == 19)
      let wanted = (0..<20).filter { $0 != victim }.sorted { ($0 * 7) % 20 < ($1 * 7) % 20 }
      #expect(drain(&heap) == wanted)
    }
  }

  /// An entry of another reactor's heap is left alone.
  @Test func removingWhatIsNotThere() {
    var heap = TimerHeap()
    heap.remove(Entry(0))
    _ = heap.schedule(Entry(1), at: 1)
    heap.remove(Entry(0))
    #expect(drain(&heap) == [1])
  }

  @Test func againstASortedModel() {
    var random = Random(seed: 11)
    var heap = TimerHeap()
    var model: [(due: UInt64, order: Int, entry: Entry)] = []
    var idle: [Entry] = []
    var order = 0
    for round in 0..<4000 {
      switch random.next() % 8 {
      case 0..<4:
        let entry = idle.popLast() ?? Entry(round)
        let due = random.next() % 1000
        #expect((heap.schedule(entry, at: due)) == true)
        order += 1
        model.append((due, order, entry))
      case 4 where !model.isEmpty:  // moved
        let index = Int(random.next() % UInt64(model.count))
        order += 1
        model[index].due = random.next() % 1000
        model[index].order = order
        #expect((heap.schedule(model[index].entry, at: model[index].due)) == true)
      case 5 where !model.isEmpty:
        let gone = model.remove(at: Int(random.next() % UInt64(model.count)))
        heap.remove(gone.entry)
        idle.append(gone.entry)
      default:
        guard let first = model.indices.min(by: { (model[$0].due, model[$0].order) < (model[$1].due, model[$1].order) })
        else { continue }
        #expect(heap.earliest == model[first].due)
        let popped = heap.pop(dueBy: .max, before: .max)
        #expect(popped === model[first].entry)
        idle.append(model.remove(at: first).entry)
      }
      #expect(heap.count == model.count)
    }
  }

  @Test func keepsWhatIsScheduled() {
    weak var kept: Entry?
    do {
      var heap = TimerHeap()
      do {
        let entry = Entry(1)
        kept = entry
        _ = heap.schedule(entry, at: 1)
      }
      #expect(kept != nil)
      _ = heap.count
    }
    #expect(kept == nil)
  }
}

/// Timers with a handle, on the manual clock.
struct HostTimerTests {
  final class Timer: HostTimer {
    let action: () -> Void
    init(every: UInt64 = 0, _ action: @escaping () -> Void) {
      self.action = action
      super.init(every: every)
    }
    override func fire() { action() }
  }

  @Test func firesAtItsTime() {
    let bench = Bench()
    let context = bench.context
    var log: [UInt64] = []
    for delay in [30, 10, 20, 10] as [UInt64] {
      #expect(Timer { log.append(context.now * 100 + delay) }.start(context, after: delay) == .ok)
    }
    bench.advance(15)
    #expect(log == [1010, 1010])
    bench.advance(14)
    #expect(log == [1010, 1010, 2020])
    bench.advance(1)
    #expect(log.last == 3030)
    #expect(context.now == 30 && bench.alive == 0)
  }

  @Test func nested() {
    let bench = Bench()
    let context = bench.context
    var log: [UInt64] = []
    _ = Timer {
      log.append(context.now)
      _ = Timer {
        log.append(context.now)
        _ = Timer { log.append(context.now) }.start(context, after: 0)
      }.start(context, after: 5)
      _ = Timer { log.append(context.now + 1000) }.start(context, after: 100)
    }.start(context, after: 10)
    bench.advance(50)
    #expect(log == [10, 15, 15])
    bench.advance(60)
    #expect(log == [10, 15, 15, 1110])
  }

  /// Timers that start each other without a delay do not hold the clock up.
  @Test func endlessWithoutDelay() {
    let bench = Bench()
    let context = bench.context
    var count = 0
    func again() {
      count += 1
      _ = Timer { again() }.start(context, after: 0)
    }
    again()
    #expect(bench.advance(7) == .ok)
    #expect(context.now == 7)
    #expect(count == 100_001)
  }

  @Test func repeats() {
    let bench = Bench()
    var log: [UInt64] = []
    let context = bench.context
    let timer = Timer(every: 10) { log.append(context.now) }
    #expect(timer.start(context, after: 5) == .ok)
    bench.advance(36)
    #expect(log == [5, 15, 25, 35])
    bench.turn { timer.cancel(context) }
    bench.advance(100)
    #expect(log.count == 4 && bench.alive == 0)
  }

  /// One that is late skips what it missed, and keeps its grid.
  @Test func keepsItsGrid() {
    let bench = Bench()
    let context = bench.context
    var log: [UInt64] = []
    let timer = Timer(every: 10) { log.append(context.now) }
    _ = timer.start(context, after: 10)
    context.environment.manualTime = 37
    bench.turn { context.runTimers() }
    #expect(log == [37] && timer.due == 40)
    bench.advance(14)
    #expect(log == [37, 40, 50])
  }

  @Test func cancelledInItsOwnCall() {
    let bench = Bench()
    let context = bench.context
    var count = 0
    var timer: Timer?
    timer = Timer(every: 1) {
      count += 1
      timer?.cancel(context)
      timer?.cancel(context)
    }
    _ = timer?.start(context, after: 1)
    bench.advance(10)
    #expect(count == 1 && bench.alive == 0)
  }

  @Test func movedAndCancelled() {
    let bench = Bench()
    let context = bench.context
    var log: [String] = []
    let a = Timer { log.append("a") }
    let b = Timer { log.append("b") }
    let c = Timer { log.append("c") }
    for timer in [a, b, c] { _ = timer.start(context, after: 10) }
    #expect(a.move(context, to: 20) == .ok)
    #expect(c.move(context, to: 0) == .ok)
    b.cancel(context)
    bench.advance(0)
    #expect(log == ["c"])
    bench.advance(20)
    #expect(log == ["c", "a"])
  }

  @Test func neverAfterTheEnd() {
    let bench = Bench()
    let timer = Timer { Issue.record("it fired") }
    _ = timer.start(bench.context, after: 0)
    bench.end()
    #expect(!timer.isScheduled)
    #expect(timer.start(bench.context, after: 0) == .aborted)
  }

  @Test func clockBounds() {
    let bench = Bench()
    #expect(bench.advance(Context.longest + 1) == .invalid)
    #expect(bench.advance(Context.longest) == .ok)
    #expect(bench.advance(1) == .invalid)
    #expect(bench.advance(0) == .ok)
    bench.context.environment.manualTime = nil
    #expect(bench.advance(0) == .unsupported)
  }
}
