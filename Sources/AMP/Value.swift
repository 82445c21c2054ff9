import Bytes

/// A value of any type, as the host gives or gets it: amp_command.h, plait_amp_value, field by field (a test compares).
public struct Value {
  public var form: UInt32 = 0
  public var offsetMinutes: Int32 = 0
  public var integer: Int64 = 0
  public var real: Double = 0
  public var data: UnsafePointer<UInt8>?
  public var length = 0
  public var items: UnsafePointer<Value>?
  public var count: UInt32 = 0
  public var type: UInt32 = 0
  public init() {}

  /// Where `integer` lies.
  @inline(__always) static var placeOfInteger: Int { 8 }
  @inline(__always) public static var natural: UInt32 { 0 }
  @inline(__always) public static var absent: UInt32 { 1 }
  @inline(__always) public static var text: UInt32 { 2 }

  /// The bytes, or nil when the host's pointer and length are none.
  @inline(__always) func withBytes(_ body: (RawSpan) -> Status) -> Status {
    guard let bytes = checked(data, length) else { return .invalid }
    return body(bytes.bytes)
  }

  /// Points at what was received, which outlives the use that is promised (amp.h).
  @inline(__always) mutating func set(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { data = $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    length = bytes.byteCount
  }

  /// The elements that the host gave, or nil when they can't be any.
  func elements() -> UnsafeBufferPointer<Value>? {
    guard items != nil || count == 0, count <= 1 << 24 else { return nil }
    return UnsafeBufferPointer(start: items, count: Int(count))
  }
}

/// Values from a host: nil when pointer and count can't be any.
public func checked(_ values: UnsafePointer<Value>?, _ count: Int) -> UnsafeBufferPointer<Value>? {
  guard count >= 0, count <= 255, values != nil || count == 0 else { return nil }
  return UnsafeBufferPointer(start: values, count: count)
}
