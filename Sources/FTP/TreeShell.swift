import Bytes
import Files
import Wire

/// A directory of this system.
final class TreeShell: Shell {
  let tree: Tree
  let start: [UInt8]
  let writesBeside: Bool
  /// What is read with the opening of a file: most files are no longer.
  static var firstBytes: Int { 64 * 1024 }
  static var mostEntries: Int { 1_000_000 }

  init(_ tree: Tree, _ start: [UInt8], writesBeside: Bool) {
    self.tree = tree
    self.start = start
    self.writesBeside = writesBeside
  }

  override var isReadOnly: Bool { tree.rules.isReadOnly }
  override var home: [UInt8] { start }

  override func ask(_ question: ShellQuestion, _ context: Context, _ done: @escaping (ShellAnswer) -> Void) {
    let work = FileWork(context, ShellAnswer()) { answer in
      answer.status = self.answer(question, answer)
    } _: { answer in
      done(answer ?? TreeShell.failure(.cancelled))
    }
    let status = work.begin()
    if status != .ok { done(TreeShell.failure(status)) }
  }

  static func failure(_ status: Status) -> ShellAnswer {
    let answer = ShellAnswer()
    answer.status = status
    return answer
  }

  // MARK: On another thread

  func answer(_ question: ShellQuestion, _ answer: ShellAnswer) -> Status {
    let path = question.path
    switch question.action {
    case .stat: return stat(path, &answer.stat)
    case .textSize, .hash: return measure(question, answer)
    case .enter: return enter(path)
    case .list: return list(question, answer)
    case .makeDirectory: return tree.makeDirectory(path)
    case .removeDirectory: return tree.removeDirectory(path)
    case .removeFile: return tree.removeFile(path)
    case .rename: return tree.rename(path, to: question.other)
    case .setMode: return tree.setMode(path, UInt32(truncatingIfNeeded: question.number))
    case .setTime: return tree.setTime(path, Int64(clamping: question.number))
    case .read: return read(question, answer)
    case .write: return write(question, answer)
    case .finish: return finish(question)
    }
  }

  /// Where an upload is not complete yet, the size of what is there.
  func stat(_ path: [UInt8], _ out: inout FileStat) -> Status {
    let status = tree.stat(path, &out)
    guard status == Failure.notFound, writesBeside else { return status }
    return tree.stat(TreeShell.part(of: path), &out) == .ok ? .ok : status
  }

  func enter(_ path: [UInt8]) -> Status {
    var stat = FileStat()
    let status = tree.stat(path, &stat)
    guard status == .ok else { return status }
    guard stat.kind == .directory else { return Failure.notDirectory }
    return tree.may(path, 1)
  }

  static func part(of path: [UInt8]) -> [UInt8] {
    var name: [UInt8] = [UInt8(ascii: ".")]
    name.append(contentsOf: Path.name(path))
    for byte in Words(".part").bytes { name.append(byte) }
    return Path.child(name, of: Path.parent(path))
  }

  func read(_ question: ShellQuestion, _ answer: ShellAnswer) -> Status {
    var fault = Status.ok
    guard let file = tree.openToRead(question.path, &fault) else { return fault }
    fault = file.stat(&answer.stat)
    guard fault == .ok else { return fault }
    guard question.number <= answer.stat.size else { return .range }
    answer.file = file
    answer.start = question.number
    let left = answer.stat.size - question.number
    guard left > 0 else { return .ok }
    return file.read(at: question.number, Int(min(left, UInt64(TreeShell.firstBytes))), into: &answer.listing)
  }

  func write(_ question: ShellQuestion, _ answer: ShellAnswer) -> Status {
    var fault = Status.ok
    var path = question.path
    let part = writesBeside && question.mode == .replace ? TreeShell.part(of: path) : nil
    var made = tree.openToWrite(part ?? path, isNew: question.mode == .unique, &fault)
    var number: UInt64 = 0
    while made == nil, fault == Failure.exists, question.mode == .unique, number < 1000 {
      number += 1
      var name = Words()
      name.add(question.path)
      name.add(UInt8(ascii: "."))
      name.add(number: number)
      path = name.bytes
      made = tree.openToWrite(path, isNew: true, &fault)
    }
    guard let file = made else { return fault }
    if part != nil {
      fault = tree.lock(file)
      guard fault == .ok else { return fault }
    }
    fault = file.stat(&answer.stat)
    guard fault == .ok else { return fault }
    let start = question.mode == .append ? answer.stat.size : question.number
    guard start <= answer.stat.size else { return .range }
    if question.mode == .replace, start == 0, answer.stat.size > 0 { fault = file.cut(0) }
    if fault == .ok { answer.upload = Upload(file, start, path, part: part) }
    return fault
  }

  func finish(_ question: ShellQuestion) -> Status {
    guard let upload = question.upload, let part = upload.part else { return .ok }
    return tree.rename(part, to: upload.path)
  }

  // MARK: Listing

  func list(_ question: ShellQuestion, _ answer: ShellAnswer) -> Status {
    var entries: [FileEntry] = []
    let status = gather(question.path, &entries)
    guard status == .ok else { return status }
    entries.sort { $0.name.span.bytes.compare($1.name.span.bytes) < 0 }
    let now = wallClock()
    for entry in entries {
      var line = Words()
      switch question.format {
      case .long: line.add(long: entry, now: now)
      case .names: line.add(name: entry.name)
      case .facts: line.add(facts: entry, question.facts, isReadOnly: isReadOnly)
      }
      line.add("\r\n")
      guard answer.listing.append(line.bytes.span.bytes, limit: question.most) else { return .overflow }
    }
    return .ok
  }

  /// A directory's entries; a file alone; or what fits a pattern in the last name.
  func gather(_ path: [UInt8], _ entries: inout [FileEntry]) -> Status {
    var stat = FileStat()
    var status = tree.stat(path, &stat)
    let name = Path.name(path)
    let isPattern = status == Failure.notFound && Path.isPattern(name)
    if status == .ok, stat.kind != .directory {
      entries.append(FileEntry(name: name, stat: stat))
      return .ok
    }
    guard status == .ok || isPattern else { return status }
    var found: [FileEntry] = []
    status = tree.each(isPattern ? Path.parent(path) : path) { entry in
      if !isPattern || Tree.matches(entry.name, name) { found.append(entry) }
      return found.count < TreeShell.mostEntries
    }
    entries = found
    return status
  }
}
