import Bytes
import COpenSSL
import Wire

/// TLS between what is below and what is above. One SSL object reads the peer's bytes where they lie, and writes what is to
/// be sent into the block that goes down: nothing is copied that OpenSSL does not copy itself.
public final class TLSLayer: Layer {
  enum Phase { case waiting, handshaking, open, over }

  public let config: Config
  public let isServer: Bool
  /// Who the server is, for a client.
  public let name: Text?
  let material: Material
  let ssl: OpaquePointer
  let pipe: UnsafeMutablePointer<copenssl_pipe>
  /// Under which sessions are kept, or empty.
  var peer: [UInt8] = []
  var phase = Phase.waiting
  /// Does whoever is above wait for `connected`?
  var isAwaited = false
  /// Has the peer said that it is done?
  var isPeerDone = false
  var isStaplingDue = false
  var isStapled = false
  /// Why this side refuses the peer.
  var refusal: Reason?
  /// What was chosen by the name that the client asked for.
  var identity: Identity?
  /// During the handshake: whom callbacks tell the host about.
  var conn: Unmanaged<Conn>?
  var limit: HandshakeLimit?
  /// What its tickets are marked with, once there are any.
  var mark: [UInt8] = []
  /// Who waits for the handshake's end.
  var done: ((Conn, Reason) -> Void)?

  init(
    _ config: Config, _ material: Material, _ ssl: OpaquePointer, _ pipe: UnsafeMutablePointer<copenssl_pipe>,
    _ isServer: Bool, _ name: Text?
  ) {
    self.config = config
    self.material = material
    self.ssl = ssl
    self.pipe = pipe
    self.isServer = isServer
    self.name = name
    super.init()
  }
  deinit {
    SSL_free(ssl)
    free(pipe.pointee.out)
    free(pipe)
  }

  /// Nil when there is no memory. `port` keeps the sessions of several servers of one name apart. A client's may go on with the session of
  /// a sibling, another connection to the same server.
  public static func make(
    _ config: Config, isServer: Bool, _ name: Text?, port: Int, sibling: TLSLayer? = nil
  ) -> TLSLayer? {
    let material = config.current
    guard let memory = calloc(1, MemoryLayout<copenssl_pipe>.size) else { return nil }
    guard let ssl = SSL_new(material.context), copenssl_attach_pipe(ssl, config.method) != 0 else {
      free(memory)
      return nil
    }
    let pipe = memory.assumingMemoryBound(to: copenssl_pipe.self)
    pipe.pointee.out_limit = mostBytes
    copenssl_set_pipe(ssl, pipe)
    let layer = TLSLayer(config, material, ssl, pipe, isServer, name)
    copenssl_set_layer(ssl, Unmanaged.passUnretained(layer).toOpaque())
    if isServer { layer.beServer() } else { layer.beClient(port, sibling) }
    return layer
  }

  /// Can this side play that part? Else what is missing.
  public static func fault(_ config: Config, isServer: Bool, _ name: Text?) -> Reason? {
    if isServer {
      let isBare = config.settings.identities.isEmpty && !config.settings.makesOneUp
      return isBare ? Reason(.tlsConfig, text: "a TLS server has no certificate") : nil
    }
    guard name == nil, config.settings.verifies, config.settings.checksName else { return nil }
    return Reason(.tlsConfig, text: "a TLS client was not told the name to check the server's certificate against")
  }

  // MARK: The handshake

  public override func connected(_ conn: Conn, _ place: Int) {
    isAwaited = true
    begin(conn, place)
  }

  public override func inserted(_ conn: Conn, _ place: Int, held: Int) {
    guard held == 0 else {
      return giveUp(
        conn, Reason(.tlsPlaintext, text: "plain bytes lay behind the message that asked for TLS: they were injected"))
    }
    begin(conn, place)
  }

  /// Its time limit runs from now on.
  public func startLimit(_ conn: Conn) {
    guard limit == nil, phase == .waiting else { return }
    let made = HandshakeLimit()
    made.conn = conn.id
    limit = made
    if !conn.context.schedule(made, after: config.settings.handshakeTime) { conn.abort(.noMemory) }
  }

  func begin(_ conn: Conn, _ place: Int) {
    if let fault = TLSLayer.fault(config, isServer: isServer, name) { return giveUp(conn, fault) }
    startLimit(conn)
    phase = .handshaking
    if isServer { return }  // the client speaks first
    shake(conn, place)
  }

  /// Goes on with the handshake as far as the bytes at hand allow.
  func shake(_ conn: Conn, _ place: Int) {
    self.conn = Unmanaged.passUnretained(conn)
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    self.conn = nil
    if pipe.pointee.out_len > 0 { conn.needFlush() }
    if result == 1 { return finish(conn, place) }
    if pipe.pointee.failed == 0, SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return }
    giveUp(conn, failure())
  }

  func finish(_ conn: Conn, _ place: Int) {
    phase = .open
    stopLimit(conn)
    keepResumed()
    SSL_free_buffers(ssl)
    conn.needFlush()  // what waits above may follow
    conn.context.log(.debug, "tls", "the handshake is over")
    let told = done
    done = nil
    if isAwaited {
      isAwaited = false
      conn.passConnected(above: place)
    }
    told?(conn, Reason(.ok))
  }

  func stopLimit(_ conn: Conn) {
    if let limit { conn.context.timers.remove(limit) }
    limit = nil
  }

  /// It is over, before or after the handshake; an alert may still be sent.
  func giveUp(_ conn: Conn, _ reason: Reason) {
    phase = .over
    stopLimit(conn)
    if pipe.pointee.out_len > 0 { conn.needFlush() }
    conn.context.log(.debug, "tls", "failed", reason.status)
    conn.fail(reason)
  }

  // MARK: Up

  public override func received(_ bytes: RawSpan, _ conn: Conn, _ place: Int) {
    // Sound: the span is alive for the call, and what points at it is cleared before it returns.
    bytes.withUnsafeBytes { raw in
      pipe.pointee.in = raw.baseAddress?.assumingMemoryBound(to: UInt8.self)
      pipe.pointee.in_len = raw.count
      if phase == .handshaking { shake(conn, place) }
      if phase == .open, !isPeerDone { read(raw.count, conn, place) }
      pipe.pointee.in = nil
      pipe.pointee.in_len = 0
    }
  }

  /// The most plaintext that is passed on at once, unless one record is longer.
  static var most: Int { 64 * 1024 }
  static var record: Int { 16 * 1024 }

  func read(_ size: Int, _ conn: Conn, _ place: Int) {
    ERR_clear_error()
    var error: CInt = 0
    repeat {
      var plain = conn.context.pool.take()
      error = fill(&plain, size)
      if pipe.pointee.out_len > 0 { conn.needFlush() }  // an answer to a change of keys
      if !plain.isEmpty { conn.pass(plain.bytes, above: place) }
      conn.context.pool.give(plain)
    } while error == 0 && !conn.isClosing
    switch error {
    case 0, SSL_ERROR_WANT_READ: break
    case SSL_ERROR_ZERO_RETURN:
      isPeerDone = true
      conn.passEnd(above: place)
    default: if phase == .open { giveUp(conn, failure()) }
    }
    SSL_free_buffers(ssl)  // an idle connection has none
  }

  /// Decrypts what is at hand; what stopped it, or 0 when the buffer is full.
  func fill(_ plain: inout ByteBuffer, _ size: Int) -> CInt {
    let room = min(TLSLayer.most, size) + TLSLayer.record
    guard plain.reserve(room, limit: mostBytes) else { return SSL_ERROR_SYSCALL }
    while plain.count < TLSLayer.most {
      var error: CInt = 0
      let ssl = ssl
      let isFilled = plain.fill(room - plain.count, limit: mostBytes) { base, room in
        var count = 0
        let result = SSL_read_ex(ssl, base, room, &count)
        if result == 1 { return count }
        error = SSL_get_error(ssl, result)
        return 0
      }
      if error != 0 { return error }
      if !isFilled { return 0 }
    }
    return 0
  }

  public override func ended(_ conn: Conn, _ place: Int) {
    switch phase {
    case .waiting, .handshaking:
      giveUp(conn, Reason(.tlsTruncated, text: "the peer ended the connection during the TLS handshake"))
    case .open:
      guard !isPeerDone, !conn.isClosing else { return }
      giveUp(
        conn,
        Reason(.tlsTruncated, text: "the connection ended, and the peer had not said so: something may be missing"))
    case .over: break
    }
  }

  // MARK: Down

  public override var isBusy: Bool { phase == .waiting || phase == .handshaking }
  public override var awaitsPeer: Bool { isBusy && pipe.pointee.out_len == 0 }
  public override var waiting: Int { pipe.pointee.out_len }

  public override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
    if !block.isEmpty, phase == .open { encrypt(block.bytes, conn) }
    conn.context.pool.give(block.take())
    block = takeOutput()
  }

  func encrypt(_ bytes: RawSpan, _ conn: Conn) {
    if pipe.pointee.out == nil {
      var spare = conn.context.pool.take()
      // Each record of 16 KiB has a head and a tail of its own.
      _ = spare.reserve(bytes.byteCount + (bytes.byteCount / TLSLayer.record + 1) * 64, limit: mostBytes)
      setOutput(&spare)
    }
    ERR_clear_error()
    let result = bytes.withUnsafeBytes { raw in
      var written = 0
      return SSL_write_ex(ssl, raw.baseAddress, raw.count, &written)
    }
    if result != 1 { giveUp(conn, failure()) }
    SSL_free_buffers(ssl)
  }

  /// What is to be sent, out of the pipe.
  func takeOutput() -> ByteBuffer {
    let taken = ByteBuffer.adopting(
      pipe.pointee.out, start: pipe.pointee.out_start, count: pipe.pointee.out_len, room: pipe.pointee.out_room)
    pipe.pointee.out = nil
    pipe.pointee.out_start = 0
    pipe.pointee.out_len = 0
    pipe.pointee.out_room = 0
    return taken
  }

  func setOutput(_ buffer: inout ByteBuffer) {
    let parts = buffer.release()
    pipe.pointee.out = parts.base?.assumingMemoryBound(to: UInt8.self)
    pipe.pointee.out_start = parts.start
    pipe.pointee.out_len = parts.count
    pipe.pointee.out_room = parts.room
  }

  public override func closing(_ conn: Conn, _ place: Int) {
    guard phase == .open else { return }
    ERR_clear_error()
    _ = SSL_shutdown(ssl)
    if pipe.pointee.out_len > 0 { conn.needFlush() }
  }

  public override func disconnected(_ conn: Conn, _ reason: Reason) {
    phase = .over
    stopLimit(conn)
    if isAwaited, isServer { logFailure(conn, reason) }
    let told = done
    done = nil
    told?(conn, reason.status == .ok ? Reason(.closed) : reason)
  }

  public override var isSecure: Bool { phase == .open }
  public override func channelBinding(_ kind: ChannelBinding, into bytes: inout [UInt8]) -> Status {
    bind(kind, &bytes)
  }
}

/// A handshake may take so long and no longer.
final class HandshakeLimit: TimerEntry {
  var conn: UInt64 = 0
  override func fired(_ context: Context) {
    guard let object = context.ids.find(conn, Kind.conn) else { return }
    Unmanaged<Conn>.fromOpaque(object)._withUnsafeGuaranteedRef {
      $0.fail(Reason(.timeout, text: "the TLS handshake took too long"), atOnce: true)
    }
  }
}
