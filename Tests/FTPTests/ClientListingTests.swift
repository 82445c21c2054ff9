import Bench
import Bytes
import Testing

@testable import FTP

/// Listings as servers write them.
struct ClientListingTests {
  /// The 23rd of November 2026, noon.
  static let now: Int64 = 1_795_435_200

  static func read(_ words: String) -> String {
    let bytes = Array(words.utf8)
    var entry = FTPEntry()
    let used = FTPListing.parse(bytes.span.bytes, now: now, &entry)
    func part(_ name: String, _ range: Range<Int>) -> String {
      range.isEmpty ? "" : " \(name)=\(String(decoding: bytes[range], as: UTF8.self))"
    }
    var out = "\(entry.kind)" + part("name", entry.name) + part("to", entry.target)
    if let size = entry.size { out += " size=\(size)" }
    if let time = entry.modified { out += " time=\(time)" }
    if let mode = entry.mode { out += " mode=\(String(mode, radix: 8))" }
    if entry.links > 0 { out += " links=\(entry.links)" }
    out += part("owner", entry.owner) + part("group", entry.group)
    #expect(
      used == (words.firstIndex(of: "\n") ?? words.firstIndex(of: "\r\n")).map { _ in
        bytes.firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
      } ?? bytes.count)
    return out
  }

  @Test func likeLs() {
    for (line, told) in [
      (
        "-rw-r--r--   1 root      wheel                  12 Nov 23 01:17 f.txt\r\nrest",
        "file name=f.txt size=12 time=1795396620 mode=644 links=1 owner=root group=wheel"
      ),
      (
        "drwxr-xr-x+ 3 me staff 4096 Nov 30 23:59 a  b \n",
        "directory name=a  b  size=4096 time=1764547140 mode=755 links=3 owner=me group=staff"
      ),
      (
        "lrwxrwxrwx 1 me me 7 Jan  1  1970  to -> its/target",
        "link name= to to=its/target size=7 time=0 mode=777 links=1 owner=me group=me"
      ),
      ("-rwsr-sr-t 1 me 12 Mar  3 2020 x", "file name=x size=12 time=1583193600 mode=7755 links=1 owner=me"),
      ("-rw-r--r-- 12 Nov 23 2020 nobody", "file name=nobody size=12 time=1606089600 mode=644"),
      (
        "crw-rw---- 1 root tty 4, 64 Nov 23 2020 tty",
        "other name=tty time=1606089600 mode=660 links=1 owner=root group=tty"
      ),
      (
        "-rw-r--r-- 1 me me 5 2020-11-23 00:01:02.5 +0000 iso",
        "file name=iso size=5 time=1606089660 mode=644 links=1 owner=me group=me"
      ),
      (
        "-rw-r--r-- 1 me me 5 23 Nov 2020 other way",
        "file name=other way size=5 time=1606089600 mode=644 links=1 owner=me group=me"
      ),
      (
        "-rw-r--r-- 1 me me 5 Nov 23 2020 Jan 1 2021 x",
        "file name=Jan 1 2021 x size=5 time=1606089600 mode=644 links=1 owner=me group=me"
      ),
    ] { #expect(Self.read(line) == told) }
  }

  @Test func likeDir() {
    #expect(Self.read("11-23-20  01:17AM       <DIR>          my dir\r\n") == "directory name=my dir time=1606094220")
    #expect(Self.read("11-23-2020  12:00PM                1234 a.txt") == "file name=a.txt size=1234 time=1606132800")
    #expect(Self.read("11-23-99  13:17  5  b") == "file name= b size=5 time=943363020")
  }

  @Test func forMachines() {
    #expect(
      Self.read("type=file;size=12;modify=20201123000000;perm=adfrw;UNIX.mode=0640;UNIX.ownername=me; a b\r\n")
        == "file name=a b size=12 time=1606089600 mode=640 owner=me")
    #expect(Self.read("Type=cdir;Modify=20201123000000.5; .") == "current name=. time=1606089600")
    #expect(Self.read("Type=pdir; ..") == "parent name=..")
    #expect(Self.read("type=OS.unix=slink:/a; l") == "link name=l to=/a")
    #expect(Self.read("type=OS.unix=symlink; l") == "link name=l")
    #expect(Self.read("type=OS.other; x") == "other name=x")
    #expect(Self.read("type=dir;  x") == "directory name= x")
  }

  @Test func noneOfThem() {
    for line in [
      "total 4", "x", "-rw-r--r--", "-rw-r--r-- 1 me me 5 Nov 23 2020", "-rw-r--r-- 1 me me 5 Nov 32 2020 x",
      "type=file;x y",
      "type; x", "=;;= ;", "11-23-20 25:00AM 5 x", "11-23-20 01:00AM x y", "drwxrwxrwq 1 a b 5 Nov 23 2020 x",
      "2020-11-23 10:00 x y",
    ] { #expect(Self.read(line).hasPrefix("none name=\(line)"), "\(line)") }
    #expect(Self.read("\r\nx") == "none")
  }

  @Test func anything() {
    // Whatever bytes there are, a line is read, and no place lies outside of it.
    var state: UInt64 = 1
    let letters = Array("-drwxlst 0123456789:;=.JanFebDIR<>/\r\n\t\u{ff}AMP".utf8)
    for _ in 0..<20_000 {
      var bytes: [UInt8] = []
      state = state &* 6_364_136_223_846_793_005 &+ 1
      for _ in 0..<Int(state >> 58) + 1 {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        bytes.append(letters[Int(state >> 33) % letters.count])
      }
      var entry = FTPEntry()
      let used = FTPListing.parse(bytes.span.bytes, now: Self.now, &entry)
      #expect(used > 0 && used <= bytes.count && entry.name.upperBound <= used)
    }
  }
}
