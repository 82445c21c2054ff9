import Bytes

/// A query, as Twisted's part of XPath: element.h. It is read once, and holds for any tree.
public final class Query {
  /// `/name[…]`, or `//name[…]`.
  struct Step: BitwiseCopyable {
    var isDeep: Bool
    var start: Int
    var length: Int
    /// Where the first bracket is.
    var brackets: Int
  }
  static var mostSteps: Int { 32 }
  static var longest: Int { 4096 }

  var text: ByteBuffer
  var steps = PlainList<Step>()
  /// The attribute of a final `/@name`.
  var wanted = Piece()

  var words: RawSpan {
    @_lifetime(borrow self)
    get { _overrideLifetime(text.bytes, borrowing: self) }
  }

  init(_ text: consuming ByteBuffer) { self.text = text }

  /// Nil when it is none; `status` says whether that was for want of memory.
  public static func make(_ text: RawSpan, _ status: inout Status) -> Query? {
    status = .invalid
    var copy = ByteBuffer()
    guard text.byteCount > 0, text.byteCount <= longest else { return nil }
    guard copy.append(text, limit: longest) else {
      status = .noMemory
      return nil
    }
    let made = Query(copy)
    guard made.parse() else { return nil }
    status = .ok
    return made
  }

  static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 95, 45, 46, 58, 0x80...0xff: true
    default: false
    }
  }

  func name(_ at: inout Int) -> Piece {
    let start = at
    while at < text.count, Query.isName(words.byte(at)) { at += 1 }
    return Piece(start, at - start)
  }

  func parse() -> Bool {
    var at = 0
    while at < text.count {
      guard words.byte(at) == UInt8(ascii: "/"), steps.count < Query.mostSteps, wanted.length == 0 else {
        return false
      }
      at += 1
      var step = Step(isDeep: false, start: at, length: 0, brackets: 0)
      if at < text.count, words.byte(at) == UInt8(ascii: "/") {
        step.isDeep = true
        at += 1
      }
      if at < text.count, words.byte(at) == UInt8(ascii: "@") {
        at += 1
        wanted = name(&at)
        guard wanted.length > 0, steps.count > 0, !step.isDeep else { return false }
        continue
      }
      step.start = at
      if at < text.count, words.byte(at) == UInt8(ascii: "*") { at += 1 } else { _ = name(&at) }
      step.length = at - step.start
      step.brackets = at
      guard step.length > 0, steps.append(step) else { return false }
      while at < text.count, words.byte(at) == UInt8(ascii: "[") {
        var condition = Bracket(self, nil, 0, step, at + 1)
        _ = condition.whole()
        guard condition.isValid else { return false }
        at = condition.at
      }
    }
    return steps.count > 0
  }

  /// Is the node's name that of the step, wherever it is?
  func isNamed(_ node: UInt32, _ step: Step, _ tree: Tree) -> Bool {
    let found = tree.nodes[Int(node)]
    guard found.isText == 0 else { return false }
    let name = words.extracting(step.start..<step.start + step.length)
    return name.isEqual("*") || tree.bytes(found.name).isEqual(name)
  }

  func fits(_ node: UInt32, _ index: Int, _ tree: Tree) -> Bool {
    let step = steps[index]
    guard isNamed(node, step, tree) else { return false }
    var at = step.brackets
    while at < text.count, words.byte(at) == UInt8(ascii: "[") {
      var condition = Bracket(self, tree, node, step, at + 1)
      guard condition.whole() else { return false }
      at = condition.at
    }
    return index + 1 < steps.count || wanted.length == 0
      || tree.attribute(node, words.extracting(Int(wanted.start)..<Int(wanted.start) + Int(wanted.length))) != nil
  }

  /// Finds the nodes within `top` that it fits, in their order, until `body` answers false.
  public func find(_ top: UInt32, _ tree: Tree, _ body: (UInt32) -> Bool) -> Status {
    let last = UInt64(1) << UInt64(steps.count - 1)
    if last == 1, !steps[0].isDeep {
      if fits(top, 0, tree) { _ = body(top) }
      return .ok
    }
    // For each depth: which steps the node there ends, and which it or those above it end.
    var ends = PlainList<UInt64>()
    var above = PlainList<UInt64>()
    var depth = 0
    var at = top
    while true {
      let before: UInt64 = depth > 0 ? ends[depth - 1] : 0
      let beforeDeep: UInt64 = depth > 0 ? above[depth - 1] : 0
      let hits = step(at, tree, before, beforeDeep, isTop: at == top)
      guard ends.resize(depth + 1, 0), above.resize(depth + 1, 0) else { return .noMemory }
      ends[depth] = hits
      above[depth] = beforeDeep | hits
      if hits & last != 0, !body(at) { return .ok }
      if tree.nodes[Int(at)].first != Tree.none {
        at = tree.nodes[Int(at)].first
        depth += 1
        continue
      }
      while at != top, tree.nodes[Int(at)].next == Tree.none {
        at = tree.nodes[Int(at)].parent
        depth -= 1
      }
      if at == top { return .ok }
      at = tree.nodes[Int(at)].next
    }
  }

  /// The steps that this node ends, as bits.
  func step(_ node: UInt32, _ tree: Tree, _ before: UInt64, _ beforeDeep: UInt64, isTop: Bool) -> UInt64 {
    var hits: UInt64 = 0
    for index in 0..<steps.count {
      let isDeep = steps[index].isDeep
      let may =
        index == 0 ? isDeep || isTop : (isDeep ? beforeDeep : before) >> UInt64(index - 1) & 1 == 1
      if may, fits(node, index, tree) { hits |= 1 << UInt64(index) }
    }
    return hits
  }

  /// Does it find anything?
  public func matches(_ top: UInt32, _ tree: Tree) -> Bool {
    var isFound = false
    _ = find(top, tree) { _ in
      isFound = true
      return false
    }
    return isFound
  }
}

extension Tree {
  /// An attribute by its name in a query: with `xml:` in front, or in no space; `xmlns` is the element's own space.
  func attribute(_ node: UInt32, _ name: RawSpan) -> Piece? {
    if name.isEqual("xmlns") { return nodes[Int(node)].space }
    if name.byteCount > 4, name.extracting(first: 4).isEqual("xml:") {
      var at = nodes[Int(node)].attributes
      while at != Tree.none {
        let found = attributes[Int(at)]
        if bytes(found.space).isEqual(xmlSpace), bytes(found.name).isEqual(name.extracting(droppingFirst: 4)) {
          return found.value
        }
        at = found.next
      }
      return nil
    }
    return attribute(node, name, RawSpan())
  }
}
