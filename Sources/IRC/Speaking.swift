import Bytes
import Wire

/// What a host has a session send.
extension IRCSession {
  /// A message of the host's. Its parameters but the last must be middles; joining is remembered with its keys.
  public func send(
    _ builder: borrowing MessageBuilder, isUrgent: Bool, _ conn: Conn
  ) -> Status {
    let status = builder.finish(limit: support.lineLength - 2)
    guard status == .ok else { return status }
    return send(builder.bytes, isUrgent: isUrgent, conn)
  }

  /// A line as the host wrote it.
  public func send(line: RawSpan, isUrgent: Bool, _ conn: Conn) -> Status {
    var parts = Message()
    guard MessageBuilder.isLine(line), parts.parse(line), !parts.hasSource, parts.command.start == parts.beginning,
      MessageBuilder.isCommand(line.extracting(parts.command.range))
    else { return .value }
    let head = Int(parts.beginning)
    guard head <= Message.longestTags, line.byteCount - head <= support.lineLength - 2 else { return .tooLong }
    var bytes: [UInt8] = []
    bytes.append(line)
    let status = send(bytes, isUrgent: isUrgent, conn)
    if status == .ok, parts.count == 2, line.extracting(parts.command.range).isEqual("JOIN") {
      note(join: parts.parameter(0, line), keys: parts.parameter(1, line))
    }
    return status
  }

  /// How many bytes of text a message to a target may have, so that it still fits with this side's source before it, as others get it.
  /// The host's part of that source is as long as it can be (63), and so is the user's (a tilde and ten) where it is not known.
  public func room(_ command: Int, _ target: Int) -> Int {
    // `:nick!user@host COMMAND target :` and CR LF.
    support.lineLength - (1 + nick.count + 1 + 11 + 1 + 63 + 1 + command + 1 + target + 2 + 2)
  }

  public enum Manner { case message, notice, action }

  /// A text, in as many messages as it takes. How many they were, or a status; all of them or none.
  public func say(_ manner: Manner, _ target: RawSpan, _ text: RawSpan, _ conn: Conn) -> Status {
    if conn.isClosing { return .closed }
    let command: StaticString = manner == .notice ? "NOTICE" : "PRIVMSG"
    let around = manner == .action ? 9 : 0
    let most = room(command.utf8CodeUnitCount, target.byteCount) - around
    guard MessageBuilder.isMiddle(target), target.byte(0) != UInt8(ascii: ":"), text.position(of: 0, from: 0) < 0,
      manner != .action || text.position(of: 1, from: 0) < 0
    else { return .value }
    guard most >= 4 else { return .tooLong }
    var counting = Splitter(text, room: most)
    var count = 0
    while counting.next() != nil { count += 1 }
    guard count <= options.mostWaiting - waitingLines else { return .limit }
    var pieces = Splitter(text, room: most)
    while let piece = pieces.next() {
      var line = command.utf8Bytes
      line.append(32)
      line.append(target)
      line.append(" :")
      if manner == .action { line.append("\u{1}ACTION ") }
      line.append(text.extracting(piece.range))
      if manner == .action { line.append(1) }
      let status = send(line, isUrgent: false, conn)
      if status != .ok { return status }
    }
    return Status(truncatingIfNeeded: count)
  }

  /// Remembers the keys that channels are joined with, for the day they are joined again.
  public func note(join channels: RawSpan, keys: RawSpan) {
    var (from, key) = (0, 0)
    while from < channels.byteCount, key < keys.byteCount, pendingKeys.count < 1024 {
      let end = IRCSession.comma(channels, from)
      let keyEnd = IRCSession.comma(keys, key)
      var (name, word): ([UInt8], [UInt8]) = ([], [])
      name.append(channels.extracting(from..<end))
      word.append(keys.extracting(key..<keyEnd))
      pendingKeys.append((name, word))
      from = end + 1
      key = keyEnd + 1
    }
  }

  private static func comma(_ list: RawSpan, _ from: Int) -> Int {
    let comma = list.position(of: UInt8(ascii: ","), from: from)
    return comma < 0 ? list.byteCount : comma
  }

  func takeKey(_ channel: RawSpan) -> [UInt8]? {
    for index in 0..<pendingKeys.count {
      let name = pendingKeys[index].name
      if support.mapping.isEqual(name.span.bytes, channel) { return pendingKeys.remove(at: index).key }
    }
    return nil
  }

  // MARK: What is known

  /// The channels that this side is in, with blanks between them.
  public func channelNames() -> [UInt8] {
    var made: [UInt8] = []
    for channel in world.channels {
      if !made.isEmpty { made.append(32) }
      made += channel.name
    }
    return made
  }

  /// `+ntk key`; empty where none is known.
  public func modes(_ name: RawSpan) -> [UInt8]? {
    guard let channel = world.channel(name, support.mapping) else { return nil }
    var (letters, parameters): ([UInt8], [UInt8]) = ([], [])
    for mode in channel.modes {
      letters.append(letters.isEmpty ? UInt8(ascii: "+") : mode.letter)
      if letters.count == 1 { letters.append(mode.letter) }
      if !mode.parameter.isEmpty { parameters += [32] + mode.parameter }
    }
    return letters + parameters
  }

  public func topic(_ name: RawSpan) -> [UInt8]? { world.channel(name, support.mapping)?.topic }

  /// Who is in a channel, with blanks between them; what stands before a nick there stands before it.
  public func memberNames(_ name: RawSpan) -> [UInt8]? {
    guard let channel = world.channel(name, support.mapping) else { return nil }
    var made: [UInt8] = []
    channel.members.forEach { user, flags in
      if !made.isEmpty { made.append(32) }
      for index in 0..<support.prefixes.count where flags & (1 << UInt32(index)) != 0 {
        made.append(support.prefixes[index])
      }
      made += world.nick(user)
    }
    return made
  }

  /// Ends the conversation in good order, before whatever waits.
  public func quit(_ words: RawSpan, _ conn: Conn) -> Status {
    if conn.isClosing { return .closed }
    var builder = MessageBuilder()
    builder.add(command: "QUIT")
    builder.add(trailing: words)
    let status = builder.finish()
    guard status == .ok else { return status }
    forgetWaiting()
    let line = builder.bytes
    _ = write(line.span.bytes, conn)
    conn.close(.ok)
    return .ok
  }
}
