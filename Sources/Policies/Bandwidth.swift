import Bytes
import Wire

/// Lets so many bytes a second through, in either direction; to the byte.
final class BandwidthLayer: Layer {
  /// Where its own buckets' waits are added up; nil for a child, whose buckets are its parent's.
  let factory: ThrottleFactory?
  var reads: Flow?
  var writes: Flow?
  /// Received, and not let up yet; nothing is read meanwhile.
  var kept = ByteBuffer()
  var isRestraining = false
  var isAtEnd = false
  /// Written, and not let down yet.
  var rest = ByteBuffer()

  /// The buckets of each connection are new, or those of the one that opened it.
  init(_ conn: Conn, _ buckets: Buckets, _ factory: ThrottleFactory?) {
    self.factory = factory
    super.init()
    if buckets.readEach != nil || buckets.read != nil {
      reads = Flow(conn, self, isReading: true, buckets.readEach, buckets.read)
    }
    if buckets.writeEach != nil || buckets.write != nil {
      writes = Flow(conn, self, isReading: false, buckets.writeEach, buckets.write)
    }
  }

  struct Buckets {
    var read: Bucket?
    var write: Bucket?
    var readEach: Bucket?
    var writeEach: Bucket?
    var isNone: Bool { read == nil && write == nil && readEach == nil && writeEach == nil }
  }

  override func inherited(by child: Conn) {
    let buckets = Buckets(read: reads?.all, write: writes?.all, readEach: reads?.each, writeEach: writes?.each)
    child.add(BandwidthLayer(child, buckets, nil))
  }

  override func disconnected(_ conn: Conn, _ reason: Reason) {
    factory?.pastWaits.read += reads?.each?.waits ?? 0
    factory?.pastWaits.write += writes?.each?.waits ?? 0
    reads?.end()
    writes?.end()
  }

  /// A flow has got credit.
  func go(_ flow: Flow, _ conn: Conn) { if flow.isReading { deliver(conn) } else { conn.needFlush() } }

  // MARK: Up

  override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
    guard let reads else { return conn.pass(bytes, above: place) }
    var passed = 0
    if kept.isEmpty {
      passed = reads.allow(bytes.byteCount, conn.context)
      if passed == bytes.byteCount { return conn.pass(bytes, above: place) }
    }
    keep(bytes.extracting(droppingFirst: passed), conn)
    if passed > 0 { conn.pass(bytes.extracting(first: passed), above: place) }
    reads.wait(conn.context)
  }

  func keep(_ bytes: RawSpan, _ conn: Conn) {
    if kept.capacity == 0 { kept = conn.context.pool.take() }
    guard kept.append(bytes, limit: mostBytes) else { return conn.abort(.noMemory) }
    if !isRestraining {
      isRestraining = true
      conn.restrain()
    }
  }

  func deliver(_ conn: Conn) {
    guard let reads, let place = conn.place(of: self) else { return }
    var buffer = kept.take()
    let count = min(reads.credit, buffer.count)
    reads.credit = 0
    // What comes meanwhile comes behind; nothing does, as long as reading rests.
    conn.pass(buffer.bytes.extracting(first: count), above: place)
    buffer.dropFirst(count)
    if !kept.isEmpty, !buffer.append(kept.bytes, limit: mostBytes) { return conn.abort(.noMemory) }
    if buffer.isEmpty {
      conn.context.pool.give(buffer)
      allUp(conn, place)
    } else {
      kept = buffer
    }
  }

  func allUp(_ conn: Conn, _ place: Int) {
    if isRestraining {
      isRestraining = false
      conn.unrestrain()
    }
    if isAtEnd {
      isAtEnd = false
      conn.passEnd(above: place)
    }
  }

  override func ended(_ conn: Conn, _ place: Int) {
    if kept.isEmpty { conn.passEnd(above: place) } else { isAtEnd = true }
  }

  // MARK: Down

  override var isBusy: Bool { !rest.isEmpty }
  override var waiting: Int { rest.count }

  override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
    guard let writes else { return }
    if rest.isEmpty {
      guard !block.isEmpty else { return }
      let allowed = writes.allow(block.count, conn.context)
      if allowed == block.count { return }
      rest = block.take()
      release(allowed, &block, conn)
    } else {
      release(min(writes.credit, rest.count), &block, conn)
      writes.credit = 0
    }
    writes.wait(conn.context)
  }

  func release(_ count: Int, _ block: inout ByteBuffer, _ conn: Conn) {
    guard count > 0 else { return }
    conn.prolongClose()
    if count == rest.count {
      block = rest.take()
      return
    }
    if block.capacity == 0 { block = conn.context.pool.take() }
    guard block.append(rest.bytes.extracting(first: count), limit: mostBytes) else { return conn.abort(.noMemory) }
    rest.dropFirst(count)
  }
}
