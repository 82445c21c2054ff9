import Bytes
import Files
import Wire

/// PLAIT_FTP_ASK_STAT… of ftp.h: what a shell of the host's is asked.
public enum HostAction: UInt32 {
  case stat = 1, enter, list, makeDirectory, removeDirectory, removeFile, rename, setMode, setTime, openToRead,
    openToWrite, read, write, close
}

/// A file that a shell of the host's has opened, until it was asked to close it.
public final class HostFile {
  public let path: [UInt8]
  /// What the host knows it by.
  public internal(set) var mark: UnsafeMutableRawPointer?
  var isClosed = false
  init(_ path: [UInt8]) { self.path = path }
}

/// A question as the host sees it.
public struct HostQuestion {
  public let action: HostAction
  public let path: [UInt8]
  public var other: [UInt8] = []
  public var number: UInt64 = 0
  public var mode = WriteMode.replace
  public var status = Status.ok
  public var file: HostFile?
  init(_ action: HostAction, _ path: [UInt8]) {
    self.action = action
    self.path = path
  }
}

/// A shell that is the host's: each question is a request, which waits for its answer.
final class HostShell: Shell {
  let factory: FTPServerFactory
  let session: FTPSession
  let conn: UInt64
  let start: [UInt8]
  let mayChange: Bool
  var pending: [FTPRequest] = []

  init(_ session: FTPSession, _ conn: Conn, _ start: [UInt8], mayChange: Bool) {
    factory = session.factory
    self.session = session
    self.conn = conn.id
    self.start = start
    self.mayChange = mayChange
  }

  override var isReadOnly: Bool { !mayChange }
  override var home: [UInt8] { start }

  override func ask(_ question: ShellQuestion, _ context: Context, _ done: @escaping (ShellAnswer) -> Void) {
    let answer = ShellAnswer()
    if question.action == .hash || question.action == .textSize, let conn = context.conn(conn) {
      HostMeasure(self, question, context, done).begin(question.path, conn)
    } else if let asked = plain(question, answer), let conn = context.conn(conn) {
      put(asked, question, answer, conn, ByteBuffer(), done)
    } else {
      later(context, answer, done)
    }
  }

  /// What the host is asked for a question of the session's; nil when the answer has it already.
  func plain(_ question: ShellQuestion, _ answer: ShellAnswer) -> HostQuestion? {
    func make(_ action: HostAction) -> HostQuestion {
      var made = HostQuestion(action, question.path)
      made.number = question.number
      made.other = question.other
      made.mode = question.mode
      return made
    }
    guard mayChange || !question.changes else {
      answer.status = Failure.readOnly
      return nil
    }
    switch question.action {
    case .stat: return make(.stat)
    case .enter: return make(.enter)
    case .list:
      let name = Path.name(question.path)
      return Path.isPattern(name) ? HostQuestion(.list, Path.parent(question.path)) : make(.list)
    case .makeDirectory: return make(.makeDirectory)
    case .removeDirectory: return make(.removeDirectory)
    case .removeFile: return make(.removeFile)
    case .rename: return make(.rename)
    case .setMode: return make(.setMode)
    case .setTime: return make(.setTime)
    case .read: return make(.openToRead)
    case .write: return make(.openToWrite)
    case .finish:
      guard let file = question.upload?.host, !file.isClosed else { return nil }
      file.isClosed = true
      var made = HostQuestion(.close, file.path)
      made.file = file
      return made
    case .textSize, .hash: return nil
    }
  }

  /// Asks for what a file has, or has it take bytes.
  func move(
    _ action: HostAction, _ file: HostFile, at place: UInt64, _ bytes: consuming ByteBuffer, _ conn: Conn,
    _ done: @escaping (ShellAnswer) -> Void
  ) {
    var asked = HostQuestion(action, file.path)
    asked.file = file
    asked.number = place
    put(asked, ShellQuestion(.read, file.path), ShellAnswer(), conn, bytes, done)
  }

  func put(
    _ asked: HostQuestion, _ question: ShellQuestion, _ answer: ShellAnswer, _ conn: Conn,
    _ bytes: consuming ByteBuffer,
    _ done: @escaping (ShellAnswer) -> Void
  ) {
    let request = FTPRequest(.shell, session, conn)
    request.asked = Asked(self, asked, question, answer, done)
    guard request.register(Kind.ftpRequest) else {
      answer.status = .limit
      return later(conn.context, answer, done)
    }
    pending.append(request)
    let held = bytes
    factory.ask(request, asked, held.bytes, conn)
  }

  /// The answer is told at the turn's end, whoever has given it, and when.
  func later(_ context: Context, _ answer: ShellAnswer, _ done: @escaping (ShellAnswer) -> Void) {
    let work = FileWork(context, answer) { _ in
    } _: { answer in
      done(answer ?? TreeShell.failure(.cancelled))
    }
    if work.register(Kind.call) { work.runHere() } else { done(TreeShell.failure(.limit)) }
  }

  func forget(_ request: FTPRequest) { pending.removeAll { $0 === request } }

  /// A file is not needed any more, and nobody waits for what the host says to that.
  func close(_ file: HostFile, _ status: Status, _ conn: Conn) {
    for request in pending where request.asked?.host.file === file { drop(request, status, conn) }
    guard !file.isClosed else { return }
    file.isClosed = true
    var asked = HostQuestion(.close, file.path)
    asked.status = status
    asked.file = file
    factory.ask(nil, asked, RawSpan(), conn)
  }

  /// Nobody waits for its answer.
  func drop(_ request: FTPRequest, _ status: Status, _ conn: Conn) {
    forget(request)
    request.unregister()
    let opened = request.asked?.answer.host
    request.asked = nil
    if let opened { close(opened, status, conn) }
  }

  override func end(_ status: Status, _ conn: Conn) {
    while let request = pending.last { drop(request, status, conn) }
  }
}

/// What a request of a shell's waits for.
final class Asked {
  let shell: HostShell
  let host: HostQuestion
  let question: ShellQuestion
  let answer: ShellAnswer
  let done: (ShellAnswer) -> Void
  var hasEntry = false
  init(
    _ shell: HostShell, _ host: HostQuestion, _ question: ShellQuestion, _ answer: ShellAnswer,
    _ done: @escaping (ShellAnswer) -> Void
  ) {
    self.shell = shell
    self.host = host
    self.question = question
    self.answer = answer
    self.done = done
  }
}

/// How the host answers: some tell first what there is, `finish` ends it.
extension FTPRequest {
  func answering(_ body: (Asked) -> Status) -> Status {
    guard let asked else { return kind == .shell ? .closed : .type }
    return body(asked)
  }

  /// One name and what is known of it: of `stat`, of `list`, and of what was opened.
  public func add(_ entry: FileEntry) -> Status {
    answering { asked in
      switch asked.host.action {
      case .list: return asked.list(entry)
      case .stat, .openToRead, .openToWrite:
        guard !asked.hasEntry else { return .invalid }
        asked.hasEntry = true
        asked.answer.stat = entry.stat
        if asked.host.action == .openToWrite, asked.host.mode == .unique, !entry.name.isEmpty {
          asked.answer.name = entry.name
        }
        return .ok
      default: return .invalid
      }
    }
  }

  /// A file is open as a descriptor, which is the library's from now on.
  public func give(_ descriptor: CInt) -> Status {
    opened { asked in asked.answer.file = OpenFile(descriptor) }
  }

  /// A file is open, and the host reads and writes it when it is asked to.
  public func give(_ mark: UnsafeMutableRawPointer?) -> Status { opened { $0.answer.host?.mark = mark } }

  func finishQuietly(_ conn: Conn) -> Status {
    end()
    session.finishSoon(conn)
    return .ok
  }

  func opened(_ body: (Asked) -> Void) -> Status {
    answering { asked in
      guard asked.host.action == .openToRead || asked.host.action == .openToWrite, asked.answer.host == nil else {
        return .invalid
      }
      asked.answer.host = HostFile(asked.host.path)
      body(asked)
      return .ok
    }
  }

  /// What a file has at the place that was asked for.
  public func add(_ bytes: RawSpan) -> Status {
    answering { asked in
      guard asked.host.action == .read else { return .invalid }
      guard asked.answer.listing.count + bytes.byteCount <= HostShell.mostData else { return .overflow }
      return asked.answer.listing.append(bytes, limit: HostShell.mostData) ? .ok : .noMemory
    }
  }

  /// Ends the answer; a command's, too, to which nothing is said any more.
  public func finish(_ status: Status) -> Status {
    guard kind != .command else { return with(.command) { status == .ok ? finishQuietly($0) : .invalid } }
    return answering { asked in
      var status = status
      if status == .ok, !asked.isComplete { return .invalid }
      if status != .ok { (asked.answer.host, asked.answer.file) = (nil, nil) }  // who fails knows what was opened
      if status == .ok, asked.answer.isFull { status = .overflow }
      asked.answer.status = status
      let (answer, done) = (asked.answer, asked.done)
      asked.shell.forget(self)
      self.asked = nil
      unregister()
      asked.shell.later(context, answer, done)
      return .ok
    }
  }
}

extension HostShell {
  /// Of one answer.
  static var mostData: Int { 1 << 20 }
}

extension Asked {
  /// Was told what is needed to go on?
  var isComplete: Bool {
    switch host.action {
    case .stat: hasEntry
    case .openToRead, .openToWrite: answer.host != nil
    default: true
    }
  }

  func list(_ entry: FileEntry) -> Status {
    guard !entry.name.isEmpty, !entry.name.contains(Path.slash), !entry.name.contains(0) else { return .invalid }
    let name = Path.name(question.path)
    if Path.isPattern(name), !Tree.matches(entry.name, name) { return .ok }
    guard !answer.isFull else { return .overflow }
    var line = Words()
    switch question.format {
    case .long: line.add(long: entry, now: wallClock())
    case .names: line.add(name: entry.name)
    case .facts: line.add(facts: entry, question.facts, isReadOnly: shell.isReadOnly)
    }
    line.add("\r\n")
    guard answer.listing.append(line.bytes.span.bytes, limit: question.most) else {
      answer.isFull = true
      return .overflow
    }
    return .ok
  }
}
