import Bytes

/// A command: its name, arguments, answer and errors. It is built piece by piece, and never changed once something
/// uses it; then any thread may read it.
public final class Command {
  public struct Flags: OptionSet, BitwiseCopyable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static var oneway: Flags { Flags(rawValue: 1) }
    public static var switches: Flags { Flags(rawValue: 2) }
  }

  public internal(set) var flags: Flags
  /// All names, each behind its 16-bit length; the command's own first.
  var names = ByteBuffer()
  var name = Part(0, 0)
  public internal(set) var arguments = Schema()
  public internal(set) var response = Schema()
  var columns = Schema()
  var types = PlainList<TypeNode>()
  var owns = PlainList<OwnType>()
  var errors = PlainList<DeclaredError>()
  /// Something uses it.
  public private(set) var isUsed = false
  /// An answer to it begins TLS.
  var startsTLS = false
  /// How many fields come before those that the library adds.
  var answerPlace = 0
  var askPlace = 0
  var commandPlace = 0
  var deadlinePlace = 0
  /// A request as a caller writes it, and an answer, if all of it are Integers; the most bytes of that without its tag.
  var request = BoxPattern(stride: MemoryLayout<Value>.stride)
  var answer = BoxPattern(stride: MemoryLayout<Value>.stride)
  var integersRoom = 0

  init(_ flags: Flags) { self.flags = flags }

  /// Nil when the name is none or there is no memory.
  public static func make(_ name: RawSpan, _ flags: Flags, base: Command?) -> Command? {
    let command = Command(flags)
    guard name.byteCount > 0, name.byteCount <= 65535, let part = command.keep(name) else { return nil }
    command.name = part
    command.startsTLS = name.isEqual("StartTLS")
    guard let base else { return command }
    for index in 0..<base.owns.count {
      var own = base.owns[index]
      guard let name = command.keep(base.text(own.name)) else { return nil }
      own.name = name
      guard command.owns.append(own) else { return nil }
    }
    for index in 0..<base.errors.count {
      var error = base.errors[index]
      guard let code = command.keep(base.text(error.code)) else { return nil }
      error.code = code
      guard command.errors.append(error) else { return nil }
    }
    return command
  }

  /// A name; readable as long as the command is held and nothing is added.
  @_lifetime(borrow self)
  @inline(__always) func text(_ part: Part) -> RawSpan { _overrideLifetime(part.of(names.bytes), borrowing: self) }

  /// Puts a name behind the others.
  func keep(_ name: RawSpan) -> Part? {
    guard names.reserve(name.byteCount + 2, limit: 1 << 24) else { return nil }
    names.put(big16: name.byteCount)
    names.put(name)
    return Part(names.count - name.byteCount, name.byteCount)
  }

  public enum Side { case arguments, response }

  /// Adds an argument or a value of the answer; its index, or a status.
  public func add(_ side: Side, _ name: RawSpan, type text: RawSpan) -> Status {
    guard !isUsed else { return .bound }
    var parser = SignatureParser(self)
    var type: UInt32 = 0
    var isOptional = false
    guard parser.wholeType(text, &type, &isOptional) else { return parser.fault }
    return add(side, name, type, isOptional)
  }

  func add(_ side: Side, _ name: RawSpan, _ type: UInt32, _ isOptional: Bool) -> Status {
    switch side {
    case .arguments: add(&arguments, name, type, isOptional)
    case .response: add(&response, name, type, isOptional)
    }
  }

  func add(_ schema: inout Schema, _ name: RawSpan, _ type: UInt32, _ isOptional: Bool) -> Status {
    guard name.byteCount > 0, name.byteCount <= 255, !Reserved.has(name) else { return .invalid }
    guard schema.count < 255 else { return .limit }
    guard place(of: name, in: schema) < 0 else { return .invalid }
    guard let part = keep(name) else { return .noMemory }
    return insert(Field(name: part, type: type, isOptional: isOptional), &schema, from: 0)
  }

  /// Appends a field, and finds its place in the order of those from `first` on.
  func insert(_ field: Field, _ schema: inout Schema, from first: Int) -> Status {
    let index = schema.count
    var field = field
    field.isInteger = types[Int(field.type)].kind == .integer
    guard schema.fields.append(field) else { return .noMemory }
    var place = schema.order.count
    let name = text(field.name)
    while place > first,
      text(schema.fields[Int(schema.order[place - 1])].name).compare(name) > 0
    {
      place -= 1
    }
    guard schema.order.insert(UInt32(index), at: place) else { return .noMemory }
    return Status(index - first)
  }

  /// The index of a field by its name, or -1. `next` is where it is if they come in order: no search then.
  @inline(__always)
  func place(of key: RawSpan, in schema: borrowing Schema, first: Int, count: Int, next: inout Int) -> Int {
    if next < count {
      let index = Int(schema.order[first &+ next])
      if text(schema.fields[index].name).isEqual(key) {
        next &+= 1
        return index
      }
    }
    return search(key, schema, first, count, &next)
  }

  @inline(never)
  func search(_ key: RawSpan, _ schema: borrowing Schema, _ first: Int, _ count: Int, _ next: inout Int) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      let index = Int(schema.order[first + middle])
      let order = text(schema.fields[index].name).compare(key)
      if order == 0 {
        next = middle + 1
        return index
      }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    return -1
  }

  func place(of key: RawSpan, in schema: borrowing Schema) -> Int {
    var next = 0
    return search(key, schema, 0, schema.count, &next)
  }

  /// Adds an error, or replaces the one of that code.
  public func addError(_ code: RawSpan, number: CInt, isFatal: Bool) -> Status {
    guard !isUsed else { return .bound }
    guard code.byteCount > 0, code.byteCount <= 255 else { return .invalid }
    let found = error(code)
    guard errors.count < 255 || found >= 0 else { return .limit }
    guard let part = found >= 0 ? errors[found].code : keep(code) else { return .noMemory }
    let error = DeclaredError(code: part, number: number, isFatal: isFatal)
    if found >= 0 {
      errors[found] = error
      return .ok
    }
    return errors.append(error) ? .ok : .noMemory
  }

  /// The index of a declared error, or -1.
  public func error(_ code: RawSpan) -> Int {
    for index in 0..<errors.count where text(errors[index].code).isEqual(code) { return index }
    return -1
  }

  public func declared(_ index: Int) -> DeclaredError { errors[index] }

  public func addType(_ name: RawSpan, _ check: OwnType.Check?, _ user: UnsafeMutableRawPointer?) -> Status {
    guard !isUsed else { return .bound }
    guard name.byteCount > 0, name.byteCount <= 255, name.isUTF8, TypeKind.named(name) == nil, own(name) < 0 else {
      return .invalid
    }
    for index in 0..<name.byteCount where SignatureParser.ends(name.byte(index)) { return .invalid }
    guard owns.count < 255 else { return .limit }
    guard let part = keep(name) else { return .noMemory }
    return owns.append(OwnType(name: part, check: check, user: user)) ? .ok : .noMemory
  }

  func own(_ name: RawSpan) -> Int {
    for index in 0..<owns.count where text(owns[index].name).isEqual(name) { return index }
    return -1
  }

  /// From now on it does not change.
  public func use() {
    guard !isUsed else { return }
    answerPlace = place(before: "_answer", response)
    askPlace = place(before: "_ask", arguments)
    commandPlace = place(before: "_command", arguments)
    deadlinePlace = place(before: "_deadline", arguments)
    if !startsTLS { expect() }
    isUsed = true
  }

  func place(before key: StaticString, _ schema: borrowing Schema) -> Int {
    // Sound: a literal's bytes are static.
    let key = UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount).bytes
    var place = 0
    while place < schema.count,
      text(schema.fields[Int(schema.order[place])].name).compare(key) < 0
    {
      place += 1
    }
    return place
  }

  /// The command's name, readable as long as the command is held.
  public var nameBytes: RawSpan {
    @_lifetime(borrow self)
    @inline(__always) get { text(name) }
  }
}
