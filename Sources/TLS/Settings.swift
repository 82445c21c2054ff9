import Bytes
import Wire

/// Where PEM or DER comes from.
public enum Source {
  case file(Text)
  case memory(Text)

  /// For a failure's words.
  var name: Text? { if case .file(let path) = self { path } else { nil } }
}

/// A certificate with its key, as it is named.
public final class IdentitySettings {
  public var certificate: Source
  /// Nil: it is where the certificate is.
  public var key: Source?
  public var chain: Source?
  /// The names that it is for; empty: those in the certificate.
  public var names: [Text] = []
  public var answer: Source?
  public init(certificate: Source) { self.certificate = certificate }
}

/// What a configuration says: tls.h, plait_tls_options.
public final class Settings {
  public enum ClientCertificate { case none, optional, required }

  public var verifies = true
  public var checksName = true
  public var trustsSystem = false
  public var hasTickets = true
  public var checksAllForRevocation = false
  public var asksForAnswer = false
  public var needsAnswer = false
  public var followsClient = false
  /// 0: the default.
  public var leastVersion: CInt = 0
  public var mostVersion: CInt = 0
  public var ciphers: Text?
  public var suites: Text?
  public var groups: Text?
  public var identities: [IdentitySettings] = []
  /// Without any of these a server makes one up.
  public var makesOneUp = false
  /// As they stand on the wire: each behind its length.
  public var protocols: [UInt8] = []
  public var authorities: [Source] = []
  /// Files of a directory: those without a certificate are passed over, but one must have some.
  public var possibleAuthorities: [Source] = []
  /// A directory with hashed names.
  public var authorityDirectory: Text?
  public var revoked: [Source] = []
  /// 32 bytes each.
  public var pins: [[UInt8]] = []
  public var ticketKeys: [UInt8] = []
  public var handshakeTime: UInt64 = 30_000
  public var clientCertificate = ClientCertificate.none
  public var depth: CInt = 10

  /// Writes a key's passphrase; its length, or a negative number.
  public var passphrase: ((Text?, UnsafeMutablePointer<CChar>, Int) -> Int)?
  /// Has the last word on a peer.
  public var verify: ((Conn, PeerChain, Reason) -> Status)?
  public var keyLog: ((Conn, UnsafePointer<CChar>) -> Void)?

  public init() {}
}

/// The certificates that a peer has shown, in DER.
public struct PeerChain {
  public let certificates: [[UInt8]]
  public let serverName: Text?
}
