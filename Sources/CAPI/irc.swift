import Bytes
import CPlait
import CSystem
import Framing
import IRC
import SASL
import Wire

#if TLS
  import TLS
#endif

/// How many callbacks of events a table has.
private var eventCount: Int { 25 }

/// A factory of clients that calls the host.
final class HostIRCFactory: IRCFactory, Tellable {
  let calls: Calls
  let events:
    (
      @convention(c) (
        UnsafeMutableRawPointer?, plait_conn, UnsafePointer<UInt8>?, Int, UnsafePointer<UInt32>?, Int
      ) -> Void
    )?
  /// By the number of their kind.
  var table = PlainList<plait_irc_event_fn?>()
  var isGiven = false
  let getPolicy: (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int) -> UInt32)?
  let setPolicy: (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int, UInt32, UInt64) -> Void)?

  init(
    _ options: IRCOptions, _ delimiter: Delimiter, _ handler: plait_irc_handler, _ user: UnsafeMutableRawPointer?
  ) {
    calls = Calls(front: handler)
    events = handler.events
    (getPolicy, setPolicy) = (handler.get_policy, handler.set_policy)
    super.init(options, delimiter, wantsRows: handler.events != nil, user: user)
    // Behind the eight common fields, which take 56 bytes (static_asserted by the C tests), in the order of Event.Kind.
    withUnsafeBytes(of: handler) { bytes in
      for index in 0..<eventCount {
        _ = table.append(bytes.load(fromByteOffset: 56 + 8 * index, as: plait_irc_event_fn?.self))
      }
    }
  }
  deinit { if isGiven { calls.release?(user) } }

  #if TLS
    /// Connections to hosts that want TLS have it. (The factory, and whatever is around it, keeps this.)
    func obeyPolicies() {
      isStrict = true
      let kept = Unmanaged.passUnretained(self)
      detour = { endpoint, outer, context in
        kept._withUnsafeGuaranteedRef { factory in
          let port = factory.securePort(endpoint)
          guard port > 0 else { return nil }
          let secure = endpoint.secured(port: port)
          guard let object = context.ids.find(context.id, Kind.reactor), let wanted = secure.tls,
            case .config(let made) = config(wanted, Unmanaged<ReactorBox>.fromOpaque(object).takeUnretainedValue())
          else { return Detour(secure, nil) }
          return Detour(secure, TLSFactory(outer, made, .client, secure.name))
        }
      }
    }
  #endif

  override func policy(_ name: RawSpan) -> Int {
    // Sound: the name is alive for the call; so below.
    name.withUnsafeBytes { Int(getPolicy?(user, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count) ?? 0) }
  }
  override func keepPolicy(_ name: RawSpan, _ port: Int, _ seconds: UInt64) {
    name.withUnsafeBytes {
      setPolicy?(
        user, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count, UInt32(truncatingIfNeeded: port), seconds)
    }
  }

  override func opened(_ conn: Conn) { calls.connected?(conn.user, plait_conn(id: conn.id)) }
  override func ended(_ conn: Conn, _ reason: Reason) { calls.tellEnd(conn, reason) }
  override func readClosed(_ conn: Conn) -> Bool { calls.tellReadClosed(conn) }
  override func writePaused(_ conn: Conn) { calls.writePaused?(conn.user, plait_conn(id: conn.id)) }
  override func writeResumed(_ conn: Conn) { calls.writeResumed?(conn.user, plait_conn(id: conn.id)) }

  override func happened(_ event: Event, _ message: borrowing Message, _ line: RawSpan, _ conn: Conn) {
    let place = Int(truncatingIfNeeded: event.kind.rawValue)
    guard place < table.count, let function = table[place] else { return }
    // Sound: the line is alive for the call, and the parts lie in it.
    line.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
      func span(_ part: Part) -> plait_bytes { plait_bytes(data: base + Int(part.start), len: Int(part.count)) }
      var told = plait_irc_event(
        struct_size: UInt32(MemoryLayout<plait_irc_event>.size), kind: event.kind.rawValue, flags: event.flags,
        number: event.number, line: plait_bytes(data: base, len: bytes.count), source: span(event.source),
        nick: span(event.nick), target: span(event.target), text: span(event.text), argument: span(event.argument),
        batch: event.batch, reserved: 0)
      function(conn.user, plait_conn(id: conn.id), &told)
    }
  }

  override func takeRows(_ block: RawSpan, _ count: Int, _ conn: Conn) {
    // Sound: both are alive for the call; nothing changes the rows meanwhile, as only what the loop drives does.
    block.withUnsafeBytes { data in
      events?(
        conn.user, plait_conn(id: conn.id), data.baseAddress?.assumingMemoryBound(to: UInt8.self), data.count,
        rows.pointer, count)
    }
  }
}

/// Runs `body` on the session of a conn that speaks IRC.
private func onIRC(_ conn: plait_conn, _ body: (Conn, IRCSession) -> Status) -> Status {
  onConn(conn) { conn in conn.withIRC { session, _ in body(conn, session) } }
}

private func copy(_ given: plait_bytes, _ status: inout Status) -> [UInt8] {
  guard let given = checked(given.data, given.len), given.count <= 65536 else {
    status = .invalid
    return []
  }
  return given.bytes.copied
}

/// Is it a word that a message can have in its middle?
private func isWord(_ text: [UInt8]) -> Bool {
  MessageBuilder.isMiddle(text.span.bytes) && text[0] != UInt8(ascii: ":")
}

/// The host's options, or why they can't be.
private func options(_ wanted: plait_irc_options, _ options: inout IRCOptions) -> Status {
  guard wanted.flags <= 127, wanted.mechanisms <= 63, wanted.burst <= 1 << 20,
    wanted.max_line <= UInt32(PLAIT_BYTES_MAX), wanted.max_waiting <= 1 << 24,
    let interval = checkedTime(wanted.interval_ms), let ping = checkedTime(wanted.ping_ms),
    let pong = checkedTime(wanted.pong_ms), let registration = checkedTime(wanted.registration_ms)
  else { return .invalid }
  var status: Status = .ok
  options.nick = copy(wanted.nick, &status)
  options.user = copy(wanted.user, &status)
  options.realName = copy(wanted.real_name, &status)
  options.password = copy(wanted.password, &status)
  options.fallbackNick = copy(wanted.fallback_nick, &status)
  options.capabilities = copy(wanted.capabilities, &status)
  options.credentials.name = copy(wanted.sasl_name, &status)
  options.credentials.password = copy(wanted.sasl_password, &status)
  options.credentials.authority = copy(wanted.sasl_authority, &status)
  guard status == .ok else { return status }
  if options.fallbackNick.isEmpty { for byte in 0..<5 { options.fallbackNick.append(guest(byte)) } }
  guard isWord(options.nick), isWord(options.fallbackNick), options.user.isEmpty || isWord(options.user),
    options.nick.count <= 200, options.fallbackNick.count <= 200, options.user.count <= 100,
    options.realName.count <= 300, options.password.count <= 400,
    MessageBuilder.isLine(options.realName.span.bytes), MessageBuilder.isLine(options.password.span.bytes),
    MessageBuilder.isLine(options.capabilities.span.bytes)
  else { return .value }
  options.mechanisms = Mechanisms(rawValue: UInt16(truncatingIfNeeded: wanted.mechanisms))
  options.isAuthenticationOptional = wanted.flags & UInt32(PLAIT_IRC_SASL_OPTIONAL) != 0
  options.rejoins = wanted.flags & UInt32(PLAIT_IRC_REJOIN) != 0
  options.asksForCapabilities = wanted.flags & UInt32(PLAIT_IRC_NO_CAPABILITIES) == 0
  options.logsIn = wanted.flags & UInt32(PLAIT_IRC_NO_LOGIN) == 0
  options.findsNicks = wanted.flags & UInt32(PLAIT_IRC_NO_OTHER_NICK) == 0
  options.regains = wanted.flags & UInt32(PLAIT_IRC_REGAIN) != 0
  options.isBot = wanted.flags & UInt32(PLAIT_IRC_BOT) != 0
  guard (options.asksForCapabilities && options.logsIn) || options.mechanisms.isEmpty else { return .invalid }
  if wanted.burst > 0 { options.burst = Int(wanted.burst) }  // checked: small
  if interval > 0 { options.interval = interval }
  if ping > 0 { options.pingTime = ping }
  if pong > 0 { options.pongTime = pong }
  if registration > 0 { options.registrationTime = registration }
  if wanted.max_line > 0 { options.longestLine = Int(wanted.max_line) }  // checked: of 32 bits
  if wanted.max_waiting > 0 { options.mostWaiting = Int(wanted.max_waiting) }  // checked: small
  return credentialFault(options)
}

private func guest(_ index: Int) -> UInt8 {
  switch index {
  case 0: return UInt8(ascii: "g")
  case 1: return UInt8(ascii: "u")
  case 2: return UInt8(ascii: "e")
  case 3: return UInt8(ascii: "s")
  default: return UInt8(ascii: "t")
  }
}

/// Can every mechanism that is wanted carry the credentials?
private func credentialFault(_ options: IRCOptions) -> Status {
  var number: UInt8 = 0
  while let mechanism = Mechanism(rawValue: number) {
    number += 1
    guard options.mechanisms.contains(mechanism) else { continue }
    let channel = mechanism.binds ? Channel.bound(name: [120], data: []) : .unbound
    if case .failed(let why) = Exchange.make(mechanism, options.credentials, channel: channel) { return why.status }
  }
  return .ok
}

@_cdecl("plait_irc_factory_new") @implementation
public func plait_irc_factory_new(
  _ out: UnsafeMutablePointer<plait_factory>?, _ given: UnsafePointer<plait_irc_options>?,
  _ handler: UnsafePointer<plait_irc_handler>?, _ user: UnsafeMutableRawPointer?
) -> CInt {
  var table = plait_irc_handler()
  var wanted = plait_irc_options()
  var made = IRCOptions()
  var status = unused(read(handler, &table), table.reserved)
  if status == .ok { status = readNeeded(given, &wanted) }
  guard status == .ok, out != nil else { return status == .ok ? .invalid : status }
  status = options(wanted, &made)
  guard status == .ok else { return status }
  let newline: [UInt8] = [10]
  guard let delimiter = Delimiter.make(newline.span.bytes) else { return .noMemory }
  let factory = HostIRCFactory(made, delimiter, table, user)
  if table.get_policy != nil || table.set_policy != nil {
    guard table.get_policy != nil, table.set_policy != nil else { return .invalid }
    #if TLS
      factory.obeyPolicies()
    #else
      return .unsupported
    #endif
  }
  return give(out, factory)
}

@_cdecl("plait_irc_send") @implementation
public func plait_irc_send(
  _ conn: plait_conn, _ command: UnsafePointer<UInt8>?, _ len: Int, _ parameters: UnsafePointer<plait_bytes>?,
  _ count: Int, _ how: UInt32
) -> CInt {
  guard let command = checked(command, len), count >= 0, count <= 15, parameters != nil || count == 0, how <= 1 else {
    return .invalid
  }
  return onIRC(conn) { conn, session in
    var builder = MessageBuilder()
    builder.add(command: command.bytes)
    for index in 0..<count {
      guard let given = parameters?[index], let part = checked(given.data, given.len) else { return .invalid }
      if index < count - 1 { builder.add(middle: part.bytes) } else { builder.add(last: part.bytes) }
    }
    let status = session.send(builder, isUrgent: how == 1, conn)
    if status == .ok, count == 2, command.bytes.isEqual("JOIN"), let channels = parameters?[0],
      let keys = parameters?[1],
      let channels = checked(channels.data, channels.len), let keys = checked(keys.data, keys.len)
    {
      session.note(join: channels.bytes, keys: keys.bytes)
    }
    return status
  }
}

@_cdecl("plait_irc_send_line") @implementation
public func plait_irc_send_line(_ conn: plait_conn, _ line: UnsafePointer<UInt8>?, _ len: Int, _ how: UInt32) -> CInt {
  guard let line = checked(line, len), how <= 1 else { return .invalid }
  return onIRC(conn) { $1.send(line: line.bytes, isUrgent: how == 1, $0) }
}

@_cdecl("plait_irc_say") @implementation
public func plait_irc_say(
  _ conn: plait_conn, _ what: UInt32, _ target: UnsafePointer<UInt8>?, _ target_len: Int, _ text: UnsafePointer<UInt8>?,
  _ len: Int
) -> CInt {
  guard let target = checked(target, target_len), let text = checked(text, len), what <= 2 else { return .invalid }
  let manner: IRCSession.Manner = what == 0 ? .message : what == 1 ? .notice : .action
  return onIRC(conn) { $1.say(manner, target.bytes, text.bytes, $0) }
}

@_cdecl("plait_irc_close") @implementation
public func plait_irc_close(_ conn: plait_conn, _ words: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let words = checked(words, len) else { return .invalid }
  return onIRC(conn) { $1.quit(words.bytes, $0) }
}

// MARK: What is known

@_cdecl("plait_irc_get_nick") @implementation
public func plait_irc_get_nick(
  _ conn: plait_conn, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt { onIRC(conn) { give($1.nick, out, cap, len) } }

@_cdecl("plait_irc_get_feature") @implementation
public func plait_irc_get_feature(
  _ conn: plait_conn, _ key: UnsafePointer<UInt8>?, _ key_len: Int, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let key = checked(key, key_len), len != nil, cap >= 0 else { return .invalid }
  return onIRC(conn) { $1.support.value(key.bytes).map { give($0, out, cap, len) } ?? .absent }
}

@_cdecl("plait_irc_get_capability") @implementation
public func plait_irc_get_capability(_ conn: plait_conn, _ name: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
  guard let name = checked(name, len) else { return .invalid }
  return onIRC(conn) { $1.hasCapability(name.bytes) ? 1 : 0 }
}

@_cdecl("plait_irc_get_channels") @implementation
public func plait_irc_get_channels(
  _ conn: plait_conn, _ out: UnsafeMutablePointer<UInt8>?, _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt { onIRC(conn) { give($1.channelNames(), out, cap, len) } }

@_cdecl("plait_irc_get_members") @implementation
public func plait_irc_get_members(
  _ conn: plait_conn, _ channel: UnsafePointer<UInt8>?, _ channel_len: Int, _ out: UnsafeMutablePointer<UInt8>?,
  _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let channel = checked(channel, channel_len), len != nil, cap >= 0 else { return .invalid }
  return onIRC(conn) { $1.memberNames(channel.bytes).map { give($0, out, cap, len) } ?? .absent }
}

@_cdecl("plait_irc_get_topic") @implementation
public func plait_irc_get_topic(
  _ conn: plait_conn, _ channel: UnsafePointer<UInt8>?, _ channel_len: Int, _ out: UnsafeMutablePointer<UInt8>?,
  _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let channel = checked(channel, channel_len), len != nil, cap >= 0 else { return .invalid }
  return onIRC(conn) { $1.topic(channel.bytes).map { give($0, out, cap, len) } ?? .absent }
}

@_cdecl("plait_irc_get_modes") @implementation
public func plait_irc_get_modes(
  _ conn: plait_conn, _ channel: UnsafePointer<UInt8>?, _ channel_len: Int, _ out: UnsafeMutablePointer<UInt8>?,
  _ cap: Int, _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let channel = checked(channel, channel_len), len != nil, cap >= 0 else { return .invalid }
  return onIRC(conn) { $1.modes(channel.bytes).map { give($0, out, cap, len) } ?? .absent }
}

@_cdecl("plait_irc_get_lag") @implementation
public func plait_irc_get_lag(
  _ conn: plait_conn, _ lag_ms: UnsafeMutablePointer<UInt64>?, _ waiting: UnsafeMutablePointer<Int>?
) -> CInt {
  onIRC(conn) { _, session in
    if let lag_ms {
      guard let lag = session.lag else { return .absent }
      lag_ms.pointee = lag
    }
    waiting?.pointee = session.waitingLines
    return .ok
  }
}
