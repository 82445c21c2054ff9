import Bytes
import Wire

/// Has what an inner factory's conns say go to a host behind the proxy that they are connected to.
public final class SOCKSClientFactory: Factory {
  let inner: Factory
  let target: EndpointSOCKS
  /// In milliseconds, until the proxy has answered.
  let time: UInt64

  public init(_ inner: Factory, _ target: EndpointSOCKS, time: UInt64 = 30_000) {
    self.inner = inner
    self.target = target
    self.time = time
    super.init(user: inner.user)
  }

  public override func fault(_ role: Origin.Role) -> Reason? { inner.fault(role) }
  public override func bind(_ context: Context) -> Bool { inner.bind(context) && super.bind(context) }
  public override func build(_ conn: Conn, _ origin: Origin) -> Protocol? {
    conn.add(SOCKSLayer(self))
    return inner.make(conn, origin)
  }
}

/// Asks the proxy; whoever is above hears `connected` when that has granted it. Afterwards it only passes on.
final class SOCKSLayer: Layer {
  enum Step { case method, login, reply, open }

  let factory: SOCKSClientFactory
  var step = Step.method
  var kept = ByteBuffer()
  /// What it has to say.
  var words = ByteBuffer()
  let limit = EntityTimer()

  init(_ factory: SOCKSClientFactory) { self.factory = factory }

  override var isBusy: Bool { step != .open }
  override var awaitsPeer: Bool { true }
  override var waiting: Int { words.count }
  override func disconnected(_ conn: Conn, _ reason: Reason) { conn.context.timers.remove(limit) }

  override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
    guard !words.isEmpty else { return }
    // While it is busy, the block comes empty; what a proxy has answered before it was asked does not change the order.
    guard words.append(block.bytes, limit: mostBytes) else { return conn.abort(.noMemory) }
    block = words.take()
  }

  override func connected(_ conn: Conn, _ place: Int) {
    limit.id = conn.id
    guard conn.context.schedule(limit, after: factory.time) else { return conn.abort(.noMemory) }
    if factory.target.version == .five {
      let hasLogin = factory.target.user != nil
      say(4, conn) { out in
        out.put(UInt8(5))
        out.put(UInt8(hasLogin ? 2 : 1))
        out.put(UInt8(0))
        if hasLogin { out.put(UInt8(2)) }
      }
    } else {
      step = .reply
      ask4(conn)
    }
  }

  func say(_ most: Int, _ conn: Conn, _ body: (inout ByteWriter) -> Void) {
    guard words.reserve(most, limit: 2048) else { return conn.abort(.noMemory) }
    words.append(body)
    conn.needFlush()
  }

  func ask4(_ conn: Conn) {
    let target = factory.target
    let ip = IP.parse(target.host.bytes)
    let user = target.user
    say(600, conn) { out in
      out.put(UInt16(bigEndian: 0x0401))
      out.put(UInt16(truncatingIfNeeded: target.port).bigEndian)
      out.put(UInt32(truncatingIfNeeded: ip?.low ?? 1).bigEndian)  // 0.0.0.1: a name follows
      if let user { out.put(rare: user.bytes) }
      out.put(UInt8(0))
      if ip == nil {
        out.put(rare: target.host.bytes)
        out.put(UInt8(0))
      }
    }
  }

  func ask5(_ conn: Conn) {
    step = .reply
    let target = factory.target
    let ip = IP.parse(target.host.bytes)
    say(300, conn) { out in
      out.put(UInt16(bigEndian: 0x0501))
      out.put(UInt8(0))
      if let ip, ip.isIPv4 {
        out.put(UInt8(1))
        out.put(UInt32(truncatingIfNeeded: ip.low).bigEndian)
      } else if let ip {
        out.put(UInt8(4))
        out.put(ip.high.bigEndian)
        out.put(ip.low.bigEndian)
      } else {
        out.put(UInt8(3))
        out.put(UInt8(truncatingIfNeeded: target.host.count))
        out.put(rare: target.host.bytes)
      }
      out.put(UInt16(truncatingIfNeeded: target.port).bigEndian)
    }
  }

  func logIn(_ conn: Conn) {
    step = .login
    let target = factory.target
    say(520, conn) { out in
      out.put(UInt8(1))
      out.put(UInt8(truncatingIfNeeded: target.user?.count ?? 0))
      if let user = target.user { out.put(rare: user.bytes) }
      out.put(UInt8(truncatingIfNeeded: target.password?.count ?? 0))
      if let password = target.password { out.put(rare: password.bytes) }
    }
  }

  // MARK: Replies

  override func ended(_ conn: Conn, _ place: Int) {
    guard step != .open else { return conn.passEnd(above: place) }
    conn.close(Reason(.closed, text: "the proxy has ended before it has answered"))
  }

  override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
    if step == .open { return conn.pass(bytes, above: place) }
    guard !conn.isClosing else { return }
    guard kept.append(bytes, limit: mostBytes) else { return conn.abort(.noMemory) }
    var buffer = kept.take()
    while step != .open, !conn.isClosing, !buffer.isEmpty {
      let used = read(buffer.bytes, conn)
      buffer.dropFirst(used)
      if used == 0 { break }
    }
    guard step == .open, !conn.isClosing else {
      kept = buffer.take()
      return
    }
    conn.context.timers.remove(limit)
    conn.passConnected(above: place)
    if !buffer.isEmpty { conn.pass(buffer.bytes, above: place) }
    conn.needFlush()  // what was written before waits above
  }

  func read(_ bytes: RawSpan, _ conn: Conn) -> Int {
    switch step {
    case .open: return 0
    case .reply: return factory.target.version == .five ? read5(bytes, conn) : read4(bytes, conn)
    case .method:
      guard bytes.byteCount >= 2 else { return 0 }
      let method = bytes.byte(1)
      guard bytes.byte(0) == 5 else { return malformed(conn) }
      if method == 2, factory.target.user != nil {
        logIn(conn)
      } else if method == 0 {
        ask5(conn)
      } else {
        return refused(method == 255 ? "the proxy accepts none of the ways to log in" : nil, 255, conn)
      }
      return 2
    case .login:
      guard bytes.byteCount >= 2 else { return 0 }
      guard bytes.byte(1) == 0 else { return refused("the proxy does not accept user and password", 255, conn) }
      ask5(conn)
      return 2
    }
  }

  func read4(_ bytes: RawSpan, _ conn: Conn) -> Int {
    guard bytes.byteCount >= 8 else { return 0 }
    guard bytes.byte(0) == 0 else { return malformed(conn) }
    guard bytes.byte(1) == 90 else { return refused("the proxy has refused it", CInt(bytes.byte(1)), conn) }
    step = .open
    return 8
  }

  func read5(_ bytes: RawSpan, _ conn: Conn) -> Int {
    guard bytes.byteCount >= 5 else { return 0 }
    guard bytes.byte(0) == 5 else { return malformed(conn) }
    let code = bytes.byte(1)
    guard code == 0 else {
      return refused(SOCKSReply(rawValue: code)?.words ?? SOCKSReply.failed.words, CInt(code), conn)
    }
    let length: Int
    switch bytes.byte(3) {
    case 1: length = 10
    case 3: length = 7 + Int(bytes.byte(4))
    case 4: length = 22
    default: return malformed(conn)
    }
    guard bytes.byteCount >= length else { return 0 }
    step = .open
    return length
  }

  func malformed(_ conn: Conn) -> Int {
    conn.close(Reason(.malformed, text: "what the proxy says is not SOCKS"))
    return 0
  }

  func refused(_ words: StaticString?, _ code: CInt, _ conn: Conn) -> Int {
    guard let words else { return malformed(conn) }
    conn.close(Reason(.remote, code: code, text: words))
    return 0
  }
}
