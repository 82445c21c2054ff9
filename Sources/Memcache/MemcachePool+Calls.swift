import Bytes
import Wire

/// A call to several servers, which is one to the host.
final class PoolJoin {
  let waiting: Waiting
  let outer: MemcacheFactory
  let context: Context
  let pool: UInt64
  var call: MemcacheCall?
  /// How many parts are still to end.
  var left = 0
  /// The first fault of a part, and its words.
  var status = Status.ok
  var words: Text?

  init(_ waiting: Waiting, _ pool: MemcachePool, _ conn: Conn) {
    self.waiting = waiting
    outer = pool.outer
    context = pool.context
    self.pool = conn.id
  }

  /// Has the host given it up?
  var isOver: Bool { call.map { $0.outcome != nil } ?? false }

  func failed(_ status: Status, _ words: Text?) {
    guard self.status == .ok else { return }
    self.status = status
    self.words = words
  }

  func tell(_ answers: UnsafePointer<Answer>, _ count: Int) {
    guard count > 0, !isOver, waiting.done != 0 || outer.takesAnswers, let conn = context.conn(pool) else { return }
    outer.tell(waiting.done, waiting.user, answers, count, Place(conn))
  }

  func partEnded() {
    left -= 1
    guard left == 0, !isOver else { return }
    var answer = Answer(waiting.isMany ? .end : status == .ok ? .ok : .none)
    answer.user = UnsafeMutableRawPointer(bitPattern: waiting.user)
    answer.status = status
    let words = words
    if status != .ok {
      if let words { answer.set(value: words.bytes) } else { answer.set(value: outer.describe(status).bytes) }
    }
    if let call, let object = context.ids.remove(call.id) {
      context.bury(Unmanaged<MemcacheCall>.fromOpaque(object).takeRetainedValue())
    }
    call = nil
    withUnsafePointer(to: answer) { tell($0, 1) }
    withExtendedLifetime(words) {}
  }
}

/// What of it goes to one server. It is kept by its call until that has ended.
final class PoolPart {
  let join: PoolJoin
  /// Which keys of the whole these are.
  let indices: [UInt32]

  init(_ join: PoolJoin, _ indices: [UInt32]) {
    self.join = join
    self.indices = indices
  }

  /// What stands for a function of the host's: no function is there.
  static var mark: UInt { 1 }

  /// Answers for the part with that address.
  static func tell(_ address: UInt, _ answers: UnsafePointer<Answer>, _ count: Int) {
    guard let object = UnsafeRawPointer(bitPattern: address) else { return }
    let part = Unmanaged<PoolPart>.fromOpaque(object)
    // Sound: the call that names it ends once, and lets go of it then.
    let isOver = part._withUnsafeGuaranteedRef { $0.take(answers, count) }
    if isOver { part.release() }
  }

  /// Passes values on under their numbers in the whole; true: that was all.
  func take(_ answers: UnsafePointer<Answer>, _ count: Int) -> Bool {
    var values = PlainList<Answer>()
    var isOver = false
    for index in 0..<count {
      var answer = answers[index]
      let isValue = answer.result == Outcome.value.rawValue
      if isValue || answer.result == Outcome.hit.rawValue, join.waiting.isMany, Int(answer.index) < indices.count {
        answer.user = UnsafeMutableRawPointer(bitPattern: join.waiting.user)
        answer.result = Outcome.value.rawValue
        answer.index = indices[Int(answer.index)]
        if !values.append(answer) { join.failed(.noMemory, nil) }
      }
      if isValue { continue }
      isOver = true
      if answer.status != 0 {
        join.failed(
          answer.status, Text.make(UnsafeRawBufferPointer(start: answer.value, count: answer.valueLength).bytes))
      }
    }
    if let pointer = values.pointer { join.tell(pointer, values.count) }
    if isOver { join.partEnded() }
    return isOver
  }
}

extension MemcachePool {
  /// Begins a call, at the server that its key belongs to; at several, if it has several keys or none.
  public func call(_ request: Request, _ hashKey: RawSpan, _ asking: Asking, _ conn: Conn) -> Status {
    guard !conn.isClosing else { return .closed }
    let fault = outer.options.fault(request)
    guard fault == .ok else { return fault }
    switch request.command {
    case .stats, .version: return .invalid  // of one server only
    case .flushAll, .metaNoop: return everywhere(request, asking, conn)
    default: break
    }
    if request.keys.count > 1, hashKey.byteCount == 0 { return split(request, asking, conn) }
    guard let first = request.keys.first, let key = checked(first.data, first.len) else { return .invalid }
    guard let member = hashKey.byteCount > 0 ? member(hashKey) : member(key.bytes) else {
      return failSoon(request, asking, conn)
    }
    return member.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in spoken.call(request, asking, member) }
  }

  /// The conn to a key's server, while it is there.
  func member(_ key: RawSpan) -> Conn? {
    let number = find(key)
    guard number >= 0, let member = context.conn(servers[number].conn), !member.isClosing else { return nil }
    return member
  }

  public func get(_ key: RawSpan, _ asking: Asking, _ conn: Conn) -> Status {
    guard !conn.isClosing else { return .closed }
    let fault = KeyRules(prefix: outer.options.prefix?.count ?? 0).fault(key)
    guard fault == .ok else { return fault }
    guard let member = member(key) else { return failSoon(Request(.get), asking, conn) }
    return member.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in spoken.get(key, asking, member) }
  }

  public func set(
    _ key: RawSpan, _ value: RawSpan, _ flags: UInt32, _ expiry: Int64, _ asking: Asking, _ conn: Conn
  ) -> Status {
    guard !conn.isClosing else { return .closed }
    let fault = KeyRules(prefix: outer.options.prefix?.count ?? 0).fault(key)
    guard fault == .ok else { return fault }
    guard value.byteCount <= outer.options.longestValue else { return .tooLong }
    guard let member = member(key) else { return failSoon(Request(.set), asking, conn) }
    return member.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
      spoken.set(key, value, flags, expiry, asking, member)
    }
  }

  /// Of all servers together.
  public var pending: (calls: Int, late: Int) {
    var sum = (calls: 0, late: 0)
    for server in servers {
      guard let member = context.conn(server.conn) else { continue }
      _ = member.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
        sum.calls += spoken.pending.calls
        sum.late += spoken.pending.late
        return .ok
      }
    }
    return sum
  }

  /// The server is not there: the call ends at the turn's end.
  func failSoon(_ request: Request, _ asking: Asking, _ conn: Conn) -> Status {
    if request.isSilent { return .ok }
    let call = outer.makeCall(context)
    guard call.register(Kind.call) else { return .limit }
    call.waiting.done = asking.done
    call.waiting.user = asking.user
    call.place = Place(conn)
    asking.give?(call)
    call.end(Reason(.closed, text: "there is no connection to its server"))
    return .ok
  }

  /// The same to all servers.
  func everywhere(_ request: Request, _ asking: Asking, _ conn: Conn) -> Status {
    join(request, asking, conn, isMany: false) { join in
      for number in servers.indices { begin(request, number, join, []) }
    }
  }

  /// Each key to its server.
  func split(_ request: Request, _ asking: Asking, _ conn: Conn) -> Status {
    var keys = [[HostBytes]](repeating: [], count: servers.count)
    var indices = [[UInt32]](repeating: [], count: servers.count)
    var lost = 0
    for (index, key) in request.keys.enumerated() {
      guard let given = checked(key.data, key.len) else { return .invalid }
      let number = find(given.bytes)
      guard number >= 0 else {
        lost += 1
        continue
      }
      keys[number].append(key)
      indices[number].append(UInt32(truncatingIfNeeded: index))
    }
    return join(request, asking, conn, isMany: true) { join in
      if lost > 0 { join.failed(.closed, nil) }
      for number in servers.indices where !keys[number].isEmpty {
        keys[number].withUnsafeBufferPointer {
          var part = request
          part.keys = $0
          begin(part, number, join, indices[number])
        }
      }
    }
  }

  func join(
    _ request: Request, _ asking: Asking, _ conn: Conn, isMany: Bool, _ body: (PoolJoin) -> Void
  ) -> Status {
    var waiting = Waiting(command: request.command)
    waiting.done = asking.done
    waiting.user = asking.user
    waiting.isMany = isMany
    let join = PoolJoin(waiting, self, conn)
    body(join)
    if request.isSilent { return .ok }
    guard join.left > 0 else { return failSoon(request, asking, conn) }
    guard let give = asking.give else { return .ok }
    let call = outer.makeCall(context)
    guard call.register(Kind.call) else {
      conn.abort(.limit)  // it has begun, and could not be cancelled
      return .limit
    }
    call.waiting = waiting
    call.place = Place(conn)
    join.call = call
    give(call)
    return .ok
  }

  func begin(_ request: Request, _ number: Int, _ join: PoolJoin, _ indices: [UInt32]) {
    guard let member = context.conn(servers[number].conn), !member.isClosing else { return join.failed(.closed, nil) }
    let part = Unmanaged.passRetained(PoolPart(join, indices))
    let asking = Asking(done: PoolPart.mark, user: UInt(bitPattern: part.toOpaque()))
    let status = member.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in spoken.call(request, asking, member) }
    guard status == .ok, !request.isSilent else {
      part.release()
      if status != .ok { join.failed(status, nil) }
      return
    }
    join.left += 1
  }
}
