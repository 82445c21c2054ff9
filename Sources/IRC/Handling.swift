import Bytes
import Wire

/// What a server says: kept where it is state, and told to the host.
extension IRCSession {
  func take(_ line: RawSpan, at start: Int, _ conn: Conn) {
    guard message.parse(line) else { return }
    let source = line.extracting(message.source.range)
    var end = 0
    while end < source.byteCount, source.byte(end) != UInt8(ascii: "!"), source.byte(end) != UInt8(ascii: "@") {
      end += 1
    }
    var event = Event(.other)
    event.source = message.source
    event.nick = message.source
    event.nick.count = UInt32(truncatingIfNeeded: end)
    if end > 0, isMe(source.extracting(first: end)) { event.flags |= Event.fromMe }
    if !message.tags.isEmpty, !batches.isEmpty || !calls.isEmpty {
      readTags(line, &event)
    } else {
      (within, label) = (-1, Part())
    }
    let isTold = message.numeric > 0 ? number(&event, line, conn) : word(&event, line, conn)
    if !calls.isEmpty { answer(line) }
    if isTold { owner.tell(event, message, line, start, conn) }
    if event.kind == .signedOn, !conn.isClosing { rejoin(conn) }
    if event.kind == .userQuit || event.kind == .userRenamed { heardOfLeaving(line.extracting(event.nick.range), conn) }
  }

  /// The parameter of that number, or nothing.
  private func part(_ index: Int) -> Part { index >= 0 && index < message.count ? message.parameters[index] : Part() }

  private func isMe(_ name: RawSpan) -> Bool {
    let mine = nick
    return support.mapping.isEqual(name, mine.span.bytes)
  }

  // MARK: Commands

  /// False: nobody is told.
  private func word(_ event: inout Event, _ line: RawSpan, _ conn: Conn) -> Bool {
    let command = line.extracting(message.command.range)
    if command.isEqual("PRIVMSG") || command.isEqual("NOTICE") {
      said(&event, line, isNotice: command.byteCount == 6)
    } else if command.isEqual("PING") {
      say("PONG", [], last: bytes(part(message.count - 1), line), isMarked: true, conn)
      return false
    } else if command.isEqual("PONG") {
      guard heardPong(line.extracting(part(message.count - 1).range), conn) else { return true }
      event.kind = .pong
      event.number = UInt32(truncatingIfNeeded: lag ?? 0)
    } else if command.isEqual("JOIN") {
      joined(&event, line, conn)
    } else if command.isEqual("PART") {
      parted(&event, line)
    } else if command.isEqual("QUIT") {
      event.kind = .userQuit
      event.text = part(0)
      world.quit(line.extracting(event.nick.range), support.mapping)
    } else if command.isEqual("NICK") {
      renamed(&event, line)
    } else if command.isEqual("MODE") {
      modesChanged(&event, line)
    } else if command.isEqual("KICK") {
      kicked(&event, line)
    } else if command.isEqual("TOPIC") {
      event.kind = .topicUpdated
      event.target = part(0)
      event.text = part(1)
      setTopic(line, event)
    } else if command.isEqual("INVITE") {
      event.kind = .invited
      event.argument = part(0)
      event.target = part(1)
      if isMe(line.extracting(event.argument.range)) { event.flags |= Event.toMe }
    } else if command.isEqual("CAP") {
      heardCapabilities(line, conn)
    } else if command.isEqual("BATCH") {
      batched(&event, line)
    } else if command.isEqual("AUTHENTICATE") {
      heardChallenge(line, conn)
      return false
    } else if command.isEqual("AWAY") || command.isEqual("ACCOUNT") || command.isEqual("CHGHOST")
      || command.isEqual("SETNAME")
    {
      event.kind = .changed
      event.target = message.command
      event.text = part(0)
      event.argument = part(1)
    } else {
      event.target = part(0)
      event.text = part(message.count - 1)
    }
    return true
  }

  private func bytes(_ part: Part, _ line: RawSpan) -> [UInt8] {
    var made: [UInt8] = []
    made.append(line.extracting(part.range))
    return made
  }

  private func said(_ event: inout Event, _ line: RawSpan, isNotice: Bool) {
    event.kind = isNotice ? .noticed : .privmsg
    event.target = part(0)
    event.text = part(1)
    if isMe(line.extracting(event.target.range)) { event.flags |= Event.toMe }
    guard let ctcp = CTCP(line.extracting(event.text.range)) else { return }
    let base = Int(event.text.start)
    func placed(_ part: Part) -> Part { Part(base + Int(part.start), base + Int(part.start) + Int(part.count)) }
    let (command, argument) = (placed(ctcp.command), placed(ctcp.argument))
    if !isNotice, line.extracting(command.range).isEqual("ACTION") {
      event.kind = .action
      event.text = argument
    } else {
      event.kind = isNotice ? .ctcpReply : .ctcpQuery
      event.text = command
      event.argument = argument
    }
  }

  private func joined(_ event: inout Event, _ line: RawSpan, _ conn: Conn) {
    event.target = part(0)
    event.argument = part(1)  // extended-join: the account
    event.text = part(2)
    event.kind = event.flags & Event.fromMe != 0 ? .joined : .userJoined
    let name = line.extracting(event.target.range)
    guard event.nick.count > 0, name.byteCount > 0 else { return }
    if event.kind == .joined {
      let channel = world.enter(name, support.mapping)
      if let key = takeKey(name) { channel.key = key }
    }
    guard let channel = world.channel(name, support.mapping) else { return }
    world.add(line.extracting(event.nick.range), to: channel, 0, support.mapping)
  }

  private func parted(_ event: inout Event, _ line: RawSpan) {
    event.target = part(0)
    event.text = part(1)
    event.kind = event.flags & Event.fromMe != 0 ? .left : .userLeft
    leave(line.extracting(event.target.range), line.extracting(event.nick.range), isMe: event.kind == .left)
  }

  private func kicked(_ event: inout Event, _ line: RawSpan) {
    event.target = part(0)
    event.argument = part(1)
    event.text = part(2)
    let who = line.extracting(event.argument.range)
    let isMine = isMe(who)
    event.kind = isMine ? .kickedFrom : .userKicked
    if isMine { event.flags |= Event.toMe }
    leave(line.extracting(event.target.range), who, isMe: isMine)
  }

  private func leave(_ name: RawSpan, _ who: RawSpan, isMe: Bool) {
    if isMe { return world.leave(name, support.mapping) }
    guard let channel = world.channel(name, support.mapping) else { return }
    world.remove(who, from: channel, support.mapping)
  }

  private func renamed(_ event: inout Event, _ line: RawSpan) {
    event.text = part(0)
    let name = line.extracting(event.text.range)
    guard name.byteCount > 0 else { return }
    event.kind = event.flags & Event.fromMe != 0 ? .nickChanged : .userRenamed
    if event.kind == .nickChanged { nick = bytes(event.text, line) }
    world.rename(line.extracting(event.nick.range), to: name, support.mapping)
  }

  private func setTopic(_ line: RawSpan, _ event: Event) {
    guard let channel = world.channel(line.extracting(event.target.range), support.mapping) else { return }
    channel.topic = bytes(event.text, line)
  }

  private func modesChanged(_ event: inout Event, _ line: RawSpan) {
    event.kind = .modeChanged
    event.target = part(0)
    event.text = part(1)
    if message.count > 2 {
      let last = part(message.count - 1)
      event.argument = Part(Int(part(2).start), Int(last.start) + Int(last.count))
    }
    let name = line.extracting(event.target.range)
    if isMe(name) { event.flags |= Event.toMe }
    guard let channel = world.channel(name, support.mapping) else { return }
    apply(line, from: 1, to: channel)
  }

  /// Modes from that parameter on.
  private func apply(_ line: RawSpan, from first: Int, to channel: Channel) {
    var reader = ModeReader(line.extracting(part(first).range), parameters: message.count - first - 1)
    while let change = reader.next(support.kinds) {
      let given = change.parameter >= 0 ? part(first + 1 + change.parameter) : Part()
      guard let place = support.prefixModes.firstIndex(of: change.letter) else {
        if !support.lists.contains(change.letter) { channel.setMode(change.letter, bytes(given, line), change.isSet) }
        continue
      }
      guard change.parameter >= 0, let user = world.user(line.extracting(given.range), support.mapping),
        channel.members.contains(user)
      else { continue }
      let flags = channel.members.flags(user)
      let bit: UInt32 = 1 << UInt32(place)
      _ = channel.members.set(user, change.isSet ? flags | bit : flags & ~bit)
    }
  }

  // MARK: Numerics

  private func number(_ event: inout Event, _ line: RawSpan, _ conn: Conn) -> Bool {
    event.kind = .numeric
    event.number = UInt32(truncatingIfNeeded: message.numeric)
    event.target = part(1)
    event.text = part(message.count - 1)
    switch message.numeric {
    case 1:
      guard welcomed(line, conn) else { return false }
      event.kind = .signedOn
      event.text = part(1)
    case 5: heardSupport(line, conn)
    case 324:
      guard let channel = world.channel(line.extracting(event.target.range), support.mapping) else { break }
      channel.forgetModes()
      apply(line, from: 2, to: channel)
    case 331, 332:
      event.kind = .topicUpdated
      event.flags |= Event.reply
      event.text = message.numeric == 332 ? part(2) : Part()
      setTopic(line, event)
    case 353:
      event.target = part(2)
      heardNames(line, event)
    case 366: event.kind = .names
    case 432, 433, 436, 437: heardNickRefused(conn)
    case 464:
      if phase != .ready { fail(Reason(.remote, code: 464, text: "the server did not take the password"), conn) }
    case 903: heardSuccess(conn)
    case 902, 904...907: heardFailure(conn)
    default: break
    }
    return true
  }

  private func heardSupport(_ line: RawSpan, _ conn: Conn) {
    let before = support.mapping
    for index in 1..<max(1, message.count - 1) { support.take(line.extracting(part(index).range)) }
    if support.mapping != before { world.refold(support.mapping) }
    if options.isBot, support.botMode != 0, !saidBot, phase == .ready {
      saidBot = true
      say("MODE", [nick], last: [UInt8(ascii: "+"), support.botMode], conn)
    }
  }

  private func heardNames(_ line: RawSpan, _ event: Event) {
    guard let channel = world.channel(line.extracting(event.target.range), support.mapping) else { return }
    let list = line.extracting(event.text.range)
    var words = Words(list)
    while let word = words.next() {
      var name = list.extracting(word.range)
      var flags: UInt32 = 0
      while name.byteCount > 0, let place = support.prefixes.firstIndex(of: name.byte(0)) {
        flags |= 1 << UInt32(place)
        name = name.extracting(droppingFirst: 1)
      }
      var end = 0
      while end < name.byteCount, name.byte(end) != UInt8(ascii: "!") { end += 1 }
      if end > 0 { world.add(name.extracting(first: end), to: channel, flags, support.mapping) }
    }
  }
}
