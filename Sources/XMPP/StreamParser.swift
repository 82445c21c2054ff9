import Bytes
import CExpat

/// What a document, or a stanza of a stream, may have: element.h, plait_element_limits.
public struct XMLLimits {
  public var bytes = 10 << 20
  public var depth = 256
  public var elements = 100_000
  public var attributes = 256
  public init() {}
}

/// What is wrong with a stream, as RFC 6120 §4.9.3 names it.
public enum XMLFault {
  case none, notWellFormed, restricted, encoding, format, prefix, tooLong, noMemory

  public var status: Status {
    switch self {
    case .none: .ok
    case .tooLong: .tooLong
    case .noMemory: .noMemory
    default: .malformed
    }
  }
  public var text: StaticString {
    switch self {
    case .none: ""
    case .notWellFormed: "XML that is not well-formed"
    case .restricted: "a DTD, an entity, a comment or a processing instruction"
    case .encoding: "XML that is not UTF-8"
    case .format: "text between stanzas"
    case .prefix: "an element in the namespace of xml:lang"
    case .tooLong: "more bytes, depth, elements or attributes than are allowed"
    case .noMemory: "no memory"
    }
  }
}

/// Trees out of bytes, by expat: the children of the root one by one, or the document as a whole. It stops at each, so that
/// nothing of it is open while somebody looks at what was found.
public final class StreamParser {
  public enum Found { case nothing, header, stanza, footer, fault }

  /// The header or the stanza that was found last, until the next call.
  public let tree = Tree()
  public internal(set) var fault = XMLFault.none
  /// Where it is, in bytes of the stream.
  public internal(set) var offset = 0
  let parser: XML_Parser
  let limits: XMLLimits
  /// Is it a document of its own, which is found as one?
  let isWhole: Bool
  var found = Found.nothing
  var isEnded = false
  var depth = 0
  var elements = 0
  var node = Tree.none
  /// Where what is being read began, and how much came in all.
  var start: Int64 = 0
  var fed: Int64 = 0
  /// Bytes that expat has and was not asked to parse yet.
  var given: CInt = 0
  var isSuspended = false

  init(_ parser: XML_Parser, _ limits: XMLLimits, isWhole: Bool) {
    self.parser = parser
    self.limits = limits
    self.isWhole = isWhole
  }
  deinit { XML_ParserFree(parser) }

  /// Nil when there is no memory.
  public static func make(_ limits: XMLLimits, isWhole: Bool = false) -> StreamParser? {
    guard let parser = cexpat_new() else { return nil }
    let made = StreamParser(parser, limits, isWhole: isWhole)
    made.setUp()
    return made
  }

  /// A new stream on the same connection.
  public func reset() {
    _ = cexpat_reset(parser)
    tree.clear()
    (depth, elements, node, start, fed, given) = (0, 0, Tree.none, 0, 0, 0)
    (found, isEnded, isSuspended, fault) = (.nothing, false, false, .none)
    setUp()
  }

  /// Is everything read that came?
  public var isIdle: Bool { !isSuspended && given == 0 }

  /// How many bytes came that are not read.
  public var unread: Int { isSuspended ? Int(fed - cexpat_end(parser)) : Int(given) }

  /// Takes bytes, when it is idle. At most 1 GiB at a time.
  public func feed(_ bytes: RawSpan) {
    guard bytes.byteCount > 0, fault == .none else { return }
    guard !isOtherEncoding(bytes) else { return fail(.notWellFormed) }
    let count = CInt(truncatingIfNeeded: bytes.byteCount)
    guard let room = XML_GetBuffer(parser, count) else { return fail(.noMemory) }
    // Sound: expat has given room for so many.
    bytes.withUnsafeBytes { if let base = $0.baseAddress { memcpy(room, base, $0.count) } }
    given = count
    fed += Int64(count)
  }

  /// Does the document begin as UTF-16 does? Expat would take it, whatever it was told.
  func isOtherEncoding(_ bytes: RawSpan) -> Bool {
    var at = 0
    while Int(fed) + at < 2, at < bytes.byteCount {
      if bytes.byte(at) == 0 || Int(fed) + at == 0 && bytes.byte(at) >= 0xfe { return true }
      at += 1
    }
    return false
  }

  /// The next thing that is whole, as far as bytes came.
  public func next() -> Found {
    guard fault == .none else { return .fault }
    if isEnded, found == .header {  // a root that has nothing in it
      found = .footer
      return .footer
    }
    guard !isIdle else { return .nothing }
    if found == .stanza || found == .header { tree.clear() }
    found = .nothing
    var status: XML_Status
    if isSuspended {
      status = XML_ResumeParser(parser)
    } else {
      let count = given
      given = 0
      status = XML_ParseBuffer(parser, count, 0)
    }
    if status == XML_STATUS_OK, found == .nothing, fed - start > Int64(limits.bytes) { fail(.tooLong) }
    isSuspended = status == XML_STATUS_SUSPENDED
    if status == XML_STATUS_ERROR { fail(reason()) }
    if fault != .none {
      // What lies beyond the limit would not have been read, had it come in smaller pieces.
      let isLate = cexpat_end(parser) - start > Int64(limits.bytes) + (XML_GetCurrentByteCount(parser) > 0 ? 1 : 0)
      if isLate, fault != .noMemory, fault != .format { fault = .tooLong }
      offset = max(0, Int(truncatingIfNeeded: XML_GetCurrentByteIndex(parser)))
      return .fault
    }
    return found
  }

  /// The document is at its end: is it whole?
  public func finish() -> Bool {
    guard fault == .none else { return false }
    if XML_Parse(parser, nil, 0, 1) != XML_STATUS_OK { fail(reason()) }
    offset = max(0, Int(truncatingIfNeeded: XML_GetCurrentByteIndex(parser)))
    return fault == .none
  }

  /// What came behind what was found last, and is not read.
  public func takeRest(_ out: inout ByteBuffer, limit: Int) -> Bool {
    let rest = Int(fed - cexpat_end(parser))
    guard isSuspended, rest > 0 else { return true }
    var at: CInt = 0
    var size: CInt = 0
    guard let context = XML_GetInputContext(parser, &at, &size), rest <= Int(size) else { return false }
    // Sound: expat keeps what it has not parsed at the end of this memory.
    return out.append(
      UnsafeRawBufferPointer(start: UnsafeRawPointer(context) + (Int(size) - rest), count: rest).bytes, limit: limit)
  }

  func reason() -> XMLFault {
    switch XML_GetErrorCode(parser) {
    case XML_ERROR_NO_MEMORY: .noMemory
    case XML_ERROR_UNDEFINED_ENTITY: .restricted
    case XML_ERROR_UNKNOWN_ENCODING, XML_ERROR_INCORRECT_ENCODING: .encoding
    default: .notWellFormed
    }
  }

  /// The first one counts.
  func fail(_ why: XMLFault) { if fault == .none { fault = why } }
}
