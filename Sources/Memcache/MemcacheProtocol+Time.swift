import Bytes
import Wire

/// The time limits of a conn's calls: one timer, which stands for the earliest, and is moved when it rings.
final class MemcacheClock: TimerEntry {
  let conn: UInt64
  init(_ conn: Conn) { self.conn = conn.id }

  override func fired(_ context: Context) {
    guard let conn = context.conn(conn) else { return }
    _ = conn.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
      spoken.timeIsUp(conn)
      return .ok
    }
  }
}

extension MemcacheProtocol {
  /// The last in line has so much time; 0: no limit of its own.
  @inline(never) func watch(_ time: UInt64, _ conn: Conn) {
    let now = conn.context.environment.freshNow()
    let place = line.count - 1
    var due = UInt64.max
    if time > 0 {
      line[place].due = now &+ time
      due = now &+ time
    }
    let silence = factory.options.silenceTime
    if silence > 0 {
      if place == 0 { heardAt = now }
      due = min(due, heardAt &+ silence)
    }
    arm(due, now, conn)
  }

  func arm(_ due: UInt64, _ now: UInt64, _ conn: Conn) {
    guard due != .max else { return }
    let clock = clock ?? MemcacheClock(conn)
    self.clock = clock
    if clock.isScheduled, clock.due <= due { return }
    if !conn.context.schedule(clock, after: due > now ? due - now : 0) { conn.abort(.noMemory) }
  }

  func timeIsUp(_ conn: Conn) {
    guard !conn.isClosing else { return }
    let now = conn.context.now
    let silence = factory.options.silenceTime
    if silence > 0, line.count > 0, now >= heardAt &+ silence {
      return conn.abort(Reason(.timeout, text: "the server says nothing"))
    }
    let due = expire(now, conn)
    guard !conn.isClosing, line.count > 0 else { return }
    arm(silence > 0 ? min(due, heardAt &+ silence) : due, now, conn)
  }

  /// Calls whose time is up have ended; when the next one's is.
  func expire(_ now: UInt64, _ conn: Conn) -> UInt64 {
    var next = UInt64.max
    var number = line.first
    let end = line.next  // what the host begins meanwhile comes later
    while number < end, !conn.isClosing {
      let place = line.place(of: number)
      number += 1
      guard place >= 0, line[place].due != 0, !line[place].isOver else { continue }
      guard line[place].due <= now else {
        next = min(next, line[place].due)
        continue
      }
      let waiting = line[place]
      forget(number - 1)
      if waiting.call != 0 { retire(waiting.call, conn) }
      tellFailure(waiting, Reason(.timeout, text: "there was no answer in time"), conn)
    }
    factory.tellRows(conn)
    for place in 0..<line.count where line[place].due != 0 && !line[place].isOver { next = min(next, line[place].due) }
    return next
  }

  /// Its answer will be swallowed.
  func forget(_ number: UInt64) {
    let place = line.place(of: number)
    guard place >= 0, !line[place].isOver else { return }
    line[place].isOver = true
    line[place].call = 0
    late += 1
  }

  @inline(never) func tellFailure(_ waiting: Waiting, _ reason: Reason, _ conn: Conn) {
    factory.withWords(reason) { words in
      var answer = Answer(.none, value: words)
      answer.status = reason.status
      factory.tell(waiting, answer, conn)  // words that live as long as the caller's reason
    }
  }

  /// The conversation is over: so are all calls.
  func endAll(_ reason: Reason, _ conn: Conn) {
    if let clock, clock.isScheduled { conn.context.timers.remove(clock) }
    let why = reason.status == .ok ? Reason(.closed, text: "the connection has ended") : reason
    while line.count > 0 {
      let waiting = line.removeFirst()
      if waiting.isOver || waiting.command == .authenticate { continue }
      if !isConnected {  // the host may be in the middle of a call: its completions come at the turn's end
        endLater(waiting, why, conn)
        continue
      }
      if waiting.call != 0 { retire(waiting.call, conn) }
      tellFailure(waiting, why, conn)
    }
    factory.tellRows(conn)
    withExtendedLifetime(why.detail) {}
    late = 0
    keys.removeAll()
    // Who was cancelled a moment ago hears of it while the conn's user is there.
    for id in cancelled where isConnected {
      guard let object = conn.context.ids.find(id, Kind.call) else { continue }
      Unmanaged<MemcacheCall>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.service() }
    }
    cancelled = []
  }

  func noteCancelled(_ id: UInt64, _ context: Context) {
    if cancelled.count >= 64 { cancelled.removeAll { !context.ids.names($0) } }
    cancelled.append(id)
  }

  func endLater(_ waiting: Waiting, _ why: Reason, _ conn: Conn) {
    if let object = UnsafeRawPointer(bitPattern: waiting.call) {
      // Sound: a call in line that is not over is in the table, which owns it.
      return Unmanaged<MemcacheCall>.fromOpaque(object)._withUnsafeGuaranteedRef { call in
        call.place = Place(conn)
        call.end(why)
      }
    }
    let call = factory.makeCall(conn.context)
    guard call.register(Kind.call) else { return }
    call.waiting = waiting
    call.place = Place(conn)
    call.end(why)
  }
}
