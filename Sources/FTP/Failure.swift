import Bytes
import Files

/// What goes wrong with files, and how a client is told: nothing of this system's own gets out.
enum Failure {
  static var notFound: Status { .system(-2) }
  static var exists: Status { .system(-17) }
  static var notDirectory: Status { .system(-20) }
  static var isDirectory: Status { .system(-21) }
  static var readOnly: Status { .system(-30) }

  static func code(_ status: Status) -> Int {
    switch status.systemError {
    case 28, 122, 27: 552  // ENOSPC, EDQUOT, EFBIG
    case 11: 450  // EAGAIN: somebody else writes it
    case 12, 23, 24: 451  // ENOMEM, ENFILE, EMFILE
    default: status == .range ? 554 : status == .overflow ? 451 : status == .cancelled ? 426 : 550
    }
  }

  static func text(_ status: Status) -> StaticString {
    switch status.systemError {
    case 2: return "No such file or directory."
    case 1, 13, 18, 40: return "Permission denied."  // a link that leads out of the root is none that may be followed
    case 30: return "Permission denied: nothing may be changed here."
    case 17: return "File exists."
    case 20: return "Not a directory."
    case 21: return "Is a directory."
    case 36: return "Name too long."
    case 39: return "Directory not empty."
    case 28, 122, 27: return "Exceeded storage allocation."
    case 11: return "Busy: another upload writes this file."
    case 12, 23, 24: return "Local error in processing."
    default: break
    }
    if status == .range { return "Restart marker lies behind the file's end." }
    if status == .tooLong { return "SIZE needs TYPE I for a text as long as this." }
    if status == .overflow { return "Listing too long." }
    return "Requested action not taken."
  }
}

extension Failure {
  /// What a client's own failure is called.
  static func plain(_ status: Status) -> StaticString {
    if status.systemError != 0 { return text(status) }
    switch status {
    case .closed: return "the connection was lost"
    case .refused: return "the connection was refused"
    case .timeout: return "it took too long"
    case .aborted: return "the connection was given up"
    case .overflow: return "it is too long"
    case .noMemory: return "there is no memory"
    default: return "it failed"
    }
  }
}
