import Bytes

/// Writes values: into a buffer that is thrown away on failure.
struct BoxWriter: ~Copyable {
  var out = ByteBuffer()
  /// What a value's length takes: 2 bytes, or 4 in a box with large values.
  var width = 2
  /// The number that stands for the next descriptor; -1 where none can be sent. They leave when all is written.
  var nextDescriptor: Int64 = -1
  var descriptors = PlainList<CInt>()

  @inline(__always) init(_ out: consuming ByteBuffer) { self.out = out }

  /// Begins anew, for a box with large values.
  mutating func restart() {
    out.removeAll()
    width = 4
    nextDescriptor -= nextDescriptor < 0 ? 0 : Int64(descriptors.count)
    descriptors.removeAll()
  }

  /// Appends a key and a value that is at hand.
  @inline(never) mutating func put(_ key: RawSpan, _ value: RawSpan) -> Status {
    guard value.byteCount <= (width == 2 ? 65535 : mostBytes) else { return .tooLong }
    guard out.reserve(key.byteCount + value.byteCount + 8, limit: mostBytes) else { return .noMemory }
    out.put(big16: key.byteCount)
    out.put(key)
    putLength(value.byteCount)
    out.put(value)
    return .ok
  }
  mutating func put(_ key: StaticString, _ value: RawSpan) -> Status {
    // Sound: a literal's bytes are static.
    put(UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount).bytes, value)
  }

  /// The same for text of the library's own.
  mutating func put(_ key: StaticString, literal value: StaticString) -> Status {
    put(key, UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount).bytes)
  }

  /// The same for a number, in hexadecimal or decimal.
  mutating func put(_ key: StaticString, hex value: UInt64) -> Status { putNumber(key) { $0.put(hex: value) } }
  mutating func put(_ key: StaticString, decimal value: Int64) -> Status { putNumber(key) { $0.put(decimal: value) } }

  @inline(never) private mutating func putNumber(_ key: StaticString, _ number: (inout ByteBuffer) -> Void) -> Status {
    guard out.reserve(key.utf8CodeUnitCount + 8 + ByteBuffer.longestDecimal, limit: mostBytes) else { return .noMemory }
    out.put(big16: key.utf8CodeUnitCount)
    out.put(key)
    let place = out.count
    putLength(0)
    number(&out)
    return setLength(at: place)
  }

  @inline(__always) mutating func putLength(_ length: Int) {
    if width == 2 { out.put(big16: length) } else { out.put(big32: length) }
  }

  /// The value is written: its length goes in front.
  mutating func setLength(at place: Int) -> Status {
    let length = out.count &- place &- width
    if width == 4 {
      out.set(big32: length, at: place)
      return .ok
    }
    guard length <= 65535 else { return .tooLong }
    out.set(big16: length, at: place)
    return .ok
  }

  /// The empty key.
  @inline(never) mutating func end() -> Status {
    guard out.reserve(2, limit: mostBytes) else { return .noMemory }
    out.put(UInt16(0))
    return .ok
  }

  // MARK: Values

  /// Appends the field at `place` of a schema's order.
  @_optimize(speed) @inline(never)
  mutating func put(
    _ values: UnsafeBufferPointer<Value>, _ place: Int, _ schema: borrowing Schema, _ first: Int, _ command: Command
  ) -> Status {
    let index = Int(schema.order[first &+ place])
    let field = schema.fields[index]
    let given = index &- first
    if given >= values.count || values[given].form == Value.absent { return field.isOptional ? .ok : .value }
    let key = field.name
    guard out.reserve(Int(key.length) &+ 2 &+ width &+ ByteBuffer.longestDecimal, limit: mostBytes) else {
      return .noMemory
    }
    // The name's own length lies in front of it.
    out.put(command.names.bytes.extracting(Int(key.offset) &- 2..<Int(key.offset) &+ Int(key.length)))
    let start = out.count
    putLength(0)
    if command.types[Int(field.type)].kind == .integer, values[given].form == Value.natural {
      out.put(decimal: values[given].integer)
    } else {
      let status = put(values[given], field.type, command)
      if status != .ok { return status }
    }
    return setLength(at: start)
  }

  /// Appends a value's text.
  @inline(never) mutating func put(_ value: Value, _ type: UInt32, _ command: Command) -> Status {
    let node = command.types[Int(type)]
    guard value.form <= Value.text else { return .invalid }
    if value.form == Value.text { return putText(value, type, node, command) }
    guard out.reserve(64, limit: mostBytes) else { return .noMemory }
    switch node.kind {
    case .integer: out.put(decimal: value.integer)
    case .boolean: out.put(value.integer != 0 ? "True" : "False")
    case .float: AMP.put(real: value.real, &out)
    case .dateTime: return DateTimeText(time: value.integer, offsetMinutes: value.offsetMinutes).write(&out)
    case .descriptor: return putDescriptor(value)
    case .string, .unicode, .own, .path, .decimal: return putText(value, type, node, command)
    case .listOf: return putList(value, node, command)
    case .ampList: return putRows(value, node, command)
    }
    return .ok
  }

  mutating func putText(_ value: Value, _ type: UInt32, _ node: TypeNode, _ command: Command) -> Status {
    guard let given = checked(value.data, value.length) else { return .invalid }
    let text = given.bytes
    var slot = Slot()
    if node.kind == .decimal {
      guard let decimal = DecimalText(text) else { return .value }
      return decimal.write(text, &out)
    }
    guard command.check(text, type, &slot) else { return .value }
    if node.kind == .path, value.form == Value.natural { return putPath(text, &out) }
    if node.kind == .descriptor { return .value }
    return out.append(text, limit: mostBytes) ? .ok : .noMemory
  }

  mutating func putDescriptor(_ value: Value) -> Status {
    guard nextDescriptor >= 0 else { return .unsupported }
    guard let fd = CInt(exactly: value.integer), fd >= 0 else { return .value }
    guard descriptors.append(fd) else { return .noMemory }
    out.put(decimal: nextDescriptor)
    nextDescriptor += 1
    return .ok
  }

  mutating func putList(_ value: Value, _ node: TypeNode, _ command: Command) -> Status {
    guard let elements = value.elements() else { return .invalid }
    let outer = width
    width = 2  // a list's own lengths stay as they are
    defer { width = outer }
    for element in elements {
      guard element.form != Value.absent else { return .value }
      guard out.reserve(2, limit: mostBytes) else { return .noMemory }
      let start = out.count
      putLength(0)
      var status = put(element, node.first, command)
      if status == .ok { status = setLength(at: start) }
      if status != .ok { return status }
    }
    return .ok
  }

  mutating func putRows(_ value: Value, _ node: TypeNode, _ command: Command) -> Status {
    let columns = Int(node.columns)
    guard let cells = value.elements(), columns > 0, cells.count % columns == 0 else {
      return columns == 0 && value.count == 0 ? .ok : .invalid
    }
    let outer = width
    width = 2
    defer { width = outer }
    var row = 0
    while row < cells.count {
      let values = UnsafeBufferPointer(rebasing: cells[row..<row + columns])
      for place in 0..<columns {
        let status = put(values, place, command.columns, Int(node.first), command)
        if status != .ok { return status }
      }
      let status = end()
      if status != .ok { return status }
      row += columns
    }
    return .ok
  }
}

extension Command {
  /// The box of a side's values alone, with its end; `out` is written only on success.
  public func make(_ values: UnsafeBufferPointer<Value>, _ side: Side, _ out: inout ByteBuffer) -> Status {
    switch side {
    case .arguments: make(values, arguments, &out)
    case .response: make(values, response, &out)
    }
  }

  func make(_ values: UnsafeBufferPointer<Value>, _ schema: borrowing Schema, _ out: inout ByteBuffer) -> Status {
    guard values.count <= schema.count else { return .invalid }
    var writer = BoxWriter(ByteBuffer())
    for place in 0..<schema.count {
      let status = writer.put(values, place, schema, 0, self)
      if status != .ok { return status }
    }
    let status = writer.end()
    if status == .ok { out = writer.out.take() }
    return status
  }
}
