import Bytes

/// What is looked for in a tree.
extension Tree {
  /// The attribute's value, or nil.
  public func attribute(_ node: UInt32, _ name: RawSpan, _ space: RawSpan) -> Piece? {
    var at = nodes[Int(node)].attributes
    while at != Tree.none {
      let attribute = attributes[Int(at)]
      if bytes(attribute.name).matches(name), bytes(attribute.space).isEqual(space) { return attribute.value }
      at = attribute.next
    }
    return nil
  }

  /// The same for one in no space, as nearly all are.
  @inline(never) public func attribute(_ node: UInt32, _ name: StaticString) -> Piece? {
    var at = nodes[Int(node)].attributes
    while at != Tree.none {
      let attribute = attributes[Int(at)]
      if attribute.space.length == 0, bytes(attribute.name).isEqual(name) { return attribute.value }
      at = attribute.next
    }
    return nil
  }

  /// The text of a text, or the first one in an element; nil when there is none.
  public func text(_ node: UInt32) -> Piece? {
    if nodes[Int(node)].isText != 0 { return nodes[Int(node)].name }
    var at = nodes[Int(node)].first
    while at != Tree.none {
      if nodes[Int(at)].isText != 0 { return nodes[Int(at)].name }
      at = nodes[Int(at)].next
    }
    return nil
  }

  /// The first element from `start` on among its siblings that has the name and the space, where these are given; or `none`.
  public func find(from start: UInt32, _ name: RawSpan?, _ space: RawSpan?) -> UInt32 {
    var at = start
    while at != Tree.none {
      let node = nodes[Int(at)]
      if node.isText == 0 {
        var fits = true
        if let name { fits = bytes(node.name).isEqual(name) }
        if let space, fits { fits = bytes(node.space).isEqual(space) }
        if fits { return at }
      }
      at = node.next
    }
    return Tree.none
  }

  /// The child with a name of the library's own.
  @inline(never) public func child(_ node: UInt32, _ name: StaticString, _ space: StaticString? = nil) -> UInt32? {
    var at = nodes[Int(node)].first
    while at != Tree.none {
      if isNamed(at, name), space.map({ bytes(nodes[Int(at)].space).isEqual($0) }) ?? true { return at }
      at = nodes[Int(at)].next
    }
    return nil
  }

  @inline(never) public func isNamed(_ node: UInt32, _ name: StaticString) -> Bool {
    nodes[Int(node)].isText == 0 && bytes(nodes[Int(node)].name).isEqual(name)
  }
  @inline(never) public func isIn(_ node: UInt32, _ space: StaticString) -> Bool {
    bytes(nodes[Int(node)].space).isEqual(space)
  }

  /// Is it this word?
  @inline(never) public func says(_ piece: Piece, _ word: StaticString) -> Bool { bytes(piece).isEqual(word) }

  /// The next node in the order of the document within `top`, or `none`.
  func following(_ node: UInt32, within top: UInt32) -> UInt32 {
    if nodes[Int(node)].first != Tree.none { return nodes[Int(node)].first }
    var at = node
    while at != top {
      if nodes[Int(at)].next != Tree.none { return nodes[Int(at)].next }
      at = nodes[Int(at)].parent
    }
    return Tree.none
  }
}
