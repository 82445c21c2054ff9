import Bytes
import Wire

/// FTP over TLS (RFC 4217).
extension FTPSession {
  func secure(_ words: [UInt8], _ conn: Conn) {
    guard let security = options.security else { return say(conn, 502, "Command 'AUTH' not implemented") }
    let wanted = words.map(Verb.upper)
    guard wanted == Words("TLS").bytes || wanted == Words("TLS-C").bytes || wanted == Words("SSL").bytes else {
      return say(conn, 504, "Not implemented for parameter '", words, "'.")
    }
    guard !conn.isSecure else { return say(conn, 503, "Incorrect sequence of commands: TLS is there already") }
    say(conn, 234, "AUTH TLS: begin the handshake.")
    // What was said so far could have been somebody else's.
    stage = .start
    name = []
    leaveShell(conn)
    renamed = nil
    restart = 0
    dropPlan(conn.context)
    let status = security.start(conn) { _, _ in }  // where it fails, the conn ends
    if status != .ok { conn.abort(status) }
  }

  func setBufferSize(_ words: [UInt8], _ conn: Conn) {
    guard conn.isSecure else { return say(conn, 503, "Incorrect sequence of commands: AUTH required before PBSZ") }
    guard FTPSession.number(words) != nil else { return sayBad(words, conn) }
    hasBufferSize = true
    say(conn, 200, "PBSZ=0")  // the only one that TLS knows
  }

  func protect(_ words: [UInt8], _ conn: Conn) {
    guard conn.isSecure, hasBufferSize else {
      return say(conn, 503, "Incorrect sequence of commands: PBSZ required before PROT")
    }
    switch words.map(Verb.upper) {
    case [UInt8(ascii: "P")]:
      guard options.security != nil else { return say(conn, 534, "Data connections can't be private here.") }
      isPrivate = true
    case [UInt8(ascii: "C")]:
      guard !options.needsPrivateData else { return say(conn, 534, "Data connections have to be private here.") }
      isPrivate = false
    case [UInt8(ascii: "S")], [UInt8(ascii: "E")]: return say(conn, 536, "TLS has no such protection.")
    default: return say(conn, 504, "Not implemented for parameter '", words, "'.")
    }
    say(conn, 200, "Command OK")
  }

  /// May it log in, as far as that goes by encryption?
  func isSecureEnough(_ conn: Conn) -> Bool {
    if !options.needsSecurity || conn.isSecure { return true }
    say(conn, 530, "Please give AUTH TLS first: logins are encrypted here.")
    return false
  }

  /// May data go over a connection, as PROT has it?
  func isPrivateEnough(_ conn: Conn) -> Bool {
    if !options.needsPrivateData || isPrivate { return true }
    say(conn, 521, "Please give PROT P first: data connections are private here.")
    return false
  }

  /// A data connection's handshake is over, if it has one: whose is it (RFC 4217 §10.4)?
  func isOurs(_ data: Conn, _ conn: Conn) -> Bool {
    guard isPrivate, let security = options.security, !options.anySession else { return true }
    return security.isOneSession(data, conn)
  }

  func refuseForeign(_ data: Conn, _ conn: Conn) {
    data.abort(.refused)
    conn.context.log(.warning, "ftp", "a data connection did not go on with the control connection's TLS session")
    guard let transfer, transfer.state == .waiting else {
      wasForeign = true
      return
    }
    end(transfer, conn, .refused, code: 522)
    sayForeign(conn)
    proceed(conn)
  }

  func sayForeign(_ conn: Conn) {
    say(conn, 522, "Data connections have to resume the control connection's TLS session.")
  }
}
