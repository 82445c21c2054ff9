import CPlait
import CSystem

/// A result code of the C API: 0 or a count, or one of `PLAIT_ERR_*` (status.h).
public typealias Status = CInt

extension Status {
  @inline(__always) public static var ok: Status { 0 }
  @inline(__always) public static var invalid: Status { Status(PLAIT_ERR_INVALID) }
  @inline(__always) public static var stale: Status { Status(PLAIT_ERR_STALE) }
  @inline(__always) public static var type: Status { Status(PLAIT_ERR_TYPE) }
  @inline(__always) public static var thread: Status { Status(PLAIT_ERR_THREAD) }
  @inline(__always) public static var forked: Status { Status(PLAIT_ERR_FORKED) }
  @inline(__always) public static var reentrant: Status { Status(PLAIT_ERR_REENTRANT) }
  @inline(__always) public static var structSize: Status { Status(PLAIT_ERR_STRUCT_SIZE) }
  @inline(__always) public static var unsupported: Status { Status(PLAIT_ERR_UNSUPPORTED) }
  @inline(__always) public static var bound: Status { Status(PLAIT_ERR_BOUND) }
  @inline(__always) public static var noMemory: Status { Status(PLAIT_ERR_NOMEM) }
  @inline(__always) public static var limit: Status { Status(PLAIT_ERR_LIMIT) }
  @inline(__always) public static var overflow: Status { Status(PLAIT_ERR_OVERFLOW) }
  @inline(__always) public static var closed: Status { Status(PLAIT_ERR_CLOSED) }
  @inline(__always) public static var aborted: Status { Status(PLAIT_ERR_ABORTED) }
  @inline(__always) public static var timeout: Status { Status(PLAIT_ERR_TIMEOUT) }
  @inline(__always) public static var cancelled: Status { Status(PLAIT_ERR_CANCELLED) }
  @inline(__always) public static var refused: Status { Status(PLAIT_ERR_REFUSED) }
  @inline(__always) public static var endpoint: Status { Status(PLAIT_ERR_ENDPOINT) }
  @inline(__always) public static var noName: Status { Status(PLAIT_ERR_NO_NAME) }
  @inline(__always) public static var nameAgain: Status { Status(PLAIT_ERR_NAME_AGAIN) }
  @inline(__always) public static var inUse: Status { Status(PLAIT_ERR_IN_USE) }
  @inline(__always) public static var tooLong: Status { Status(PLAIT_ERR_TOO_LONG) }
  @inline(__always) public static var malformed: Status { Status(PLAIT_ERR_PROTOCOL) }
  @inline(__always) public static var remote: Status { Status(PLAIT_ERR_REMOTE) }
  @inline(__always) public static var unhandled: Status { Status(PLAIT_ERR_UNHANDLED) }
  @inline(__always) public static var value: Status { Status(PLAIT_ERR_VALUE) }
  @inline(__always) public static var range: Status { Status(PLAIT_ERR_RANGE) }
  @inline(__always) public static var absent: Status { Status(PLAIT_ERR_ABSENT) }
  @inline(__always) public static var switched: Status { Status(PLAIT_ERR_SWITCHED) }
  @inline(__always) public static var tls: Status { Status(PLAIT_ERR_TLS) }
  @inline(__always) public static var tlsAlert: Status { Status(PLAIT_ERR_TLS_ALERT) }
  @inline(__always) public static var tlsConfig: Status { Status(PLAIT_ERR_TLS_CONFIG) }
  @inline(__always) public static var tlsTruncated: Status { Status(PLAIT_ERR_TLS_TRUNCATED) }
  @inline(__always) public static var tlsPlaintext: Status { Status(PLAIT_ERR_TLS_PLAINTEXT) }
  @inline(__always) public static var tlsUntrusted: Status { Status(PLAIT_ERR_TLS_UNTRUSTED) }
  @inline(__always) public static var tlsSelfSigned: Status { Status(PLAIT_ERR_TLS_SELF_SIGNED) }
  @inline(__always) public static var tlsExpired: Status { Status(PLAIT_ERR_TLS_EXPIRED) }
  @inline(__always) public static var tlsName: Status { Status(PLAIT_ERR_TLS_NAME) }
  @inline(__always) public static var tlsRevoked: Status { Status(PLAIT_ERR_TLS_REVOKED) }
  @inline(__always) public static var tlsCRL: Status { Status(PLAIT_ERR_TLS_CRL) }
  @inline(__always) public static var tlsOCSP: Status { Status(PLAIT_ERR_TLS_OCSP) }
  @inline(__always) public static var tlsPin: Status { Status(PLAIT_ERR_TLS_PIN) }
  @inline(__always) public static var tlsNoCertificate: Status { Status(PLAIT_ERR_TLS_NO_CERTIFICATE) }

  /// The status for what a system call answered: -errno.
  public static func system(_ negativeErrno: Int) -> Status {
    Status(PLAIT_ERR_SYSTEM) + Status(truncatingIfNeeded: negativeErrno)
  }
  public static func system(_ negativeErrno: CInt) -> Status { system(Int(negativeErrno)) }
  public static var addressInUse: Status { system(-CInt(CSYSTEM_EADDRINUSE)) }
  /// The same for a call that answers 0 when it succeeds.
  public static func of(_ answer: CInt) -> Status { answer == 0 ? .ok : .system(answer) }

  /// The errno inside, or 0.
  public var systemError: CInt {
    let base = Status(PLAIT_ERR_SYSTEM)
    return self < base && self >= base - 4095 ? base - self : 0
  }
}

/// Why something ended or failed, before it becomes a `plait_reason`.
public struct Reason {
  public var status: Status
  /// The errno behind it, or 0.
  public var osError: CInt
  /// The protocol's own code, or 0.
  public var code: CInt = 0
  /// Where in the input the fault lies, or nil.
  public var offset: Int?
  /// A sentence that says more than the status does.
  public var text: StaticString?
  /// The same, made at run time: it wins.
  public var detail: Text?

  public init(
    _ status: Status, code: CInt = 0, offset: Int? = nil, text: StaticString? = nil, detail: Text? = nil
  ) {
    self.status = status
    osError = status.systemError
    self.code = code
    self.offset = offset
    self.text = text
    self.detail = detail
  }

  /// Why connecting failed: that nobody listens has a status of its own.
  public static func connecting(_ status: Status) -> Reason {
    var reason = Reason(status.systemError == CInt(CSYSTEM_ECONNREFUSED) ? .refused : status)
    reason.osError = status.systemError
    return reason
  }
}

/// The most bytes that a buffer, a message or a call has.
@inline(__always) public var mostBytes: Int { Int(PLAIT_BYTES_MAX) }

/// Bytes inside a host's struct: bytes.h, plait_bytes.
public typealias HostBytes = plait_bytes

extension HostBytes {
  public static var none: HostBytes { HostBytes(data: nil, len: 0) }
  /// Where bytes lie, as long as they stay there.
  public static func at(_ bytes: UnsafeRawBufferPointer) -> HostBytes {
    HostBytes(data: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), len: bytes.count)
  }
}
