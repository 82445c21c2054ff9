import Bytes
import Files
import Wire

/// A file on its way over a data connection, of a server's transfer or of a client's. Other threads read it and write it, a slice at a
/// time; where nothing lies between, they go on with the socket by themselves for as long as that neither blocks nor ends.
class FileMover {
  /// Lines end as this system has them on one side, and in CR LF on the other.
  final let text: LineEnds?
  /// Over, however that came.
  final var isOver = false

  /// The data connection, and the same for other threads, where they may use it.
  final var data: UInt64 = 0
  final var pipe: Pipe?

  final var file: OpenFile?
  /// Of what is sent: the file's end.
  final var size: UInt64 = 0
  /// The file's next byte.
  final var place: UInt64 = 0
  /// What has come, and is not in the file yet.
  final var pending = ByteBuffer()
  final var isWorking = false
  final var isAtEnd = false

  init(isText: Bool) { text = isText ? LineEnds() : nil }

  /// What moves while its conn rests, at once.
  static var slice: UInt64 { 16 << 20 }
  /// What is read for a socket that takes no more, and for TLS: the pool of buffers keeps so much, and what TLS makes of it.
  static var chunk: Int { 112 * 1024 }
  static var mostPending: Int { 1 << 20 }

  /// Lets other threads use the socket, if bytes go over it as they are.
  final func openPipe(_ data: Conn) {
    if text == nil { pipe = Pipe.duplicate(data.bareDescriptor) }
  }

  /// How long a thread may wait for the socket: not at all where others want it.
  private func patience(_ context: Context) -> CInt { context.environment.working < 3 ? 5 : 0 }

  /// Sends a slice of `file`. What `done` finds in `Moved.bytes` is still to be sent, by way of the conn.
  final func send(_ file: OpenFile, _ data: Conn, _ done: @escaping (Moved) -> Void) -> Status {
    let pipe = data.bareDescriptor < 0 ? nil : pipe
    let (text, place, most, patience) = (text, place, size - place, patience(data.context))
    let moved = Moved(place)
    if pipe == nil { moved.bytes = data.context.pool.take() }
    return work(
      data.context, moved,
      { moved in
        if let pipe {
          moved.outcome = pipe.send(file, at: &moved.place, most: min(most, FileMover.slice), patience: patience)
          moved.past = moved.place - place
          guard case .wouldBlock = moved.outcome else { return }
        }
        FileMover.read(file, most - moved.past, text, moved)
      }, done)
  }

  /// Stores what has come in `file`, and then what the socket has.
  final func store(_ file: OpenFile, _ data: Conn?, _ context: Context, _ done: @escaping (Moved) -> Void) -> Status {
    let bytes = Held(pending.take())
    let pipe = isAtEnd || (data?.bareDescriptor ?? -1) < 0 ? nil : pipe
    let (text, isLast, patience) = (text, isAtEnd, patience(context))
    return work(
      context, Moved(place),
      { moved in
        moved.outcome = isLast ? .atEnd : .wouldBlock
        moved.status = FileMover.write(bytes, file, text, isLast: isLast, moved)
        guard moved.status == .ok, let pipe else { return }
        let place = moved.place
        moved.outcome = pipe.receive(file, at: &moved.place, most: FileMover.slice, patience: patience)
        moved.past = moved.place - place
      }, done)
  }

  /// Runs `body` on another thread, and then `done`, unless all is over.
  private func work(
    _ context: Context, _ moved: Moved, _ body: @escaping (Moved) -> Void, _ done: @escaping (Moved) -> Void
  ) -> Status {
    isWorking = true
    let work = FileWork(context, moved, body) { answer in
      self.isWorking = false
      guard !self.isOver, let answer else { return }
      self.place = answer.place
      done(answer)
    }
    return work.begin()
  }

  /// The next bytes, for the conn to send: on another thread.
  private static func read(_ file: OpenFile, _ left: UInt64, _ text: LineEnds?, _ moved: Moved) {
    var bytes = moved.bytes.take()
    moved.status = file.read(at: moved.place, Int(min(left, UInt64(chunk))), into: &bytes)
    if moved.status == .ok { moved.send(bytes.take(), text) }
  }

  /// On another thread.
  private static func write(_ bytes: Held, _ file: OpenFile, _ text: LineEnds?, isLast: Bool, _ moved: Moved) -> Status
  {
    var given = bytes.buffer.take()
    if let text {
      var made = ByteBuffer()
      guard text.in(given.bytes, isLast: isLast, into: &made) else { return .noMemory }
      given = made.take()
    }
    guard !given.isEmpty else { return .ok }
    let status = file.write(given.bytes, at: moved.place)
    moved.place += UInt64(given.count)
    return status
  }

  /// Sends what was read, and tells how much it is.
  final func put(_ bytes: inout ByteBuffer, _ data: Conn) -> Int {
    let count = bytes.count
    guard count > 0 else { return 0 }
    _ = data.write(count) { $0.put(bytes.bytes) }
    data.flush()
    data.context.pool.give(bytes.take())
    return count
  }
}

/// What another thread has moved. Its own until that is done.
final class Moved {
  var outcome = Pipe.Outcome.more
  /// The file's next byte.
  var place: UInt64
  /// So many bytes went over the socket itself.
  var past: UInt64 = 0
  /// To be sent by way of the conn.
  var bytes = ByteBuffer()
  var status = Status.ok
  init(_ place: UInt64) { self.place = place }

  /// These were read, and are to be sent; there are none at the file's end.
  func send(_ read: consuming ByteBuffer, _ text: LineEnds?) {
    if read.isEmpty { outcome = .atEnd }
    place += UInt64(read.count)
    guard let text else { return bytes = read }
    if !text.out(read.bytes, into: &bytes) { status = .noMemory }
  }
}

/// Bytes on their way to another thread.
final class Held {
  var buffer: ByteBuffer
  init(_ buffer: consuming ByteBuffer) { self.buffer = buffer }
}
