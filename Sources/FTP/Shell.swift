import Bytes
import Crypto
import Files
import Wire

/// What a session asks a shell for.
enum ShellAction {
  case stat, textSize, hash, enter, list, makeDirectory, removeDirectory, removeFile, rename, setMode, setTime, read,
    write,
    finish
}

struct ShellQuestion {
  let action: ShellAction
  let path: [UInt8]
  /// rename: to where.
  var other: [UInt8] = []
  /// read, write: where to begin. setMode: the mode. setTime: the time.
  var number: UInt64 = 0
  /// list: how it is shown.
  var format = ListFormat.long
  var facts = Facts.usual
  var most = 0
  /// write: how. finish: what.
  var mode = WriteMode.replace
  var upload: Upload?
  /// hash: with what; `number` is where to go on.
  var hashing: Hashing?

  init(_ action: ShellAction, _ path: [UInt8]) {
    self.action = action
    self.path = path
  }

  /// Is anything different afterwards?
  var changes: Bool {
    switch action {
    case .makeDirectory, .removeDirectory, .removeFile, .rename, .setMode, .setTime, .write: true
    default: false
    }
  }
}

public enum WriteMode { case replace, append, unique }

/// Where an upload goes.
final class Upload {
  /// Nil where the host writes it.
  let file: OpenFile?
  /// Where it begins.
  let start: UInt64
  /// What it is to be called in the end, and is called meanwhile.
  let path: [UInt8]
  let part: [UInt8]?
  /// The host's own, if it is one.
  let host: HostFile?
  init(_ file: OpenFile?, _ start: UInt64, _ path: [UInt8], part: [UInt8]?, host: HostFile? = nil) {
    self.host = host
    self.file = file
    self.start = start
    self.path = path
    self.part = part
  }
}

/// What it answers. Written on another thread, and read once that is done with it.
final class ShellAnswer {
  var status = Status.ok
  var stat = FileStat()
  /// list: as it is shown.
  var listing = ByteBuffer()
  /// read: the file, and its first bytes.
  var file: OpenFile?
  /// read: from where. hash: how far it has come.
  var start: UInt64 = 0
  var upload: Upload?
  /// Of a shell of the host's: the file that was opened, its name, and whether a listing has come to its limit.
  var host: HostFile?
  var name: [UInt8] = []
  var isFull = false
  init() {}
}

/// The files that a session sees.
class Shell {
  var isReadOnly: Bool { false }
  /// Where the user is at first.
  var home: [UInt8] { [Path.slash] }
  /// `done` comes later, once; with a status of `cancelled` when the reactor ends.
  func ask(_ question: ShellQuestion, _ context: Context, _ done: @escaping (ShellAnswer) -> Void) {}
  /// Its session ends: it answers no more.
  func end(_ status: Status, _ conn: Conn) {}
}
