import Bytes
import Wire

/// Fields as a host gives them: key, value, key, value. Sorted by key, as a box has them.
struct Pairs: ~Copyable {
  let given: UnsafeBufferPointer<HostBytes>
  var order = PlainList<UInt32>()

  init(_ given: UnsafeBufferPointer<HostBytes>) { self.given = given }

  /// Checks and sorts them; a status when they can't be a box's.
  mutating func prepare(mayReserve: Bool) -> Status {
    for index in 0..<given.count / 2 {
      guard let key = checked(given[2 * index].data, given[2 * index].len),
        checked(given[2 * index + 1].data, given[2 * index + 1].len) != nil
      else { return .invalid }
      guard key.count <= 255 else { return .tooLong }
      guard key.count > 0, mayReserve || !Reserved.has(key.bytes) else { return .invalid }
      guard order.append(UInt32(index)) else { return .noMemory }
    }
    sort()
    for index in 1..<max(order.count, 1) where compare(order[index - 1], order[index]) == 0 {
      return .invalid
    }
    return .ok
  }

  func compare(_ one: UInt32, _ other: UInt32) -> Int { key(Int(one)).compare(key(Int(other))) }
  @_lifetime(borrow self)
  func key(_ index: Int) -> RawSpan { bytes(2 * index) }
  @_lifetime(borrow self)
  func value(_ index: Int) -> RawSpan { bytes(2 * index + 1) }

  @_lifetime(borrow self)
  func bytes(_ index: Int) -> RawSpan {
    // Sound: pointer and length were checked, and the host's bytes live for the call.
    let all = UnsafeRawBufferPointer(start: given[index].data, count: given[index].len)
    return _overrideLifetime(all.bytes, borrowing: self)
  }

  /// Heapsort: no recursion, no memory, no bad case.
  mutating func sort() {
    var start = order.count / 2
    var end = order.count
    while end > 1 {
      if start > 0 {
        start -= 1
      } else {
        end -= 1
        swapAt(0, end)
      }
      var root = start
      while 2 * root + 1 < end {
        var child = 2 * root + 1
        if child + 1 < end, compare(order[child], order[child + 1]) < 0 { child += 1 }
        guard compare(order[root], order[child]) < 0 else { break }
        swapAt(root, child)
        root = child
      }
    }
  }

  mutating func swapAt(_ one: Int, _ other: Int) {
    let kept = order[one]
    order[one] = order[other]
    order[other] = kept
  }

  /// Appends all of them, with fields of the library's own at their places.
  func write(_ own: borrowing OwnFields, _ writer: inout BoxWriter) -> Status {
    var index = 0
    var place = 0
    var status = Status.ok
    while status == .ok, index < order.count || place < own.count {
      if place < own.count, index == order.count || own.isBefore(place, key(Int(order[index]))) {
        status = own.put(place, &writer)
        place += 1
      } else {
        let pair = Int(order[index])
        status = writer.put(key(pair), value(pair))
        index += 1
      }
    }
    return status == .ok ? writer.end() : status
  }
}

/// The fields that the library adds to a host's: the tag, the command's name, the deadline; in the order of their keys.
struct OwnFields: ~Copyable, ~Escapable {
  enum Kind { case none, answer, call }
  let kind: Kind
  let isAsked: Bool
  let serial: UInt64
  /// The tag of what is answered, or the command's name.
  let text: RawSpan
  let deadline: UInt64

  @_lifetime(immortal)
  init() {
    kind = .none
    isAsked = false
    serial = 0
    text = RawSpan()
    deadline = 0
  }

  @_lifetime(copy text)
  init(answer text: RawSpan, isAsked: Bool) {
    kind = .answer
    self.isAsked = isAsked
    serial = 0
    self.text = text
    deadline = 0
  }

  @_lifetime(copy text)
  init(call text: RawSpan, serial: UInt64, isAsked: Bool, deadline: UInt64) {
    kind = .call
    self.isAsked = isAsked
    self.serial = serial
    self.text = text
    self.deadline = deadline
  }

  var count: Int {
    switch kind {
    case .none: 0
    case .answer: isAsked ? 1 : 0
    case .call: (isAsked ? 1 : 0) + 1 + (deadline > 0 ? 1 : 0)
    }
  }

  /// 0: `_answer`, 1: `_ask`, 2: `_command`, 3: `_deadline`.
  func key(_ place: Int) -> Int { kind == .answer ? 0 : place + (isAsked ? 1 : 2) }

  func name(_ place: Int) -> StaticString {
    switch key(place) {
    case 0: "_answer"
    case 1: "_ask"
    case 2: "_command"
    default: "_deadline"
    }
  }

  func isBefore(_ place: Int, _ key: RawSpan) -> Bool {
    let name = name(place)
    // Sound: a literal's bytes are static.
    return UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount).bytes.compare(key) < 0
  }

  func put(_ place: Int, _ writer: inout BoxWriter) -> Status {
    switch key(place) {
    case 0: writer.put("_answer", text)
    case 1: writer.put("_ask", hex: serial)
    case 2: writer.put("_command", text)
    default: writer.put("_deadline", decimal: Int64(truncatingIfNeeded: deadline))
    }
  }
}
