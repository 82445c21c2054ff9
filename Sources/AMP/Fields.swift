import Bytes

/// The fields of a box, one by one. Where the box was cut out by the framer nothing can go wrong; where bytes
/// come from elsewhere, `isWhole` tells whether they were all fields.
struct Fields {
  /// What a value's length takes: 2 bytes, or 4 in a box with large values.
  let width: Int
  var at = 0
  /// The field under the cursor, as offsets into the box.
  var key = 0
  var keyLength = 0
  var value = 0
  var valueLength = 0

  @inline(__always) init(width: Int) { self.width = width }

  /// Moves to the next field; false at the end.
  @inline(__always) mutating func next(_ box: RawSpan) -> Bool {
    let left = box.byteCount &- at
    guard left >= 2 else { return false }
    let length = box.bigEndian16(at)
    guard length > 0, length <= 255, left >= 2 &+ length &+ width else { return false }
    key = at &+ 2
    keyLength = length
    value = key &+ length &+ width
    valueLength =
      width == 2 ? box.bigEndian16(key &+ length) : Int(box.bigEndian32(key &+ length))
    guard box.byteCount &- value >= valueLength else { return false }
    at = value &+ valueLength
    return true
  }

  @_lifetime(copy box)
  @inline(__always) func keyIn(_ box: RawSpan) -> RawSpan { box.extracting(key..<key &+ keyLength) }
  @_lifetime(copy box)
  @inline(__always) func valueIn(_ box: RawSpan) -> RawSpan { box.extracting(value..<value &+ valueLength) }
  func isWhole(_ box: RawSpan) -> Bool { at == box.byteCount }
}

/// A part of some bytes, by offset and length; `absent` where there is none.
public struct Part: BitwiseCopyable {
  public var offset: UInt32
  public var length: UInt32
  @inline(__always) public init(_ offset: Int, _ length: Int) {
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.length = UInt32(truncatingIfNeeded: length)
  }
  @inline(__always) public static var absent: Part { Part(-1, 0) }
  @inline(__always) public var isAbsent: Bool { offset == .max }
  @_lifetime(copy bytes)
  @inline(__always) public func of(_ bytes: RawSpan) -> RawSpan {
    bytes.extracting(Int(offset)..<Int(offset) &+ Int(length))
  }
}

/// The fields that AMP itself, or what goes beyond it, sets.
struct Reserved {
  var ask = Part.absent
  var answer = Part.absent
  var command = Part.absent
  var error = Part.absent
  var code = Part.absent
  var description = Part.absent
  var deadline = Part.absent
  var cancel = Part.absent
  var part = Part.absent
  var data = Part.absent
  var more = Part.absent

  init() {}

  /// Finds them; the last one of a name counts. `isExtended`: those that go beyond AMP, too.
  @_optimize(speed) @inline(never) init(_ box: RawSpan, width: Int, isExtended: Bool) {
    var fields = Fields(width: width)
    while fields.next(box) {
      guard box.byte(fields.key) == UInt8(ascii: "_") else { continue }
      let part = Part(fields.value, fields.valueLength)
      let key = fields.keyIn(box)
      switch fields.keyLength {
      case 4: if key.isEqual("_ask") { ask = part }
      case 6: if key.isEqual("_error") { error = part }
      case 7: if key.isEqual("_answer") { answer = part }
      case 8: if key.isEqual("_command") { command = part }
      case 11: if key.isEqual("_error_code") { code = part }
      case 18: if key.isEqual("_error_description") { description = part }
      default: break
      }
      if isExtended { extend(key, part) }
    }
  }

  @inline(never) mutating func extend(_ key: RawSpan, _ part: Part) {
    if key.isEqual("_deadline") { deadline = part }
    if key.isEqual("_cancel") { cancel = part }
    if key.isEqual("_part") { self.part = part }
    if key.isEqual("_data") { data = part }
    if key.isEqual("_more") { more = part }
  }

  /// Names that no argument may have.
  static func has(_ name: RawSpan) -> Bool {
    name.isEqual("_ask") || name.isEqual("_command") || name.isEqual("_answer") || name.isEqual("_error")
      || name.isEqual("_error_code") || name.isEqual("_error_description") || name.isEqual("_deadline")
      || name.isEqual("_cancel") || name.isEqual("_part") || name.isEqual("_data") || name.isEqual("_more")
  }
}
