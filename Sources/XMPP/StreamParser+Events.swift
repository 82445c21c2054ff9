import Bytes
import CExpat

/// What expat tells. Nothing here calls anybody but expat.
extension StreamParser {
  func setUp() {
    cexpat_wait_for_nothing(parser)
    // Sound: expat is freed with this object, and calls no handler afterwards.
    XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
    XML_SetElementHandler(
      parser, { data, name, attributes in StreamParser.on(data, name) { me, name in me.began(name, attributes) } },
      { StreamParser.on($0, $1) { me, _ in me.ended() } })
    XML_SetCharacterDataHandler(parser) { data, text, count in
      StreamParser.on(data, text) { me, text in me.said(text, Int(count)) }
    }
    XML_SetXmlDeclHandler(parser) { data, _, encoding, _ in
      guard let encoding, cexpat_is_utf8(encoding) == 0 else { return }
      StreamParser.on(data, encoding) { me, _ in me.stop(.encoding) }
    }
    XML_SetStartDoctypeDeclHandler(parser) { data, name, _, _, _ in
      StreamParser.on(data, name) { me, _ in me.stop(.restricted) }
    }
    XML_SetCommentHandler(parser) { StreamParser.on($0, $1) { me, _ in me.stop(.restricted) } }
    XML_SetProcessingInstructionHandler(parser) { data, target, _ in
      StreamParser.on(data, target) { me, _ in me.stop(.restricted) }
    }
  }

  @inline(__always) static func on(
    _ data: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?,
    _ body: (StreamParser, UnsafePointer<CChar>) -> Void
  ) {
    guard let data, let text else { return }
    // Sound: it is what setUp gave.
    Unmanaged<StreamParser>.fromOpaque(data)._withUnsafeGuaranteedRef { body($0, text) }
  }

  func stop(_ why: XMLFault) {
    fail(why)
    XML_StopParser(parser, 0)
  }

  func suspend(_ what: Found) {
    found = what
    start = cexpat_end(parser)
    XML_StopParser(parser, 1)
  }

  func began(_ name: UnsafePointer<CChar>, _ given: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
    guard fault == .none else { return }
    let level = isWhole ? depth : max(depth - 1, 0)
    if !isWhole, depth == 1 {
      start = Int64(XML_GetCurrentByteIndex(parser))
      elements = 0
    }
    depth += 1
    elements += 1
    guard level < limits.depth, elements <= limits.elements else { return stop(.tooLong) }
    guard let made = add(name, to: level == 0 ? Tree.none : node) else { return }
    node = made
    if let given, !add(attributes: given) { return }
    if !isWhole, depth == 1 { suspend(.header) }
  }

  func add(_ name: UnsafePointer<CChar>, to parent: UInt32) -> UInt32? {
    var node = Node()
    let tree = tree
    // Sound: expat's texts end in NUL, and are there for the call.
    let memory = UnsafeRawBufferPointer(start: name, count: strlen(name))
    let all = memory.bytes
    let split = Int(cexpat_split(name, all.byteCount))
    if split > 0 {
      let space = all.extracting(0..<split)
      if parent != Tree.none, tree.bytes(tree.nodes[Int(parent)].space).isEqual(space) {
        node.space = tree.nodes[Int(parent)].space
      } else {
        guard !space.isEqual(xmlSpace) else {
          stop(.prefix)
          return nil
        }
        guard let kept = tree.keep(space) else { return noMemory() }
        node.space = kept
      }
    }
    guard let kept = tree.keep(all.extracting(droppingFirst: split + 1)) else { return noMemory() }
    node.name = kept
    return tree.append(node, to: parent) ?? noMemory()
  }

  func noMemory() -> UInt32? {
    stop(.noMemory)
    return nil
  }

  func add(attributes given: UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Bool {
    var index = 0
    var before = Tree.none
    while let name = given[2 * index], let value = given[2 * index + 1] {  // sound: the list ends in NULL
      guard index < limits.attributes else {
        stop(.tooLong)
        return false
      }
      var made = Attribute()
      let memory = UnsafeRawBufferPointer(start: name, count: strlen(name))
      let all = memory.bytes
      let split = Int(cexpat_split(name, all.byteCount))
      let text = UnsafeRawBufferPointer(start: value, count: strlen(value))
      guard let space = tree.keep(all.extracting(0..<max(split, 0))),
        let kept = tree.keep(all.extracting(droppingFirst: split + 1)), let content = tree.keep(text.bytes)
      else {
        stop(.noMemory)
        return false
      }
      made.space = space
      made.name = kept
      made.value = content
      guard tree.attributes.append(made) else {
        stop(.noMemory)
        return false
      }
      let number = UInt32(truncatingIfNeeded: tree.attributes.count - 1)
      tree.link(number, node, behind: before)
      before = number
      index += 1
    }
    return true
  }

  func ended() {
    guard fault == .none else { return }
    depth -= 1
    if !isWhole, depth == 0 {
      isEnded = true
      if found != .header { suspend(.footer) }
      return
    }
    let isLast = depth == (isWhole ? 0 : 1)
    if !isLast {
      node = tree.nodes[Int(node)].parent
    } else if !isWhole {
      guard cexpat_end(parser) - start <= Int64(limits.bytes) else { return stop(.tooLong) }
      suspend(.stanza)
    } else {
      found = .stanza
    }
  }

  func said(_ text: UnsafePointer<CChar>, _ count: Int) {
    guard fault == .none, count > 0 else { return }
    // Sound: expat says that so many bytes are there.
    let memory = UnsafeRawBufferPointer(start: text, count: count)
    let bytes = memory.bytes
    guard isWhole || depth > 1 else {
      guard bytes.isBlank else { return stop(.format) }
      start = cexpat_end(parser)
      return
    }
    let last = tree.nodes[Int(node)].last
    if last != Tree.none, tree.nodes[Int(last)].isText != 0,
      Int(tree.nodes[Int(last)].name.start) + Int(tree.nodes[Int(last)].name.length) == tree.text.count
    {
      guard tree.keep(bytes) != nil else { return stop(.noMemory) }
      tree.nodes[Int(last)].name.length += UInt32(truncatingIfNeeded: count)
    } else {
      guard let kept = tree.keep(bytes), tree.append(text: kept, to: node) != nil else { return stop(.noMemory) }
    }
  }
}

extension RawSpan {
  /// Nothing but white space, as XML has it?
  var isBlank: Bool {
    var at = 0
    while at < byteCount {
      switch byte(at) {
      case 32, 9, 10, 13: at &+= 1
      default: return false
      }
    }
    return true
  }
}

extension Tree {
  public enum Parsed {
    case tree(Tree)
    case failed(Reason)
  }

  /// A whole document.
  public static func parse(_ bytes: RawSpan, _ limits: XMLLimits) -> Parsed {
    guard bytes.byteCount <= limits.bytes else { return .failed(Reason(.tooLong, offset: limits.bytes)) }
    guard let parser = StreamParser.make(limits, isWhole: true) else { return .failed(Reason(.noMemory)) }
    parser.feed(bytes)
    if parser.next() != .fault, parser.finish() { return .tree(parser.tree) }
    if parser.fault == .none { parser.fail(.notWellFormed) }
    return .failed(Reason(parser.fault.status, offset: parser.offset, text: parser.fault.text))
  }
}
