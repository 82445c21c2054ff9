import Bytes
import Wire

/// How memcached is spoken: memcache.h, plait_memcache_options.
public struct MemcacheOptions {
  public var mostCalls = 131_072
  public var longestValue = 16 << 20
  /// In milliseconds; 0: none.
  public var callTime: UInt64 = 0
  public var silenceTime: UInt64 = 0
  public var prefix: Text?
  /// Name and password, with a blank in between.
  public var secret: Text?
  public init() {}

  /// May a key have these bytes?
  public static func isKey(_ bytes: RawSpan) -> Bool { KeyRules(prefix: 0).fault(bytes) == .ok }

  /// Nil when there is no memory.
  public static func secret(_ name: RawSpan, _ password: RawSpan) -> Text? {
    var both = ByteBuffer()
    guard both.reserve(name.byteCount + 1 + password.byteCount, limit: mostBytes) else { return nil }
    both.put(name)
    both.put(UInt8(ascii: " "))
    both.put(password)
    return Text.make(both.bytes)
  }
}

/// Builds conns that ask memcached, and is their way out to the host: a subclass says what that is.
open class MemcacheFactory: Factory {
  public final let options: MemcacheOptions
  /// Answers that the host gets together, and whose they are: a function, or 0.
  final var rows = PlainList<Answer>()
  final var rowsFor: UInt = 0
  /// Calls that have ended and can be used again.
  final var spareCalls: [MemcacheCall] = []
  final var connCount = 0
  static var mostRows: Int { 512 }

  public init(_ options: MemcacheOptions, user: UnsafeMutableRawPointer?) {
    self.options = options
    super.init(user: user)
  }

  // MARK: The host

  open func opened(_ conn: Conn) {}
  open func ended(_ conn: Conn, _ reason: Reason) {}
  open func readClosed(_ conn: Conn) -> Bool { false }
  open func writePaused(_ conn: Conn) {}
  open func writeResumed(_ conn: Conn) {}
  /// Does it take the answers to calls without a function?
  open var takesAnswers: Bool { false }
  /// `done` is a function of the host's, or 0: its one for all.
  open func tell(_ done: UInt, _ user: UInt, _ answers: UnsafePointer<Answer>, _ count: Int, _ place: Place) {}
  /// What a status means, in words that live as long as the thread does nothing else.
  open func describe(_ status: Status) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
  open func makeCall(_ context: Context) -> MemcacheCall { MemcacheCall(context, self) }

  // MARK: The conn

  public final override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    let made = MemcacheProtocol(self)
    return made.authenticate(conn) ? made : nil
  }

  final func began() { connCount += 1 }
  final func left() {
    connCount -= 1
    if connCount == 0 { spareCalls.removeAll() }  // each keeps the reactor's context
  }

  // MARK: Answers

  /// What happened, in words.
  final func withWords(_ reason: Reason, _ body: (RawSpan) -> Void) {
    if let detail = reason.detail { return body(detail.bytes) }
    guard let text = reason.text else { return body(describe(reason.status).bytes) }
    // Sound: a literal's bytes are static.
    body(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount).bytes)
  }

  /// Tells of an answer, now or with others of the same read.
  @inline(__always) final func tell(_ waiting: Waiting, _ answer: Answer, _ conn: Conn) {
    if waiting.done == 0, !takesAnswers { return }
    var answer = answer
    answer.user = UnsafeMutableRawPointer(bitPattern: waiting.user)
    if waiting.done != 0, !waiting.isMany {
      tellRows(conn)
      return withUnsafePointer(to: answer) { tell(waiting.done, waiting.user, $0, 1, Place(conn)) }
    }
    gather(waiting, answer, conn)
  }

  final func gather(_ waiting: Waiting, _ answer: Answer, _ conn: Conn) {
    let isFull = rows.count >= MemcacheFactory.mostRows
    if isFull || (rows.count > 0 && (rowsFor != waiting.done || (rowsFor != 0 && rows[0].user != answer.user))) {
      tellRows(conn)
    }
    rowsFor = waiting.done
    if !rows.append(answer) { conn.abort(.noMemory) }
  }

  /// Tells what was gathered.
  @inline(__always) final func tellRows(_ conn: Conn) { if rows.count > 0 { tellGathered(conn) } }

  @inline(never) final func tellGathered(_ conn: Conn) {
    // Sound: nothing is gathered while the host runs, so that the list stays where it is.
    guard let pointer = rows.pointer else { return }
    tell(rowsFor, UInt(bitPattern: rows[0].user), pointer, rows.count, Place(conn))
    rows.removeAll()
  }
}

/// The conn of a call, and that one's user.
public struct Place {
  public var conn: UInt64 = 0
  public var user: UnsafeMutableRawPointer?
  init() {}
  @inline(__always) init(_ conn: Conn) {
    self.conn = conn.id
    user = conn.user
  }
}

/// A call that the host has a handle for. When it was answered the object is used again; one that was cancelled is not.
open class MemcacheCall: Call {
  final let factory: MemcacheFactory
  final var waiting = Waiting(command: .get)
  /// Its number in its conn's line.
  final var number: UInt64 = 0
  final var place = Place()

  public init(_ context: Context, _ factory: MemcacheFactory) {
    self.factory = factory
    super.init(context)
  }

  @inline(__always) final var value: UInt { UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()) }

  /// The late answer will be swallowed.
  public final override func giveUp() {
    guard let conn = context.conn(place.conn) else { return }
    _ = conn.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
      spoken.forget(number)
      spoken.noteCancelled(id, context)
      return .ok
    }
  }

  public final override func completed(_ reason: Reason) {
    guard waiting.done != 0 || factory.takesAnswers else { return }
    if let conn = context.conn(place.conn) { place = Place(conn) }
    factory.withWords(reason) { words in
      var answer = Answer(.none, value: words)
      answer.status = reason.status
      answer.user = UnsafeMutableRawPointer(bitPattern: waiting.user)
      withUnsafePointer(to: answer) { factory.tell(waiting.done, waiting.user, $0, 1, place) }
    }
  }
}
