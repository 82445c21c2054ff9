import Bytes

/// A command as the host gives it: memcache.h, plait_memcache_request.
public struct Request {
  public var command: Command
  public var isSilent = false
  public var flags: UInt32 = 0
  public var keys = UnsafeBufferPointer<HostBytes>(start: nil, count: 0)
  public var value = UnsafeRawBufferPointer(start: nil, count: 0)
  public var meta = UnsafeRawBufferPointer(start: nil, count: 0)
  public var expiry: Int64 = 0
  public var number: UInt64 = 0
  /// In milliseconds; 0: as the options say.
  public var limit: UInt64 = 0

  public init(_ command: Command) { self.command = command }

  /// Is anything given that the command has no use for?
  var isOrderly: Bool {
    if isSilent, !command.canBeSilent { return false }
    if flags != 0, !command.isStorage || command == .append || command == .prepend { return false }
    if value.count > 0, !command.hasValue { return false }
    if meta.count > 0, !command.isMeta || command == .metaNoop { return false }
    if number != 0, command != .cas, command != .incr, command != .decr { return false }
    if expiry != 0 {
      switch command {
      case .set, .add, .replace, .cas, .gat, .gats, .touch: break
      case .flushAll: return expiry > 0
      default: return false
      }
    }
    return true
  }
}

extension MemcacheOptions {
  /// 0, or why a request cannot be sent.
  func fault(_ request: Request) -> Status {
    guard request.isOrderly, request.command.keys.contains(request.keys.count) else { return .invalid }
    let rules = KeyRules(prefix: request.command == .stats ? 0 : prefix?.count ?? 0)
    for key in request.keys {
      guard let key = checked(key.data, key.len) else { return .invalid }
      let status = rules.fault(key.bytes)
      guard status == .ok else { return status }
    }
    guard request.value.count <= longestValue else { return .tooLong }
    return MetaFlags.areRight(request.meta.bytes) ? .ok : .invalid
  }
}

/// What goes in front of every key, and how long a key is with it.
struct KeyRules {
  let prefix: Int
  static var longest: Int { 250 }

  /// 0, or why it cannot be a key.
  @inline(__always) func fault(_ key: RawSpan) -> Status {
    guard key.byteCount > 0 else { return .invalid }
    guard key.byteCount <= KeyRules.longest - prefix else { return .tooLong }
    var at = 0
    while at < key.byteCount {
      let byte = key.byte(at)
      guard byte > 32, byte != 127 else { return .invalid }
      at &+= 1
    }
    return .ok
  }
}

/// The line of a request that is seldom sent, put together word by word: by calls, since this is not where time goes.
struct Words: ~Copyable {
  private var bytes = ByteBuffer()
  private var isWhole = true

  init(_ word: StaticString) { put(word) }

  /// What it is without the end of the line; nothing, if there was no memory.
  var line: RawSpan {
    @_lifetime(borrow self) get { bytes.bytes.extracting(first: isWhole ? bytes.count : 0) }
  }

  @inline(never) mutating func put(_ part: RawSpan) {
    if !bytes.append(part, limit: mostBytes) { isWhole = false }
  }
  @inline(never) mutating func put(_ word: StaticString) {
    // Sound: a literal's bytes are static.
    put(UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount).bytes)
  }
  mutating func add(_ word: StaticString) {
    put(" ")
    put(word)
  }
  @inline(never) mutating func add(_ prefix: Text?, _ word: RawSpan) {
    put(" ")
    if let prefix { put(prefix.bytes) }
    put(word)
  }
  mutating func add(unsigned value: UInt64) {
    put(" ")
    put(digits: value)
  }
  mutating func add(signed value: Int64) {
    put(value < 0 ? " -" : " ")
    put(digits: value.magnitude)
  }
  @inline(never) private mutating func put(digits value: UInt64) {
    guard bytes.reserve(20, limit: mostBytes) else { return isWhole = false }
    bytes.append { out in
      if value > UInt64(Int64.max) {
        out.put(decimal: Int64(truncatingIfNeeded: value / 10))
        out.put(UInt8(truncatingIfNeeded: 48 &+ value % 10))
      } else {
        out.put(decimal: Int64(truncatingIfNeeded: value))
      }
    }
  }
}

extension ByteWriter {
  @inline(__always) mutating func endLine() { put(UInt16(littleEndian: 0x0a0d)) }
}
