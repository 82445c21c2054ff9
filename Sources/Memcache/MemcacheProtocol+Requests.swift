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
    var request = Request(.set)
    request.flags = flags
    request.expiry = expiry
    return store(request, key, value, asking, conn)
  }

  // MARK: Any

  public func call(_ request: Request, _ asking: Asking, _ conn: Conn) -> Status {
    let fault = factory.options.fault(request)
    guard fault == .ok else { return fault }
    let total = request.keys.reduce(0) { $0 &+ $1.len }
    guard let first = request.keys.first.map({ checked($0.data, $0.len) }) ?? checked(nil, 0) else { return .invalid }
    let value = request.value.bytes
    if request.command.isRetrieval { return retrieve(request, total, asking, conn) }
    if request.command.isMeta { return meta(request, first.bytes, value, asking, conn) }
    if request.command.isStorage { return store(request, first.bytes, value, asking, conn) }
    return short(request, first.bytes, asking, conn)
  }

  /// `set key flags expiry length`, a value behind it.
  func store(_ request: Request, _ key: RawSpan, _ value: RawSpan, _ asking: Asking, _ conn: Conn) -> Status {
    let status = KeyRules(prefix: prefix).fault(key)
    guard status == .ok else { return status }
    guard value.byteCount <= factory.options.longestValue else { return .tooLong }
    let word = request.command.word
    let hasNumber = request.command == .cas
    var size = word.utf8CodeUnitCount &+ prefix &+ key.byteCount &+ value.byteCount &+ 8
    size &+= decimalDigits(Int(request.flags)) &+ ByteWriter.length(request.expiry) &+ decimalDigits(value.byteCount)
    if hasNumber { size &+= 1 &+ ByteWriter.length(unsigned: request.number) }
    if request.isSilent { size &+= 8 }
    return begin(Waiting(command: request.command), RawSpan(), request.limit, asking, conn, isSilent: request.isSilent)
    {
      conn.write(size) { out in
        out.put(word)
        out.put(UInt8(ascii: " "))
        putPrefix(&out)
        out.put(key)
        out.put(UInt8(ascii: " "))
        out.put(decimal: request.flags)
        out.put(UInt8(ascii: " "))
        out.put(decimal: request.expiry)
        out.put(UInt8(ascii: " "))
        out.put(decimal: Int64(value.byteCount))
        if hasNumber {
          out.put(UInt8(ascii: " "))
          out.put(unsigned: request.number)
        }
        if request.isSilent { out.put(" noreply") }
        out.endLine()
        out.put(value)
        out.endLine()
      }
    }
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
    let status = begin(waiting, RawSpan(), request.limit, asking, conn) {
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
    let hasPrefix = key.byteCount > 0 && command != .stats
    var size = command.word.utf8CodeUnitCount + 2
    if key.byteCount > 0 { size += 1 + key.byteCount + (hasPrefix ? prefix : 0) }
    let hasNumber = command == .incr || command == .decr
    let hasExpiry = command == .touch || (command == .flushAll && request.expiry > 0)
    if hasNumber { size += 1 + ByteWriter.length(unsigned: request.number) }
    if hasExpiry { size += 1 + ByteWriter.length(request.expiry) }
    if request.isSilent { size += 8 }
    var waiting = Waiting(command: command)
    waiting.isMany = command == .stats
    return begin(waiting, RawSpan(), request.limit, asking, conn, isSilent: request.isSilent) {
      conn.write(size) { out in
        out.put(command.word)
        if key.byteCount > 0 {
          out.put(UInt8(ascii: " "))
          if hasPrefix { putPrefix(&out) }
          out.put(key)
        }
        if hasNumber || hasExpiry { out.put(UInt8(ascii: " ")) }
        if hasNumber { out.put(unsigned: request.number) }
        if hasExpiry { out.put(decimal: request.expiry) }
        if request.isSilent { out.put(" noreply") }
        out.endLine()
      }
    }
  }

  /// `mg key flags`, `ms key length flags`, with an opaque where it is quiet.
  func meta(_ request: Request, _ key: RawSpan, _ value: RawSpan, _ asking: Asking, _ conn: Conn) -> Status {
    let flags = request.meta.bytes
    guard MetaFlags.areRight(flags) else { return .invalid }
    guard value.byteCount <= factory.options.longestValue else { return .tooLong }
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
    let added = waiting.isQuiet && given == nil
    var size = command.word.utf8CodeUnitCount + 2
    if key.byteCount > 0 { size += 1 + prefix + key.byteCount }
    if command == .metaSet { size += 3 + decimalDigits(value.byteCount) + value.byteCount }
    if flags.byteCount > 0 { size += 1 + flags.byteCount }
    if added { size += 1 + token.count }
    return begin(waiting, token.bytes, request.limit, asking, conn) {
      conn.write(size) { out in
        out.put(command.word)
        if key.byteCount > 0 {
          out.put(UInt8(ascii: " "))
          putPrefix(&out)
          out.put(key)
        }
        if command == .metaSet {
          out.put(UInt8(ascii: " "))
          out.put(decimal: Int64(value.byteCount))
        }
        if flags.byteCount > 0 {
          out.put(UInt8(ascii: " "))
          out.put(flags)
        }
        if added {
          out.put(" O")
          out.put(token.bytes.extracting(droppingFirst: 1))
        }
        out.endLine()
        if command == .metaSet {
          out.put(value)
          out.endLine()
        }
      }
    }
  }

  /// Name and password go first; false: they cannot be sent.
  func authenticate(_ conn: Conn) -> Bool {
    guard let secret = factory.options.secret else { return true }
    let word = Command.authenticate.word
    let status = begin(Waiting(command: .authenticate), RawSpan(), 0, Asking(done: 0, user: 0), conn) {
      conn.write(word.utf8CodeUnitCount + 5 + decimalDigits(secret.count) + secret.count) { out in
        out.put(word)
        out.put(UInt8(ascii: " "))
        out.put(decimal: Int64(secret.count))
        out.endLine()
        out.put(secret.bytes)
        out.endLine()
      }
    }
    return status == .ok
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
