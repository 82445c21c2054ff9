import AMP
import Bytes
import CPlait
import Wire

// StartTLS: what AMP leaves open about TLS, filled in.

#if TLS
  import TLS

  /// TLS by a configuration of the host's.
  final class HostTLS: StartingTLS {
    let config: Config
    let use: TLSUse

    init(_ config: Config, _ use: TLSUse) {
      self.config = config
      self.use = use
    }

    override func fault(_ conn: Conn) -> Status { conn.faultOfTLS(config, use.role, use.name) }
    override func start(_ conn: Conn, isAgreed: Bool, _ done: @escaping (Conn, Reason) -> Void) -> Status {
      conn.startTLS(config, use.role, use.name, takesHeld: isAgreed, done)
    }
  }
#endif

/// Runs `body` with what begins TLS by a configuration.
func starting(
  _ config: plait_tls_config, _ options: UnsafePointer<plait_tls_conn_options>?, _ body: (StartingTLS) -> Status
) -> Status {
  #if TLS
    onConfig(config) { config in
      var use = TLSUse()
      let status = TLSUse.read(options, &use)
      return status == .ok ? body(HostTLS(config, use)) : status
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_amp_start_tls") @implementation
public func plait_amp_start_tls(
  _ conn: plait_conn, _ config: plait_tls_config, _ options: UnsafePointer<plait_tls_conn_options>?,
  _ limit_ms: UInt64, _ done: plait_amp_answer_fn?, _ user: UnsafeMutableRawPointer?,
  _ out: UnsafeMutablePointer<plait_call>?
) -> CInt {
  call(conn, limit_ms, done, user, out) { conn, session, call, give in
    starting(config, options) { session.startTLS($0, call.time, conn, give) }
  }
}

@_cdecl("plait_amp_answer_tls") @implementation
public func plait_amp_answer_tls(
  _ request: plait_amp_box, _ config: plait_tls_config, _ options: UnsafePointer<plait_tls_conn_options>?,
  _ done: plait_tls_started_fn?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  onBox(request) { box in
    starting(config, options) { tls in
      box.answer(startTLS: tls) { conn, reason in
        guard let done else { return }
        reason.export { done(user, plait_conn(id: conn.id), &$0) }
      }
    }
  }
}
