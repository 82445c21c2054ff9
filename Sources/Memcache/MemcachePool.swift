import Bytes
import Wire

/// How a pool behaves: memcache_pool.h, plait_memcache_pool_options.
public struct PoolOptions {
  public var distribution = Distribution.ketama
  /// A server that fails so often in a row is left out until it is back; 0: never.
  public var mostFailures: UInt32 = 0
  public var reconnecting = ConnectorOptions()
  /// Hears of servers that come and go: the number, whether it is there, and why not.
  public var changed: ((Conn, Int, Bool, Reason) -> Void)?
  public init() {}
}

/// A server of a pool's.
public final class PoolServer {
  public let endpoint: Endpoint
  public let factory: MemberFactory
  /// What is spoken there: the factory, or TLS around it.
  public var spoken: Factory
  var placed: PlacedServer
  var connector: MemberConnector?
  /// The conn that is up, or 0.
  var conn: UInt64 = 0
  /// The first attempt is over.
  var isSettled = false
  var failures: UInt32 = 0

  init(_ endpoint: Endpoint, _ factory: MemberFactory, _ name: Text, _ weight: UInt32) {
    self.endpoint = endpoint
    self.factory = factory
    spoken = factory
    placed = PlacedServer(name: name, weight: weight, isThere: true)
  }
}

/// A conn that is many: each call goes to the server that its key belongs to.
public final class MemcachePool: Protocol {
  let outer: MemcacheFactory
  let options: PoolOptions
  let context: Context
  public private(set) var servers: [PoolServer] = []
  var placed: [PlacedServer] = []
  var placement: Placement
  var isTold = false

  public init(_ outer: MemcacheFactory, _ options: PoolOptions, _ context: Context) {
    self.outer = outer
    self.options = options
    self.context = context
    placement = Placement(options.distribution)
    super.init(tag: Tag.memcachePool)
  }

  public var distribution: Distribution { options.distribution }

  /// Adds a server, before the pool is opened.
  public func add(_ endpoint: Endpoint, _ name: Text, _ weight: UInt32) -> PoolServer {
    let server = PoolServer(endpoint, MemberFactory(outer, context, servers.count), name, weight)
    servers.append(server)
    return server
  }

  /// A conn for it, whose servers are on their way; or why there is none.
  public func open() -> Conn.Opening {
    for server in servers where !context.environment.canConnect(server.endpoint) { return .failed(.unsupported) }
    let opening = Conn.open(context, PoolTransport(), PoolFactory(self), Origin(.attached))
    guard case .conn(let conn) = opening else { return opening }
    replace()
    for server in servers {
      server.factory.pool = conn.id
      let connector = MemberConnector(context, server.endpoint, server.spoken, options.reconnecting)
      connector.pool = conn.id
      connector.number = server.factory.number
      let status = connector.begin()
      if status == .ok { server.connector = connector } else { server.isSettled = true }
    }
    conn.list()
    return opening
  }

  // MARK: The conn

  public override func connected(_ conn: Conn) { tellWhenSettled(conn) }

  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    if !isTold {  // what a host makes in `connected` it frees in `disconnected`
      isTold = true
      outer.began()
      outer.opened(conn)
    }
    shut(reason)
    outer.left()
    outer.ended(conn, reason)
  }
  public override func left(_ conn: Conn, _ why: Reason) {
    shut(why)
    if isTold { outer.left() }
  }

  /// Calls end before the conn does.
  func shut(_ reason: Reason) {
    for server in servers {
      server.connector?.stop(Reason(.ok))
      server.connector = nil
      guard let member = context.conn(server.conn) else { continue }
      server.conn = 0
      _ = member.speaking(Tag.memcache) { (spoken: MemcacheProtocol) in
        spoken.endAll(reason, member)
        return .ok
      }
      member.close(.ok)
    }
  }

  func tellWhenSettled(_ conn: Conn) {
    guard !isTold, !conn.isUntold, !conn.isClosing, servers.allSatisfy({ $0.isSettled }) else { return }
    isTold = true
    outer.began()
    outer.opened(conn)
  }

  // MARK: Servers

  func up(_ number: Int, _ member: UInt64, _ conn: Conn) {
    let server = servers[number]
    server.conn = member
    server.isSettled = true
    server.failures = 0
    server.connector?.reset()
    if !server.placed.isThere {
      server.placed.isThere = true
      replace()
    }
    options.changed?(conn, number, true, Reason(.ok))
    tellWhenSettled(conn)
  }

  func down(_ number: Int, _ reason: Reason, _ conn: Conn) {
    let server = servers[number]
    server.conn = 0
    server.isSettled = true
    server.failures &+= 1
    if options.mostFailures > 0, server.failures >= options.mostFailures, server.placed.isThere {
      server.placed.isThere = false
      replace()
    }
    options.changed?(conn, number, false, reason)
    tellWhenSettled(conn)
  }

  func replace() {
    placed = servers.map { $0.placed }
    placement.rebuild(placed)
  }

  /// The number of the server that a key belongs to, or -1.
  public func find(_ key: RawSpan) -> Int { placement.find(key, placed) }
  /// The id of a server's conn, or 0.
  public func conn(_ number: Int) -> UInt64 { servers[number].conn }
}

/// Where nothing comes from, and nothing goes to.
final class PoolTransport: Transport {
  override func write(_ buffer: inout ByteBuffer, _ conn: Conn) { buffer.removeAll() }
}

/// Builds the conn of a pool: the pool is there before.
final class PoolFactory: Factory {
  let pool: MemcachePool
  init(_ pool: MemcachePool) {
    self.pool = pool
    super.init(user: pool.outer.user)
  }
  override func bind(_ context: Context) -> Bool { pool.outer.bind(context) && super.bind(context) }
  override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { pool }
}

/// Keeps the connection to a server up, and tells its pool.
final class MemberConnector: Connector {
  var pool: UInt64 = 0
  var number = 0

  override func connected(_ conn: UInt64) { withPool { $0.up(number, conn, $1) } }
  override func waiting(_ reason: Reason, _ delay: UInt64) { withPool { $0.down(number, reason, $1) } }
  override func stopped(_ reason: Reason) { if reason.status != .ok { withPool { $0.down(number, reason, $1) } } }

  func withPool(_ body: (MemcachePool, Conn) -> Void) {
    guard let conn = context.conn(pool) else { return }
    _ = conn.speaking(Tag.memcachePool) { (pool: MemcachePool) in
      body(pool, conn)
      return .ok
    }
  }
}

/// Builds the conns to a server: what they hear is the pool's.
public final class MemberFactory: MemcacheFactory {
  let outer: MemcacheFactory
  let context: Context
  let number: Int
  var pool: UInt64 = 0

  init(_ outer: MemcacheFactory, _ context: Context, _ number: Int) {
    self.outer = outer
    self.context = context
    self.number = number
    super.init(outer.options, user: outer.user)
  }

  public override var takesAnswers: Bool { outer.takesAnswers }
  public override func describe(_ status: Status) -> UnsafeRawBufferPointer { outer.describe(status) }

  public override func tell(
    _ done: UInt, _ user: UInt, _ answers: UnsafePointer<Answer>, _ count: Int, _ place: Place
  ) {
    if done == PoolPart.mark { return PoolPart.tell(user, answers, count) }
    outer.tell(done, user, answers, count, context.conn(pool).map { Place($0) } ?? place)
  }
}
