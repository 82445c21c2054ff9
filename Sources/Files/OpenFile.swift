import Bytes
import CSystem

/// A file that is open, until nobody has it any more.
public final class OpenFile {
  public let descriptor: CInt
  public init(_ descriptor: CInt) { self.descriptor = descriptor }
  /// Locked for this object alone.
  var isLocked = false
  deinit {
    // A child that has been forked and has not executed yet has the descriptor, too: closing alone would leave it locked.
    if isLocked { _ = csystem_unlock_file(descriptor) }
    if descriptor >= 0 { _ = csystem_close(descriptor) }
  }

  // All of these may block.

  public func stat(_ out: inout FileStat) -> Status {
    .of(csystem_tree_stat(descriptor, &out.plain))
  }

  /// Appends up to `most` bytes from that place on; fewer at the file's end.
  public func read(at place: UInt64, _ most: Int, into buffer: inout ByteBuffer) -> Status {
    var fault = Status.ok
    let isFilled = buffer.fill(most, limit: mostBytes) { memory, room in
      let count = csystem_read_at(descriptor, memory, room, place)
      if count < 0 { fault = .system(count) }
      return count
    }
    return isFilled ? .ok : fault == .ok ? .noMemory : fault
  }

  public func write(_ bytes: RawSpan, at place: UInt64) -> Status {
    let written = bytes.withUnsafeBytes { csystem_write_at(descriptor, $0.baseAddress, $0.count, place) }
    return written < 0 ? .system(written) : .ok
  }

  public func cut(_ size: UInt64) -> Status { .of(csystem_cut(descriptor, size)) }
}

/// A socket that a thread moves bytes over while its conn rests: a duplicate, so that nobody else gets its number meanwhile.
public final class Pipe {
  let descriptor: CInt
  private init(_ descriptor: CInt) { self.descriptor = descriptor }
  deinit { _ = csystem_close(descriptor) }

  public static func duplicate(_ descriptor: CInt) -> Pipe? {
    let copy = descriptor < 0 ? -1 : csystem_duplicate(descriptor)
    return copy < 0 ? nil : Pipe(copy)
  }

  /// Ends what a thread waits for on it.
  public func cut() { _ = csystem_shutdown(descriptor) }

  /// How moving bytes has ended for now.
  public enum Outcome { case more, wouldBlock, atEnd, failed(Status), fileFailed(Status) }

  static func outcome(_ answer: CInt) -> Outcome {
    if answer == 0 { return .more }
    if answer == 1 { return .atEnd }
    return csystem_would_block(Int(answer)) != 0 ? .wouldBlock : .failed(.system(answer))
  }

  /// From the file to the peer, at most `most` bytes; `place` moves on. May block as long as `patience` milliseconds.
  public func send(_ file: OpenFile, at place: inout UInt64, most: UInt64, patience: CInt) -> Outcome {
    Pipe.outcome(csystem_send_file(descriptor, file.descriptor, &place, most, patience))
  }

  /// The other way.
  public func receive(_ file: OpenFile, at place: inout UInt64, most: UInt64, patience: CInt) -> Outcome {
    var room = ByteBuffer()
    var answer: CInt = 0
    var isFile: CInt = 0
    let length = 256 * 1024
    let hasRoom = room.fill(length, limit: length) { memory, length in
      answer = csystem_receive_file(descriptor, file.descriptor, &place, most, patience, memory, length, &isFile)
      return 0
    }
    if !hasRoom { return .failed(.noMemory) }
    return isFile != 0 ? .fileFailed(.system(answer)) : Pipe.outcome(answer)
  }
}
