import Bytes

/// Where something lies in a line.
public struct Part: BitwiseCopyable, Sendable {
  public var start: UInt32 = 0
  public var count: UInt32 = 0
  @inline(__always) public init() {}
  @inline(__always) public init(_ start: Int, _ end: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    count = UInt32(truncatingIfNeeded: end &- start)
  }
  @inline(__always) public var range: Range<Int> { Int(start)..<Int(start) &+ Int(count) }
  @inline(__always) public var isEmpty: Bool { count == 0 }
}

/// A message in its parts: `[@tags SP] [:source SP] command *(SP parameter)`, RFC 1459 section 2.3.1 and IRCv3's message-tags.
public struct Message {
  /// More than any server sends: what follows is part of the last one.
  @inline(__always) public static var most: Int { 32 }
  /// The bytes of a message without tags and CR LF; those of tags, with `@` and blank.
  @inline(__always) public static var longest: Int { 510 }
  @inline(__always) public static var longestTags: Int { 8191 }

  public var tags = Part()
  public var source = Part()
  public var command = Part()
  /// 1 to 999 where the command is three digits, else 0.
  public var numeric = 0
  public var count = 0
  public var hasSource = false
  /// Was the last parameter marked by a colon?
  public var hasTrailing = false
  public var parameters = InlineArray<32, Part>(repeating: Part())

  @inline(__always) public init() {}

  /// Cuts a line, of which a CR LF at the end is no part. False: there is no command in it. Nothing else is refused: a server may say what it
  /// likes, in any encoding.
  @inline(never) public mutating func parse(_ line: RawSpan) -> Bool {
    var head = Head()
    guard Message.cut(line, &head, { parameters[$0] = Part($1, $2) }) else { return false }
    tags = head.tags
    source = head.source
    command = head.command
    numeric = head.numeric
    count = head.count
    hasSource = head.hasSource
    hasTrailing = head.hasTrailing
    return true
  }

  /// All of a message but its parameters.
  public struct Head {
    public var tags = Part()
    public var source = Part()
    public var command = Part()
    public var numeric = 0
    public var count = 0
    public var hasSource = false
    public var hasTrailing = false
    @inline(__always) public init() {}
  }

  /// The same for whoever keeps parameters elsewhere: each comes with its number, and where it begins and ends.
  @inline(__always) public static func cut(_ line: RawSpan, _ head: inout Head, _ add: (Int, Int, Int) -> Void) -> Bool
  {
    var end = line.byteCount
    if end > 0, line.byte(end &- 1) == 10 { end &-= 1 }
    if end > 0, line.byte(end &- 1) == 13 { end &-= 1 }
    var blanks = Blanks(line, end: end)
    var at = 0
    // What may come next: tags, a source, the command. (A loop: what finds words is there twice, and not five times.)
    var stage = 0
    if end > 0, line.byte(0) == 32 {
      stage = 2
      at = skip(line, from: 0, end)
    }
    while stage < 3 {
      guard at < end else { return false }
      let stop = blanks.next(from: at)
      let first = line.byte(at)
      if first == UInt8(ascii: ":"), stage < 2 {
        head.source = Part(at &+ 1, stop)
        head.hasSource = true
        stage = 2
      } else if first == UInt8(ascii: "@"), stage == 0 {
        head.tags = Part(at &+ 1, stop)
        stage = 1
      } else {
        head.command = Part(at, stop)
        if stop &- at == 3 { head.numeric = number(line, at) }
        stage = 3
      }
      at = skip(line, from: stop, end)
    }
    var count = 0
    while at < end {
      let isMarked = line.byte(at) == UInt8(ascii: ":")
      if isMarked || count == most &- 1 {
        head.hasTrailing = isMarked
        add(count, isMarked ? at &+ 1 : at, end)
        count &+= 1
        break
      }
      let stop = blanks.next(from: at)
      add(count, at, stop)
      count &+= 1
      at = skip(line, from: stop, end)
    }
    head.count = count
    return true
  }

  /// Where the next word begins.
  @inline(__always) static func skip(_ line: RawSpan, from start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, line.byte(at) == 32 { at &+= 1 }
    return at
  }
  @inline(__always) static func number(_ line: RawSpan, _ at: Int) -> Int {
    guard let hundreds = line.byte(at).digit, let tens = line.byte(at &+ 1).digit, let ones = line.byte(at &+ 2).digit
    else { return 0 }
    return hundreds &* 100 &+ tens &* 10 &+ ones
  }

  /// Where a line without a source begins, behind its tags.
  public var beginning: UInt32 { tags.isEmpty ? 0 : tags.start &+ tags.count &+ 1 }

  /// The parameter of that number in the line that was parsed, or nothing.
  @inline(__always) @_lifetime(copy line)
  public func parameter(_ index: Int, _ line: RawSpan) -> RawSpan {
    index >= 0 && index < count ? line.extracting(parameters[index].range) : line.extracting(0..<0)
  }
}

/// Who says something: `nick!user@host`, of which all but the first may be missing; or a server.
public struct Source {
  public var nick = Part()
  public var user = Part()
  public var host = Part()

  public init(_ source: RawSpan) {
    var at = 0
    let end = source.byteCount
    while at < end, source.byte(at) != UInt8(ascii: "!"), source.byte(at) != UInt8(ascii: "@") { at &+= 1 }
    nick = Part(0, at)
    if at < end, source.byte(at) == UInt8(ascii: "!") {
      let start = at &+ 1
      at = start
      while at < end, source.byte(at) != UInt8(ascii: "@") { at &+= 1 }
      user = Part(start, at)
    }
    if at < end { host = Part(at &+ 1, end) }
  }
}
