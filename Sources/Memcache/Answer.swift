import Bytes

/// A part of what a call comes to: memcache.h, plait_memcache_answer, field by field (a test compares).
public struct Answer: BitwiseCopyable {
  public var user: UnsafeMutableRawPointer?
  public var status: Status = 0
  public var result: UInt32 = 0
  public var flags: UInt32 = 0
  public var index: UInt32 = 0
  public var number: UInt64 = 0
  public var key: UnsafePointer<UInt8>?
  public var keyLength = 0
  public var value: UnsafePointer<UInt8>?
  public var valueLength = 0
  public var meta: UnsafePointer<UInt8>?
  public var metaLength = 0

  public init() {}
  init(_ result: Outcome) { self.result = result.rawValue }
  init(_ result: Outcome, value: RawSpan) {
    self.result = result.rawValue
    set(value: value)
  }

  /// Each points at what was received, which outlives the callback.
  @inline(__always) mutating func set(key: RawSpan) {
    key.withUnsafeBytes { self.key = $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    keyLength = key.byteCount
  }
  @inline(__always) mutating func set(value: RawSpan) {
    value.withUnsafeBytes { self.value = $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    valueLength = value.byteCount
  }
  @inline(__always) mutating func set(meta: RawSpan) {
    meta.withUnsafeBytes { self.meta = $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    metaLength = meta.byteCount
  }
}

/// PLAIT_MEMCACHE_ of plait_memcache_answer::result.
public enum Outcome: UInt32 {
  case none = 0, hit, miss, value, stat, end, stored, notStored, exists, notFound, deleted, touched, number, version, ok
  case clientError, serverError
}

/// PLAIT_MEMCACHE_ of plait_memcache_request::command; the last is the library's own.
public enum Command: UInt8, BitwiseCopyable, Sendable {
  case get = 1, gets, gat, gats, set, add, replace, append, prepend, cas, incr, decr, touch, delete, stats, version,
    flushAll
  case metaGet, metaSet, metaDelete, metaArithmetic, metaNoop, metaDebug
  case authenticate = 255

  /// As it stands on the wire.
  var word: StaticString {
    switch self {
    case .get: "get"
    case .gets: "gets"
    case .gat: "gat"
    case .gats: "gats"
    case .set: "set"
    case .add: "add"
    case .replace: "replace"
    case .append: "append"
    case .prepend: "prepend"
    case .cas: "cas"
    case .incr: "incr"
    case .decr: "decr"
    case .touch: "touch"
    case .delete: "delete"
    case .stats: "stats"
    case .version: "version"
    case .flushAll: "flush_all"
    case .metaGet: "mg"
    case .metaSet: "ms"
    case .metaDelete: "md"
    case .metaArithmetic: "ma"
    case .metaNoop: "mn"
    case .metaDebug: "me"
    case .authenticate: "set auth 0 0"
    }
  }

  var isRetrieval: Bool { rawValue <= Command.gats.rawValue }
  var isTouching: Bool { self == .gat || self == .gats }
  var isStorage: Bool { rawValue >= Command.set.rawValue && rawValue <= Command.cas.rawValue }
  var isMeta: Bool { rawValue >= Command.metaGet.rawValue && self != .authenticate }
  /// Can it be told not to answer?
  var canBeSilent: Bool {
    (rawValue >= Command.set.rawValue && rawValue <= Command.delete.rawValue) || self == .flushAll
  }
  /// Does a block of bytes follow its line?
  var hasValue: Bool { isStorage || self == .metaSet }
  /// How many keys it may have.
  var keys: ClosedRange<Int> {
    switch self {
    case .get, .gets, .gat, .gats: 1...65536
    case .stats: 0...1
    case .version, .flushAll, .metaNoop, .authenticate: 0...0
    default: 1...1
    }
  }
}
