import CPlait
import Testing

/// A host in Swift: what its C callbacks hear. Calls are qualified `CPlait.`, since the module behind them has the same names.
final class Journal {
  var events: [String] = []
  var action: (plait_conn) -> Void = { _ in }
  var sent: [UInt8] = []
  var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
  static func of(_ user: UnsafeMutableRawPointer?) -> Journal {
    Unmanaged<Journal>.fromOpaque(user!).takeUnretainedValue()
  }

  func heard() -> [String] {
    defer { events = [] }
    return events
  }
}

func size<T>(_ type: T.Type) -> UInt32 { UInt32(MemoryLayout<T>.size) }
func string(_ data: UnsafePointer<UInt8>?, _ len: Int) -> String {
  String(decoding: UnsafeBufferPointer(start: data, count: len), as: UTF8.self)
}

/// The handlers that write into a journal.
func lineHandler() -> plait_line_handler {
  var table = plait_line_handler()
  table.struct_size = size(plait_line_handler.self)
  table.connected = { user, conn in Journal.of(user).events.append("connected") }
  table.disconnected = { user, conn, reason in Journal.of(user).events.append("disconnected \(reason!.pointee.status)")
  }
  table.release = { user in Journal.of(user).events.append("release") }
  table.line = { user, conn, line, len in
    Journal.of(user).events.append(string(line, len))
    Journal.of(user).action(conn)
  }
  table.raw = { user, conn, data, len in Journal.of(user).events.append("raw " + string(data, len)) }
  return table
}

func transportOps() -> plait_transport_ops {
  var ops = plait_transport_ops()
  ops.struct_size = size(plait_transport_ops.self)
  ops.write = { user, conn, data, len in
    Journal.of(user).sent += Array(UnsafeBufferPointer(start: data, count: len))
    return len
  }
  return ops
}

/// A reactor without a loop, a line factory, and a conn that the test feeds.
final class Attached {
  var reactor = plait_reactor()
  var factory = plait_factory()
  var conn = plait_conn()
  let journal = Journal()

  init(_ handler: plait_line_handler = lineHandler()) {
    var options = plait_reactor_options()
    options.struct_size = size(plait_reactor_options.self)
    options.flags = UInt32(PLAIT_REACTOR_WITHOUT_LOOP)
    #expect(CPlait.plait_reactor_new(&reactor, &options) == 0)
    var handler = handler
    #expect(CPlait.plait_line_factory_new(&factory, nil, &handler, journal.pointer) == 0)
    var ops = transportOps()
    #expect(CPlait.plait_conn_attach(reactor, factory, &ops, journal.pointer, &conn) == 0)
  }

  deinit {
    _ = CPlait.plait_reactor_free(reactor)
    _ = CPlait.plait_factory_release(factory)
  }

  @discardableResult func feed(_ words: String) -> CInt {
    let bytes = Array(words.utf8)
    return CPlait.plait_conn_feed(conn, bytes, bytes.count)
  }
}
