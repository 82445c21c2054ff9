import Bytes
import CSystem

/// A file of this system's, wherever it is, that another thread opens.
public final class OpenedFile {
  /// CSYSTEM_FILE_…: to be read or looked at it must be there; to be stored into it is made, and what is in it goes, or stays.
  public enum How: CInt { case read, look, store, goOn }

  public private(set) var file: OpenFile?
  public private(set) var size: UInt64 = 0
  /// Where it stands.
  public private(set) var position: UInt64 = 0
  public private(set) var status = Status.ok
  public init() {}

  // Both may block.

  public func open(_ path: Text, _ how: How, _ mode: UInt32) {
    let descriptor = csystem_open_file(path.pointer, how.rawValue, mode)
    guard descriptor >= 0 else { return status = .system(descriptor) }
    take(OpenFile(descriptor))
  }

  public func take(_ opened: OpenFile) {
    file = opened
    var stat = FileStat()
    status = opened.stat(&stat)
    size = stat.size
    let place = csystem_position(opened.descriptor)
    if place < 0 { status = .system(Int(place)) } else { position = UInt64(place) }
  }
}
