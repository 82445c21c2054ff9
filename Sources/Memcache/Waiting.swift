import Bytes

/// A call that waits for its answer.
struct Waiting: BitwiseCopyable {
  /// The host's function, as a number; 0: the factory's.
  var done: UInt = 0
  var user: UInt = 0
  /// The call's object, where the host has a handle; else 0.
  var call: UInt = 0
  /// When its time is up; 0: never.
  var due: UInt64 = 0
  /// How many keys, or opaques, of it are in the line of keys, and how many answers have gone by.
  var keys: UInt32 = 0
  var index: UInt32 = 0
  var command: Command
  /// It has ended: its answer is swallowed.
  var isOver = false
  /// No answer comes where all is as usual.
  var isQuiet = false
  /// It is told in parts.
  var isMany = false
}

/// The calls of a conn, in the order of their answers; each has a number of its own.
struct WaitingLine: ~Copyable {
  private var list = PlainList<Waiting>()
  private var head = 0
  /// The number of the first.
  private(set) var first: UInt64 = 0

  var count: Int { list.count &- head }
  var next: UInt64 { first &+ UInt64(truncatingIfNeeded: count) }

  mutating func append(_ waiting: Waiting) -> Bool { list.append(waiting) }
  mutating func removeLast(_ last: Waiting) { _ = list.resize(list.count - 1, last) }

  @inline(__always) subscript(_ index: Int) -> Waiting {
    get { list[head &+ index] }
    set { list[head &+ index] = newValue }
  }

  @inline(__always) mutating func removeFirst() -> Waiting {
    let waiting = list[head]
    head &+= 1
    first &+= 1
    if head == list.count {
      list.removeAll()
      head = 0
    } else if head >= 256, head &* 2 > list.count {  // each is moved once at most
      list.removeFirst(head)
      head = 0
    }
    return waiting
  }

  /// The place of a number, or -1.
  func place(of number: UInt64) -> Int { number >= first && number < next ? Int(number &- first) : -1 }
}

/// What the answers to the calls in line are compared with, in the same order: keys, with their prefix, and opaques.
struct KeyLine: ~Copyable {
  private var bytes = ByteBuffer()

  var count: Int { bytes.count }
  mutating func reserve(_ more: Int) -> Bool { bytes.reserve(more, limit: mostBytes) }
  mutating func dropLast(_ count: Int) { bytes.dropLast(count) }
  mutating func removeAll() { bytes = ByteBuffer() }

  /// Into room that was reserved, behind its length.
  @inline(__always) mutating func put(_ prefix: Text?, _ key: RawSpan) {
    bytes.put(UInt8(truncatingIfNeeded: (prefix?.count ?? 0) &+ key.byteCount))
    if let prefix { bytes.put(prefix.bytes) }
    bytes.put(key)
  }

  @inline(__always) mutating func drop(_ count: Int) {
    var count = count
    while count > 0, !bytes.isEmpty {
      bytes.dropFirst(1 &+ length(at: 0))
      count &-= 1
    }
  }

  @inline(__always) func length(at place: Int) -> Int { Int(bytes.bytes.byte(place)) }
  /// Where the one behind it is.
  func next(_ place: Int) -> Int { place + 1 + length(at: place) }

  /// Is the one there these bytes, apart from so many in front?
  @inline(__always) func isEqual(at place: Int, _ key: RawSpan, skipping skipped: Int = 0) -> Bool {
    bytes.bytes.extracting(place &+ 1 &+ skipped..<place &+ 1 &+ length(at: place)).isEqual(key)
  }

  /// The first byte of the first one.
  var mark: UInt8 { bytes.bytes.byte(1) }
}
