import Bytes
import Crypto

/// The mechanisms of SASL (RFC 4422) that are spoken here.
public enum Mechanism: UInt8, Sendable {
  // The safest first: that is the order in which they are chosen.
  case scramSHA256Plus, scramSHA256, scramSHA1Plus, scramSHA1, external, plain, anonymous

  public var name: StaticString {
    switch self {
    case .scramSHA256Plus: return "SCRAM-SHA-256-PLUS"
    case .scramSHA256: return "SCRAM-SHA-256"
    case .scramSHA1Plus: return "SCRAM-SHA-1-PLUS"
    case .scramSHA1: return "SCRAM-SHA-1"
    case .external: return "EXTERNAL"
    case .plain: return "PLAIN"
    case .anonymous: return "ANONYMOUS"
    }
  }

  /// Names are in capitals (RFC 4422 section 3.1); nil: it is none of these.
  public static func named(_ name: RawSpan) -> Mechanism? {
    var number: UInt8 = 0
    while let mechanism = Mechanism(rawValue: number) {
      if name.isEqual(mechanism.name) { return mechanism }
      number += 1
    }
    return nil
  }

  /// The digest of the SCRAM ones.
  var digest: Digest? {
    switch self {
    case .scramSHA256Plus, .scramSHA256: return .sha256
    case .scramSHA1Plus, .scramSHA1: return .sha1
    default: return nil
    }
  }

  /// Does it bind to the channel below it?
  public var binds: Bool { self == .scramSHA256Plus || self == .scramSHA1Plus }
  /// Does who listens learn the password?
  public var tellsPassword: Bool { self == .plain }
  /// Can it work in this build?
  public var isAvailable: Bool { digest == nil || Digest.isAvailable }
}

/// Some of the mechanisms.
public struct Mechanisms: OptionSet, Sendable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public init(_ mechanism: Mechanism) { rawValue = 1 << UInt16(mechanism.rawValue) }

  public static var all: Mechanisms { Mechanisms(rawValue: 0x7f) }
  /// Those that need a password.
  public static var withPassword: Mechanisms { scram.union(Mechanisms(.plain)) }
  public static var scram: Mechanisms { binding.union(Mechanisms(.scramSHA256)).union(Mechanisms(.scramSHA1)) }
  public static var binding: Mechanisms { Mechanisms(.scramSHA256Plus).union(Mechanisms(.scramSHA1Plus)) }

  public func contains(_ mechanism: Mechanism) -> Bool { contains(Mechanisms(mechanism)) }
  public mutating func insert(_ mechanism: Mechanism) { formUnion(Mechanisms(mechanism)) }

  /// Names with a byte between them, as a server lists them; those that are not spoken here are left out.
  public static func parse(_ list: RawSpan, separator: UInt8) -> Mechanisms {
    var all = Mechanisms()
    var at = 0
    while at <= list.byteCount {
      let found = list.position(of: separator, from: at)
      let end = found < 0 ? list.byteCount : found
      if let mechanism = Mechanism.named(list.extracting(at..<end)) { all.insert(mechanism) }
      at = end + 1
    }
    return all
  }

  /// The best one of these that is wanted, too; nil when there is none. What binds needs a channel to bind to.
  public func best(wanted: Mechanisms, canBind: Bool) -> Mechanism? {
    var number: UInt8 = 0
    // Whatever binds comes first, as then nobody can stand in between (RFC 5802 section 6).
    if canBind, let binding = intersection(.binding).best(of: wanted) { return binding }
    while let mechanism = Mechanism(rawValue: number) {
      number += 1
      if !mechanism.binds, contains(mechanism), wanted.contains(mechanism), mechanism.isAvailable { return mechanism }
    }
    return nil
  }

  private func best(of wanted: Mechanisms) -> Mechanism? {
    for mechanism in [Mechanism.scramSHA256Plus, Mechanism.scramSHA1Plus] {
      if contains(mechanism), wanted.contains(mechanism), mechanism.isAvailable { return mechanism }
    }
    return nil
  }
}

/// Who wants in. Texts are UTF-8 and used as they are: what is beyond ASCII has been prepared (SASLprep, RFC 4013).
public struct Credentials {
  /// Whose password it is.
  public var name: [UInt8] = []
  /// Who to be, if that is somebody else; or empty.
  public var authority: [UInt8] = []
  public var password: [UInt8] = []
  /// What an anonymous one leaves behind, or empty.
  public var trace: [UInt8] = []
  public init() {}
}

/// What a conversation knows of the channel below it: RFC 5802 section 6.
public enum Channel {
  /// This side has none that can be bound to.
  case unbound
  /// It has one, but the server offers no mechanism that binds. (If the server did offer one, somebody has cut it out: it will say so.)
  case notOffered
  /// It has one: the name of the binding, and its data.
  case bound(name: [UInt8], data: [UInt8])
}
