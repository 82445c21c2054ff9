import Bytes
import Files
import Wire

/// The settings of ftp.h, plait_ftp_server_options.
public struct FTPServerOptions {
  public var anyPeer = false
  /// What AUTH begins, if there is any; also that of connections which are encrypted from the start.
  public var security: Security?
  public var needsSecurity = false
  public var needsPrivateData = false
  /// Data connections need not go on with the control connection's session.
  public var anySession = false
  public var welcome: [UInt8] = Words("Welcome to FTP server").bytes
  public var anonymous: [UInt8] = Words("anonymous").bytes
  public var anonymousRoot: [UInt8] = []
  public var passiveAddress: IP?
  public var passiveFirst: UInt16 = 0
  public var passiveLast: UInt16 = 0
  public var maxSessions = Int.max
  public var maxFailures = 3
  public var maxLine = 16384
  public var maxList = 64 << 20
  public var idleTime: UInt64 = 600_000
  public var dataTime: UInt64 = 10_000
  public var stallTime: UInt64 = 120_000
  public var delay: UInt64 = 1000
  public init() {}
}

/// What a user sees, and may do: ftp.h, plait_ftp_avatar.
public struct FTPAvatar {
  public var root: [UInt8]
  public var directory: [UInt8] = []
  public var rules = TreeRules()
  public var writesBeside = false
  /// The host's own shell, in the place of a directory.
  public var isHosts = false
  public init(root: [UInt8]) { self.root = root }
}

/// A transfer that has ended: ftp.h, plait_ftp_transfer.
public struct FTPTransferReport {
  public let kind: TransferKind
  public let status: Status
  public let code: Int
  public let path: [UInt8]
  public let offset: UInt64
  public let bytes: UInt64
  public let time: UInt64
}

/// PLAIT_FTP_RETRIEVE… of ftp.h.
public enum TransferKind: UInt32 { case retrieve = 1, store = 2, append = 3, list = 4 }

/// A command of the host's own.
public struct FTPHook {
  public let name: [UInt8]
  public let isPublic: Bool
  public let number: Int
}

/// Builds FTP sessions, and is their way out to the host: a subclass says what that is.
open class FTPServerFactory: Factory {
  public final let options: FTPServerOptions
  public final private(set) var hooks: [FTPHook] = []
  /// How many sessions there are.
  final var sessions = 0
  /// The port that a data connection in memory was given last.
  final var memoryPort: UInt16 = 0

  public init(_ options: FTPServerOptions, user: UnsafeMutableRawPointer?) {
    self.options = options
    super.init(user: user)
  }

  public final override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { FTPSession(self) }

  // MARK: The host

  open func connected(_ conn: Conn) {}
  open func disconnected(_ conn: Conn, _ reason: Reason) {}
  open func readClosed(_ conn: Conn) {}
  open func writePaused(_ conn: Conn) {}
  open func writeResumed(_ conn: Conn) {}
  open func login(_ request: FTPRequest, _ login: FTPLogin, _ conn: Conn) { _ = request.refuse() }
  /// A shell is asked; nobody waits for an answer to what has no request. The bytes are those that a file is to take.
  open func ask(_ request: FTPRequest?, _ question: HostQuestion, _ bytes: RawSpan, _ conn: Conn) {
    if let request { _ = request.finish(.unsupported) }
  }
  open func transferred(_ report: FTPTransferReport, _ conn: Conn) {}
  open func command(_ hook: FTPHook, _ request: FTPRequest, _ words: [UInt8], _ conn: Conn) { _ = request.pass(words) }

  // MARK: Commands of the host's

  /// Adds or replaces one by its name in capitals; its number tells it.
  public final func add(_ name: [UInt8], isPublic: Bool, number: Int) -> Status {
    hooks.removeAll { $0.name == name }
    guard hooks.count < 255 else { return .limit }
    hooks.append(FTPHook(name: name, isPublic: isPublic, number: number))
    return .ok
  }
  public final func remove(_ name: [UInt8]) { hooks.removeAll { $0.name == name } }
  final func hook(_ name: [UInt8]) -> FTPHook? { hooks.first { $0.name == name } }

  final func nextMemoryPort() -> UInt16 {
    memoryPort = memoryPort == .max ? 1 : memoryPort + 1
    return memoryPort
  }
}

/// Who wants to log in.
public struct FTPLogin {
  public let name: [UInt8]
  public let password: [UInt8]
  public let isAnonymous: Bool
  public let isSecure: Bool
}
