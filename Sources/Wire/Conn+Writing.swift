import Bytes

extension Conn {
  @inline(__always) static var defaults: Limits { Limits() }
  public var limits: Limits {
    get { extras?.limits ?? Conn.defaults }
    set {
      needExtras().limits = newValue
      let room = max(newValue.cap - waitingBelow, out.count)
      if out.capacity > room {  // the fast path of a write looks at the room alone
        let before = out.take()
        if !out.append(before.bytes, limit: room) { abort(.noMemory) }
      }
    }
  }

  func needExtras() -> Extras {
    state.insert(.special)
    return roomForExtras()
  }

  func roomForExtras() -> Extras {
    if let extras { return extras }
    let made = Extras()
    extras = made
    return made
  }

  /// Opens the output for `size` more bytes, and sees to it that they leave at the turn's end.
  @inline(__always) public final func write(_ size: Int, _ body: (inout ByteWriter) -> Void) -> Status {
    if !isReady(size) {
      let status = prepare(size)
      if status != .ok { return status }
    }
    out.append(body)
    return .ok
  }

  /// May so much be written without further ado? It may, except for the first write of a turn and where the buffer is full.
  @inline(__always) public final func isReady(_ size: Int) -> Bool {
    state.isDisjoint(with: .mute) && isListed && out.hasRoom(for: size)
  }

  /// What is ready is appended at once.
  @inline(__always) public final func appendReady(_ body: (inout ByteWriter) -> Void) { out.appendToSpare(body) }
  /// The same for a short message and what stands around it; false where that is not so.
  @inline(__always) public final func appendShort(_ message: RawSpan, _ frame: ShortFrame) -> Bool {
    state.isDisjoint(with: .mute) && isListed && out.appendShort(message, frame)
  }
  /// What was prepared is appended.
  @inline(__always) public final func append(_ body: (inout ByteWriter) -> Void) { out.append(body) }

  /// Writes a block to which nothing more is to be gathered: what the transport takes at once is not copied.
  @inline(never) public final func writeThrough(_ bytes: RawSpan) -> Status {
    guard state.isDisjoint(with: .mute) else { return .closed }
    var sent = 0
    if out.isEmpty, layers.isEmpty, state.isDisjoint(with: .unusual), !transport.isBusy {
      sent = transport.writeNow(bytes, self)
      bytesOut &+= UInt64(truncatingIfNeeded: sent)
      if sent == bytes.byteCount { return .ok }
      if state.contains(.aborting) { return .closed }
    }
    let rest = bytes.extracting(droppingFirst: sent)
    return write(rest.byteCount) { $0.put(rare: rest) }
  }

  /// May what comes go past the protocol: is there nothing between, and nothing held?
  public final var isBare: Bool { state.isDisjoint(with: .unusual) && isReading && layers.isEmpty && held == 0 }
  /// Would what is written now leave before all else?
  public final var isClear: Bool {
    out.isEmpty && layers.isEmpty && state.isDisjoint(with: .unusual) && state.isDisjoint(with: .mute)
      && !transport.isBusy
  }

  /// So many bytes came and were relayed, of which the other conn's transport took so many.
  public final func relayed(_ count: Int, _ sent: Int, to other: Conn) {
    bytesIn &+= UInt64(truncatingIfNeeded: count)
    other.bytesOut &+= UInt64(truncatingIfNeeded: sent)
    spoken._withUnsafeGuaranteedRef { $0.passedOn(count, self) }
  }

  @inline(never) public final func prepare(_ size: Int) -> Status {
    guard state.isDisjoint(with: .mute) else { return .closed }
    if out.capacity == 0 { borrowBuffer() }
    if !out.reserve(size, limit: out.capacity) {
      let status = makeRoom(size)
      if status != .ok { return status }
    }
    list()
    return .ok
  }

  /// The first write of a turn, of a conn like most, has a buffer of the pool, which is far below the cap.
  @inline(__always) final func borrowBuffer() {
    if layers.isEmpty, state.isDisjoint(with: .special), transport.waiting == 0, !transport.keepsWritesApart {
      out = context.pool.take()
    }
  }

  func makeRoom(_ size: Int) -> Status {
    let cap = limits.cap - waitingBelow
    if transport.keepsWritesApart, size <= cap - out.count { return makeApart(size) }
    if out.capacity == 0 {
      let spare = context.pool.take()
      if spare.capacity <= cap { out = spare } else { context.pool.give(spare) }
    }
    if size <= cap - out.count, out.reserve(size, limit: cap) { return .ok }
    guard size <= cap - out.count else {
      abort(.overflow)
      return .overflow
    }
    return .noMemory
  }

  /// Room for this write alone, so that the next one comes here, too.
  func makeApart(_ size: Int) -> Status {
    guard out.reserve(size, limit: out.count + size) else { return .noMemory }
    let extras = needExtras()
    if out.count > extras.cutBytes {
      extras.cuts.append(out.count - extras.cutBytes)
      extras.cutBytes = out.count
    }
    return .ok
  }

  /// What was gathered; where writes are kept apart, the first of them.
  func takeOutput() -> ByteBuffer {
    guard let length = extras?.takeCut(), length <= out.count else { return out.take() }
    var first = ByteBuffer()
    if !first.append(out.bytes.extracting(first: length), limit: length) { abort(.noMemory) }
    out.dropFirst(length)
    return first
  }

  /// The first of several writes was sent: so are the others.
  @inline(never) func sendApart() {
    guard transport.keepsWritesApart, let extras, !extras.isSendingApart else { return }
    extras.isSendingApart = true
    var before = Int.max
    while !out.isEmpty, out.count < before {
      before = out.count
      flush()
    }
    extras.isSendingApart = false
  }

  /// Is there something that has not left yet?
  var isSending: Bool {
    !out.isEmpty || transport.isBusy || state.contains(.upgrading) || extras?.needsFlush == true
      || stack.contains { $0._withUnsafeGuaranteedRef { $0.isBusy } } && !isIdleWhileBusy
  }

  /// Does it end, with nothing to send, and are layers busy for want of the peer's bytes alone: a handshake?
  var isIdleWhileBusy: Bool {
    isClosing && layers.allSatisfy { (!$0.isBusy || $0.awaitsPeer) && $0.waiting == 0 }
  }

  /// Sends what was gathered: the buffer is out of the conn while layers and transport have it.
  public func flush() {
    if state.contains(.upgrading) { return flushBefore() }
    guard !out.isEmpty || extras?.needsFlush == true, !state.contains(.closed), !transport.isBusy else { return }
    var buffer = layers.isEmpty && state.isDisjoint(with: .special) ? out.take() : pull()
    if state.contains(.aborting) || buffer.isEmpty { return context.pool.give(buffer) }
    let size = buffer.count
    transport.write(&buffer, self)
    bytesOut &+= UInt64(truncatingIfNeeded: size &- buffer.count)
    if !layers.isEmpty { extras?.sentAtFlush = bytesSent }
    if state.contains(.aborting) { return context.pool.give(buffer) }  // dropped, and not to be sent after all
    if out.isEmpty {
      if buffer.isEmpty { context.pool.give(buffer) } else { out = buffer }
    } else if buffer.isEmpty {
      context.pool.give(buffer)
      if size > 0 { sendApart() }
    } else if buffer.append(out.bytes, limit: mostBytes) {  // written by the transport's own callback meanwhile
      out = buffer
    } else {
      abort(.noMemory)
    }
  }

  /// The answers to a read were flushed. When nothing is left that the turn's end could do, the conn is off its list again:
  /// that costs a read a sixth of its instructions otherwise.
  public final func settle() {
    guard state.isDisjoint(with: .notable), isListed, out.isEmpty, layers.isEmpty, !transport.isBusy,
      context.unlist(id)
    else { return }
    isListed = false
  }

  /// A block for the transport: from the lowest layer that is busy, which takes nothing from above, or from the top.
  @inline(never) func pull() -> ByteBuffer {
    extras?.needsFlush = false
    let busy = stack.firstIndex { $0._withUnsafeGuaranteedRef { $0.isBusy } }
    var block = busy == nil ? takeTop() : ByteBuffer()
    var place = busy.map { $0 + 1 } ?? layers.count
    while place > 0, !state.contains(.aborting) {
      place -= 1
      stack[place]._withUnsafeGuaranteedRef { $0.write(&block, self, place) }
    }
    if let busy, !layers[busy].isBusy { needFlush() }  // what waited above it may follow
    return block
  }

  /// The transport has sent what it kept.
  public func drained() {
    for layer in layers { layer.drained(self) }
    list()
  }

  /// Has all left that was written? If not, `writeResumed` comes when it has, where the low-water mark is 0: also for what a layer has
  /// to say by itself, such as the end of a handshake, of which no protocol was told to stop.
  public func isDrained() -> Bool {
    if waiting > 0, !state.contains(.writePaused) { flush() }
    guard waiting > 0 else { return true }
    state.insert(.writePaused)
    list()
    return false
  }

  /// Compares what waits with the marks, and tells the protocol; at the turn's end, or when somebody writes much.
  public func watchWater() {
    let waiting = waiting
    if waiting == 0, !state.contains(.writePaused) { return }
    let limits = limits
    if waiting > limits.highWater, !state.contains(.writePaused), !isClosing {
      state.insert(.writePaused)
      spoken._withUnsafeGuaranteedRef { $0.writePaused(self) }
    } else if waiting <= limits.lowWater, state.contains(.writePaused) {
      state.remove(.writePaused)
      if !isClosing { spoken._withUnsafeGuaranteedRef { $0.writeResumed(self) } }
    }
  }
}
