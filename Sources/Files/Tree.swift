import Bytes
import CSystem

/// What may be done beneath a root, and how.
public struct TreeRules {
  public var isReadOnly = false
  public var fileMode: UInt32 = 0o644
  public var directoryMode: UInt32 = 0o755
  /// Links are followed by hand, as where the kernel has no openat2.
  public var walks = false
  public init() {}
}

/// The files beneath a directory: no name and no link leads out of it (CSystem's tree.c says how). Paths are "/a/b", without
/// "." and ".." and without NUL. Everything here may block, and may be called by several threads at once.
public final class Tree {
  let tree: csystem_tree
  public let rules: TreeRules

  private init(_ tree: csystem_tree, _ rules: TreeRules) {
    self.tree = tree
    self.rules = rules
  }
  deinit { _ = csystem_close(tree.root) }

  public static func open(_ root: [UInt8], _ rules: TreeRules, _ fault: inout Status) -> Tree? {
    guard let path = Text.make(root.span.bytes) else {
      fault = .noMemory
      return nil
    }
    var tree = csystem_tree(root: -1, walks: rules.walks ? 1 : 0)
    fault = .of(csystem_tree_open_root(&tree, path.pointer))
    return fault == .ok ? Tree(tree, rules) : nil
  }

  /// Runs `body` on the tree and the path as C has it: "." is the root.
  func on(_ path: [UInt8], _ body: (UnsafePointer<csystem_tree>, UnsafePointer<CChar>) -> CInt) -> CInt {
    let inner: [UInt8] = path.count > 1 ? Array(path[1...]) : [46]
    guard !inner.contains(0) else { return -CInt(CSYSTEM_ENOENT) }
    guard let text = Text.make(inner.span.bytes) else { return -CInt(CSYSTEM_ENOMEM) }
    return withUnsafePointer(to: tree) { tree in
      withExtendedLifetime(text) { body(tree, UnsafePointer(text.pointer)) }
    }
  }

  func change(_ path: [UInt8], _ body: (UnsafePointer<csystem_tree>, UnsafePointer<CChar>) -> CInt) -> Status {
    rules.isReadOnly ? .system(-CInt(CSYSTEM_EROFS)) : .of(on(path, body))
  }

  func open(_ path: [UInt8], _ how: Int, _ fault: inout Status) -> OpenFile? {
    let fd = on(path) { csystem_tree_open($0, $1, CInt(how), rules.fileMode) }
    fault = fd < 0 ? .system(fd) : .ok
    return fd < 0 ? nil : OpenFile(fd)
  }

  // MARK: Looking

  /// Of what a path leads to.
  public func stat(_ path: [UInt8], _ out: inout FileStat) -> Status {
    var fault = Status.ok
    guard let file = open(path, CSYSTEM_TREE_FIND, &fault) else { return fault }
    return file.stat(&out)
  }

  /// Of the name itself, should it be a link.
  public func look(_ path: [UInt8], _ out: inout FileStat) -> Status {
    .of(on(path) { csystem_tree_look($0, $1, &out.plain) })
  }

  /// Can what is there be read (4), changed (2), entered (1)?
  public func may(_ path: [UInt8], _ mode: CInt) -> Status { .of(on(path) { csystem_tree_may($0, $1, mode) }) }

  /// Calls `each` for what is in a directory, in no order, until it answers false.
  public func each(_ path: [UInt8], _ body: (FileEntry) -> Bool) -> Status {
    let fd = on(path) { csystem_tree_open($0, $1, CInt(CSYSTEM_TREE_LIST), 0) }
    guard fd >= 0 else { return .system(fd) }
    return withoutActuallyEscaping(body) { body in
      let caller = EachEntry(body)
      let answer = csystem_tree_each(
        fd,
        { user, name, target, stat in
          guard let user, let name, let stat else { return 1 }
          let caller = Unmanaged<EachEntry>.fromOpaque(user).takeUnretainedValue()
          let entry = FileEntry(name: Tree.bytes(name), stat: FileStat(stat.pointee), target: target.map(Tree.bytes))
          return caller.body(entry) ? 0 : 1
        }, Unmanaged.passUnretained(caller).toOpaque())
      return withExtendedLifetime(caller) { answer < 0 ? .system(answer) : .ok }
    }
  }

  static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
    // Sound: the text ends in NUL, as readdir and the caller see to.
    UnsafeRawBufferPointer(start: text, count: strlen(text)).map { $0 }
  }

  /// Does a name fit a pattern of the shell's?
  public static func matches(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
    guard let name = Text.make(name.span.bytes), let pattern = Text.make(pattern.span.bytes) else { return false }
    return csystem_match(pattern.pointer, name.pointer) != 0
  }

  // MARK: Opening

  public func openToRead(_ path: [UInt8], _ fault: inout Status) -> OpenFile? { open(path, CSYSTEM_TREE_READ, &fault) }

  public func openToWrite(_ path: [UInt8], isNew: Bool, _ fault: inout Status) -> OpenFile? {
    guard !rules.isReadOnly else {
      fault = .system(-CInt(CSYSTEM_EROFS))
      return nil
    }
    return open(path, isNew ? CSYSTEM_TREE_NEW : CSYSTEM_TREE_WRITE, &fault)
  }

  /// Keeps other uploads from a file, as long as this one is open.
  public func lock(_ file: OpenFile) -> Status {
    let status = Status.of(csystem_lock_file(file.descriptor))
    if status == .ok { file.isLocked = true }
    return status
  }

  // MARK: Changing

  public func makeDirectory(_ path: [UInt8]) -> Status {
    change(path) { csystem_tree_make($0, $1, rules.directoryMode) }
  }
  public func removeDirectory(_ path: [UInt8]) -> Status { change(path) { csystem_tree_remove($0, $1, 1) } }
  public func removeFile(_ path: [UInt8]) -> Status { change(path) { csystem_tree_remove($0, $1, 0) } }
  public func setMode(_ path: [UInt8], _ mode: UInt32) -> Status { change(path) { csystem_tree_chmod($0, $1, mode) } }
  public func setTime(_ path: [UInt8], _ time: Int64) -> Status { change(path) { csystem_tree_touch($0, $1, time) } }

  public func rename(_ path: [UInt8], to other: [UInt8]) -> Status {
    change(path) { tree, from in on(other) { csystem_tree_rename(tree, from, $1) } }
  }
}

/// Who hears of a directory's entries, for the time of a call.
private final class EachEntry {
  let body: (FileEntry) -> Bool
  init(_ body: @escaping (FileEntry) -> Bool) { self.body = body }
}
