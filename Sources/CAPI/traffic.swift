import Bytes
import CPlait
import CSystem
import Policies
import Wire

/// Lines for the host's callback.
final class HostTrafficSink: TrafficSink {
  let function: plait_traffic_fn
  let user: UnsafeMutableRawPointer?
  init(_ function: plait_traffic_fn, _ user: UnsafeMutableRawPointer?) {
    self.function = function
    self.user = user
  }
  override func write(_ lines: RawSpan, _ number: UInt64, _ conn: Conn) -> Status {
    lines.withUnsafeBytes { function(user, number, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
    return .ok
  }
}

/// Lines for a descriptor: the host's, or that of a file of ours.
final class DescriptorTrafficSink: TrafficSink {
  let fd: CInt
  let isOurs: Bool
  /// A piece of a line was written, and the rest was not: the next line begins anew.
  var isTorn = false
  init(_ fd: CInt, isOurs: Bool) {
    self.fd = fd
    self.isOurs = isOurs
  }
  deinit { if isOurs { _ = csystem_close(fd) } }

  override func write(_ lines: RawSpan, _ number: UInt64, _ conn: Conn) -> Status {
    var newline: UInt8 = 10  // no literal: one that becomes a pointer brings all of String into the library
    if isTorn, csystem_write(fd, &newline, 1) == 1 { isTorn = false }
    if isTorn { return .limit }
    let written = lines.withUnsafeBytes { csystem_write(fd, $0.baseAddress, $0.count) }
    if written == lines.byteCount { return .ok }
    isTorn = written > 0
    return written < 0 ? .system(written) : .system(-CInt(CSYSTEM_ENOSPC))
  }
}

final class HostTrafficFactory: TrafficFactory {
  let common: TrafficSink?
  let prefix: Text?
  let mode: UInt32

  init(_ inner: Factory, _ style: TrafficStyle, _ common: TrafficSink?, _ prefix: Text?, _ mode: UInt32) {
    self.common = common
    self.prefix = prefix
    self.mode = mode
    super.init(inner, style)
  }

  override func sink(_ number: UInt64) -> TrafficSink? {
    guard let prefix else { return common }
    let fd = csystem_create(prefix.pointer, number, mode)
    if fd >= 0 { return DescriptorTrafficSink(fd, isOurs: true) }
    lose(0, .system(fd))
    return nil
  }

  override func words(_ reason: Reason, _ out: inout ByteBuffer) {
    reason.export { reason in
      guard let text = reason.text else { return }
      _ = out.append(UnsafeRawBufferPointer(start: text, count: strlen(text)).bytes, limit: mostBytes)
    }
  }
}

@_cdecl("plait_traffic_factory_new") @implementation
public func plait_traffic_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ factory: plait_factory,
  _ options: UnsafePointer<plait_traffic_options>?
) -> CInt {
  onFactory(factory) { inner in
    var wanted = plait_traffic_options()
    let status = read(options, &wanted)
    guard status == .ok else { return status }
    let known = UInt32(PLAIT_TRAFFIC_HEXDUMP | PLAIT_TRAFFIC_TIME)
    let places = (wanted.lines == nil ? 0 : 1) + (wanted.fd == 0 ? 0 : 1) + (wanted.prefix == nil ? 0 : 1)
    guard wanted.flags & ~known == 0, places <= 1, wanted.fd >= 0, wanted.mode <= 0o777 else { return .invalid }
    var style = TrafficStyle()
    style.isHexdump = wanted.flags & UInt32(PLAIT_TRAFFIC_HEXDUMP) != 0
    style.showsTime = wanted.flags & UInt32(PLAIT_TRAFFIC_TIME) != 0
    if wanted.length_limit > 0 { style.lengthLimit = Int(clamping: wanted.length_limit) }
    if wanted.size_limit > 0 { style.sizeLimit = wanted.size_limit }
    var prefix: Text?
    if let given = wanted.prefix {
      let length = strnlen(given, 4096)
      guard length > 0, length < 4000 else { return .invalid }
      prefix = Text.make(UnsafeRawBufferPointer(start: given, count: length).bytes)
      guard prefix != nil else { return .noMemory }
    }
    let sink: TrafficSink? =
      if let lines = wanted.lines { HostTrafficSink(lines, wanted.user) } else if wanted.fd > 0 {
        DescriptorTrafficSink(wanted.fd, isOurs: false)
      } else { ReactorLogSink() }
    let mode = wanted.mode == 0 ? 0o600 : wanted.mode
    return addFactory(out, HostTrafficFactory(inner, style, prefix == nil ? sink : nil, prefix, mode))
  }
}

func onTraffic(_ factory: plait_factory, _ body: (TrafficFactory) -> Status) -> Status {
  onServing(factory) { factory, _ in
    guard let traffic = factory as? HostTrafficFactory else { return .type }
    return body(traffic)
  }
}

@_cdecl("plait_traffic_reset") @implementation
public func plait_traffic_reset(_ factory: plait_factory) -> CInt {
  onTraffic(factory) { traffic in
    traffic.resetNumbers()
    return .ok
  }
}

@_cdecl("plait_traffic_get_counters") @implementation
public func plait_traffic_get_counters(
  _ factory: plait_factory, _ out: UnsafeMutablePointer<plait_traffic_counters>?
) -> CInt {
  onTraffic(factory) { traffic in
    let status = canTake(out)
    guard status == .ok, let out else { return status }
    out.pointee.last_error = traffic.tally.lastError
    out.pointee.written = traffic.tally.written
    out.pointee.lost = traffic.tally.lost
    return .ok
  }
}
