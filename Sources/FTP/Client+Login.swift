import Bytes
import Wire

/// From the greeting to the first call.
extension FTPClient {
  /// What the server is asked, for people.
  var doing: [UInt8] {
    switch phase {
    case .greeting: Words("the greeting").bytes
    case .auth: Words("AUTH TLS").bytes
    case .handshake: Words("the TLS handshake").bytes
    case .user: Words("USER ").bytes + options.name
    case .password: Words("PASS").bytes
    case .account: Words("ACCT").bytes
    case .buffer: Words("PBSZ 0").bytes
    case .level: Words("PROT P").bytes
    case .type: Words("TYPE I").bytes
    case .open: Words("the session").bytes
    }
  }

  func loggingIn(_ text: [UInt8], _ conn: Conn) {
    if code < 200 { return }  // it asks for patience
    // A server that can't hide its data connections says so to PROT; what it says to PBSZ means nothing.
    guard code < 400 || phase == .buffer || phase == .type else { return conn.close(remote(doing, text)) }
    switch phase {
    case .greeting: greeted(text, conn)
    case .auth: startTLS(conn)
    case .user: code == 331 ? give(.password, conn) : code == 332 ? give(.account, conn) : protect(conn)
    case .password: code == 332 ? give(.account, conn) : protect(conn)
    case .account: protect(conn)
    case .buffer: give(.level, conn)
    case .level:
      isProtected = true
      give(.type, conn)
    case .type:
      if code < 400 { isText = false }
      open(conn)
    case .handshake, .open: break
    }
  }

  /// Says the next thing.
  func give(_ next: Phase, _ conn: Conn) {
    phase = next
    switch next {
    case .user: say("USER ", options.name, conn)
    case .password: say("PASS ", options.password, conn)
    case .account:
      guard !options.account.isEmpty else {
        return conn.close(FTPClient.reason(.remote, doing, "the server wants an account", code: code))
      }
      say("ACCT ", options.account, conn)
    default: say(doing, conn)
    }
  }

  func greeted(_ text: [UInt8], _ conn: Conn) {
    greeting = text
    if options.startsTLS, !conn.isSecure { return give(.auth, conn) }
    options.logsIn ? give(.user, conn) : protect(conn)
  }

  func startTLS(_ conn: Conn) {
    phase = .handshake
    let status = factory.startTLS(conn) { conn, reason in
      guard reason.status == .ok, !conn.isClosing else { return }  // the conn ends with it
      self.options.logsIn ? self.give(.user, conn) : self.protect(conn)
    }
    if status != .ok { conn.close(FTPClient.reason(status, doing, "it can't begin")) }
  }

  /// Data connections are to be hidden, too (RFC 4217 §9).
  func protect(_ conn: Conn) {
    guard options.logsIn else { return open(conn) }
    give(conn.isSecure && !options.leavesDataClear ? .buffer : .type, conn)
  }

  func open(_ conn: Conn) {
    phase = .open
    factory.ready(greeting, conn)
    if !conn.isClosing { next(conn) }
  }
}
