import Bytes

/// XML of a tree: one way for one content.
extension Tree {
  /// Appends an element with all that is in it; `outer` is the space that is declared where it will stand.
  public func write(_ top: UInt32, outer: RawSpan, _ out: inout ByteBuffer, limit: Int) -> Status {
    var writer = XMLWriter(out.take(), limit: limit)
    var at = top
    while true {
      let node = nodes[Int(at)]
      if node.isText != 0 {
        writer.escape(bytes(node.name), isValue: false)
      } else {
        open(at, node, outer: at == top ? outer : bytes(nodes[Int(node.parent)].space), &writer)
        if node.first != Tree.none {
          at = node.first
          continue
        }
      }
      while at != top, nodes[Int(at)].next == Tree.none {
        at = nodes[Int(at)].parent
        close(at, &writer)
      }
      if at == top { break }
      at = nodes[Int(at)].next
    }
    out = writer.out.take()
    return writer.status
  }

  func open(_ number: UInt32, _ node: Node, outer: RawSpan, _ writer: inout XMLWriter) {
    writer.put("<")
    writer.put(bytes(node.name))
    if !bytes(node.space).isEqual(outer) {
      writer.put(" xmlns='")
      writer.escape(bytes(node.space), isValue: true)
      writer.put("'")
    }
    var at = node.attributes
    var declared = 0
    while at != Tree.none {
      let attribute = attributes[Int(at)]
      writer.put(" ")
      if attribute.space.length > 0 {
        if bytes(attribute.space).isEqual(xmlSpace) {
          writer.put("xml:")
        } else {  // a prefix of its own
          declared += 1
          writer.put("xmlns:n")
          writer.put(decimal: declared)
          writer.put("='")
          writer.escape(bytes(attribute.space), isValue: true)
          writer.put("' n")
          writer.put(decimal: declared)
          writer.put(":")
        }
      }
      writer.put(bytes(attribute.name))
      writer.put("='")
      writer.escape(bytes(attribute.value), isValue: true)
      writer.put("'")
      at = attribute.next
    }
    writer.put(node.first == Tree.none ? "/>" : ">")
  }

  func close(_ number: UInt32, _ writer: inout XMLWriter) {
    writer.put("</")
    writer.put(bytes(nodes[Int(number)].name))
    writer.put(">")
  }
}

var xmlSpace: StaticString { "http://www.w3.org/XML/1998/namespace" }

/// Writes XML into a buffer, and remembers when there was no room.
public struct XMLWriter: ~Copyable {
  public var out: ByteBuffer
  public private(set) var status: Status = .ok
  let limit: Int

  public init(_ out: consuming ByteBuffer, limit: Int) {
    self.out = out
    self.limit = limit
  }

  @inline(never) public mutating func put(_ bytes: RawSpan) {
    if status == .ok, !out.append(bytes, limit: limit) { status = out.refusal(of: bytes.byteCount, limit: limit) }
  }

  @inline(never) public mutating func put(_ text: StaticString) { put(utf8(text)) }

  public mutating func put(decimal value: Int) {
    guard status == .ok else { return }
    guard out.reserve(ByteBuffer.longestDecimal, limit: limit) else { return status = .noMemory }
    out.put(decimal: Int64(value))
  }

  /// Text, or an attribute's value, with what means something to XML written as references.
  public mutating func escape(_ bytes: RawSpan, isValue: Bool) {
    var start = 0
    var at = 0
    while at < bytes.byteCount {
      if let reference = XMLWriter.reference(bytes.byte(at), isValue) {
        put(bytes.extracting(start..<at))
        put(reference)
        start = at &+ 1
      }
      at &+= 1
    }
    put(bytes.extracting(start..<at))
  }

  @inline(__always) static func reference(_ byte: UInt8, _ isValue: Bool) -> StaticString? {
    guard byte <= 62 else { return nil }
    switch byte {
    case 38: return "&amp;"
    case 60: return "&lt;"
    case 62: return "&gt;"
    case 13: return "&#xD;"
    case 34: return isValue ? "&quot;" : nil
    case 39: return isValue ? "&apos;" : nil
    case 9: return isValue ? "&#x9;" : nil
    case 10: return isValue ? "&#xA;" : nil
    default: return nil
    }
  }
}

extension RawSpan {
  /// Is it UTF-8 that XML can say (XML 1.0 §2.2)?
  public var isXMLText: Bool {
    var at = 0
    while at < byteCount {
      let byte = byte(at)
      if byte < 32, byte != 9, byte != 10, byte != 13 { return false }
      if byte == 0xef, at &+ 2 < byteCount, self.byte(at &+ 1) == 0xbf, self.byte(at &+ 2) >= 0xbe { return false }
      at &+= 1
    }
    return isUTF8
  }

  /// Can it be a namespace? Not that of namespace declarations themselves.
  var isXMLSpace: Bool { isXMLText && !isEqual("http://www.w3.org/2000/xmlns/") }

  /// Can it be a name without a prefix? Letters beyond ASCII are taken as they come.
  public var isXMLName: Bool {
    guard byteCount > 0, byteCount <= 1024, isUTF8 else { return false }
    var at = 0
    while at < byteCount {
      switch byte(at) {
      case 65...90, 97...122, 95, 0x80...0xff: break
      case 48...57, 45, 46: if at == 0 { return false }
      default: return false
      }
      at &+= 1
    }
    return true
  }
}
