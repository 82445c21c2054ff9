import Bytes
import Crypto
import Files
import Wire

/// HASH, with which clients look whether all has arrived (draft-bryan-ftpext-hash).
extension FTPSession {
  static func name(_ digest: Digest) -> StaticString {
    switch digest {
    case .md5: "MD5"
    case .sha1: "SHA-1"
    case .sha256: "SHA-256"
    case .sha512: "SHA-512"
    }
  }
  static func digest(_ number: UInt8) -> Digest { Digest(rawValue: number) ?? .sha256 }

  func addHashes(_ words: inout Words) {
    words.add(" HASH ")
    for number in [UInt8(2), 3, 1, 0] {
      let known = FTPSession.digest(number)
      words.add(FTPSession.name(known))
      if known == digest { words.add("*") }
      words.add(";")
    }
    words.add("\r\n")
  }

  func choose(hash words: [UInt8], _ conn: Conn) {
    let wanted = words.map(Verb.upper)
    if !wanted.isEmpty {
      var found: Digest?
      for number in 0..<UInt8(4) where Words(FTPSession.name(FTPSession.digest(number))).bytes == wanted {
        found = FTPSession.digest(number)
      }
      guard let found else { return say(conn, 501, "Option 'HASH ", words, "' not implemented.") }
      digest = found
    }
    say(conn, 200, FTPSession.name(digest))
  }

  func tellHash(_ words: [UInt8], _ conn: Conn) {
    guard Digest.isAvailable else { return say(conn, 502, "Command 'HASH' not implemented") }
    guard let path = resolve(words, conn) else { return }
    guard let hashing = Hashing.make(digest) else { return say(conn, 504, "Not implemented for this digest.") }
    hash(path, from: 0, hashing, words, conn)
  }

  /// A slice at a time: nobody keeps a thread for long, and who goes away is forgotten.
  func hash(_ path: [UInt8], from place: UInt64, _ hashing: Hashing, _ words: [UInt8], _ conn: Conn) {
    var question = ShellQuestion(.hash, path)
    question.number = place
    question.hashing = hashing
    ask(question, conn) { answer, conn in
      if answer.status == .ok, answer.start > place {
        return self.hash(path, from: answer.start, hashing, words, conn)
      }
      if answer.status == .ok {
        self.say(hashing, place, words, conn)
      } else {
        self.say(conn, words, answer.status)
      }
      self.finish(conn)
    }
  }

  func say(_ hashing: Hashing, _ size: UInt64, _ words: [UInt8], _ conn: Conn) {
    var text = Words(FTPSession.name(hashing.digest))
    text.add(" 0-")
    text.add(number: size)
    text.add(" ")
    for byte in hashing.finish() {
      text.add(hex: UInt64(byte >> 4))
      text.add(hex: UInt64(byte & 15))
    }
    text.add(" ")
    text.add(name: words)
    send(conn, 213, text.bytes)
  }
}
