import CSystem

/// What is known of a file without opening it.
public struct FileStat {
  var plain: csystem_stat
  public init() { plain = csystem_stat() }
  init(_ plain: csystem_stat) { self.plain = plain }

  public enum Kind { case file, directory, link, other }
  public var kind: Kind {
    switch plain.mode & 0o170000 {
    case 0o100000: .file
    case 0o040000: .directory
    case 0o120000: .link
    default: .other
    }
  }
  public var size: UInt64 {
    get { plain.size }
    set { plain.size = newValue }
  }
  /// Seconds since 1970.
  public var modified: Int64 {
    get { plain.modified }
    set { plain.modified = newValue }
  }
  /// With the kind in its upper bits, as stat(2) has it.
  public var mode: UInt32 {
    get { plain.mode }
    set { plain.mode = newValue }
  }
  public var user: UInt32 {
    get { plain.uid }
    set { plain.uid = newValue }
  }
  public var group: UInt32 {
    get { plain.gid }
    set { plain.gid = newValue }
  }
  public var links: UInt32 {
    get { plain.links }
    set { plain.links = newValue }
  }
  public var device: UInt64 { plain.device }
  public var inode: UInt64 { plain.inode }
}

/// One line of a directory.
public struct FileEntry {
  public var name: [UInt8]
  public var stat: FileStat
  /// Where it leads, for a link.
  public var target: [UInt8]?
  /// Whose it is by name, where that is known.
  public var owner: [UInt8] = []
  public var group: [UInt8] = []
  public init(name: [UInt8], stat: FileStat, target: [UInt8]? = nil) {
    self.name = name
    self.stat = stat
    self.target = target
  }
}

/// Seconds since 1970.
public func wallClock() -> Int64 { csystem_wall_s() }
