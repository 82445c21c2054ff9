import Bytes
import CIDN

/// An address of XMPP, prepared: RFC 6122 (stringprep by libidn).
public struct JID: ~Copyable {
  public static var longestPart: Int { 1023 }
  public static var longest: Int { 3071 }

  /// node@domain/resource.
  public internal(set) var text = ByteBuffer()
  public internal(set) var nodeLength = 0
  public internal(set) var domainLength = 0
  public internal(set) var resourceLength = 0

  init() {}

  public var domainStart: Int { nodeLength > 0 ? nodeLength + 1 : 0 }
  public var bareLength: Int { domainStart + domainLength }
  public var resourceStart: Int { resourceLength > 0 ? bareLength + 1 : bareLength }

  /// Cuts a text into its parts. The first / begins the resource, and the only @ before it ends the node.
  public static func parse(_ text: RawSpan, _ status: inout Status) -> JID {
    guard text.byteCount <= longest + 1024 else {
      status = .tooLong
      return JID()
    }
    let slash = text.position(of: UInt8(ascii: "/"), from: 0)
    let end = slash < 0 ? text.byteCount : slash
    let bare = text.extracting(0..<end)
    let at = bare.position(of: UInt8(ascii: "@"), from: 0)
    return make(
      bare.extracting(0..<max(at, 0)), bare.extracting(droppingFirst: at + 1),
      slash < 0 ? RawSpan() : text.extracting(droppingFirst: slash + 1), &status)
  }

  /// Prepares the parts; what is empty is not there.
  public static func make(_ node: RawSpan, _ domain: RawSpan, _ resource: RawSpan, _ status: inout Status) -> JID {
    var made = JID()
    status = .ok
    if node.byteCount > 0 {
      made.nodeLength = made.prepare(node, CIDN_NODE, &status)
      made.put(UInt8(ascii: "@"), &status)
    }
    made.domainLength = made.prepare(domain: domain, &status)
    if resource.byteCount > 0, status == .ok {
      made.put(UInt8(ascii: "/"), &status)
      made.resourceLength = made.prepare(resource, CIDN_RESOURCE, &status)
    }
    return made
  }

  mutating func put(_ byte: UInt8, _ status: inout Status) {
    guard status == .ok else { return }
    guard text.reserve(1, limit: JID.longest) else { return status = .noMemory }
    text.put(byte)
  }

  /// Appends a part; how many bytes it has.
  mutating func prepare(_ part: RawSpan, _ profile: CInt, _ status: inout Status, isLabel: Bool = false) -> Int {
    guard status == .ok else { return 0 }
    guard part.byteCount <= JID.longestPart else {
      status = .tooLong
      return 0
    }
    let before = text.count
    if part.isASCII { return prepare(ascii: part, profile, &status) }
    guard part.isUTF8, part.position(of: 0, from: 0) < 0 else {
      status = .value
      return 0
    }
    let room = JID.longestPart + 1
    var answer: CInt = 0
    let isDone = text.fill(room, limit: mostBytes) { memory, _ in
      // Sound: the room has the part and a NUL, and libidn writes no more than it is told.
      part.withUnsafeBytes { _ = memcpy(memory, $0.baseAddress.unsafelyUnwrapped, $0.count) }
      let characters = memory.assumingMemoryBound(to: CChar.self)
      characters[part.byteCount] = 0
      answer = cidn_prepare(characters, room, profile)
      return answer == 0 ? strlen(characters) : -1
    }
    guard isDone, text.count > before else {
      status =
        cidn_is_too_long(answer) != 0
        ? .tooLong : cidn_is_memory(answer) != 0 || answer == 0 && !isDone ? .noMemory : .value
      return 0
    }
    return text.count - before
  }

  /// Appends a password (SASLprep, RFC 4013).
  static func prepare(password: RawSpan, _ out: inout ByteBuffer) -> Status {
    if password.isASCII {
      for index in 0..<password.byteCount where password.byte(index) < 32 || password.byte(index) == 127 {
        return .value
      }
      return out.append(password, limit: mostBytes) ? .ok : .noMemory
    }
    guard password.byteCount <= longestPart, password.isUTF8, password.position(of: 0, from: 0) < 0 else {
      return .value
    }
    var answer: CInt = 0
    let isDone = out.fill(longestPart * 4, limit: mostBytes) { memory, room in
      // Sound: the room has the password and a NUL, and libidn writes no more than it is told.
      password.withUnsafeBytes { _ = memcpy(memory, $0.baseAddress.unsafelyUnwrapped, $0.count) }
      let characters = memory.assumingMemoryBound(to: CChar.self)
      characters[password.byteCount] = 0
      answer = cidn_prepare(characters, room, CIDN_PASSWORD)
      return answer == 0 ? strlen(characters) : -1
    }
    return isDone ? .ok : answer == 0 || cidn_is_memory(answer) != 0 ? .noMemory : .value
  }

  /// What is ASCII alone needs no tables.
  mutating func prepare(ascii part: RawSpan, _ profile: CInt, _ status: inout Status) -> Int {
    guard text.reserve(part.byteCount, limit: mostBytes) else {
      status = .noMemory
      return 0
    }
    for index in 0..<part.byteCount {
      let byte = part.byte(index)
      var isFine = byte > 32 && byte < 127
      switch profile {
      case CIDN_NODE:
        switch byte {
        case 34, 38, 39, 47, 58, 60, 62, 64: isFine = false
        default: break
        }
      case CIDN_RESOURCE: isFine = byte >= 32 && byte < 127
      default: break
      }
      guard isFine else {
        status = .value
        return 0
      }
      let isUpper = byte >= 65 && byte <= 90 && profile != CIDN_RESOURCE
      text.put(isUpper ? byte + 32 : byte)
    }
    return part.byteCount
  }
}
