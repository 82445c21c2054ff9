import Bytes

/// A stretch of a tree's bytes.
public struct Piece: BitwiseCopyable {
  public var start: UInt32 = 0
  public var length: UInt32 = 0
  @inline(__always) public init() {}
  @inline(__always) init(_ start: Int, _ length: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.length = UInt32(truncatingIfNeeded: length)
  }
}

/// An element, or a text: a row of element.h, plait_element_table::nodes. `name` is a text's text.
public struct Node: BitwiseCopyable {
  public var name = Piece()
  public var space = Piece()
  public var parent = Tree.none
  public var first = Tree.none
  public var last = Tree.none
  public var next = Tree.none
  public var attributes = Tree.none
  public var isText: UInt32 = 0
  public init() {}
}

/// A row of plait_element_table::attributes.
public struct Attribute: BitwiseCopyable {
  public var name = Piece()
  public var space = Piece()
  public var value = Piece()
  public var next = Tree.none
  public init() {}
}

/// A tree of elements and texts in three pieces of memory, whatever its size: all bytes, all nodes, all attributes. Nodes are
/// named by their numbers, 0 is the root.
public final class Tree {
  @inline(__always) public static var none: UInt32 { .max }
  public internal(set) var text = ByteBuffer()
  public internal(set) var nodes = PlainList<Node>()
  public internal(set) var attributes = PlainList<Attribute>()
  /// The most bytes that its names and texts have together.
  static var most: Int { 1 << 28 }
  /// More than so much is given back when it was needed once.
  static var spare: Int { 1 << 16 }

  public init() {}

  /// All names and texts.
  public var words: RawSpan {
    @_lifetime(borrow self)
    get { _overrideLifetime(text.bytes, borrowing: self) }
  }

  @_lifetime(borrow self)
  @inline(__always) public func bytes(_ piece: Piece) -> RawSpan {
    _overrideLifetime(
      text.bytes.extracting(Int(piece.start)..<Int(piece.start) + Int(piece.length)), borrowing: self)
  }

  @inline(__always) public func isElement(_ node: UInt32) -> Bool {
    Int(node) < nodes.count && nodes[Int(node)].isText == 0
  }
  @inline(__always) public func isNode(_ node: UInt32) -> Bool { Int(node) < nodes.count }

  /// Empty, for the next one.
  public func clear() {
    if text.capacity > Tree.spare { text = ByteBuffer() } else { text.removeAll() }
    if nodes.count > Tree.spare / 64 { nodes = PlainList() } else { nodes.removeAll() }
    if attributes.count > Tree.spare / 64 { attributes = PlainList() } else { attributes.removeAll() }
  }

  // MARK: Building

  /// Bytes that nobody has looked at yet; nil when there is no room.
  @inline(never) func keep(_ bytes: RawSpan) -> Piece? {
    let start = text.count
    guard text.append(bytes, limit: Tree.most) else { return nil }
    return Piece(start, bytes.byteCount)
  }

  /// Adds a node behind its parent's children; its number, or nil without memory.
  @inline(never) func append(_ node: Node, to parent: UInt32) -> UInt32? {
    guard nodes.count < Int(Int32.max), nodes.append(node) else { return nil }
    let number = UInt32(truncatingIfNeeded: nodes.count &- 1)
    guard parent != Tree.none else { return number }
    nodes[Int(number)].parent = parent
    let last = nodes[Int(parent)].last
    if last == Tree.none { nodes[Int(parent)].first = number } else { nodes[Int(last)].next = number }
    nodes[Int(parent)].last = number
    return number
  }

  /// Adds an element; its number, or why not.
  public func add(_ name: RawSpan, _ space: RawSpan?, to parent: UInt32) -> Status {
    guard name.isXMLName, space?.isXMLSpace != false else { return .value }
    if let space, space.isEqual(xmlSpace) { return .value }
    var node = Node()
    guard let kept = keep(name) else { return refusal }
    node.name = kept
    if let space {
      guard let kept = keep(space) else { return refusal }
      node.space = kept
    } else if parent != Tree.none {
      node.space = nodes[Int(parent)].space
    }
    return number(append(node, to: parent))
  }

  public func add(text given: RawSpan, to parent: UInt32) -> Status {
    guard given.isXMLText else { return .value }
    guard let kept = keep(given) else { return refusal }
    return number(append(text: kept, to: parent))
  }

  @inline(__always) func append(text piece: Piece, to parent: UInt32) -> UInt32? {
    var node = Node()
    node.name = piece
    node.isText = 1
    return append(node, to: parent)
  }

  var refusal: Status { text.count > Tree.most / 2 ? .overflow : .noMemory }
  func number(_ node: UInt32?) -> Status { node.map { Status(truncatingIfNeeded: $0) } ?? .noMemory }

  /// Sets an attribute, or takes it away.
  public func set(_ node: UInt32, _ name: RawSpan, _ space: RawSpan, _ value: RawSpan?) -> Status {
    guard name.isXMLName, space.isXMLSpace, value?.isXMLText != false, !name.isEqual("xmlns") else { return .value }
    var before = Tree.none
    var at = nodes[Int(node)].attributes
    while at != Tree.none,
      !bytes(attributes[Int(at)].name).isEqual(name) || !bytes(attributes[Int(at)].space).isEqual(space)
    {
      before = at
      at = attributes[Int(at)].next
    }
    guard let value else {
      if at != Tree.none { link(attributes[Int(at)].next, node, behind: before) }
      return .ok
    }
    guard let kept = keep(value) else { return refusal }
    if at != Tree.none {
      attributes[Int(at)].value = kept
      return .ok
    }
    var made = Attribute()
    made.value = kept
    guard let keptName = keep(name), let keptSpace = keep(space) else { return refusal }
    made.name = keptName
    made.space = keptSpace
    guard attributes.append(made) else { return .noMemory }
    link(UInt32(truncatingIfNeeded: attributes.count - 1), node, behind: before)
    return .ok
  }

  @inline(__always) func link(_ attribute: UInt32, _ node: UInt32, behind before: UInt32) {
    if before == Tree.none { nodes[Int(node)].attributes = attribute } else { attributes[Int(before)].next = attribute }
  }

  /// Adds a copy of a part of another tree; its number, or why not.
  public func add(copyOf source: UInt32, in other: Tree, to parent: UInt32) -> Status {
    var at = source
    var to = parent
    var top: UInt32?
    while true {
      let from = other.nodes[Int(at)]
      guard let made = copy(from, other, to) else { return refusal }
      if top == nil { top = made }
      if from.first != Tree.none {
        at = from.first
        to = made
        continue
      }
      // Upwards until something follows.
      while at != source, other.nodes[Int(at)].next == Tree.none {
        at = other.nodes[Int(at)].parent
        to = nodes[Int(to)].parent
      }
      if at == source { return number(top) }
      at = other.nodes[Int(at)].next
    }
  }

  func copy(_ from: Node, _ other: Tree, _ parent: UInt32) -> UInt32? {
    var node = Node()
    node.isText = from.isText
    guard let name = keep(other.bytes(from.name)) else { return nil }
    node.name = name
    if parent != Tree.none, bytes(nodes[Int(parent)].space).isEqual(other.bytes(from.space)) {
      node.space = nodes[Int(parent)].space
    } else if from.isText == 0 {
      guard let space = keep(other.bytes(from.space)) else { return nil }
      node.space = space
    }
    guard let made = append(node, to: parent) else { return nil }
    var at = from.attributes
    var before = Tree.none
    while at != Tree.none {
      let attribute = other.attributes[Int(at)]
      guard let copied = append(attribute, of: other) else { return nil }
      link(copied, made, behind: before)
      before = copied
      at = attribute.next
    }
    return made
  }

  func append(_ attribute: Attribute, of other: Tree) -> UInt32? {
    var made = Attribute()
    guard let name = keep(other.bytes(attribute.name)), let space = keep(other.bytes(attribute.space)),
      let value = keep(other.bytes(attribute.value))
    else { return nil }
    made.name = name
    made.space = space
    made.value = value
    return attributes.append(made) ? UInt32(truncatingIfNeeded: attributes.count - 1) : nil
  }
}
