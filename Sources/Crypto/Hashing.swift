import Bytes

#if TLS
  import COpenSSL
#endif

/// A digest of what comes piece by piece.
public final class Hashing {
  #if TLS
    private let context: OpaquePointer
    private init(_ context: OpaquePointer) { self.context = context }
    deinit { EVP_MD_CTX_free(context) }
  #endif
  public private(set) var digest = Digest.sha256

  /// Nil where there are no digests, or a policy of the system's forbids this one.
  public static func make(_ digest: Digest) -> Hashing? {
    #if TLS
      guard let context = EVP_MD_CTX_new() else { return nil }
      let made = Hashing(context)
      made.digest = digest
      return EVP_DigestInit_ex(context, digest.function, nil) == 1 ? made : nil
    #else
      return nil
    #endif
  }

  public func add(_ bytes: RawSpan) -> Bool {
    #if TLS
      return bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) } == 1
    #else
      return false
    #endif
  }

  /// Of all that came; nothing may come behind it. Empty when it fails.
  public func finish() -> [UInt8] {
    #if TLS
      var out = [UInt8](repeating: 0, count: digest.length)
      return EVP_DigestFinal_ex(context, &out, nil) == 1 ? out : []
    #else
      return []
    #endif
  }
}
