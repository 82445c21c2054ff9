import Bytes

/// What stands in brackets of a query, for a node; without a tree it is only read.
struct Bracket {
  /// One side of a comparison.
  enum Value {
    case absent
    case literal(Piece)
    case found(Piece)
  }
  let query: Query
  let tree: Tree?
  let node: UInt32
  let step: Query.Step
  var at: Int
  var isValid = true
  var depth = 0

  init(_ query: Query, _ tree: Tree?, _ node: UInt32, _ step: Query.Step, _ at: Int) {
    self.query = query
    self.tree = tree
    self.node = node
    self.step = step
    self.at = at
  }

  /// Up to the bracket that closes it.
  mutating func whole() -> Bool {
    skip()
    let start = at
    while at < query.text.count, query.words.byte(at).digit != nil { at += 1 }
    let result = at > start ? isPlace(start) : either()
    if !take("]") { isValid = false }
    return result && isValid
  }

  mutating func skip() { while at < query.text.count, query.words.byte(at) == 32 { at += 1 } }

  mutating func take(_ word: StaticString) -> Bool {
    skip()
    let end = at + word.utf8CodeUnitCount
    guard end <= query.text.count, query.words.extracting(at..<end).isEqual(word) else { return false }
    at = end
    return true
  }

  /// A word that goes on as no name.
  mutating func takeWord(_ word: StaticString) -> Bool {
    let before = at
    guard take(word) else { return false }
    if at < query.text.count, Query.isName(query.words.byte(at)) {
      at = before
      return false
    }
    return true
  }

  /// Is it the so-manyth of its siblings which the step names?
  mutating func isPlace(_ start: Int) -> Bool {
    var number = 0
    for place in start..<at { number = min(number * 10 + (query.words.byte(place).digit ?? 0), 1 << 31) }
    guard number > 0 else {
      isValid = false
      return false
    }
    guard let tree else { return false }
    let parent = tree.nodes[Int(node)].parent
    var sibling = parent == Tree.none ? node : tree.nodes[Int(parent)].first
    while sibling != Tree.none {
      if query.isNamed(sibling, step, tree) { number -= 1 }
      if sibling == node { return number == 0 }
      sibling = tree.nodes[Int(sibling)].next
    }
    return false
  }

  mutating func either() -> Bool {
    var result = both()
    while isValid, takeWord("or") { result = both() || result }
    return result
  }

  mutating func both() -> Bool {
    var result = one()
    while isValid, takeWord("and") { result = one() && result }
    return result
  }

  mutating func one() -> Bool {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 16 else {
      isValid = false
      return false
    }
    let before = at
    let isNegative = takeWord("not")
    if take("(") {
      let inner = either()
      if !take(")") { isValid = false }
      return inner != isNegative
    }
    at = before
    let left = value()
    if take("!=") { return !isEqual(left, value()) }
    if take("=") { return isEqual(left, value()) }
    if case .absent = left { return false }
    return true
  }

  mutating func value() -> Value {
    skip()
    guard at < query.text.count else { return fail() }
    let mark = query.words.byte(at)
    if mark == UInt8(ascii: "'") || mark == UInt8(ascii: "\"") {
      let end = query.words.position(of: mark, from: at + 1)
      guard end >= 0 else { return fail() }
      defer { at = end + 1 }
      return .literal(Piece(at + 1, end - at - 1))
    }
    if mark == UInt8(ascii: "@") {
      at += 1
      let name = query.name(&at)
      guard name.length > 0 else { return fail() }
      let text = query.words.extracting(Int(name.start)..<Int(name.start) + Int(name.length))
      return tree?.attribute(node, text).map { .found($0) } ?? .absent
    }
    if take("text()") { return .found(tree?.text(node) ?? Piece()) }
    if take("name()") { return .found(tree?.nodes[Int(node)].name ?? Piece()) }
    return fail()
  }

  mutating func fail() -> Value {
    isValid = false
    return .absent
  }

  func isEqual(_ left: Value, _ right: Value) -> Bool {
    guard let tree else { return false }
    switch (left, right) {
    case (.absent, .absent): return true
    case (.absent, _), (_, .absent): return false
    case (.literal(let a), .literal(let b)): return bytes(a).isEqual(bytes(b))
    case (.literal(let a), .found(let b)), (.found(let b), .literal(let a)): return bytes(a).isEqual(tree.bytes(b))
    case (.found(let a), .found(let b)): return tree.bytes(a).isEqual(tree.bytes(b))
    }
  }

  @_lifetime(borrow self)
  func bytes(_ piece: Piece) -> RawSpan {
    _overrideLifetime(
      query.words.extracting(Int(piece.start)..<Int(piece.start) + Int(piece.length)), borrowing: self)
  }
}
