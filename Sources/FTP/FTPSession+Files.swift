import Bytes
import Files
import Wire

/// Commands that the shell answers.
extension FTPSession {
  /// Where a client's words lead; says so if that is nowhere.
  func resolve(_ words: [UInt8], _ conn: Conn) -> [UInt8]? {
    if let path = Path.resolve(words.span.bytes, in: directory) { return path }
    say(conn, words, Failure.notFound)
    return nil
  }

  /// Asks the shell, and goes on with `done` if the session is still there.
  func ask(_ question: ShellQuestion, _ conn: Conn, _ done: @escaping (ShellAnswer, Conn) -> Void) {
    guard let shell else { return say(conn, 530, "Please login with USER and PASS.") }
    isBusy = true
    let (context, id) = (conn.context, conn.id)
    shell.ask(question, context) { answer in
      guard let conn = context.conn(id), !conn.isClosing else { return }
      done(answer, conn)
    }
  }

  /// The same for what is said in one line when it succeeds.
  func change(_ question: ShellQuestion, _ words: [UInt8], _ conn: Conn, _ success: @escaping (Conn) -> Void) {
    ask(question, conn) { answer, conn in
      if answer.status == .ok { success(conn) } else { self.say(conn, words, answer.status) }
      self.finish(conn)
    }
  }

  func runOnFiles(_ verb: Verb, _ words: [UInt8], _ conn: Conn) {
    switch verb {
    case .pwd: tell(directory, "", conn)
    case .cwd: enter(words, conn)
    case .cdup: enter([46, 46], conn)
    case .mkd: makeDirectory(words, conn)
    case .rmd: simple(.removeDirectory, words, conn)
    case .dele: simple(.removeFile, words, conn)
    case .rnfr: beginRenaming(words, conn)
    case .rnto: rename(words, conn)
    case .size: tellSize(words, conn)
    case .mdtm: tellTime(words, conn)
    case .mfmt: setTime(words, conn)
    case .mlst: tellFacts(words, conn)
    case .hash: tellHash(words, conn)
    case .stat: tellState(words, conn)
    default: say(conn, 502, "Command '", verb.name, "' not implemented")
    }
  }

  func tell(_ path: [UInt8], _ behind: StaticString, _ conn: Conn) {
    var words = Words()
    words.add(quoted: path)
    words.add(behind)
    send(conn, 257, words.bytes)
  }

  func sayDone(_ conn: Conn) { say(conn, 250, "Requested File Action Completed OK") }

  // MARK: Changing

  func enter(_ words: [UInt8], _ conn: Conn) {
    guard let path = resolve(words, conn) else { return }
    change(ShellQuestion(.enter, path), words, conn) { conn in
      self.directory = path
      self.sayDone(conn)
    }
  }

  func simple(_ action: ShellAction, _ words: [UInt8], _ conn: Conn) {
    guard let path = resolve(words, conn) else { return }
    change(ShellQuestion(action, path), words, conn) { self.sayDone($0) }
  }

  func makeDirectory(_ words: [UInt8], _ conn: Conn) {
    guard let path = resolve(words, conn) else { return }
    change(ShellQuestion(.makeDirectory, path), words, conn) { self.tell(path, " created", $0) }
  }

  func beginRenaming(_ words: [UInt8], _ conn: Conn) {
    guard let path = resolve(words, conn) else { return }
    change(ShellQuestion(.stat, path), words, conn) { conn in
      self.renamed = path
      self.say(conn, 350, "Requested file action pending further information.")
    }
  }

  func rename(_ words: [UInt8], _ conn: Conn) {
    guard let from = renamed else { return say(conn, 503, "Incorrect sequence of commands: RNFR required before RNTO") }
    renamed = nil
    guard let path = resolve(words, conn) else { return }
    var question = ShellQuestion(.rename, from)
    question.other = path
    change(question, words, conn) { self.sayDone($0) }
  }

  func changeMode(_ words: [UInt8], _ conn: Conn) {
    guard let cut = words.firstIndex(of: 32), cut >= 3, cut <= 4, cut + 1 < words.count else {
      return sayBad(words, conn)
    }
    var mode: UInt64 = 0
    for byte in words[..<cut] {
      guard let digit = byte.digit, digit < 8 else { return sayBad(words, conn) }
      mode = mode * 8 + UInt64(digit)
    }
    guard mode <= 0o777 else { return say(conn, 504, "Not implemented for parameter '", Array(words[..<cut]), "'.") }
    let name = Array(words[(cut + 1)...])
    guard let path = resolve(name, conn) else { return }
    var question = ShellQuestion(.setMode, path)
    question.number = mode
    change(question, name, conn) { self.say($0, 200, "Command OK") }
  }

  func setTime(_ words: [UInt8], _ conn: Conn) {
    guard let cut = words.firstIndex(of: 32), let time = CivilTime.parse(words.span.bytes.extracting(0..<cut)) else {
      return sayBad(words, conn)
    }
    setTime(time, Array(words[(cut + 1)...]), conn)
  }

  func setTime(_ time: Int64, _ name: [UInt8], _ conn: Conn) {
    guard let path = resolve(name, conn) else { return }
    var question = ShellQuestion(.setTime, path)
    question.number = UInt64(clamping: time)
    change(question, name, conn) { conn in
      var words = Words("Modify=")
      words.add(time: time)
      words.add("; ")
      words.add(name: name)
      self.send(conn, 213, words.bytes)
    }
  }

  // MARK: Telling

  func tellSize(_ words: [UInt8], _ conn: Conn) {
    guard let path = resolve(words, conn) else { return }
    ask(ShellQuestion(isASCII ? .textSize : .stat, path), conn) { answer, conn in
      if answer.status == .ok, answer.stat.kind == .file {
        var words = Words()
        words.add(number: answer.stat.size)
        self.send(conn, 213, words.bytes)
      } else {
        self.say(conn, words, answer.status == .ok ? Failure.isDirectory : answer.status)
      }
      self.finish(conn)
    }
  }

  /// MDTM tells a time, and with one in front of the name sets it, as clients from before MFMT do.
  func tellTime(_ words: [UInt8], _ conn: Conn) {
    if let cut = words.firstIndex(of: 32), cut == 14, cut + 1 < words.count,
      let time = CivilTime.parse(words.span.bytes.extracting(0..<cut))
    {
      return setTime(time, Array(words[(cut + 1)...]), conn)
    }
    guard let path = resolve(words, conn) else { return }
    ask(ShellQuestion(.stat, path), conn) { answer, conn in
      if answer.status == .ok {
        var words = Words()
        words.add(time: answer.stat.modified)
        self.send(conn, 213, words.bytes)
      } else {
        self.say(conn, words, answer.status)
      }
      self.finish(conn)
    }
  }

  func tellFacts(_ words: [UInt8], _ conn: Conn) {
    guard let path = resolve(words, conn) else { return }
    ask(ShellQuestion(.stat, path), conn) { answer, conn in
      if answer.status == .ok {
        var text = Words("250-Listing ")
        text.add(name: path)
        text.add("\r\n ")
        let entry = FileEntry(name: path, stat: answer.stat)
        text.add(facts: entry, self.facts, isReadOnly: self.shell?.isReadOnly == true)
        text.add("\r\n250 End\r\n")
        self.write(text, conn)
      } else {
        self.say(conn, words, answer.status)
      }
      self.finish(conn)
    }
  }

  /// STAT: how the session stands, or a listing on the control connection.
  func tellState(_ words: [UInt8], _ conn: Conn) {
    guard !words.isEmpty else {
      var text = Words("Logged in as ")
      text.add(name: name)
      text.add(isASCII ? "\nTYPE: ASCII, FORM: Nonprint" : "\nTYPE: Image")
      text.add("; STRUcture: File; transfer MODE: Stream\nNo data connection")
      _ = send(conn, 211, text.bytes)
      return
    }
    guard let path = resolve(Listing.withoutFlags(words), conn) else { return }
    var question = ShellQuestion(.list, path)
    question.most = min(options.maxList, 1 << 20)
    ask(question, conn) { answer, conn in
      if answer.status == .ok {
        var text = Words("213-Status of ")
        text.add(name: words)
        text.add(":\r\n")
        let listing = answer.listing.take()
        let lines = listing.bytes.copied
        for line in lines.split(separator: 10) {
          text.add(32)  // or a name could look like the reply's end
          text.add(Array(line))
          text.add(10)
        }
        text.add("213 End\r\n")
        self.write(text, conn)
      } else {
        self.say(conn, words, answer.status)
      }
      self.finish(conn)
    }
  }

  func tellTransfer(_ conn: Conn) {
    guard let transfer else { return }
    var text = Words("Transfer of ")
    text.add(name: transfer.path)
    text.add("\nBytes so far: ")
    text.add(number: transfer.bytes)
    text.add("\nEnd of status")
    send(conn, 213, text.bytes)
  }
}

enum Listing {
  /// What ls would take for options is left out: clients send "-la", "-CF dir".
  static func withoutFlags(_ words: [UInt8]) -> [UInt8] {
    var rest = words[...]
    while rest.first == UInt8(ascii: "-") {
      guard let cut = rest.firstIndex(of: 32) else { return [] }
      rest = rest[(cut + 1)...]
    }
    return Array(rest)
  }
}
