import Bytes
import CPlait
import CSystem

/// A status, its name and a sentence.
func words(_ status: CInt) -> (name: StaticString, sentence: StaticString)? {
  switch Int(status) {
  case PLAIT_ERR_INVALID: ("PLAIT_ERR_INVALID", "an argument is NULL, out of range or malformed")
  case PLAIT_ERR_STALE: ("PLAIT_ERR_STALE", "the handle is zero, or names something that has ended")
  case PLAIT_ERR_TYPE: ("PLAIT_ERR_TYPE", "the handle is of another kind, or the conn speaks another protocol")
  case PLAIT_ERR_THREAD: ("PLAIT_ERR_THREAD", "the reactor belongs to another thread")
  case PLAIT_ERR_FORKED: ("PLAIT_ERR_FORKED", "the reactor was made before fork, in the parent")
  case PLAIT_ERR_REENTRANT: ("PLAIT_ERR_REENTRANT", "a driving call inside a callback of the same reactor")
  case PLAIT_ERR_STRUCT_SIZE: ("PLAIT_ERR_STRUCT_SIZE", "struct_size is wrong for this library")
  case PLAIT_ERR_UNSUPPORTED: ("PLAIT_ERR_UNSUPPORTED", "this build, reactor or transport cannot do it")
  case PLAIT_ERR_BOUND: ("PLAIT_ERR_BOUND", "the factory already serves another reactor")
  case PLAIT_ERR_NOMEM: ("PLAIT_ERR_NOMEM", "no memory")
  case PLAIT_ERR_LIMIT: ("PLAIT_ERR_LIMIT", "too many reactors, handles or names")
  case PLAIT_ERR_OVERFLOW: ("PLAIT_ERR_OVERFLOW", "a buffer of the connection reached its cap")
  case PLAIT_ERR_CLOSED: ("PLAIT_ERR_CLOSED", "the connection is closing")
  case PLAIT_ERR_ABORTED: ("PLAIT_ERR_ABORTED", "aborted by this side")
  case PLAIT_ERR_TIMEOUT: ("PLAIT_ERR_TIMEOUT", "a time limit passed")
  case PLAIT_ERR_CANCELLED: ("PLAIT_ERR_CANCELLED", "cancelled")
  case PLAIT_ERR_REFUSED: ("PLAIT_ERR_REFUSED", "the connection was refused")
  case PLAIT_ERR_ENDPOINT: ("PLAIT_ERR_ENDPOINT", "the endpoint string is malformed")
  case PLAIT_ERR_NO_NAME: ("PLAIT_ERR_NO_NAME", "the host name does not exist or has no address")
  case PLAIT_ERR_NAME_AGAIN: ("PLAIT_ERR_NAME_AGAIN", "name resolution failed for now")
  case PLAIT_ERR_IN_USE: ("PLAIT_ERR_IN_USE", "the name is taken")
  case PLAIT_ERR_TOO_LONG: ("PLAIT_ERR_TOO_LONG", "a line or string is longer than the limit")
  case PLAIT_ERR_PROTOCOL: ("PLAIT_ERR_PROTOCOL", "the peer sent bytes that no valid peer sends")
  case PLAIT_ERR_REMOTE: ("PLAIT_ERR_REMOTE", "the peer answered with an error")
  case PLAIT_ERR_UNHANDLED: ("PLAIT_ERR_UNHANDLED", "the peer knows no such command")
  case PLAIT_ERR_VALUE: ("PLAIT_ERR_VALUE", "a value is missing, or cannot be of its type")
  case PLAIT_ERR_RANGE: ("PLAIT_ERR_RANGE", "a number does not fit")
  case PLAIT_ERR_ABSENT: ("PLAIT_ERR_ABSENT", "it is not there")
  case PLAIT_ERR_SWITCHED: ("PLAIT_ERR_SWITCHED", "another protocol is spoken, or about to be")
  case PLAIT_ERR_TLS: ("PLAIT_ERR_TLS", "the two sides of TLS found no common ground")
  case PLAIT_ERR_TLS_ALERT: ("PLAIT_ERR_TLS_ALERT", "the peer ended TLS with an alert")
  case PLAIT_ERR_TLS_CONFIG: ("PLAIT_ERR_TLS_CONFIG", "a certificate, key, list or name cannot be used, or is missing")
  case PLAIT_ERR_TLS_TRUNCATED: ("PLAIT_ERR_TLS_TRUNCATED", "the connection ended without the peer's saying so")
  case PLAIT_ERR_TLS_PLAINTEXT: ("PLAIT_ERR_TLS_PLAINTEXT", "plain bytes lay behind the message that asked for TLS")
  case PLAIT_ERR_TLS_UNTRUSTED: ("PLAIT_ERR_TLS_UNTRUSTED", "the peer's certificate is not trusted")
  case PLAIT_ERR_TLS_SELF_SIGNED: ("PLAIT_ERR_TLS_SELF_SIGNED", "the peer's certificate is signed by itself")
  case PLAIT_ERR_TLS_EXPIRED: ("PLAIT_ERR_TLS_EXPIRED", "a certificate is not valid at this time")
  case PLAIT_ERR_TLS_NAME: ("PLAIT_ERR_TLS_NAME", "the peer's certificate is for another name")
  case PLAIT_ERR_TLS_REVOKED: ("PLAIT_ERR_TLS_REVOKED", "the peer's certificate was revoked")
  case PLAIT_ERR_TLS_CRL: ("PLAIT_ERR_TLS_CRL", "a revocation list is missing, too old or bad")
  case PLAIT_ERR_TLS_OCSP: ("PLAIT_ERR_TLS_OCSP", "the OCSP answer is missing, too old or bad")
  case PLAIT_ERR_TLS_PIN: ("PLAIT_ERR_TLS_PIN", "none of the pinned keys is in the peer's chain")
  case PLAIT_ERR_TLS_NO_CERTIFICATE: ("PLAIT_ERR_TLS_NO_CERTIFICATE", "the client has shown no certificate")
  default: nil
  }
}

func text(_ words: StaticString) -> UnsafePointer<CChar> {
  // Sound: a literal is NUL-terminated and static.
  UnsafeRawPointer(words.utf8Start).assumingMemoryBound(to: CChar.self)
}

@_cdecl("plait_strerror") @implementation
public func plait_strerror(_ status: CInt) -> UnsafePointer<CChar>? {
  if status >= 0 { return text("no error") }
  if let known = words(status) { return text(known.sentence) }
  return status.systemError != 0 ? csystem_error_text(status.systemError) : text("unknown error")
}

@_cdecl("plait_err_name") @implementation
public func plait_err_name(_ status: CInt) -> UnsafePointer<CChar>? {
  if status >= 0 { return text("PLAIT_OK") }
  if let known = words(status) { return text(known.name) }
  return text(status.systemError != 0 ? "PLAIT_ERR_SYSTEM" : "PLAIT_ERR_UNKNOWN")
}

@_cdecl("plait_err_errno") @implementation
public func plait_err_errno(_ status: CInt) -> CInt { status.systemError }
