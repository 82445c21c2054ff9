import Bytes

/// What was received for an argument: where it lies, and what cost something to find out.
public struct Slot: BitwiseCopyable {
  public var part = Part.absent
  /// An Integer's or DateTime's number, 0 or 1 of a Boolean, a Float's bits, how many elements a list has.
  public var number: Int64 = 0
  /// An Integer that does not fit.
  public var isLarge = false
  /// `number` is what the host asks for as one.
  var isNumber = false
  @inline(__always) public init() {}
}

extension Command {
  /// Is the text one of the type? `slot` learns what it says.
  @inline(__always) func check(_ text: RawSpan, _ type: UInt32, _ slot: inout Slot) -> Bool {
    let node = types[Int(type)]
    if node.kind == .integer { return checkInteger(text, &slot) }
    return node.kind == .string || checkRare(text, node, &slot)
  }

  @inline(__always) func checkInteger(_ text: RawSpan, _ slot: inout Slot) -> Bool {
    slot.isNumber = true
    switch integer(text) {
    case .value(let value): slot.number = value
    case .large: slot.isLarge = true
    case .none: return false
    }
    return true
  }

  @inline(never) func checkRare(_ text: RawSpan, _ node: TypeNode, _ slot: inout Slot) -> Bool {
    switch node.kind {
    case .string: return true
    case .integer, .descriptor:
      guard case .value(let value) = integer(text) else { return false }
      slot.number = value
      return node.kind == .integer || value >= 0
    case .unicode, .path: return text.isUTF8
    case .boolean:
      slot.isNumber = true
      slot.number = text.isEqual("True") ? 1 : 0
      return slot.number == 1 || text.isEqual("False")
    case .float:
      guard let value = real(text) else { return false }
      slot.number = Int64(bitPattern: value.bitPattern)
      return true
    case .decimal: return DecimalText(text) != nil
    case .dateTime:
      guard let time = DateTimeText(text) else { return false }
      slot.number = time.time
      slot.isNumber = true
      return true
    case .own: return checkOwn(text, owns[Int(node.first)])
    case .listOf: return checkList(text, node, &slot)
    case .ampList: return checkRows(text, node, &slot)
    }
  }

  func checkOwn(_ text: RawSpan, _ own: OwnType) -> Bool {
    guard let check = own.check else { return true }
    return text.withUnsafeBytes { check(own.user, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count) } == 0
  }

  /// Elements behind 16-bit lengths; one that is cut off is passed over, as Twisted does.
  func checkList(_ text: RawSpan, _ node: TypeNode, _ slot: inout Slot) -> Bool {
    var at = 0
    var count: Int64 = 0
    while let element = element(text, &at) {
      var inner = Slot()
      guard check(element.of(text), node.first, &inner) else { return false }
      count += 1
    }
    slot.number = count
    return true
  }

  func element(_ text: RawSpan, _ at: inout Int) -> Part? {
    guard text.byteCount - at >= 2 else { return nil }
    let length = text.bigEndian16(at)
    guard text.byteCount - at - 2 >= length else { return nil }
    let part = Part(at + 2, length)
    at += 2 + length
    return part
  }

  /// Boxes, one behind the other; one that is cut off is passed over.
  func checkRows(_ text: RawSpan, _ node: TypeNode, _ slot: inout Slot) -> Bool {
    var at = 0
    var rows: Int64 = 0
    var slots = PlainList<Slot>()
    while at < text.byteCount, case .at(let end) = BoxFramer.walk(text, from: at) {
      let row = text.extracting(at..<end)
      guard locate(row, width: 2, columns, Int(node.first), Int(node.columns), &slots),
        checkAll(row, columns, Int(node.first), Int(node.columns), &slots) < 0
      else { return false }
      rows += 1
      at = end + 2
    }
    slot.number = rows * Int64(node.columns)
    return true
  }

  /// Finds the fields of a box that are fields of the schema; false when there is no memory.
  @_optimize(speed) @inline(never)
  func locate(
    _ box: RawSpan, width: Int, _ schema: borrowing Schema, _ first: Int, _ count: Int, _ slots: inout PlainList<Slot>
  ) -> Bool {
    slots.removeAll()
    guard slots.resize(count, Slot()) else { return false }
    var fields = Fields(width: width)
    var next = 0
    while fields.next(box) {
      let index = place(of: fields.keyIn(box), in: schema, first: first, count: count, next: &next)
      if index >= 0 { slots[index &- first].part = Part(fields.value, fields.valueLength) }
    }
    return true
  }

  /// The index of a field that is missing or bad, or -1.
  @_optimize(speed) @inline(never)
  func checkAll(_ box: RawSpan, _ schema: borrowing Schema, _ first: Int, _ count: Int, _ slots: inout PlainList<Slot>)
    -> Int
  {
    var index = 0
    while index < count {
      let field = schema.fields[first &+ index]
      var slot = slots[index]
      if slot.part.isAbsent {
        guard field.isOptional else { return index }
      } else {
        guard check(slot.part.of(box), field.type, &slot) else { return index }
        slots[index] = slot
      }
      index &+= 1
    }
    return -1
  }

  // MARK: For the host

  /// Fills a value from what was received and checked.
  func fill(_ value: inout Value, _ box: RawSpan, _ slot: Slot, _ type: UInt32) {
    value = Value()
    value.type = type
    guard !slot.part.isAbsent else { return value.form = Value.absent }
    let text = slot.part.of(box)
    value.set(text)
    let kind = types[Int(type)].kind
    switch kind {
    case .float: value.real = Double(bitPattern: UInt64(bitPattern: slot.number))
    case .listOf, .ampList: value.count = UInt32(truncatingIfNeeded: slot.number)
    default: value.integer = slot.number
    }
    if slot.isLarge { value.form = Value.text }
    if kind == .dateTime { value.offsetMinutes = DateTimeText(text)?.offsetMinutes ?? 0 }
  }

  /// Reads all fields of a box into values; how many there are, or a status.
  public func parse(_ box: RawSpan, _ side: Side, _ values: UnsafeMutableBufferPointer<Value>) -> Status {
    switch side {
    case .arguments: parse(box, arguments, values)
    case .response: parse(box, response, values)
    }
  }

  func parse(_ box: RawSpan, _ schema: borrowing Schema, _ values: UnsafeMutableBufferPointer<Value>) -> Status {
    guard case .at(let end) = BoxFramer.walk(box, from: 0), end + 2 == box.byteCount else { return .malformed }
    guard values.count >= schema.count else { return .invalid }
    var slots = PlainList<Slot>()
    let fields = box.extracting(0..<end)
    guard locate(fields, width: 2, schema, 0, schema.count, &slots) else { return .noMemory }
    guard checkAll(fields, schema, 0, schema.count, &slots) < 0 else { return .value }
    for index in 0..<schema.count { fill(&values[index], fields, slots[index], schema.fields[index].type) }
    return Status(schema.count)
  }

  /// Reads the elements of a list that the library gave out; how many there are, or a status.
  public func items(of list: Value, _ values: UnsafeMutableBufferPointer<Value>) -> Status {
    guard list.type < UInt32(types.count), let bytes = checked(list.data, list.length) else { return .invalid }
    let node = types[Int(list.type)]
    var slot = Slot()
    guard node.kind == .listOf || node.kind == .ampList else { return .invalid }
    guard check(bytes.bytes, list.type, &slot) else { return .value }
    guard slot.number <= Int64(values.count) else { return .invalid }
    var count = 0
    if node.kind == .listOf {
      var at = 0
      while let part = element(bytes.bytes, &at) {
        put(part, bytes.bytes, node.first, &values[count])
        count += 1
      }
    } else {
      fillRows(bytes.bytes, node, values, &count)
    }
    return Status(count)
  }

  func put(_ part: Part, _ text: RawSpan, _ type: UInt32, _ value: inout Value) {
    var slot = Slot()
    slot.part = part
    _ = check(part.of(text), type, &slot)
    fill(&value, text, slot, type)
  }

  func fillRows(_ text: RawSpan, _ node: TypeNode, _ values: UnsafeMutableBufferPointer<Value>, _ count: inout Int) {
    let (first, columns) = (Int(node.first), Int(node.columns))
    var slots = PlainList<Slot>()
    var at = 0
    while at < text.byteCount, case .at(let end) = BoxFramer.walk(text, from: at) {
      let row = text.extracting(at..<end)
      guard locate(row, width: 2, self.columns, first, columns, &slots),
        checkAll(row, self.columns, first, columns, &slots) < 0
      else { return }
      for index in 0..<columns {
        fill(&values[count], row, slots[index], self.columns.fields[first + index].type)
        count += 1
      }
      at = end + 2
    }
  }
}
