import CSystem

/// For what writes into memory by itself, as C does.
extension ByteBuffer {
  /// Makes room for `most` bytes at the end and has `body` fill it; how many it has filled becomes part of the contents. False:
  /// there is no room, or `body` answered a negative number, and nothing has changed.
  public mutating func fill(_ most: Int, limit: Int, _ body: (UnsafeMutableRawPointer, Int) -> Int) -> Bool {
    guard most > 0, reserve(most, limit: limit), let base else { return false }
    // Sound: the room behind the contents was just reserved, and is ours alone.
    let filled = body(base + Int(end), most)
    precondition(filled <= most)
    guard filled >= 0 else { return false }
    end = end &+ UInt32(truncatingIfNeeded: filled)
    return true
  }

  /// Appends the process's working directory.
  public mutating func appendWorkingDirectory() -> Status {
    var length = 0
    let isThere = fill(4096, limit: mostBytes) { room, most in
      length = csystem_working_directory(room, most)
      return length
    }
    return isThere ? .ok : length < 0 ? .system(length) : .noMemory
  }

  /// Gives its memory up, as malloc made it, and is empty.
  public mutating func release() -> (base: UnsafeMutableRawPointer?, start: Int, count: Int, room: Int) {
    let parts = (base: base, start: Int(start), count: count, room: Int(room))
    base = nil
    start = 0
    end = 0
    room = 0
    return parts
  }

  /// Takes over memory of malloc's. The numbers must be those that such memory has, or it traps.
  public static func adopting(_ base: UnsafeMutableRawPointer?, start: Int, count: Int, room: Int) -> ByteBuffer {
    precondition(start >= 0 && count >= 0 && room >= start + count && (base != nil || room == 0))
    return ByteBuffer(
      base: base, start: count == 0 ? 0 : UInt32(truncatingIfNeeded: start),
      end: count == 0 ? 0 : UInt32(truncatingIfNeeded: start + count), room: UInt32(truncatingIfNeeded: room))
  }
}
