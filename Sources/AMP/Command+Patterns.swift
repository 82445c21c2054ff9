import Bytes

/// Boxes of a command that are found and written as a whole.
extension Command {
  func expect() {
    var isWhole = true
    func add(_ pattern: inout BoxPattern, _ text: RawSpan) { isWhole = pattern.add(text: text) && isWhole }
    func add(_ pattern: inout BoxPattern, key: StaticString) {
      var text = ByteBuffer()
      guard text.reserve(key.utf8CodeUnitCount + 2, limit: 64) else { return isWhole = false }
      text.put(big16: key.utf8CodeUnitCount)
      text.put(key)
      add(&pattern, text.bytes)
    }
    func add(_ pattern: inout BoxPattern, value place: Int, isInteger: Bool) {
      isWhole = pattern.add(value: place, isInteger: isInteger) && isWhole
    }
    for place in 0...arguments.count {
      if place == askPlace, !flags.contains(.oneway) {
        add(&request, key: "_ask")
        add(&request, value: -1, isInteger: false)
      }
      if place == commandPlace {
        add(&request, key: "_command")
        add(&request, behindLength(name))
      }
      if place < arguments.count {
        let index = Int(arguments.order[place])
        add(&request, behindLength(arguments.fields[index].name))
        add(&request, value: index, isInteger: arguments.fields[index].isInteger)
      }
    }
    if isWhole { request.close() }
    guard !flags.contains(.switches) else { return }
    isWhole = true
    integersRoom = 16 + BoxPattern.slack
    for place in 0...response.count {
      if place == answerPlace {
        add(&answer, key: "_answer")
        add(&answer, value: -1, isInteger: false)
      }
      if place < response.count {
        let index = Int(response.order[place])
        let field = response.fields[index]
        isWhole = isWhole && field.isInteger
        integersRoom += Int(field.name.length) + 4 + ByteBuffer.longestDecimal
        add(&answer, behindLength(field.name))
        add(&answer, value: index, isInteger: true)
      }
    }
    if isWhole { answer.close() }
  }

  /// A name with its length in front, where it lies.
  @_lifetime(borrow self)
  func behindLength(_ name: Part) -> RawSpan {
    let all = names.bytes.extracting(Int(name.offset) &- 2..<Int(name.offset) &+ Int(name.length))
    return _overrideLifetime(all, borrowing: self)
  }
}
