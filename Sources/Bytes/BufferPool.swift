import CSystem

/// Buffers that are between two uses, last in first out. A connection has one only while it has
/// something to send or to hold, so an idle connection owns none, and a busy reactor's stay in the cache.
public struct BufferPool: ~Copyable {
  let spare: UnsafeMutablePointer<ByteBuffer>
  var count = 0
  static var most: Int { 16 }
  static var largest: Int { 128 * 1024 }

  /// Nil when there is no memory.
  public init?() {
    guard let memory = malloc(BufferPool.most * MemoryLayout<ByteBuffer>.stride) else { return nil }
    spare = memory.assumingMemoryBound(to: ByteBuffer.self)
  }

  deinit {
    spare.deinitialize(count: count)
    free(spare)
  }

  @inline(__always) public mutating func take() -> ByteBuffer {
    guard count > 0 else { return ByteBuffer() }
    count &-= 1
    return (spare + count).move()  // sound: [0, count) are initialized
  }

  @inline(__always) public mutating func give(_ buffer: consuming ByteBuffer) {
    guard count < BufferPool.most, buffer.capacity > 0, buffer.capacity <= BufferPool.largest else { return }
    buffer.removeAll()
    (spare + count).initialize(to: buffer)
    count &+= 1
  }
}
