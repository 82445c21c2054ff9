import Bytes

#if TLS
  import COpenSSL
#endif

/// Digests and what is made of them, by OpenSSL; where that is left out, everything answers `unsupported`.
public enum Digest: UInt8, Sendable {
  case md5, sha1, sha256, sha512

  /// Are there any?
  public static var isAvailable: Bool {
    #if TLS
      return true
    #else
      return false
    #endif
  }

  /// In bytes.
  public var length: Int {
    switch self {
    case .md5: return 16
    case .sha1: return 20
    case .sha256: return 32
    case .sha512: return 64
    }
  }

  #if TLS
    var function: OpaquePointer? {
      switch self {
      case .md5: return EVP_md5()
      case .sha1: return EVP_sha1()
      case .sha256: return EVP_sha256()
      case .sha512: return EVP_sha512()
      }
    }
  #endif

  /// The digest of some bytes, in place of what is in `out`.
  public func hash(_ bytes: RawSpan, _ out: inout [UInt8]) -> Status {
    #if TLS
      out = [UInt8](repeating: 0, count: length)
      let done = bytes.withUnsafeBytes { EVP_Digest($0.baseAddress, $0.count, &out, nil, function, nil) }
      return done == 1 ? .ok : .unsupported  // a policy of the system's may forbid a digest
    #else
      return .unsupported
    #endif
  }

  /// HMAC: RFC 2104.
  public func authenticate(_ bytes: RawSpan, key: RawSpan, _ out: inout [UInt8]) -> Status {
    #if TLS
      guard key.byteCount <= mostBytes else { return .invalid }
      out = [UInt8](repeating: 0, count: length)
      let made = bytes.withUnsafeBytes { bytes in
        key.withUnsafeBytes { key in
          // An empty key must not be NULL, which would mean the one before.
          withUnsafePointer(to: UInt8(0)) { nothing in
            HMAC(
              function, key.baseAddress ?? UnsafeRawPointer(nothing), CInt(truncatingIfNeeded: key.count),
              bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? nothing, bytes.count, &out, nil) != nil
          }
        }
      }
      return made ? .ok : .unsupported
    #else
      return .unsupported
    #endif
  }

  /// PBKDF2 with HMAC, as long as the digest: RFC 8018 section 5.2. It takes its time: that is what it is for.
  public func derive(password: RawSpan, salt: RawSpan, rounds: UInt32, _ out: inout [UInt8]) -> Status {
    #if TLS
      guard rounds > 0, rounds <= UInt32(CInt.max), password.byteCount <= mostBytes, salt.byteCount <= mostBytes else {
        return .invalid
      }
      out = [UInt8](repeating: 0, count: length)
      let made = password.withUnsafeBytes { password in
        salt.withUnsafeBytes { salt in
          PKCS5_PBKDF2_HMAC(
            password.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(truncatingIfNeeded: password.count),
            salt.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(truncatingIfNeeded: salt.count),
            CInt(truncatingIfNeeded: rounds), function, CInt(truncatingIfNeeded: length), &out)
        }
      }
      return made == 1 ? .ok : .unsupported
    #else
      return .unsupported
    #endif
  }
}

/// A thread that is not the host's does no more with OpenSSL for now: what OpenSSL keeps for it goes.
public func endOfCrypto() {
  #if TLS
    OPENSSL_thread_stop()
  #endif
}

/// What a secret needs beside digests.
public enum Secret {
  /// So many bytes that nobody can guess, in place of what is in `out`.
  public static func random(_ count: Int, _ out: inout [UInt8]) -> Status {
    #if TLS
      guard count > 0, count <= 65536 else { return .invalid }
      out = [UInt8](repeating: 0, count: count)
      return RAND_bytes(&out, CInt(truncatingIfNeeded: count)) == 1 ? .ok : .unsupported
    #else
      return .unsupported
    #endif
  }

  /// Zeros in the place of what nobody shall find in memory; of no use where somebody else has the same array.
  public static func wipe(_ bytes: inout [UInt8]) {
    #if TLS
      bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    #endif
  }

  /// Compares in a time that says nothing about where they differ.
  public static func isEqual(_ one: RawSpan, _ other: RawSpan) -> Bool {
    guard one.byteCount == other.byteCount else { return false }
    var difference: UInt8 = 0
    for index in 0..<one.byteCount { difference |= one.byte(index) ^ other.byte(index) }
    return difference == 0
  }
}
