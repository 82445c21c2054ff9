import Bytes
import Wire

/// A question to the host, in the reactor's table until it is answered or its session ends: who logs in, a command, or what a
/// shell is asked.
public final class FTPRequest: Entity {
  enum Kind { case login, command, shell }
  let kind: Kind
  let session: FTPSession
  let conn: UInt64
  /// The library's command of that name, if there is one.
  let verb: Verb?
  /// shell: what is asked, until it is answered.
  var asked: Asked?

  init(_ kind: Kind, _ session: FTPSession, _ conn: Conn, _ verb: Verb? = nil) {
    self.kind = kind
    self.session = session
    self.conn = conn.id
    self.verb = verb
    super.init(conn.context)
  }

  public override func abandon() { unregister() }

  /// Answered: it is stale now.
  func end() {
    if session.request === self { session.request = nil }
    unregister()
  }

  func with(_ wanted: Kind, _ body: (Conn) -> Status) -> Status {
    guard kind == wanted else { return .type }
    guard let conn = context.conn(conn), !conn.isClosing else { return .closed }
    return body(conn)
  }

  public func accept(_ avatar: FTPAvatar) -> Status {
    with(.login) { conn in
      end()
      session.enter(avatar, conn)
      return .ok
    }
  }

  public func refuse() -> Status {
    with(.login) { conn in
      end()
      session.refuse(conn)
      return .ok
    }
  }

  public func reply(_ code: Int, _ words: [UInt8]) -> Status {
    with(.command) { conn in
      let status = session.send(conn, code, words)
      if status == .ok, code >= 200 {
        end()
        session.finishSoon(conn)
      }
      return status
    }
  }

  public func pass(_ words: [UInt8]) -> Status {
    with(.command) { conn in
      end()
      session.passed = (verb, words)
      conn.reframe()
      return .ok
    }
  }
}
