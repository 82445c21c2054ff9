import CSystem

/// A box of AMP's that is expected: texts, and values between them. It is found, or written, as a whole.
public struct BoxPattern: ~Copyable {
  private var texts = ByteBuffer()
  private var fields = PlainList<csystem_field>()
  private var length = 0
  private var hasOthers = false
  /// Nil: nothing is found.
  private var pattern: UnsafeMutablePointer<csystem_pattern>?
  /// Up to this behind a box is written, too.
  public static var slack: Int { 32 }
  static var mostText: Int { 4096 }

  private let stride: Int
  private var before = 0
  private var hasTag = false

  /// Values of a box that is written lie so far from each other.
  public init(stride: Int) { self.stride = stride }
  deinit { free(pattern) }

  @inline(__always) public var isUsable: Bool { pattern != nil }

  public mutating func add(text: RawSpan) -> Bool {
    guard texts.append(text, limit: BoxPattern.mostText) else { return false }
    length += text.byteCount
    return true
  }

  /// `place`: which value; -1: the tag.
  public mutating func add(value place: Int, isInteger: Bool) -> Bool {
    let isFirst = fields.count == 0
    var field = csystem_field()
    let known = min(8, length)
    for index in 0..<known {  // the last eight bytes, or all of them, as they lie in memory
      let byte = texts.bytes.byte(texts.count - known + index)
      let shift = UInt64(8 * (isFirst ? index : 8 - known + index))
      field.word |= UInt64(byte) << shift
      field.mask |= 0xff << shift
    }
    field.word = field.word.littleEndian
    field.mask = field.mask.littleEndian
    // In front of the first text there is nothing.
    field.back = isFirst ? Int32(length - known) : Int32(length) - 8
    field.length = UInt32(length)
    // An integer is read with the eight bytes in front of its end.
    field.is_integer = place >= 0 && isInteger && (!isFirst || length >= 5) ? 1 : 0
    field.place = Int32(truncatingIfNeeded: place)
    field.offset = UInt32(truncatingIfNeeded: max(place, 0) * stride)
    if place < 0 { hasTag = true } else if !hasTag { before += 1 }
    if place >= 0, field.is_integer == 0 { hasOthers = true }
    length = 0
    return fields.append(field)
  }

  /// Nothing is added any more.
  public mutating func close() {
    guard texts.reserve(18, limit: BoxPattern.mostText + 18), let memory = calloc(1, MemoryLayout<csystem_pattern>.size)
    else { return }
    let made = memory.assumingMemoryBound(to: csystem_pattern.self)
    made.pointee.least = texts.count + 2 * fields.count + 2
    for _ in 0..<9 { texts.put(UInt16(0)) }  // the empty key, and what is read behind
    // Sound: neither list changes from now on, and both live as long as this.
    made.pointee.text = texts.bytes.withUnsafeBytes { $0.baseAddress }?.assumingMemoryBound(to: UInt8.self)
    made.pointee.fields = fields.pointer
    made.pointee.count = fields.count
    made.pointee.tail = length + 2
    made.pointee.before = before
    made.pointee.has_others = hasOthers ? 1 : 0
    pattern = made
  }

  /// What was found: a length of 0 is nothing. Without a tag it has `UInt32.max` for the tag's place.
  public struct Found: BitwiseCopyable {
    public let length: Int
    public let tag: Int
    public let tagLength: Int
    public let isOdd: Bool
    @inline(__always) init(_ box: csystem_box) {
      length = Int(box.length)
      tag = Int(box.tag)
      tagLength = Int(box.tag_length)
      isOdd = box.is_odd != 0
    }
  }

  /// The box at `start`, if it is not longer than `most`. `shape` is what such boxes looked like before. `values` has as many as there are, each laid out as a csystem_value.
  @inline(__always)
  public func match<T: BitwiseCopyable>(
    _ bytes: RawSpan, from start: Int, most: Int, _ shape: inout BoxShape, _ values: inout PlainList<T>
  ) -> Found {
    precondition(start >= 0 && start <= bytes.byteCount && MemoryLayout<T>.stride == MemoryLayout<csystem_value>.stride)
    let values = UnsafeMutableRawPointer(values.base)?.assumingMemoryBound(to: csystem_value.self)
    // Sound: it reads the bytes of a span that is alive for the call, and writes values below the fields' places.
    return bytes.withUnsafeBytes { all in
      Found(
        csystem_match_box(
          pattern, &shape.shape, all.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self) + start,
          min(all.count &- start, most), values))
    }
  }

  /// Appends a box of Integers, the first of which is at `numbers`. `room` is the most that it can take. The tag lies in the box
  /// that is answered.
  @inline(__always)
  public func write(
    _ out: inout ByteWriter, room: Int, _ box: RawSpan, tag: Int, _ tagLength: Int, _ numbers: UnsafeRawPointer
  ) {
    precondition(pattern != nil && hasTag && room <= out.room &- out.count && tag >= 0 && tagLength >= 0)
    let behind = box.byteCount &- tag
    precondition(tagLength <= behind)
    let to = (out.start + out.count).assumingMemoryBound(to: UInt8.self)
    // Sound: the room is there, and the numbers are the host's for the call.
    box.withUnsafeBytes { box in
      out.count &+= csystem_write_box(
        pattern, to, box.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) + tag }, tagLength,
        behind >= 8 ? 1 : 0,
        numbers.assumingMemoryBound(to: UInt8.self))
    }
  }
}

/// What boxes of one pattern looked like that came one behind the other.
public struct BoxShape: ~Copyable {
  var shape = csystem_shape()
  public init() {}
  /// A pattern may be gone.
  public mutating func forget() { shape.pattern = nil }
}
