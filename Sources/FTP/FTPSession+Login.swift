import Bytes
import Files
import Wire

extension FTPSession {
  func user(_ words: [UInt8], _ conn: Conn) {
    guard isSecureEnough(conn) else { return }
    guard !words.isEmpty, !words.contains(0) else { return say(conn, 500, "Syntax error: USER requires an argument") }
    stage = .named
    leaveShell(conn)
    name = words
    isAnonymous = words == options.anonymous
    if isAnonymous {
      say(conn, 331, "Guest login ok, type your email address as password.")
    } else {
      say(conn, 331, "Password required for ", words, ".")
    }
  }

  func password(_ words: [UInt8], _ conn: Conn) {
    guard stage == .named else { return say(conn, 503, "Incorrect sequence of commands: USER required before PASS") }
    guard !words.contains(0) else { return refuse(conn) }
    isBusy = true
    if isAnonymous, !options.anonymousRoot.isEmpty {
      var avatar = FTPAvatar(root: options.anonymousRoot)
      avatar.rules.isReadOnly = true
      return enter(avatar, conn)
    }
    let made = FTPRequest(.login, self, conn)
    guard made.register(Kind.ftpRequest) else { return refuse(conn) }
    request = made
    factory.login(
      made, FTPLogin(name: name, password: words, isAnonymous: isAnonymous, isSecure: conn.isSecure), conn)
  }

  /// Whoever it is may come in, if the root is there.
  func enter(_ avatar: FTPAvatar, _ conn: Conn) {
    let (context, id) = (conn.context, conn.id)
    if avatar.isHosts {
      let home = Path.resolve(avatar.directory.span.bytes, in: [Path.slash]) ?? [Path.slash]
      let made = HostShell(self, conn, home, mayChange: !avatar.rules.isReadOnly)
      return made.later(context, ShellAnswer()) { _ in
        guard let conn = context.conn(id), !conn.isClosing else { return }
        self.shell = made
        self.opened(conn)
      }
    }
    let work = FileWork(context, Rooted()) { answer in
      answer.tree = Tree.open(avatar.root, avatar.rules, &answer.status)
    } _: { answer in
      guard let conn = context.conn(id), !conn.isClosing else { return }
      guard let tree = answer?.tree else {
        context.log(.error, "ftp", "a user's root can't be opened", answer?.status ?? .cancelled)
        return self.refuse(conn)
      }
      let home = Path.resolve(avatar.directory.span.bytes, in: [Path.slash]) ?? [Path.slash]
      self.shell = TreeShell(tree, home, writesBeside: avatar.writesBeside)
      self.opened(conn)
    }
    if work.begin() != .ok { refuse(conn) }
  }

  func leaveShell(_ conn: Conn, _ status: Status = .closed) {
    shell?.end(status, conn)
    shell = nil
  }

  func opened(_ conn: Conn) {
    stage = .open
    failures = 0
    directory = shell?.home ?? [Path.slash]
    if isAnonymous {
      say(conn, 230, "Anonymous login ok, access restrictions apply.")
    } else {
      say(conn, 230, "User logged in, proceed")
    }
    finish(conn)
  }

  /// Not at once: who tries passwords has to wait.
  func refuse(_ conn: Conn) {
    isBusy = true
    start(delay, options.delay, conn)
  }

  func refusedAtLast(_ conn: Conn) {
    stage = .start
    failures += 1
    say(conn, 530, "Sorry, Authentication failed.")
    if failures >= options.maxFailures {
      say(conn, 421, "Too many failed logins: closing control connection.")
      return conn.close(.limit)
    }
    finish(conn)
  }
}

/// A root, as it is opened on another thread.
final class Rooted {
  var tree: Tree?
  var status = Status.ok
}
