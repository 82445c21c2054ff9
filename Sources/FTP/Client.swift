import Bytes
import Files
import Wire

/// The settings of ftp_client.h, plait_ftp_client_options.
public struct FTPClientOptions {
  public var name = Words("anonymous").bytes
  public var password = Words("anonymous@").bytes
  public var account: [UInt8] = []
  public var logsIn = true
  public var isActive = false
  public var isWithoutEPSV = false
  public var trustsAddress = false
  public var leavesDataClear = false
  /// AUTH TLS comes before the login.
  public var startsTLS = false
  public var maxLine = 8192
  public var maxReply = 1 << 20
  public var maxList = 64 << 20
  public var maxCalls = 1000
  public var loginTime: UInt64 = 30_000
  public var replyTime: UInt64 = 60_000
  public var dataTime: UInt64 = 30_000
  public var stallTime: UInt64 = 120_000
  public var callTime: UInt64 = 0
  public var keepAliveTime: UInt64 = 0
  public init() {}
}

/// Builds FTP clients, and is their way out to the host: a subclass says what that is.
open class FTPClientFactory: Factory {
  public final let options: FTPClientOptions
  /// The port that a data connection in memory was given last.
  final var memoryPort: UInt16 = 20_000

  public init(_ options: FTPClientOptions, user: UnsafeMutableRawPointer?) {
    self.options = options
    super.init(user: user)
  }

  public final override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { FTPClient(self) }

  // MARK: The host

  open func connected(_ conn: Conn) {}
  open func disconnected(_ conn: Conn, _ reason: Reason) {}
  open func readClosed(_ conn: Conn) {}
  open func writePaused(_ conn: Conn) {}
  open func writeResumed(_ conn: Conn) {}
  open func ready(_ greeting: [UInt8], _ conn: Conn) {}

  // MARK: TLS

  /// Has TLS begin on the conn; `done` is told how, if this answers `ok`.
  open func startTLS(_ conn: Conn, _ done: @escaping (Conn, Reason) -> Void) -> Status { .unsupported }
  /// What hides the data connections of a conn that is hidden: they resume its session.
  open func secured(_ data: Factory, _ conn: Conn) -> Factory? { nil }
}

/// PLAIT_FTP_GET… of ftp_client.h.
public enum FTPAction: UInt32 {
  case get = 1
  case put, append, list, names, facts, receive, send, command
  case pwd, cwd, cdup, mkd, rmd, dele, rename, size, mdtm, mlst, chmod, feat, noop, quit

  public var isTransfer: Bool { rawValue <= FTPAction.send.rawValue }
  public var isListing: Bool { self == .list || self == .names || self == .facts }
  /// Do bytes go to the server?
  public var isUpload: Bool { self == .put || self == .append || self == .send }
  /// Is it about a file, which has a type?
  public var isFile: Bool { self == .get || self == .put || self == .append }
}

/// What a host wants done: ftp_client.h, plait_ftp_client_request.
public struct FTPClientRequest {
  public var action: FTPAction
  public var path: [UInt8] = []
  public var other: [UInt8] = []
  /// A file of this system's, by its name, or open.
  public var local: Text?
  public var descriptor: CInt = -1
  public var resumes = false
  public var isText = false
  public var asksForSize = false
  public var isActive = false
  /// Bytes are given, or taken, by the host, when it is asked.
  public var isByCallback = false
  public var mode: UInt32 = 0
  public var offset: UInt64 = 0
  public var limit: UInt64 = 0
  public init(_ action: FTPAction) { self.action = action }

  static var longest: Int { 4000 }

  /// Can it be said without saying something else?
  public var status: Status {
    guard path.count <= FTPClientRequest.longest, other.count <= FTPClientRequest.longest else { return .tooLong }
    let mayCut = action == .receive || action == .send
    for byte in path where byte == 0 || byte == 13 || byte == 10 && !mayCut { return .invalid }
    for byte in other where byte == 0 || byte == 13 || byte == 10 { return .invalid }
    switch action {
    case .pwd, .cdup, .feat, .noop, .quit: return path.isEmpty ? .ok : .invalid
    case .list, .names, .facts, .mlst: return .ok
    case .receive, .send: return lines.contains { $0.isEmpty } ? .invalid : .ok
    default: return path.isEmpty || action == .rename && other.isEmpty ? .invalid : .ok
    }
  }

  /// What is said to the server.
  var lines: [[UInt8]] {
    switch action {
    case .get: [line("RETR ")]
    case .put: [line("STOR ")]
    case .append: [line("APPE ")]
    case .list: [line(path.isEmpty ? "LIST" : "LIST ")]
    case .names: [line(path.isEmpty ? "NLST" : "NLST ")]
    case .facts: [line(path.isEmpty ? "MLSD" : "MLSD ")]
    case .receive, .send: path.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
    case .command: [path]
    case .pwd: [line("PWD")]
    case .cwd: [line("CWD ")]
    case .cdup: [line("CDUP")]
    case .mkd: [line("MKD ")]
    case .rmd: [line("RMD ")]
    case .dele: [line("DELE ")]
    case .rename: [line("RNFR "), Words("RNTO ").bytes + other]
    case .size: [line("SIZE ")]
    case .mdtm: [line("MDTM ")]
    case .mlst: [line(path.isEmpty ? "MLST" : "MLST ")]
    case .chmod: [changing]
    case .feat: [line("FEAT")]
    case .noop: [line("NOOP")]
    case .quit: [line("QUIT")]
    }
  }
  private func line(_ verb: StaticString) -> [UInt8] { Words(verb).bytes + path }
  private var changing: [UInt8] {
    var words = Words("SITE CHMOD ")
    for shift in [6, 3, 0] { words.add(number: UInt64(mode >> UInt32(shift) & 7)) }
    words.add(32)
    words.add(path)
    return words.bytes
  }
}

/// A call of a client's: it ends in one completion, which a subclass tells the host.
open class FTPClientCall: Call {
  public final let request: FTPClientRequest
  public final let conn: UInt64
  final let lines: [[UInt8]]
  /// Which of them was said last.
  final var at = 0
  final let transfer: ClientTransfer?
  final let limit = EntityTimer()
  /// The host has heard of its end.
  final var isTold = false
  /// A source may be asked again, at the turn's end.
  final var wantsSource = false

  // What has come of it.
  public final internal(set) var code = 0
  public final internal(set) var reply: [UInt8] = []
  public final internal(set) var value: [UInt8] = []
  public final internal(set) var number: Int64 = 0
  public final var offset: UInt64 { transfer?.offset ?? 0 }
  public final var moved: UInt64 { transfer?.moved ?? 0 }
  /// What was gathered of a listing.
  public final var gathered = ByteBuffer()

  public init(_ request: FTPClientRequest, _ conn: Conn) {
    self.request = request
    self.conn = conn.id
    lines = request.lines
    transfer = request.action.isTransfer ? ClientTransfer(request) : nil
    super.init(conn.context)
  }

  /// An open file of the host's.
  public final func use(_ file: OpenFile) { transfer?.file = file }

  // MARK: The host

  open func told(_ reason: Reason) {}
  /// Bytes for the host: 0, or 1, or a negative status, as a plait_ftp_sink_fn answers.
  open func take(_ bytes: RawSpan) -> Status { .ok }
  /// Bytes of the host's.
  open func give(_ room: UnsafeMutableRawPointer, _ length: Int, _ count: inout Int) -> Status { .ok }
  open func progress(_ moved: UInt64, _ total: UInt64) {}

  // MARK: The call

  final func onClient(_ body: (FTPClient, Conn) -> Void) {
    guard let conn = context.conn(conn), !conn.isClosing else { return }
    _ = conn.speaking(Tag.ftpClient) { (client: FTPClient) in
      body(client, conn)
      return .ok
    }
  }

  public final override func giveUp() { onClient { $0.drop(self, $1) } }

  public final override func timeIsUp() {
    guard outcome == nil else { return }
    let what = phrase
    giveUp()
    end(FTPClient.reason(.timeout, what, "it took too long"))
  }

  public final override func completed(_ reason: Reason) {
    context.timers.remove(limit)
    isTold = true
    told(reason.status == .cancelled ? FTPClient.reason(.cancelled, phrase, "cancelled") : reason)
  }

  public final override func service() {
    if outcome == nil, wantsSource {
      wantsSource = false
      return onClient { $0.goOn(self, $1) }
    }
    super.service()
  }

  /// What is being done, for people.
  final var phrase: [UInt8] { lines[min(at, lines.count - 1)] }
}
