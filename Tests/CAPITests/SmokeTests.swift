import CPlait
import Testing

@testable import CAPI

/// Every exported function once, as a host calls it.
struct SmokeTests {
  @Test func lines() {
    let host = Attached()
    host.journal.action = { conn in
      let answer = Array("ok".utf8)
      #expect(CPlait.plait_line_send(conn, answer, answer.count) == 0)
      let pairs: [UInt32] = [0, 1, 1, 1]
      #expect(CPlait.plait_line_send_many(conn, answer, 2, pairs, 2) == 0)
    }
    host.feed("hello\r\nrest")
    #expect(host.journal.heard() == ["connected", "hello"])
    #expect(String(decoding: host.journal.sent, as: UTF8.self) == "ok\r\no\r\nk\r\n")

    var counters = plait_conn_counters()
    counters.struct_size = size(plait_conn_counters.self)
    #expect(CPlait.plait_conn_get_counters(host.conn, &counters) == 0)
    #expect(counters.held == 4 && counters.bytes_in == 11 && counters.bytes_out == 10 && counters.waiting == 0)

    var held = [UInt8](repeating: 0, count: 4)
    var len = 0
    #expect(CPlait.plait_line_clear_buffer(host.conn, &held, 3, &len) == CInt(PLAIT_ERR_OVERFLOW))
    #expect(CPlait.plait_line_clear_buffer(host.conn, &held, 4, &len) == 0 && len == 4)
    #expect(String(decoding: held, as: UTF8.self) == "rest")

    let delimiter = Array(";".utf8)
    host.journal.action = { _ in }
    #expect(CPlait.plait_line_set_delimiter(host.conn, delimiter, 1) == 0)
    #expect(CPlait.plait_line_set_max_length(host.conn, 3, UInt32(PLAIT_LINE_SKIP_TOO_LONG)) == 0)
    host.feed("abc;")
    #expect(CPlait.plait_line_set_raw_mode(host.conn) == 0)
    host.feed("x;")
    #expect(CPlait.plait_line_set_line_mode(host.conn, delimiter, 1) == 0)
    host.feed("y;")
    #expect(host.journal.heard() == ["abc", "raw x;", "", "y"])
    #expect(CPlait.plait_conn_eof(host.conn, 0) == 0)
    #expect(host.journal.heard() == ["disconnected 0"])
    #expect(host.feed("late") == CInt(PLAIT_ERR_STALE))
  }

  @Test func conns() {
    let host = Attached()
    host.feed("")
    let conn = host.conn
    let bytes = Array("abc".utf8)
    #expect(CPlait.plait_conn_write(conn, bytes, 3) == 0)
    bytes.withUnsafeBufferPointer {
      let parts = [
        plait_bytes(data: $0.baseAddress, len: 1), plait_bytes(data: nil, len: 0),
        plait_bytes(data: $0.baseAddress, len: 3),
      ]
      #expect(CPlait.plait_conn_write_many(conn, parts, 3) == 0)
      let bad = [plait_bytes(data: nil, len: 1)]
      #expect(CPlait.plait_conn_write_many(conn, bad, 1) == CInt(PLAIT_ERR_INVALID))
    }
    #expect(CPlait.plait_conn_writable(conn) == 0)
    #expect(String(decoding: host.journal.sent, as: UTF8.self) == "abcaabc")
    #expect(CPlait.plait_conn_pause(conn) == 0 && CPlait.plait_conn_resume(conn) == 0)
    var user: UnsafeMutableRawPointer?
    #expect(CPlait.plait_conn_get_user(conn, &user) == 0 && user == host.journal.pointer)
    #expect(CPlait.plait_conn_set_user(conn, host.journal.pointer) == 0)
    var address = plait_address()
    address.struct_size = size(plait_address.self)
    #expect(CPlait.plait_conn_get_peer(conn, &address) == 0 && address.family == UInt32(PLAIT_FAMILY_NONE))
    #expect(CPlait.plait_conn_get_local(conn, &address) == 0)
    #expect(CPlait.plait_conn_set_no_delay(conn, 1) == CInt(PLAIT_ERR_UNSUPPORTED))
    #expect(CPlait.plait_conn_set_keep_alive(conn, 1) == CInt(PLAIT_ERR_UNSUPPORTED))
    #expect(CPlait.plait_conn_close_write(conn) == CInt(PLAIT_ERR_UNSUPPORTED))
    var limits = plait_conn_limits()
    limits.struct_size = size(plait_conn_limits.self)
    limits.high_water = 10
    #expect(CPlait.plait_conn_set_limits(conn, &limits) == 0 && CPlait.plait_conn_set_limits(conn, nil) == 0)
    limits.low_water = 11
    #expect(CPlait.plait_conn_set_limits(conn, &limits) == CInt(PLAIT_ERR_INVALID))
    #expect(CPlait.plait_conn_close(conn) == 0 && CPlait.plait_conn_abort(conn) == 0)
    #expect(CPlait.plait_reactor_poll(host.reactor, 0) == 0)
    #expect(host.journal.heard() == ["connected", "disconnected -31"])
  }

  @Test func strings() {
    for format in [PLAIT_STRING_BIG_ENDIAN, PLAIT_STRING_LITTLE_ENDIAN, PLAIT_STRING_NETSTRING] {
      let host = Attached()
      var table = plait_string_handler()
      table.struct_size = size(plait_string_handler.self)
      table.string = { user, conn, data, len in Journal.of(user).events.append(string(data, len)) }
      table.string_too_long = { user, conn, length in Journal.of(user).events.append("too long \(length)") }
      var options = plait_string_options()
      options.struct_size = size(plait_string_options.self)
      options.format = UInt32(format)
      options.max_length = 3
      var factory = plait_factory()
      #expect(CPlait.plait_string_factory_new(&factory, &options, &table, host.journal.pointer) == 0)
      #expect(CPlait.plait_conn_set_factory(host.conn, factory) == 0)
      host.feed("")
      _ = host.journal.heard()
      let bytes = Array("abcd".utf8)
      let pairs: [UInt32] = [0, 1, 1, 2]
      #expect(CPlait.plait_string_send(host.conn, bytes, 4) == 0)
      #expect(CPlait.plait_string_send_many(host.conn, bytes, 4, pairs, 2) == 0)
      #expect(CPlait.plait_line_send(host.conn, bytes, 4) == CInt(PLAIT_ERR_TYPE))
      #expect(CPlait.plait_reactor_poll(host.reactor, 0) == 0)
      // What it sends, it reads.
      let sent = host.journal.sent
      #expect(CPlait.plait_conn_feed(host.conn, sent, sent.count) == 0)
      #expect(host.journal.heard() == ["too long 4", "a", "bc"])
      #expect(CPlait.plait_string_set_max_length(host.conn, 4) == 0)
      #expect(CPlait.plait_conn_feed(host.conn, sent, sent.count) == 0)
      #expect(host.journal.heard() == ["abcd", "a", "bc"])
      #expect(CPlait.plait_factory_retain(factory) == 0)
      for _ in 0..<2 { #expect(CPlait.plait_factory_release(factory) == 0) }
      #expect(CPlait.plait_factory_release(factory) == CInt(PLAIT_ERR_STALE))
    }
  }

  @Test func memory() {
    let host = Attached()
    var table = plait_raw_handler()
    table.struct_size = size(plait_raw_handler.self)
    table.connected = { user, conn in _ = CPlait.plait_conn_write(conn, Array("hi".utf8), 2) }
    table.data = { user, conn, data, len in Journal.of(user).events.append("raw " + string(data, len)) }
    var factory = plait_factory()
    #expect(CPlait.plait_raw_factory_new(&factory, &table, host.journal.pointer) == 0)
    var listener = plait_listener()
    #expect(CPlait.plait_listen(host.reactor, "memory:x", factory, nil, &listener) == 0)
    #expect(CPlait.plait_listener_get_port(listener) == 0)
    var address = plait_address()
    address.struct_size = size(plait_address.self)
    #expect(CPlait.plait_listener_get_local(listener, &address) == 0 && address.family == UInt32(PLAIT_FAMILY_MEMORY))
    #expect(CPlait.plait_listener_pause(listener) == 0 && CPlait.plait_listener_resume(listener) == 0)
    var call = plait_call()
    let done: plait_connect_fn = { user, call, conn, reason in
      Journal.of(user).events.append("done \(reason!.pointee.status)")
    }
    #expect(CPlait.plait_connect(host.reactor, "memory:x", factory, nil, done, host.journal.pointer, &call) == 0)
    #expect(CPlait.plait_reactor_poll(host.reactor, 0) == 0)
    #expect(host.journal.heard().sorted() == ["connected", "done 0", "raw hi", "raw hi"])
    #expect(CPlait.plait_call_cancel(call) == CInt(PLAIT_ERR_STALE))
    #expect(CPlait.plait_connect(host.reactor, "memory:x", factory, nil, done, host.journal.pointer, &call) == 0)
    #expect(CPlait.plait_call_cancel(call) == 0)
    #expect(CPlait.plait_reactor_poll(host.reactor, 0) == 0)
    #expect(host.journal.heard() == ["done -33"])
    #expect(
      CPlait.plait_listener_close(listener) == 0 && CPlait.plait_listener_close(listener) == CInt(PLAIT_ERR_STALE))
    #expect(CPlait.plait_factory_release(factory) == 0)
  }

  @Test func connectors() {
    let host = Attached()
    host.feed("")
    var table = plait_connector_handler()
    table.struct_size = size(plait_connector_handler.self)
    table.waiting = { user, connector, reason, delay in Journal.of(user).events.append("waiting \(delay)") }
    table.stopped = { user, connector, reason in Journal.of(user).events.append("stopped \(reason!.pointee.status)") }
    table.release = { user in Journal.of(user).events.append("release") }
    var options = plait_connector_options()
    options.struct_size = size(plait_connector_options.self)
    options.flags = UInt32(PLAIT_CONNECTOR_WITHOUT_JITTER)
    var connector = plait_connector()
    #expect(
      CPlait.plait_connector_start(
        host.reactor, "memory:none", host.factory, &options, &table, host.journal.pointer, &connector) == 0)
    _ = host.journal.heard()
    #expect(CPlait.plait_reactor_advance(host.reactor, 1000) == 0)
    #expect(host.journal.heard() == ["waiting 1000", "waiting 2718"])
    var conn = plait_conn(id: 7)
    #expect(CPlait.plait_connector_get_conn(connector, &conn) == 0 && conn.id == 0)
    #expect(CPlait.plait_connector_reset(connector) == 0 && CPlait.plait_connector_stop(connector) == 0)
    #expect(CPlait.plait_reactor_poll(host.reactor, 0) == 0)
    #expect(host.journal.heard().suffix(2) == ["stopped 0", "release"])
    #expect(CPlait.plait_connector_stop(connector) == CInt(PLAIT_ERR_STALE))
    for bad in [-1.0, 0.5, .nan, .infinity, 1e9] {
      options.factor = bad
      #expect(
        CPlait.plait_connector_start(host.reactor, "memory:none", host.factory, &options, nil, nil, &connector)
          == CInt(PLAIT_ERR_INVALID))
    }
    options.factor = 0
    #expect(
      CPlait.plait_connector_start(host.reactor, "fd:3", host.factory, &options, nil, nil, &connector)
        == CInt(PLAIT_ERR_INVALID))
  }

  @Test func timersAndClock() {
    let host = Attached()
    host.feed("")
    _ = host.journal.heard()
    var timer = plait_timer()
    let ring: plait_timer_fn = { user, timer in Journal.of(user).events.append("ring") }
    #expect(CPlait.plait_timer_start(host.reactor, 10, 10, ring, host.journal.pointer, &timer) == 0)
    var due: UInt64 = 0
    #expect(CPlait.plait_timer_delay(timer, 5) == 0 && CPlait.plait_timer_get_due(timer, &due) == 0 && due == 15)
    #expect(CPlait.plait_timer_delay(timer, -100) == 0 && CPlait.plait_timer_get_due(timer, &due) == 0 && due == 0)
    #expect(CPlait.plait_timer_reset(timer, 20) == 0)
    #expect(CPlait.plait_reactor_advance(host.reactor, 30) == 0)
    #expect(host.journal.heard() == ["ring", "ring"])
    var now: UInt64 = 0
    #expect(CPlait.plait_reactor_now(host.reactor, &now) == 0 && now == 30)
    #expect(CPlait.plait_timer_cancel(timer) == 0 && CPlait.plait_timer_cancel(timer) == CInt(PLAIT_ERR_STALE))
    for time in [UInt64.max, UInt64(1) << 62 + 1] {
      #expect(CPlait.plait_timer_start(host.reactor, time, 0, ring, nil, nil) == CInt(PLAIT_ERR_INVALID))
      #expect(CPlait.plait_reactor_advance(host.reactor, time) == CInt(PLAIT_ERR_INVALID))
    }
    var timeout: Int64 = 0
    #expect(CPlait.plait_reactor_timeout(host.reactor, &timeout) == 0)
    var fd: CInt = 0
    #expect(CPlait.plait_reactor_fd(host.reactor, &fd) == CInt(PLAIT_ERR_UNSUPPORTED))
    #expect(CPlait.plait_reactor_run(host.reactor) == CInt(PLAIT_ERR_UNSUPPORTED))
  }

  @Test func reactors() {
    var reactor = plait_reactor()
    #expect(CPlait.plait_reactor_new(&reactor, nil) == 0)
    let journal = Journal()
    let post: plait_post_fn = { user in Journal.of(user).events.append("post") }
    #expect(CPlait.plait_reactor_post(reactor, post, journal.pointer) == 0)
    #expect(CPlait.plait_reactor_adopt(reactor) == 0)
    var call = plait_call()
    let drained: plait_drain_fn = { user, call, reason in
      Journal.of(user).events.append("drained \(reason!.pointee.status)")
    }
    #expect(CPlait.plait_reactor_drain(reactor, 0, drained, journal.pointer, &call) == 0)
    #expect(CPlait.plait_reactor_run(reactor) == 1)
    #expect(journal.heard() == ["post", "drained 0"])
    #expect(CPlait.plait_reactor_stop(reactor) == 0 && CPlait.plait_reactor_run(reactor) == 0)
    var fd: CInt = -1
    var timeout: Int64 = 0
    #expect(CPlait.plait_reactor_fd(reactor, &fd) == 0 && fd >= 0)
    #expect(CPlait.plait_reactor_timeout(reactor, &timeout) == 0)
    #expect(CPlait.plait_reactor_advance(reactor, 1) == CInt(PLAIT_ERR_UNSUPPORTED))
    let log: plait_log_fn = { user, level, subsystem, message in
      Journal.of(user).events.append("\(level) \(String(cString: subsystem!)) \(String(cString: message!))")
    }
    #expect(CPlait.plait_reactor_set_log(reactor, CInt(PLAIT_LOG_INFO), log, journal.pointer) == 0)
    #expect(CPlait.plait_reactor_set_log(reactor, 5, log, nil) == CInt(PLAIT_ERR_INVALID))
    var factory = plait_factory()
    var table = lineHandler()
    var listener = plait_listener()
    #expect(CPlait.plait_line_factory_new(&factory, nil, &table, journal.pointer) == 0)
    #expect(CPlait.plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, nil, &listener) == 0)
    #expect(CPlait.plait_listener_get_port(listener) > 0)
    #expect(journal.heard() == ["3 listener listening"])
    #expect(CPlait.plait_reactor_free(reactor) == 0 && CPlait.plait_reactor_free(reactor) == CInt(PLAIT_ERR_STALE))
    #expect(CPlait.plait_factory_release(factory) == 0)
    #expect(journal.heard() == ["3 listener closed", "release"])
  }

  @Test func endpointsAndTexts() {
    var reason = plait_reason()
    reason.struct_size = size(plait_reason.self)
    #expect(CPlait.plait_endpoint_check("tcp:80", CInt(PLAIT_ENDPOINT_LISTEN), &reason) == 0)
    #expect(CPlait.plait_endpoint_check("tcp:80:x=1", CInt(PLAIT_ENDPOINT_LISTEN), &reason) == CInt(PLAIT_ERR_ENDPOINT))
    #expect(
      reason.offset == 7 && reason.status == CInt(PLAIT_ERR_ENDPOINT) && String(cString: reason.text) == "unknown key")
    #expect(CPlait.plait_endpoint_check("tcp:80", 3, nil) == CInt(PLAIT_ERR_INVALID))
    #expect(CPlait.plait_endpoint_check(nil, 1, nil) == CInt(PLAIT_ERR_INVALID))
    #expect(CPlait.plait_version() == 0x100)
    for status in [1, 0, -1, -2, -51, -99, -1000, -1002, -1104, -9999, .min, .max] as [CInt] {
      #expect(String(cString: CPlait.plait_strerror(status)).isEmpty == false)
      #expect(String(cString: CPlait.plait_err_name(status)).hasPrefix("PLAIT_"))
    }
    #expect(String(cString: CPlait.plait_err_name(-1002)) == "PLAIT_ERR_SYSTEM" && CPlait.plait_err_errno(-1002) == 2)
    #expect(String(cString: CPlait.plait_err_name(-2)) == "PLAIT_ERR_STALE")
  }
}
