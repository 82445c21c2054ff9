import Bytes

/// Makes messages, and sees to it that each stays one: no line ends inside, no blank where one would cut, nothing beyond the limits.
public struct MessageBuilder {
  public private(set) var bytes: [UInt8] = []
  public private(set) var status: Status = .ok
  private var tagsEnd = 0
  private var hasCommand = false
  private var isComplete = false

  public init() {}

  /// The tags as they go over the wire, without the `@`.
  public mutating func add(tags: RawSpan) {
    guard status == .ok, bytes.isEmpty else { return refuse(.invalid) }
    if tags.byteCount == 0 { return }
    guard MessageBuilder.isMiddle(tags) else { return refuse(.value) }
    bytes.append(UInt8(ascii: "@"))
    append(tags)
    bytes.append(32)
    tagsEnd = bytes.count
    if tagsEnd > Message.longestTags { refuse(.tooLong) }
  }

  public mutating func add(source: RawSpan) {
    guard status == .ok, !hasCommand else { return refuse(.invalid) }
    if source.byteCount == 0 { return }
    guard MessageBuilder.isMiddle(source) else { return refuse(.value) }
    bytes.append(UInt8(ascii: ":"))
    append(source)
    bytes.append(32)
  }

  /// Letters, or three digits.
  public mutating func add(command: RawSpan) {
    guard status == .ok, !hasCommand else { return refuse(.invalid) }
    guard MessageBuilder.isCommand(command) else { return refuse(.value) }
    append(command)
    hasCommand = true
  }
  public mutating func add(command: StaticString) {
    guard status == .ok, !hasCommand else { return refuse(.invalid) }
    hasCommand = true
    for index in 0..<command.utf8CodeUnitCount { bytes.append(command.utf8Start[index]) }
  }

  /// One in the middle: neither empty nor with a blank in it, and without a colon at its front.
  public mutating func add(middle: RawSpan) {
    guard status == .ok, hasCommand, !isComplete else { return refuse(.invalid) }
    guard MessageBuilder.isMiddle(middle), middle.byte(0) != UInt8(ascii: ":") else { return refuse(.value) }
    bytes.append(32)
    append(middle)
  }
  public mutating func add(middle: StaticString) {
    bytes.append(32)
    for index in 0..<middle.utf8CodeUnitCount { bytes.append(middle.utf8Start[index]) }
  }

  /// The last one, with a colon before it: anything that stays in its line.
  public mutating func add(trailing: RawSpan) {
    guard status == .ok, hasCommand, !isComplete else { return refuse(.invalid) }
    guard MessageBuilder.isLine(trailing) else { return refuse(.value) }
    bytes.append(32)
    bytes.append(UInt8(ascii: ":"))
    append(trailing)
    isComplete = true
  }

  /// The last one, with a colon only where it needs it.
  public mutating func add(last: RawSpan) {
    if last.byteCount > 0, MessageBuilder.isMiddle(last), last.byte(0) != UInt8(ascii: ":") {
      add(middle: last)
      isComplete = true
    } else {
      add(trailing: last)
    }
  }

  /// The message, without CR LF; `tooLong` beyond the limit (`room` for what a server puts before it).
  public func finish(limit: Int = Message.longest) -> Status {
    if status != .ok { return status }
    if !hasCommand { return .invalid }
    return bytes.count - tagsEnd > limit ? .tooLong : .ok
  }

  private mutating func refuse(_ why: Status) { if status == .ok { status = why } }
  private mutating func append(_ span: RawSpan) { bytes.append(span) }

  // MARK: What may stand where

  public static func isLine(_ text: RawSpan) -> Bool {
    for index in 0..<text.byteCount {
      let byte = text.byte(index)
      if byte == 0 || byte == 10 || byte == 13 { return false }
    }
    return true
  }

  public static func isMiddle(_ text: RawSpan) -> Bool {
    guard text.byteCount > 0 else { return false }
    for index in 0..<text.byteCount {
      let byte = text.byte(index)
      if byte == 0 || byte == 10 || byte == 13 || byte == 32 { return false }
    }
    return true
  }

  public static func isCommand(_ text: RawSpan) -> Bool {
    guard text.byteCount > 0 else { return false }
    var digits = 0
    for index in 0..<text.byteCount {
      let byte = text.byte(index)
      if byte.digit != nil { digits += 1 } else if !(byte | 32 >= 97 && byte | 32 <= 122) { return false }
    }
    return digits == 0 || (digits == 3 && text.byteCount == 3)
  }
}

extension [UInt8] {
  @inline(never) mutating func append(_ span: RawSpan) {
    // Sound: the span is alive for the call.
    span.withUnsafeBytes { self.append(contentsOf: $0) }
  }
  @inline(never) mutating func append(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
  }
}
