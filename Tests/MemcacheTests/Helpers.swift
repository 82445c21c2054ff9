import Bench
import Bytes
import Loopback
import Wire

@testable import Memcache

/// A host: writes down what its calls come to.
final class Asker: MemcacheFactory {
  var events: [String] = []
  var blocks: [Int] = []
  var onAnswer: (String) -> Void = { _ in }
  /// Are calls without a function told?
  var isTold = true

  static func make(_ change: (inout MemcacheOptions) -> Void = { _ in }) -> Asker {
    var options = MemcacheOptions()
    change(&options)
    return Asker(options, user: nil)
  }

  override var takesAnswers: Bool { isTold }
  override func ended(_ conn: Conn, _ reason: Reason) {
    let words = reason.detail.map { Bench.text($0) } ?? reason.text.map { "\($0)" } ?? ""
    events.append("ended \(reason.status)" + (words.isEmpty ? "" : " \(words)"))
  }

  override func tell(_ done: UInt, _ user: UInt, _ answers: UnsafePointer<Answer>, _ count: Int, _ place: Place) {
    blocks.append(count)
    for index in 0..<count {
      let event = Asker.describe(answers[index], done)
      events.append(event)
      onAnswer(event)
    }
  }

  static func describe(_ answer: Answer, _ done: UInt) -> String {
    var words = (done == 0 ? "" : "f\(done) ") + "\(UInt(bitPattern: answer.user)):"
    if answer.status != 0 { words += " \(answer.status)" }
    words += " \(Outcome(rawValue: answer.result) ?? .none)"
    if answer.flags != 0 { words += " flags=\(answer.flags)" }
    if answer.index != 0 { words += " index=\(answer.index)" }
    if answer.number != 0 { words += " number=\(answer.number)" }
    if answer.keyLength > 0 { words += " key=" + Bench.text(answer.key, answer.keyLength) }
    if answer.valueLength > 0 { words += " value=" + Bench.text(answer.value, answer.valueLength) }
    if answer.metaLength > 0 { words += " meta=" + Bench.text(answer.meta, answer.metaLength) }
    return words
  }

  func heard() -> [String] {
    defer { events = [] }
    return events
  }
}

extension Bench {
  static func text(_ start: UnsafePointer<UInt8>?, _ count: Int) -> String {
    Bench_text(UnsafeRawBufferPointer(start: start, count: count).bytes)
  }
  static func text(_ words: Text) -> String { Bench_text(words.bytes) }
}
private func Bench_text(_ bytes: RawSpan) -> String { text(bytes) }

extension Peer {
  /// Begins a call; its user is a number.
  @discardableResult
  func ask(_ user: UInt, _ request: Request, done: UInt = 0, give: ((MemcacheCall) -> Void)? = nil) -> Status {
    var status = Status.stale
    bench.turn {
      guard let conn else { return }
      status = conn.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
        spoken.call(request, Asking(done: done, user: user, give: give), conn)
      }
    }
    return status
  }

  /// The same for a command with its keys, its value and its flags as text.
  @discardableResult
  func ask(
    _ user: UInt, _ command: Command, _ keys: [String] = [], value: String = "", meta: String = "", done: UInt = 0,
    _ change: (inout Request) -> Void = { _ in }, give: ((MemcacheCall) -> Void)? = nil
  ) -> Status {
    let (value, meta) = (Array(value.utf8), Array(meta.utf8))
    let kept = keys.map { Array($0.utf8) }
    return value.withUnsafeBytes { value in
      meta.withUnsafeBytes { meta in
        withBytes(kept, []) { keys in
          var request = Request(command)
          request.keys = keys
          request.value = value
          request.meta = meta
          change(&request)
          return ask(user, request, done: done, give: give)
        }
      }
    }
  }

  private func withBytes(
    _ keys: [[UInt8]], _ made: [HostBytes], _ body: (UnsafeBufferPointer<HostBytes>) -> Status
  ) -> Status {
    guard let first = keys.first else { return made.withUnsafeBufferPointer(body) }
    return first.withUnsafeBufferPointer { bytes in
      withBytes(Array(keys.dropFirst()), made + [HostBytes(data: bytes.baseAddress, len: bytes.count)], body)
    }
  }

  func sentNow() -> String {
    defer { output.sent = [] }
    return sent
  }
}
