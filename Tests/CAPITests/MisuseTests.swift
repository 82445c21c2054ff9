import CPlait
import Testing

@testable import CAPI

/// What a host does wrong is an error, never a crash.
struct MisuseTests {
  /// An option struct followed by what a later version of it may have.
  struct Longer<T> {
    var known: T
    var tail: (UInt64, UInt64)
  }

  func check<T>(_ known: T, _ call: (UnsafePointer<T>) -> CInt, sourceLocation: SourceLocation = #_sourceLocation) {
    var longer = Longer(known: known, tail: (0, 0))
    func status(_ size: UInt32) -> CInt {
      withUnsafeMutablePointer(to: &longer) { pointer in
        UnsafeMutableRawPointer(pointer).storeBytes(of: size, as: UInt32.self)
        return pointer.withMemoryRebound(to: T.self, capacity: 1) { call($0) }
      }
    }
    let known = size(T.self)
    let wrong = CInt(PLAIT_ERR_STRUCT_SIZE)
    for small in [0, 1, 4, known - 1] as [UInt32] {
      #expect(status(small) == wrong, "\(small)", sourceLocation: sourceLocation)
    }
    #expect(status(.max) == wrong, sourceLocation: sourceLocation)
    #expect(status(known + 16) != wrong, "a tail of zeros", sourceLocation: sourceLocation)
    longer.tail.1 = 1 << 56
    #expect(status(known + 16) == wrong, "a tail that says something", sourceLocation: sourceLocation)
    #expect(status(known + 8) != wrong, "which is not in this one", sourceLocation: sourceLocation)
  }

  @Test func structSizes() {
    let host = Attached()
    let bad = plait_reactor()
    var factory = plait_factory()
    var conn = plait_conn()
    var handler = lineHandler()
    check(plait_line_options()) { options in
      let status = CPlait.plait_line_factory_new(&factory, options, &handler, host.journal.pointer)
      if status == 0 { _ = CPlait.plait_factory_release(factory) }
      return status
    }
    check(plait_line_handler()) { table in
      let status = CPlait.plait_line_factory_new(&factory, nil, table, nil)
      if status == 0 { _ = CPlait.plait_factory_release(factory) }
      return status
    }
    check(plait_raw_handler()) { table in
      let status = CPlait.plait_raw_factory_new(&factory, table, nil)
      if status == 0 { _ = CPlait.plait_factory_release(factory) }
      return status
    }
    check(plait_string_handler()) { table in
      let status = CPlait.plait_string_factory_new(&factory, nil, table, nil)
      if status == 0 { _ = CPlait.plait_factory_release(factory) }
      return status
    }
    check(plait_reactor_options()) { options in
      var reactor = plait_reactor()
      let status = CPlait.plait_reactor_new(&reactor, options)
      if status == 0 { _ = CPlait.plait_reactor_free(reactor) }
      return status
    }
    check(plait_conn_limits()) { CPlait.plait_conn_set_limits(host.conn, $0) }
    check(plait_listen_options()) {
      var listener = plait_listener()
      return CPlait.plait_listen(host.reactor, "tcp:80", host.factory, $0, &listener)
    }
    check(plait_connect_options()) { CPlait.plait_connect(host.reactor, "tcp:h:80", host.factory, $0, nil, nil, nil) }
    check(plait_connector_options()) {
      CPlait.plait_connector_start(host.reactor, "memory:x", host.factory, $0, nil, nil, nil)
    }
    check(plait_transport_ops()) { CPlait.plait_conn_attach(host.reactor, host.factory, $0, nil, &conn) }
    #expect(CPlait.plait_reactor_poll(bad, 0) == CInt(PLAIT_ERR_STALE))
  }

  @Test func outputsTakeAllOrNothing() {
    let host = Attached()
    var address = plait_address()
    address.struct_size = size(plait_address.self) - 1
    #expect(CPlait.plait_conn_get_peer(host.conn, &address) == CInt(PLAIT_ERR_STRUCT_SIZE))
    #expect(CPlait.plait_conn_get_peer(host.conn, nil) == CInt(PLAIT_ERR_INVALID))
    var counters = plait_conn_counters()
    #expect(CPlait.plait_conn_get_counters(host.conn, &counters) == CInt(PLAIT_ERR_STRUCT_SIZE))
    var reason = plait_reason()
    #expect(CPlait.plait_endpoint_check("tcp:x", 1, &reason) == CInt(PLAIT_ERR_STRUCT_SIZE))
  }

  @Test func drivingInsideACallback() {
    let host = Attached()
    let reactor = host.reactor
    var statuses: [CInt] = []
    host.journal.action = { conn in
      let bytes = Array("x\r\n".utf8)
      statuses = [
        CPlait.plait_conn_feed(conn, bytes, 3), CPlait.plait_conn_eof(conn, 0), CPlait.plait_conn_writable(conn),
        CPlait.plait_reactor_poll(reactor, 0), CPlait.plait_reactor_run(reactor),
        CPlait.plait_reactor_advance(reactor, 1),
        CPlait.plait_reactor_free(reactor), CPlait.plait_reactor_adopt(reactor),
      ]
    }
    host.feed("go\r\n")
    #expect(statuses == [CInt](repeating: CInt(PLAIT_ERR_REENTRANT), count: 8))
    #expect(host.journal.heard() == ["connected", "go"])
  }

  /// Another reactor may be driven there.
  @Test func drivingAnotherReactor() {
    let (host, other) = (Attached(), Attached())
    host.journal.action = { _ in other.feed("inner\r\n") }
    host.feed("outer\r\n")
    #expect(other.journal.heard() == ["connected", "inner"])
  }

  @Test func staleHandles() {
    var old = plait_conn()
    var factory = plait_factory()
    var reactor = plait_reactor()
    let journal: Journal
    do {
      let host = Attached()
      (old, factory, reactor, journal) = (host.conn, host.factory, host.reactor, host.journal)
      host.feed("")
    }
    #expect(journal.events == ["connected", "disconnected -31", "release"])
    let fresh = Attached()
    fresh.feed("")
    for conn in [plait_conn(), old, plait_conn(id: old.id + 1), plait_conn(id: .max), plait_conn(id: 1)] {
      #expect(CPlait.plait_conn_write(conn, nil, 0) == CInt(PLAIT_ERR_STALE))
      #expect(CPlait.plait_conn_feed(conn, nil, 0) == CInt(PLAIT_ERR_STALE))
      #expect(CPlait.plait_conn_close(conn) == CInt(PLAIT_ERR_STALE))
    }
    #expect(CPlait.plait_factory_retain(factory) == CInt(PLAIT_ERR_STALE))
    #expect(CPlait.plait_reactor_poll(reactor, 0) == CInt(PLAIT_ERR_STALE))
    #expect(CPlait.plait_reactor_post(reactor, { _ in }, nil) == CInt(PLAIT_ERR_STALE))
    #expect(CPlait.plait_reactor_stop(reactor) == CInt(PLAIT_ERR_STALE))
  }

  @Test func wrongKinds() {
    let host = Attached()
    host.feed("")
    let type = CInt(PLAIT_ERR_TYPE)
    #expect(CPlait.plait_conn_close(plait_conn(id: host.reactor.id)) == type)
    #expect(CPlait.plait_conn_close(plait_conn(id: host.factory.id)) == type)
    #expect(CPlait.plait_reactor_poll(plait_reactor(id: host.conn.id), 0) == type)
    #expect(CPlait.plait_reactor_stop(plait_reactor(id: host.conn.id)) == type)
    #expect(CPlait.plait_factory_release(plait_factory(id: host.conn.id)) == type)
    #expect(CPlait.plait_timer_cancel(plait_timer(id: host.conn.id)) == type)
    #expect(CPlait.plait_call_cancel(plait_call(id: host.conn.id)) == type)
    #expect(CPlait.plait_listener_close(plait_listener(id: host.conn.id)) == type)
    #expect(CPlait.plait_connector_stop(plait_connector(id: host.conn.id)) == type)
    #expect(CPlait.plait_string_send(host.conn, nil, 0) == type)
  }

  @Test func lengthsAndPointers() {
    let host = Attached()
    host.feed("")
    let invalid = CInt(PLAIT_ERR_INVALID)
    let bytes: [UInt8] = [1]
    for len in [-1, Int.min, Int.max, Int(PLAIT_BYTES_MAX) + 1] {
      #expect(CPlait.plait_conn_write(host.conn, bytes, len) == invalid)
      #expect(CPlait.plait_conn_feed(host.conn, bytes, len) == invalid)
      #expect(CPlait.plait_line_send(host.conn, bytes, len) == invalid)
      #expect(CPlait.plait_line_send_many(host.conn, bytes, 1, [0, 1], len) == invalid)
      #expect(CPlait.plait_line_set_line_mode(host.conn, bytes, len) == invalid)
      #expect(CPlait.plait_line_set_delimiter(host.conn, bytes, len) == invalid)
      #expect(CPlait.plait_line_set_max_length(host.conn, len, 0) == invalid)
      #expect(CPlait.plait_conn_write_many(host.conn, nil, len) == invalid)
    }
    #expect(CPlait.plait_conn_write(host.conn, nil, 1) == invalid)
    #expect(CPlait.plait_line_set_delimiter(host.conn, bytes, 0) == invalid)
    #expect(CPlait.plait_line_set_max_length(host.conn, 1, 2) == invalid)
    #expect(CPlait.plait_conn_eof(host.conn, 1) == invalid)
    #expect(CPlait.plait_conn_get_user(host.conn, nil) == invalid)
    #expect(CPlait.plait_timer_start(host.reactor, 0, 0, nil, nil, nil) == invalid)
    #expect(CPlait.plait_reactor_post(host.reactor, nil, nil) == invalid)
    #expect(CPlait.plait_reactor_new(nil, nil) == invalid)
    #expect(CPlait.plait_line_factory_new(nil, nil, nil, nil) == invalid)
  }
}
