import Bytes

/// A stanza under construction. The first thing that can't be said is remembered, and nothing is added from then on.
struct StanzaBuilder: ~Copyable {
  let tree: Tree
  private(set) var status: Status = .ok

  init(_ tree: Tree, _ name: StaticString, in space: StaticString) {
    self.tree = tree
    tree.clear()
    _ = add(name, space, in: Tree.none)
  }

  /// An element; without a space of its own it has its parent's.
  @discardableResult
  mutating func add(_ name: StaticString, _ space: StaticString? = nil, in parent: UInt32 = 0) -> UInt32 {
    guard status == .ok else { return 0 }
    let made =
      if let space { tree.add(utf8(name), utf8(space), to: parent) } else { tree.add(utf8(name), nil, to: parent) }
    return take(made)
  }

  /// One that is named by a word of a list.
  mutating func add(_ word: RawSpan, _ space: StaticString) {
    if status == .ok { _ = take(tree.add(word, utf8(space), to: 0)) }
  }

  /// One with a text of the library's own in it.
  mutating func add(_ name: StaticString, word: RawSpan, in parent: UInt32 = 0) {
    let made = add(name, in: parent)
    if status == .ok { _ = take(tree.add(text: word, to: made)) }
  }

  private mutating func take(_ made: Status) -> UInt32 {
    if made < 0 { status = made }
    return UInt32(truncatingIfNeeded: max(made, 0))
  }

  /// The same with a text in it; nothing where there is no text.
  mutating func add(_ name: StaticString, _ space: StaticString? = nil, in parent: UInt32 = 0, text: HostBytes) {
    guard let given = given(text) else { return }
    let made = add(name, space, in: parent)
    if status == .ok { _ = take(tree.add(text: given.bytes, to: made)) }
  }

  /// An attribute; nothing where there is no value.
  mutating func set(_ name: StaticString, _ value: HostBytes, on node: UInt32 = 0) {
    guard let given = given(value) else { return }
    set(name, given.bytes, on: node)
  }

  mutating func set(_ name: StaticString, _ value: RawSpan, on node: UInt32 = 0) {
    if status == .ok { status = tree.set(node, utf8(name), RawSpan(), value) }
  }

  /// The attributes of every stanza.
  mutating func address(to: HostBytes, from: HostBytes, id: HostBytes, language: HostBytes) {
    setAddress("to", to)
    setAddress("from", from)
    set("id", id)
    if let given = given(language), status == .ok { status = tree.set(0, utf8("lang"), utf8(xmlSpace), given.bytes) }
  }

  mutating func setAddress(_ name: StaticString, _ value: HostBytes, on node: UInt32 = 0) {
    guard let given = given(value) else { return }
    var found: Status = .ok
    _ = JID.parse(given.bytes, &found)
    if found != .ok { status = found }
    set(name, given.bytes, on: node)
  }

  /// What is not said has to be bytes all the same.
  mutating func check(_ values: HostBytes...) { for value in values { _ = given(value) } }

  /// What was given, if anything was.
  private mutating func given(_ value: HostBytes) -> Given? {
    guard status == .ok, value.len != 0 || value.data != nil else { return nil }
    guard let given = checked(value.data, value.len) else {
      status = .invalid
      return nil
    }
    return value.len == 0 ? nil : given
  }
}

/// Words with a blank between them, by their numbers from 0 on.
struct WordList {
  let text: StaticString
  init(_ text: StaticString) { self.text = text }

  /// Nil: there is no such word.
  @inline(never) func number(_ word: RawSpan) -> UInt32? {
    let all = utf8(text)
    var (number, start): (UInt32, Int) = (0, 0)
    while start < all.byteCount {
      let end = self.end(start)
      if all.extracting(start..<end).isEqual(word) { return number }
      number += 1
      start = end + 1
    }
    return nil
  }

  /// One that there is.
  @_lifetime(immortal)
  @inline(never) func word(_ number: UInt32) -> RawSpan {
    var start = 0
    for _ in 0..<number { start = end(start) + 1 }
    return utf8(text).extracting(start..<end(start))
  }

  private func end(_ start: Int) -> Int {
    let found = utf8(text).position(of: UInt8(ascii: " "), from: start)
    return found < 0 ? text.utf8CodeUnitCount : found
  }
}

@_lifetime(immortal)
func utf8(_ literal: StaticString) -> RawSpan {
  // Sound: a literal's bytes are static.
  _overrideLifetime(
    UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount).bytes, borrowing: ())
}

extension Tree {
  /// Where a piece lies, as long as the tree stays as it is.
  func point(_ piece: Piece?) -> HostBytes {
    guard let piece else { return HostBytes.none }
    return bytes(piece).withUnsafeBytes { HostBytes.at($0) }
  }

  /// What an attribute says; nil for what it does not, or no word.
  func word(_ node: UInt32, _ name: StaticString, _ words: WordList) -> UInt32? {
    attribute(node, name).flatMap { words.number(bytes($0)) }
  }

  func language(_ node: UInt32) -> Piece? { attribute(node, utf8("lang"), utf8(xmlSpace)) }

  /// The text of a child: of several, that which has the element's language, or else the first.
  func said(_ node: UInt32, _ name: StaticString, _ space: StaticString) -> HostBytes {
    guard let first = child(node, name, space) else { return HostBytes.none }
    let wanted = language(node)
    var at = first
    while at != Tree.none {
      if isNamed(at, name), isIn(at, space) {
        guard let own = language(at) else { return point(text(at)) }
        if let wanted, bytes(own).isEqual(bytes(wanted)) { return point(text(at)) }
      }
      at = nodes[Int(at)].next
    }
    return point(text(first))
  }

  /// The number of a condition of a stanza's error, or 0.
  func error(_ node: UInt32) -> Int32 { child(node, "error").map { Conditions.reason(.stanza, self, $0).code } ?? 0 }
}
