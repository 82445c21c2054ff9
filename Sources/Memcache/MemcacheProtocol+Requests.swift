import Bytes
import Wire

/// What the host wants to hear, and by what.
public struct Asking {
  public var done: UInt
  public var user: UInt
  /// Gets the call, if the host wants a handle.
  public var give: ((MemcacheCall) -> Void)?
  public init(done: UInt, user: UInt, give: ((MemcacheCall) -> Void)? = nil) {
    self.done = done
    self.user = user
    self.give = give
  }
}

extension MemcacheProtocol {
  var prefix: Int { factory.options.prefix?.count ?? 0 }
  @inline(__always) func putPrefix(_ out: inout ByteWriter) {
    if let prefix = factory.options.prefix { out.put(prefix.bytes) }
  }

  // MARK: The two that everybody calls

  public func get(_ key: RawSpan, _ asking: Asking, _ conn: Conn) -> Status {
    let status = KeyRules(prefix: prefix).fault(key)
    guard status == .ok else { return status }
    return begin(Waiting(command: .get), key, 0, asking, conn) {
      conn.write(prefix &+ key.byteCount &+ 6) { out in
        out.put("get ")
        putPrefix(&out)
        out.put(key)
        out.endLine()
      }
    }
  }

  public func set(
    _ key: RawSpan, _ value: RawSpan, _ flags: UInt32, _ expiry: Int64, _ asking: Asking, _ conn: Conn
  ) -> Status {
    let status = KeyRules(prefix: prefix).fault(key)
    guard status == .ok else { return status }
    guard value.byteCount <= factory.options.longestValue else { return .tooLong }
    var size = prefix &+ key.byteCount &+ value.byteCount &+ 11
    size &+= decimalDigits(Int(flags)) &+ ByteWriter.length(expiry) &+ decimalDigits(value.byteCount)
    return begin(Waiting(command: .set), RawSpan(), 0, asking, conn) {
      conn.write(size) { out in
        out.put("set ")
        putPrefix(&out)
        out.put(key)
        out.put(UInt8(ascii: " "))
        out.put(decimal: flags)
        out.put(UInt8(ascii: " "))
        out.put(decimal: expiry)
        out.put(UInt8(ascii: " "))
        out.put(decimal: Int64(value.byteCount))
        out.endLine()
        out.put(value)
        out.endLine()
      }
    }
  }

  // MARK: Any

  public func call(_ request: Request, _ asking: Asking, _ conn: Conn) -> Status {
    let fault = factory.options.fault(request)
    guard fault == .ok else { return fault }
    let total = request.keys.reduce(0) { $0 &+ $1.len }
    guard let first = request.keys.first.map({ checked($0.data, $0.len) }) ?? checked(nil, 0) else { return .invalid }
    if request.command.isRetrieval { return retrieve(request, total, asking, conn) }
    if request.command.isMeta { return meta(request, first.bytes, asking, conn) }
    return request.command.isStorage
      ? store(request, first.bytes, asking, conn) : short(request, first.bytes, asking, conn)
  }

  /// `add key flags expiry length`, a value behind it.
  func store(_ request: Request, _ key: RawSpan, _ asking: Asking, _ conn: Conn) -> Status {
    var words = Words(request.command.word)
    words.add(factory.options.prefix, key)
    words.add(unsigned: UInt64(request.flags))
    words.add(signed: request.expiry)
    words.add(unsigned: UInt64(request.value.count))
    if request.command == .cas { words.add(unsigned: request.number) }
    if request.isSilent { words.add("noreply") }
    return send(words.line, request, Waiting(command: request.command), RawSpan(), asking, conn)
  }

  /// `get key key ...`, `gat expiry key key ...`
  func retrieve(_ request: Request, _ total: Int, _ asking: Asking, _ conn: Conn) -> Status {
    let count = request.keys.count
    let word = request.command.word
    var size = word.utf8CodeUnitCount &+ total &+ count &* (prefix &+ 1) &+ 2
    if request.command.isTouching { size += 1 + ByteWriter.length(request.expiry) }
    var waiting = Waiting(command: request.command)
    waiting.isMany = count > 1
    let before = keys.count
    guard keys.reserve(total + count * (prefix + 1)) else { return .noMemory }
    for key in request.keys { if let key = checked(key.data, key.len) { keys.put(factory.options.prefix, key.bytes) } }
    waiting.keys = UInt32(truncatingIfNeeded: count)
    let status = beginByCall(waiting, RawSpan(), request.limit, asking, conn, isSilent: false) {
      conn.write(size) { out in
        out.put(word)
        if request.command.isTouching {
          out.put(UInt8(ascii: " "))
          out.put(decimal: request.expiry)
        }
        for key in request.keys {
          guard let key = checked(key.data, key.len) else { continue }
          out.put(UInt8(ascii: " "))
          putPrefix(&out)
          out.put(key.bytes)
        }
        out.endLine()
      }
    }
    if status != .ok { keys.dropLast(keys.count - before) }
    return status
  }

  /// What is one line.
  func short(_ request: Request, _ key: RawSpan, _ asking: Asking, _ conn: Conn) -> Status {
    let command = request.command
    var words = Words(command.word)
    if key.byteCount > 0 { words.add(command == .stats ? nil : factory.options.prefix, key) }
    if command == .incr || command == .decr { words.add(unsigned: request.number) }
    if command == .touch || (command == .flushAll && request.expiry > 0) { words.add(signed: request.expiry) }
    if request.isSilent { words.add("noreply") }
    var waiting = Waiting(command: command)
    waiting.isMany = command == .stats
    return send(words.line, request, waiting, RawSpan(), asking, conn)
  }

  /// `mg key flags`, `ms key length flags`, with an opaque where it is quiet.
  func meta(_ request: Request, _ key: RawSpan, _ asking: Asking, _ conn: Conn) -> Status {
    let flags = request.meta.bytes
    let command = request.command
    var waiting = Waiting(command: command)
    waiting.isQuiet = MetaFlags.find(UInt8(ascii: "q"), flags) != nil
    let given = waiting.isQuiet ? MetaFlags.find(UInt8(ascii: "O"), flags) : nil
    if let given, given.count > 32 { return .invalid }
    let serial = line.next
    var token = ByteBuffer()
    if waiting.isQuiet {
      guard token.reserve(40, limit: 40) else { return .noMemory }
      token.put(given == nil ? Token.own.rawValue : Token.hosts.rawValue)
      if let given { token.put(flags.extracting(given)) } else { token.put(hex: serial) }
    }
    var words = Words(command.word)
    if key.byteCount > 0 { words.add(factory.options.prefix, key) }
    if command == .metaSet { words.add(unsigned: UInt64(request.value.count)) }
    if flags.byteCount > 0 { words.add(nil, flags) }
    if waiting.isQuiet, given == nil {
      words.add("O")
      words.put(token.bytes.extracting(droppingFirst: 1))
    }
    return send(words.line, request, waiting, token.bytes, asking, conn)
  }

  /// Name and password go first; false: they cannot be sent.
  func authenticate(_ conn: Conn) -> Bool {
    guard let secret = factory.options.secret else { return true }
    var request = Request(.authenticate)
    request.value = UnsafeRawBufferPointer(start: secret.pointer, count: secret.count)
    var words = Words(Command.authenticate.word)
    words.add(unsigned: UInt64(secret.count))
    return send(words.line, request, Waiting(command: .authenticate), RawSpan(), Asking(done: 0, user: 0), conn) == .ok
  }

  /// Sends a line, and the request's value where it has one; `key` as in `begin`.
  func send(
    _ words: RawSpan, _ request: Request, _ waiting: Waiting, _ key: RawSpan, _ asking: Asking, _ conn: Conn
  ) -> Status {
    guard words.byteCount > 0 else { return .noMemory }
    let hasValue = request.command.hasValue || request.command == .authenticate
    let value = request.value.bytes
    let size = words.byteCount &+ 2 &+ (hasValue ? value.byteCount &+ 2 : 0)
    return beginByCall(waiting, key, request.limit, asking, conn, isSilent: request.isSilent) {
      conn.write(size) { out in
        out.put(rare: words)
        out.endLine()
        guard hasValue else { return }
        out.put(rare: value)
        out.endLine()
      }
    }
  }

  // MARK: The line

  /// Puts a call in line and has its request written; all of that, or nothing. `key` is what its answer is compared with.
  @inline(__always)
  func begin(
    _ waiting: Waiting, _ key: RawSpan, _ limit: UInt64, _ asking: Asking, _ conn: Conn, isSilent: Bool = false,
    _ write: () -> Status
  ) -> Status {
    guard !conn.isClosing else { return .closed }
    if isSilent { return write() }
    guard line.count < factory.options.mostCalls else { return .limit }
    var waiting = waiting
    waiting.done = asking.done
    waiting.user = asking.user
    let before = keys.count
    if key.byteCount > 0 {
      guard keys.reserve(1 &+ key.byteCount &+ prefix) else { return .noMemory }
      keys.put(waiting.isQuiet ? nil : factory.options.prefix, key)
      waiting.keys = 1
    }
    guard line.append(waiting) else {
      keys.dropLast(keys.count &- before)
      return .noMemory
    }
    let status = write()
    guard status == .ok else {
      line.removeLast(waiting)
      keys.dropLast(keys.count &- before)
      return status
    }
    let time = limit > 0 ? limit : factory.options.callTime
    if time > 0 || factory.options.silenceTime > 0 { watch(time, conn) }
    if let give = asking.give { return makeCall(give, conn) }
    return .ok
  }

  /// The same for what is seldom begun, or is much.
  @inline(never)
  func beginByCall(
    _ waiting: Waiting, _ key: RawSpan, _ limit: UInt64, _ asking: Asking, _ conn: Conn, isSilent: Bool,
    _ write: () -> Status
  ) -> Status {
    begin(waiting, key, limit, asking, conn, isSilent: isSilent, write)
  }

  /// The host wants a handle for the last in line. Without one it has begun nevertheless, and cannot be cancelled: so it must not fail.
  func makeCall(_ give: (MemcacheCall) -> Void, _ conn: Conn) -> Status {
    let call = factory.spareCalls.popLast() ?? factory.makeCall(conn.context)
    guard call.register(Kind.call) else {
      conn.abort(.limit)
      return .limit
    }
    let place = line.count - 1
    call.number = line.first &+ UInt64(place)
    call.place = Place(conn)
    line[place].call = call.value
    call.waiting = line[place]
    give(call)
    return .ok
  }
}
