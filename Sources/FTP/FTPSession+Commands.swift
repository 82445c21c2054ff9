import Bytes
import Crypto
import Files
import Wire

extension FTPSession {
  /// A line from the client: the host's command of that name, or the library's.
  func perform(_ line: [UInt8], _ conn: Conn) {
    let cut = line.firstIndex(of: 32)
    let word = Array(line[..<(cut ?? line.count)])
    let words = cut.map { Array(line[($0 + 1)...]) }
    let verb = Verb.of(word.span.bytes)
    let capitals = word.map(Verb.upper)
    let hook = word.count <= 16 ? factory.hook(capitals) : nil
    guard isAllowed(verb, isPublic: hook.map { $0.isPublic } ?? (verb?.isPublic == true), conn) else { return }
    if let hook { return ask(hook, verb, words ?? [], conn) }
    guard let verb else { return say(conn, 502, "Command '", Array(word.prefix(32)), "' not implemented") }
    if words == nil, verb.usual.needsWords {
      return say(conn, 500, "Syntax error: ", verb.name, " requires an argument.")
    }
    run(verb, words ?? [], conn)
  }

  /// Does the command fit what came before?
  func isAllowed(_ verb: Verb?, isPublic: Bool, _ conn: Conn) -> Bool {
    if stage == .named, verb != .pass, verb != .feat, verb != .quit, verb != .rein, verb != .auth {
      say(conn, 503, "Incorrect sequence of commands: PASS required after USER")
      return false
    }
    if stage == .start, !isPublic {
      say(conn, 530, "Please login with USER and PASS.")
      return false
    }
    if renamed != nil, verb != .rnto, verb != .feat, verb != .quit {
      renamed = nil
      say(conn, 503, "Incorrect sequence of commands: RNTO required after RNFR")
      return false
    }
    return true
  }

  func ask(_ hook: FTPHook, _ verb: Verb?, _ words: [UInt8], _ conn: Conn) {
    let made = FTPRequest(.command, self, conn, verb)
    guard !words.contains(0) else { return say(conn, 501, "syntax error in argument(s).") }
    guard made.register(Kind.ftpRequest) else { return say(conn, 451, "Local error in processing.") }
    isBusy = true
    request = made
    factory.command(hook, made, words, conn)
    if request == nil { isBusy = false }  // it was answered in the callback
  }

  func run(_ verb: Verb?, _ words: [UInt8], _ conn: Conn) {
    isBusy = false
    guard let verb else { return say(conn, 502, "Command not implemented.") }
    switch verb.usual {
    case .user: user(words, conn)
    case .pass: password(words, conn)
    case .rein: reinitialize(conn)
    case .quit: quit(conn)
    case .acct, .allo: say(conn, 202, "Command not implemented, superfluous at this site.")
    case .noop, .clnt: say(conn, 200, "Command OK")
    case .syst: say(conn, 215, "UNIX Type: L8")
    case .feat: tellFeatures(conn)
    case .opts: setOption(words, conn)
    case .help: help(words, conn)
    case .site: site(words, conn)
    case .type: setType(words, conn)
    case .stru: choose(words, UInt8(ascii: "F"), conn)
    case .mode: choose(words, UInt8(ascii: "S"), conn)
    case .pasv: passive(conn)
    case .epsv: extendedPassive(words, conn)
    case .port: port(words, conn)
    case .eprt: extendedPort(words, conn)
    case .list, .nlst, .mlsd, .retr, .stor, .appe, .stou: transfer(verb, words, conn)
    case .abor: abort(conn)
    case .rest: setRestart(words, conn)
    case .auth: secure(words, conn)
    case .pbsz: setBufferSize(words, conn)
    case .prot: protect(words, conn)
    default: runOnFiles(verb.usual, words, conn)
    }
  }

  // MARK: How commands are understood

  func setType(_ words: [UInt8], _ conn: Conn) {
    let wanted = words.filter { $0 != 32 }.map(Verb.upper)
    let isText = wanted == [65] || wanted == [65, 78]  // A, A N
    let isImage = wanted == [73] || wanted == [76, 56]  // I, L 8
    guard isText || isImage else { return say(conn, 504, "Not implemented for parameter '", words, "'.") }
    isASCII = isText
    say(conn, 200, "Type set to ", words.map(Verb.upper), ".")
  }

  func choose(_ words: [UInt8], _ only: UInt8, _ conn: Conn) {
    guard words.map(Verb.upper) == [only] else { return say(conn, 504, "Not implemented for parameter '", words, "'.") }
    say(conn, 200, "Command OK")
  }

  func setRestart(_ words: [UInt8], _ conn: Conn) {
    guard let place = FTPSession.number(words), place <= UInt64(Int64.max) else {
      return sayBad(words, conn)
    }
    guard place == 0 || !isASCII else { return say(conn, 504, "REST needs TYPE I: places in text are not its bytes.") }
    restart = place
    var words = Words("Restarting at ")
    words.add(number: place)
    words.add(". Send STORE or RETRIEVE to initiate transfer.")
    send(conn, 350, words.bytes)
  }

  static func number(_ words: [UInt8]) -> UInt64? {
    guard !words.isEmpty, words.count <= 19 else { return nil }
    var value: UInt64 = 0
    for byte in words {
      guard let digit = byte.digit else { return nil }
      value = value * 10 + UInt64(digit)
    }
    return value
  }

  func setOption(_ words: [UInt8], _ conn: Conn) {
    let cut = words.firstIndex(of: 32) ?? words.count
    let option = words[..<cut].map(Verb.upper)
    let rest = cut < words.count ? Array(words[(cut + 1)...]) : []
    if option == Words("UTF8").bytes || option == Words("UTF-8").bytes { return say(conn, 200, "UTF8 is always on.") }
    if option == Words("HASH").bytes, Digest.isAvailable { return choose(hash: rest, conn) }
    guard option == Words("MLST").bytes else { return say(conn, 501, "Option '", words, "' not implemented.") }
    var chosen: Facts = []
    for wanted in rest.split(separator: UInt8(ascii: ";")) {
      for bit in 0..<8 where wanted.map(Verb.upper) == Words(Facts.name(bit)).bytes.map(Verb.upper) {
        chosen.insert(Facts(rawValue: 1 << UInt8(truncatingIfNeeded: bit)))
      }
    }
    facts = chosen
    var words = Words("MLST OPTS ")
    for bit in 0..<8 where chosen.contains(bit: bit) {
      words.add(Facts.name(bit))
      words.add(";")
    }
    send(conn, 200, words.bytes)
  }

  // MARK: What there is

  func tellFeatures(_ conn: Conn) {
    var words = Words("211-Features:\r\n")
    if options.security != nil { words.add(" AUTH TLS\r\n PBSZ\r\n PROT\r\n") }
    words.add(" EPRT\r\n EPSV\r\n")
    if Digest.isAvailable { addHashes(&words) }
    words.add(" MDTM\r\n MFMT\r\n MLST ")
    for bit in 0..<8 {
      words.add(Facts.name(bit))
      if facts.contains(bit: bit) { words.add("*") }
      words.add(";")
    }
    words.add("\r\n PASV\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n TYPE A;I\r\n UTF8\r\n")
    words.add("211 End\r\n")
    write(words, conn)
  }

  func write(_ words: Words, _ conn: Conn) { _ = conn.write(words.bytes.count) { $0.put(words.bytes.span.bytes) } }

  func help(_ words: [UInt8], _ conn: Conn) {
    if words.map(Verb.upper) == Words("SITE").bytes { return say(conn, 214, "SITE knows CHMOD and HELP.") }
    if !words.isEmpty {
      guard Verb.of(words.span.bytes) != nil || factory.hook(words.map(Verb.upper)) != nil else {
        return say(conn, 502, "Unknown command '", Array(words.prefix(32)), "'.")
      }
      return say(conn, 214, "Syntax is as in RFC 959 and 3659: ", words.map(Verb.upper), ".")
    }
    var text = Words("214-The following commands are known:")
    var column = 0
    for name in Verb.all.map({ $0.name }) + factory.hooks.map({ $0.name }) {
      if column % 8 == 0 { text.add("\r\n") }
      text.add(" ")
      text.add(name)
      text.pad(32, 6 - name.count)
      column += 1
    }
    text.add("\r\n214 End\r\n")
    write(text, conn)
  }

  func site(_ words: [UInt8], _ conn: Conn) {
    let cut = words.firstIndex(of: 32) ?? words.count
    let word = words[..<cut].map(Verb.upper)
    if word == Words("HELP").bytes { return say(conn, 214, "SITE knows CHMOD and HELP.") }
    guard isOpen, word == Words("CHMOD").bytes else {
      return say(conn, 504, "Not implemented for parameter '", word, "'.")
    }
    changeMode(Array(words[min(cut + 1, words.count)...]), conn)
  }

  // MARK: The end

  func quit(_ conn: Conn) {
    say(conn, 221, "Goodbye.")
    conn.close(.ok)
  }

  func reinitialize(_ conn: Conn) {
    stage = .start
    name = []
    leaveShell(conn)
    directory = [Path.slash]
    isASCII = false
    restart = 0
    renamed = nil
    isExtendedOnly = false
    wasForeign = false
    facts = .usual
    digest = .sha256
    dropPlan(conn.context)
    send(conn, 220, options.welcome)
  }
}
