import Bytes
import SASL
import Wire

/// From the first line to the welcome: capabilities, who one is, a nick.
extension IRCSession {
  /// What this client makes use of itself.
  static var ours: StaticString {
    """
    account-notify account-tag away-notify batch cap-notify chghost extended-join invite-notify labeled-response message-tags \
    multi-prefix sasl server-time setname standard-replies userhost-in-names
    """
  }

  func register(_ conn: Conn) {
    phase = .registering
    guard options.logsIn else { return }
    if options.asksForCapabilities {
      phase = .asking
      say("CAP", [("LS" as StaticString).utf8Bytes], last: ("302" as StaticString).utf8Bytes, conn)
    }
    if !options.password.isEmpty { say("PASS", [], last: options.password, conn) }
    say("NICK", [], last: nick, conn)
    let user = options.user.isEmpty ? options.nick : options.user
    let name = options.realName.isEmpty ? options.nick : options.realName
    say("USER", [user, [UInt8(ascii: "0")], [UInt8(ascii: "*")]], last: name, isMarked: true, conn)
  }

  /// A message of the library's own, which is sent at once.
  func say(_ command: StaticString, _ middles: [[UInt8]], last: [UInt8], isMarked: Bool = false, _ conn: Conn) {
    var builder = MessageBuilder()
    builder.add(command: command)
    for middle in middles { builder.add(middle: middle.span.bytes) }
    if isMarked { builder.add(trailing: last.span.bytes) } else { builder.add(last: last.span.bytes) }
    let status = builder.finish()
    let line = builder.bytes
    if status == .ok { _ = write(line.span.bytes, conn) } else { fail(Reason(status), conn) }
  }

  // MARK: Capabilities

  func heardCapabilities(_ line: RawSpan, _ conn: Conn) {
    guard message.count >= 3 else { return }
    let verb = message.parameter(1, line)
    let last = message.parameter(message.count - 1, line)
    if verb.isEqual("LS") || verb.isEqual("NEW") {
      heardPolicy(last, conn)
      if conn.isClosing { return }
    }
    if verb.isEqual("LS") {
      guard offered.count + last.byteCount <= 65536 else { return fail(Reason(.tooLong), conn) }
      offered.append(32)
      offered.append(last)
      if message.count >= 4, message.parameter(2, line).isEqual("*") { return }
      if phase == .asking { request(offered, conn) }
    } else if verb.isEqual("NEW") {
      if phase == .ready { offered = [] }
      offered.append(32)
      offered.append(last)
      request(offered, conn)
    } else if verb.isEqual("ACK") {
      enable(last)
      answered(conn)
    } else if verb.isEqual("NAK") {
      answered(conn)
    } else if verb.isEqual("DEL") {
      disable(last)
    }
  }

  public func hasCapability(_ name: RawSpan) -> Bool { place(of: name) != nil }

  func hasCapability(named name: StaticString) -> Bool {
    let bytes = name.utf8Bytes
    return place(of: bytes.span.bytes) != nil
  }

  private func place(of name: RawSpan) -> Int? {
    for index in 0..<enabled.count {
      let known = enabled[index]
      if known.span.bytes.isEqual(name) { return index }
    }
    return nil
  }

  private func enable(_ list: RawSpan) {
    var words = Words(list)
    while let word = words.next() {
      let name = list.extracting(word.range)
      if name.byte(0) == UInt8(ascii: "-") {
        disable(name.extracting(droppingFirst: 1))
      } else if !hasCapability(name) {
        var bytes: [UInt8] = []
        bytes.append(name)
        if enabled.count < 256 { enabled.append(bytes) }
      }
    }
  }

  private func disable(_ list: RawSpan) {
    var words = Words(list)
    while let word = words.next() {
      let name = list.extracting(word.range)
      if let index = place(of: name) { enabled.remove(at: index) }
    }
  }

  /// Asks for what is wanted of what there is, a line for each few.
  private func request(_ list: [UInt8], _ conn: Conn) {
    let wanted = IRCSession.ours.utf8Bytes + [32] + options.capabilities
    var line: [UInt8] = []
    var words = Words(list.span.bytes)
    var found: [[UInt8]] = []
    while let word = words.next() {
      let whole = list.span.bytes.extracting(word.range)
      var end = 0
      while end < whole.byteCount, whole.byte(end) != UInt8(ascii: "=") { end += 1 }
      let name = whole.extracting(first: end)
      if Words.contains(wanted.span.bytes, name), !hasCapability(name) {
        if name.isEqual("sasl"), options.mechanisms.isEmpty || phase == .ready { continue }
        if name.isEqual("sts") { continue }  // says something, and is no capability
        var bytes: [UInt8] = []
        bytes.append(name)
        found.append(bytes)
      }
    }
    if phase == .asking { phase = .requesting }
    for name in found {
      if !line.isEmpty, line.count + name.count > 400 {
        say("CAP", [("REQ" as StaticString).utf8Bytes], last: line, isMarked: true, conn)
        requests += 1
        line = []
      }
      if !line.isEmpty { line.append(32) }
      line += name
    }
    if !line.isEmpty {
      say("CAP", [("REQ" as StaticString).utf8Bytes], last: line, isMarked: true, conn)
      requests += 1
    }
    if requests == 0 { requested(conn) }
  }

  private func answered(_ conn: Conn) {
    if requests > 0 { requests -= 1 }
    if requests == 0 { requested(conn) }
  }

  private func requested(_ conn: Conn) {
    guard phase == .requesting else { return }
    if options.mechanisms.isEmpty { return endCapabilities(conn) }
    authenticate(conn)
  }

  func endCapabilities(_ conn: Conn) {
    phase = .registering
    say("CAP", [], last: ("END" as StaticString).utf8Bytes, conn)
  }

  // MARK: SASL

  private func authenticate(_ conn: Conn) {
    let offered = mechanismsOffered()
    var channel = options.mechanisms.isDisjoint(with: .binding) ? SASL.Channel.unbound : boundChannel(conn)
    var canBind = false
    if case .bound = channel { canBind = true }
    guard hasCapability(named: "sasl"), let best = offered.best(wanted: options.mechanisms, canBind: canBind) else {
      return refused(Reason(.unsupported, text: "the server offers no mechanism that may be used"), conn)
    }
    if canBind, !best.binds { channel = offered.isDisjoint(with: .binding) ? .notOffered : .unbound }
    switch Exchange.make(best, options.credentials, channel: channel) {
    case .failed(let why): refused(why, conn)
    case .exchange(let made):
      exchange = made
      challenge = []
      phase = .authenticating
      say("AUTHENTICATE", [], last: best.name.utf8Bytes, conn)
    }
  }

  /// What this side has to bind to: that of the version of TLS.
  private func boundChannel(_ conn: Conn) -> SASL.Channel {
    var bytes: [UInt8] = []
    if conn.channelBinding(.unique, into: &bytes) == .ok {
      return .bound(name: ("tls-unique" as StaticString).utf8Bytes, data: bytes)
    }
    if conn.channelBinding(.exporter, into: &bytes) == .ok {
      return .bound(name: ("tls-exporter" as StaticString).utf8Bytes, data: bytes)
    }
    return .unbound
  }

  /// Those that the server names, or all that bind nothing where it does not say.
  private func mechanismsOffered() -> Mechanisms {
    let all = offered
    let list = all.span.bytes
    var words = Words(list)
    while let word = words.next() {
      let whole = list.extracting(word.range)
      if whole.byteCount > 5, whole.extracting(first: 5).isEqual("sasl=") {
        return Mechanisms.parse(whole.extracting(droppingFirst: 5), separator: UInt8(ascii: ","))
      }
    }
    return Mechanisms.all.subtracting(.binding)
  }

  /// What the server says comes in pieces of 400 bytes of base64, of which the last one is shorter.
  func heardChallenge(_ line: RawSpan, _ conn: Conn) {
    guard phase == .authenticating, let exchange else { return }
    let piece = message.parameter(0, line)
    if !piece.isEqual("+") {
      guard challenge.count + piece.byteCount <= 32768 else { return refused(Reason(.tooLong), conn) }
      challenge.append(piece)
      if piece.byteCount >= 400 { return }
    }
    var (given, out): ([UInt8], [UInt8]) = ([], [])
    let whole = challenge
    guard Base64.decode(whole.span.bytes, into: &given) else {
      return refused(Reason(.malformed, text: "the challenge is not base64"), conn)
    }
    challenge = []
    let reason = hasStarted ? exchange.hear(given.span.bytes) : exchange.start(&out)
    hasStarted = true
    guard reason.status == .ok, exchange.isDeriving else { return answer(reason, out, conn) }
    let (context, id) = (conn.context, conn.id)
    let status = exchange.derive(context) { reason, out in
      guard let conn = context.conn(id), !conn.isClosing else { return }
      _ = conn.withIRC { session, _ in
        session.answer(reason, out, conn)
        return .ok
      }
    }
    if status != .ok { answer(Reason(status), [], conn) }
  }

  private func answer(_ reason: Reason, _ out: [UInt8], _ conn: Conn) {
    guard reason.status == .ok else {
      say("AUTHENTICATE", [], last: [UInt8(ascii: "*")], conn)
      return refused(reason, conn)
    }
    respond(out, conn)
  }

  private func respond(_ bytes: [UInt8], _ conn: Conn) {
    var text: [UInt8] = []
    Base64.encode(bytes.span.bytes, into: &text)
    var at = 0
    while at < text.count {
      let end = min(at + 400, text.count)
      say("AUTHENTICATE", [], last: Array(text[at..<end]), conn)
      at = end
    }
    if text.count % 400 == 0 { say("AUTHENTICATE", [], last: [UInt8(ascii: "+")], conn) }
  }

  /// 903: the server is content.
  func heardSuccess(_ conn: Conn) {
    guard phase == .authenticating, let exchange else { return }
    let reason = exchange.succeeded([UInt8]().span.bytes)
    guard reason.status == .ok else { return refused(reason, conn) }
    isAuthenticated = true
    self.exchange = nil
    endCapabilities(conn)
  }

  /// 902, 904 to 907: it is not.
  func heardFailure(_ conn: Conn) {
    guard phase == .authenticating else { return }
    refused(
      Reason(.remote, code: CInt(truncatingIfNeeded: message.numeric), text: "the server did not let this side in"),
      conn)
  }

  private func refused(_ reason: Reason, _ conn: Conn) {
    exchange?.cancel()
    exchange = nil
    if options.isAuthenticationOptional { endCapabilities(conn) } else { fail(reason, conn) }
  }

  // MARK: The nick

  /// 433, 436, 437, and 432: another one is tried, but not for ever.
  func heardNickRefused(_ conn: Conn) {
    guard phase != .ready, options.findsNicks else { return }
    refusedNicks += 1
    guard refusedNicks <= 16 else { return fail(Reason(.inUse, text: "the server takes no nick"), conn) }
    if message.numeric == 432 {
      guard nick != options.fallbackNick else { return fail(Reason(.value, text: "the server takes no nick"), conn) }
      nick = options.fallbackNick
    } else {
      nick.append(UInt8(ascii: "_"))
    }
    say("NICK", [], last: nick, conn)
  }

  /// Whoever has that nick has left: if it is the one that was wanted, it is to be had.
  func heardOfLeaving(_ name: RawSpan, _ conn: Conn) {
    let wanted = options.nick
    if options.regains, support.mapping.isEqual(name, wanted.span.bytes) { regain(conn) }
  }

  func regain(_ conn: Conn) {
    let (mine, wanted) = (nick, options.nick)
    guard options.regains, phase == .ready, !conn.isClosing,
      !support.mapping.isEqual(mine.span.bytes, wanted.span.bytes)
    else { return }
    say("NICK", [], last: wanted, conn)
  }

  /// 001.
  func welcomed(_ line: RawSpan, _ conn: Conn) -> Bool {
    guard phase != .ready else { return true }
    if !options.mechanisms.isEmpty, !isAuthenticated, !options.isAuthenticationOptional {
      fail(Reason(.unsupported, text: "the server let this side in without asking who it is"), conn)
      return false
    }
    phase = .ready
    if conn.isSecure { owner.upgrade = ([], 0) }  // what lasts is the host's to keep
    nick = []
    nick.append(message.parameter(0, line))
    if limit.isScheduled { conn.context.timers.remove(limit) }
    _ = conn.context.schedule(life, after: options.pingTime)
    return true
  }

  func rejoin(_ conn: Conn) {
    let channels = owner.former
    owner.former = []
    for channel in channels {
      var builder = MessageBuilder()
      builder.add(command: "JOIN")
      builder.add(middle: channel.name.span.bytes)
      if !channel.key.isEmpty { builder.add(middle: channel.key.span.bytes) }
      if builder.finish() == .ok { _ = send(builder.bytes, isUrgent: false, conn) }
    }
  }
}

/// The words of a list, between blanks.
struct Words: ~Escapable {
  let text: RawSpan
  var at = 0
  @_lifetime(copy text)
  init(_ text: RawSpan) { self.text = text }

  mutating func next() -> Part? {
    while at < text.byteCount, text.byte(at) == 32 { at += 1 }
    let start = at
    while at < text.byteCount, text.byte(at) != 32 { at += 1 }
    return at > start ? Part(start, at) : nil
  }

  static func contains(_ list: RawSpan, _ name: RawSpan) -> Bool {
    var words = Words(list)
    while let word = words.next() { if list.extracting(word.range).isEqual(name) { return true } }
    return false
  }
}
