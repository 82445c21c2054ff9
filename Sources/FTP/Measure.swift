import Bytes
import Crypto
import Files
import Wire

/// What a file's bytes have to be read for: their digest, for HASH, a part at a time; or how many TYPE A would send, for SIZE (RFC 3659 §4).
final class Measure {
  let hashing: Hashing?
  let start: UInt64
  var place: UInt64
  private let ends = LineEnds()
  private var size: UInt64 = 0

  init(_ question: ShellQuestion) {
    hashing = question.hashing
    start = question.number
    place = question.number
  }

  /// Of lines nobody counts more.
  static var mostCounted: UInt64 { 64 << 20 }
  /// At once: nobody keeps a thread for long.
  static var mostHashed: UInt64 { 32 << 20 }
  var isFull: Bool { place - start >= (hashing == nil ? Measure.mostCounted : Measure.mostHashed) }

  func add(_ bytes: RawSpan) -> Status {
    place += UInt64(bytes.byteCount)
    if let hashing { return hashing.add(bytes) ? .ok : .unsupported }
    var text = ByteBuffer()
    guard ends.out(bytes, into: &text) else { return .noMemory }
    size += UInt64(text.count)
    return .ok
  }

  /// On another thread.
  func add(_ file: OpenFile) -> Status {
    while !isFull {
      var bytes = ByteBuffer()
      var status = file.read(at: place, FileMover.chunk, into: &bytes)
      if status != .ok || bytes.isEmpty { return status }
      status = add(bytes.bytes)
      if status != .ok { return status }
    }
    return .ok
  }

  /// Gives the answer to the question, of which so much has been done.
  func tell(_ status: Status, _ answer: ShellAnswer) {
    answer.status = status == .ok && hashing == nil && isFull ? .tooLong : status
    answer.start = place
    answer.stat.size = size
    if answer.stat.mode == 0 { answer.stat.mode = 0o100644 }  // a host need not say that it is a file
  }
}

extension TreeShell {
  /// On another thread.
  func measure(_ question: ShellQuestion, _ answer: ShellAnswer) -> Status {
    var fault = Status.ok
    guard let file = tree.openToRead(question.path, &fault) else { return fault }
    fault = file.stat(&answer.stat)
    guard fault == .ok else { return fault }
    let measure = Measure(question)
    if question.hashing != nil || answer.stat.size <= Measure.mostCounted {
      fault = measure.add(file)
    } else {
      fault = .tooLong
    }
    measure.tell(fault, answer)
    return answer.status
  }
}

/// The same of a host's file, which is opened, read and closed as for a transfer.
final class HostMeasure {
  let shell: HostShell
  let measure: Measure
  let context: Context
  let done: (ShellAnswer) -> Void
  var answer = ShellAnswer()
  var file: HostFile?

  init(_ shell: HostShell, _ question: ShellQuestion, _ context: Context, _ done: @escaping (ShellAnswer) -> Void) {
    self.shell = shell
    measure = Measure(question)
    self.context = context
    self.done = done
  }

  func begin(_ path: [UInt8], _ conn: Conn) {
    var asked = HostQuestion(.openToRead, path)
    asked.number = measure.place
    shell.put(asked, ShellQuestion(.read, path), ShellAnswer(), conn, ByteBuffer()) { self.took($0) }
  }

  /// The host has opened the file, or read some of it.
  func took(_ next: ShellAnswer) {
    guard next.status == .ok else { return end(next.status) }
    if file == nil {
      answer = next
      file = next.host
      if let plain = next.file { return read(plain) }
    } else {
      let bytes = next.listing.take()
      let status = measure.add(bytes.bytes)
      if status != .ok || bytes.isEmpty || measure.isFull { return end(status) }
    }
    guard let file, let conn = context.conn(shell.conn) else { return }
    shell.move(.read, file, at: measure.place, ByteBuffer(), conn) { self.took($0) }
  }

  func read(_ plain: OpenFile) {
    let work = FileWork(context, Moved(0)) { moved in
      moved.status = self.measure.add(plain)
    } _: { moved in
      self.end(moved?.status ?? .cancelled)
    }
    let status = work.begin()
    if status != .ok { end(status) }
  }

  func end(_ status: Status) {
    if let file, let conn = context.conn(shell.conn) { shell.close(file, status, conn) }
    measure.tell(status, answer)
    done(answer)
  }
}
