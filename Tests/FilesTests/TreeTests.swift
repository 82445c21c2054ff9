import Bytes
import CSystem
import Files
import Glibc
import Testing

/// Nothing leads out of a tree, neither by the kernel's help nor by hand.
@Suite(.serialized) struct TreeTests {
  /// A directory of its own, with what tempts.
  final class Place {
    let path: String
    init() {
      path = "/tmp/plait-tree-\(csystem_random())"
      for name in ["", "/root", "/root/a", "/root/a/b", "/out"] { mkdir(path + name, 0o755) }
      write("/out/secret", "secret")
      write("/root/a/b/file", "inside")
      for (name, target) in [
        ("up", ".."), ("out", "../out"), ("absolute", path + "/out"), ("a/b/far", "../../../out/secret"), ("in", "a/b"),
        ("a/round", "../a/b/../b"), ("loop", "loop"), ("dangling", "nowhere"), ("a/b/back", "../../a/b/file"),
        ("here", "."),
      ] { symlink(target, path + "/root/" + name) }
    }
    func write(_ name: String, _ text: String) {
      let file = fopen(path + name, "w")!
      fputs(text, file)
      fclose(file)
    }
    func read(_ name: String) -> String? {
      guard let file = fopen(path + name, "r") else { return nil }
      defer { fclose(file) }
      var room = [UInt8](repeating: 0, count: 100)
      return String(decoding: room[..<fread(&room, 1, 100, file)], as: UTF8.self)
    }
    func tree(_ walks: Bool, isReadOnly: Bool = false) -> Tree {
      var rules = TreeRules()
      (rules.walks, rules.isReadOnly) = (walks, isReadOnly)
      var fault = Status.ok
      return Tree.open(Array((path + "/root").utf8), rules, &fault)!
    }
    deinit {
      let pid = path
      _ = system("rm -rf '\(pid)'")
    }
  }

  static func path(_ text: String) -> [UInt8] { Array(text.utf8) }

  func text(_ tree: Tree, _ path: String) -> String {
    var fault = Status.ok
    guard let file = tree.openToRead(Self.path(path), &fault) else { return "\(fault.systemError)" }
    var bytes = ByteBuffer()
    return file.read(at: 0, 100, into: &bytes) == .ok ? String(decoding: bytes.bytes.copied, as: UTF8.self) : "unread"
  }

  @Test(arguments: [false, true]) func reading(_ walks: Bool) {
    let place = Place()
    let tree = place.tree(walks)
    for inside in ["/a/b/file", "/in/file", "/a/round/file", "/a/b/back", "/here/in/file"] {
      #expect(text(tree, inside) == "inside")
    }
    for outside in ["/up/out/secret", "/out/secret", "/absolute/secret", "/a/b/far", "/here/up/out/secret"] {
      #expect(text(tree, outside) == "\(EXDEV)", "\(outside)")
    }
    #expect(text(tree, "/loop") == "\(ELOOP)")
    #expect(text(tree, "/dangling") == "\(ENOENT)")
    #expect(text(tree, "/a/b/file/x") == "\(ENOTDIR)")
    #expect(text(tree, "/a") == "\(EISDIR)")
    #expect(text(tree, "/a/\0") == "\(ENOENT)")
    #expect(text(tree, "/" + String(repeating: "n", count: 300)) == "\(ENAMETOOLONG)")
    #expect(mkfifo(place.path + "/root/pipe", 0o644) == 0)
    #expect(text(tree, "/pipe") == "\(EACCES)", "what is no plain file is not opened, and nobody waits for it")
  }

  /// One at a time, and nobody any more once the file is let go of, though a child that is about to execute has it still.
  @Test func locks() throws {
    let place = Place()
    let tree = place.tree(false)
    var fault = Status.ok
    var first = tree.openToWrite(Self.path("/new"), isNew: false, &fault)
    let second = try #require(tree.openToWrite(Self.path("/new"), isNew: false, &fault))
    let copy = csystem_duplicate(try #require(first).descriptor)
    #expect(tree.lock(try #require(first)) == .ok)
    #expect(tree.lock(second) == .system(-11))
    first = nil
    #expect(tree.lock(second) == .ok)
    _ = csystem_close(copy)
  }

  @Test(arguments: [false, true]) func changing(_ walks: Bool) {
    let place = Place()
    let tree = place.tree(walks)
    func write(_ path: String, isNew: Bool = false) -> CInt {
      var fault = Status.ok
      guard let file = tree.openToWrite(Self.path(path), isNew: isNew, &fault) else { return fault.systemError }
      let bytes = Array("new".utf8)
      let status = file.write(bytes.span.bytes, at: 0)
      return status.systemError
    }
    #expect(write("/out/made") == EXDEV && write("/up/made") == EXDEV && write("/a/b/far") == EXDEV)
    #expect(write("/in/made") == 0 && place.read("/root/a/b/made") == "new")
    #expect(write("/in/made", isNew: true) == EEXIST && write("/in/other", isNew: true) == 0)
    #expect(tree.makeDirectory(Self.path("/out/d")).systemError == EXDEV)
    #expect(tree.makeDirectory(Self.path("/x/y/z")) == .ok, "with those above it")
    #expect(tree.makeDirectory(Self.path("/x")).systemError == EEXIST)
    #expect(tree.removeFile(Self.path("/out/secret")).systemError == EXDEV)
    #expect(tree.removeFile(Self.path("/out")) == .ok, "the link, and not what it leads to")
    #expect(place.read("/out/secret") == "secret")
    #expect(tree.removeDirectory(Self.path("/x")).systemError == ENOTEMPTY)
    #expect(tree.removeDirectory(Self.path("/x/y/z")) == .ok)
    #expect(tree.rename(Self.path("/in/made"), to: Self.path("/absolute/m")).systemError == EXDEV)
    #expect(tree.rename(Self.path("/in/made"), to: Self.path("/x/m")) == .ok && place.read("/root/x/m") == "new")
    #expect(tree.setMode(Self.path("/a/b/far"), 0o600).systemError == EXDEV)
    #expect(tree.setMode(Self.path("/x/m"), 0o640) == .ok && tree.setTime(Self.path("/x/m"), 1_000_000_000) == .ok)
    var stat = FileStat()
    #expect(tree.stat(Self.path("/x/m"), &stat) == .ok)
    #expect(stat.mode & 0o777 == 0o640 && stat.modified == 1_000_000_000 && stat.size == 3 && stat.kind == .file)
    #expect(tree.removeDirectory(Self.path("/")).systemError == EPERM, "the root itself stays")
    let shown = place.tree(walks, isReadOnly: true)
    #expect(shown.removeFile(Self.path("/x/m")).systemError == EROFS)
    var fault = Status.ok
    #expect(shown.openToWrite(Self.path("/x/m"), isNew: false, &fault) == nil && fault.systemError == EROFS)
  }

  @Test(arguments: [false, true]) func listing(_ walks: Bool) {
    let place = Place()
    let tree = place.tree(walks)
    var names: [String] = []
    #expect(
      tree.each(Self.path("/")) {
        names.append(String(decoding: $0.name, as: UTF8.self) + ($0.target == nil ? "" : "@"))
        return true
      } == .ok)
    #expect(names.sorted() == ["a", "absolute@", "dangling@", "here@", "in@", "loop@", "out@", "up@"])
    #expect(tree.each(Self.path("/out")) { _ in true }.systemError == EXDEV)
    #expect(Tree.matches(Self.path("a.txt"), Self.path("*.txt")) && !Tree.matches(Self.path(".txt"), Self.path("*")))
  }

  /// A link is changed all the time between what is inside and what is not: what is read is never the secret.
  @Test(arguments: [false, true]) func races(_ walks: Bool) {
    let place = Place()
    let tree = place.tree(walks)
    let (name, spare) = (place.path + "/root/flip", place.path + "/root/spare")
    symlink("a/b", name)
    place.write("/out/file", "secret")
    final class Flip {
      let name: String
      let spare: String
      init(_ name: String, _ spare: String) { (self.name, self.spare) = (name, spare) }
    }
    let flip = Flip(name, spare)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        let flip = Unmanaged<Flip>.fromOpaque(argument!).takeUnretainedValue()
        for round in 0..<3_000 {
          symlink(round % 2 == 0 ? "../out" : "a/b", flip.spare)
          rename(flip.spare, flip.name)
          if round % 3 == 0 {  // and a directory in its place
            rename(flip.name, flip.spare)
            mkdir(flip.name, 0o755)
            rmdir(flip.name)
            rename(flip.spare, flip.name)
          }
        }
        return nil
      }, Unmanaged.passUnretained(flip).toOpaque())
    for _ in 0..<1_000 {
      let found = text(tree, "/flip/file")
      #expect(found != "secret")
    }
    pthread_join(thread, nil)
    withExtendedLifetime(flip) {}
    #expect(text(tree, "/flip/file") == "inside")
  }
}
