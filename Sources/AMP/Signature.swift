import Bytes

/// Reads signatures: amp_command.h. What is wrong stands in `fault`, with where and why.
struct SignatureParser {
  let command: Command
  var at = 0
  var fault: Status = .invalid
  var why: StaticString = "a signature"
  /// A type in a type in a type.
  var depth = 0

  init(_ command: Command) { self.command = command }

  static func ends(_ byte: UInt8) -> Bool {
    byte <= 32 || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") || byte == UInt8(ascii: ":")
      || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "?")
  }

  mutating func skipBlanks(_ text: RawSpan) { while at < text.byteCount, text.byte(at) <= 32 { at += 1 } }

  /// The word at the cursor, which may be empty.
  mutating func word(_ text: RawSpan) -> Part {
    skipBlanks(text)
    let start = at
    while at < text.byteCount, !SignatureParser.ends(text.byte(at)) { at += 1 }
    return Part(start, at - start)
  }

  /// Passes over a mark, if it is there.
  mutating func take(_ mark: UInt8, _ text: RawSpan) -> Bool {
    skipBlanks(text)
    guard at < text.byteCount, text.byte(at) == mark else { return false }
    at += 1
    return true
  }

  mutating func fail(_ why: StaticString, _ status: Status = .invalid) -> Bool {
    self.why = why
    fault = status
    return false
  }

  // MARK: Types

  mutating func wholeType(_ text: RawSpan, _ type: inout UInt32, _ isOptional: inout Bool) -> Bool {
    guard self.type(text, &type, &isOptional) else { return false }
    skipBlanks(text)
    return at == text.byteCount || fail("something behind the type")
  }

  /// A type and the mark of an optional one.
  mutating func type(_ text: RawSpan, _ type: inout UInt32, _ isOptional: inout Bool) -> Bool {
    guard node(text, &type) else { return false }
    isOptional = take(UInt8(ascii: "?"), text)
    return true
  }

  mutating func node(_ text: RawSpan, _ type: inout UInt32) -> Bool {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 16 else { return fail("lists in lists, deeper than 16") }
    let part = word(text)
    let name = part.of(text)
    var made: TypeNode
    if let kind = TypeKind.named(name) {
      made = TypeNode(kind: kind)
    } else {
      let own = command.own(name)
      guard own >= 0 else {
        at = Int(part.offset)
        return fail("a type is missing or unknown")
      }
      made = TypeNode(kind: .own, first: UInt32(own))
    }
    if made.kind == .listOf, !element(text, &made) { return false }
    if made.kind == .ampList, !rows(text, &made) { return false }
    type = UInt32(command.types.count)
    guard command.types.count < 65535, command.types.append(made) else { return fail("too many types", .noMemory) }
    return true
  }

  mutating func element(_ text: RawSpan, _ list: inout TypeNode) -> Bool {
    guard take(UInt8(ascii: "("), text) else { return fail("a ListOf has its element's type in parentheses") }
    guard node(text, &list.first) else { return false }
    let kind = command.types[Int(list.first)].kind
    guard kind != .ampList, kind != .descriptor else {
      return fail("an AmpList or a Descriptor is no element of a ListOf")
    }
    return take(UInt8(ascii: ")"), text) || fail("a parenthesis is missing")
  }

  /// Columns lie together, so those of lists inside come before.
  mutating func rows(_ text: RawSpan, _ list: inout TypeNode) -> Bool {
    var columns = PlainList<Field>()
    guard
      fields(
        text,
        { command, name, type, isOptional in
          for index in 0..<columns.count where command.text(columns[index].name).isEqual(name) {
            return .invalid
          }
          guard command.types[Int(type)].kind != .descriptor else { return .invalid }
          guard columns.count < 255, let part = command.keep(name) else { return .noMemory }
          return columns.append(Field(name: part, type: type, isOptional: isOptional)) ? .ok : .noMemory
        })
    else { return false }
    list.first = UInt32(command.columns.count)
    list.columns = UInt32(columns.count)
    let first = command.columns.count
    for index in 0..<columns.count where command.insert(columns[index], &command.columns, from: first) < 0 {
      return fail("no memory", .noMemory)
    }
    return true
  }

  /// Names and their types, in parentheses.
  mutating func fields(_ text: RawSpan, _ add: (Command, RawSpan, UInt32, Bool) -> Status) -> Bool {
    guard take(UInt8(ascii: "("), text) else { return fail("a parenthesis is missing") }
    if take(UInt8(ascii: ")"), text) { return true }
    repeat {
      let part = word(text)
      let start = at
      var type: UInt32 = 0
      var isOptional = false
      guard part.length > 0, part.length <= 255 else { return fail("a name is missing, or longer than 255 bytes") }
      guard take(UInt8(ascii: ":"), text) else { return fail("a colon and a type are missing") }
      guard self.type(text, &type, &isOptional) else { return false }
      let status = add(command, part.of(text), type, isOptional)
      if status < 0 {
        at = start - Int(part.length)
        return fail("a name that is there already, or reserved, or one too many", status)
      }
    } while take(UInt8(ascii: ","), text)
    return take(UInt8(ascii: ")"), text) || fail("a comma or a parenthesis is missing")
  }

  // MARK: What follows the name

  mutating func rest(_ text: RawSpan) -> Bool {
    guard fields(text, { $0.add(.arguments, $1, $2, $3) }) else { return false }
    skipBlanks(text)
    let start = at
    var word = word(text)
    if word.of(text).isEqual("->") {
      guard fields(text, { $0.add(.response, $1, $2, $3) }) else { return false }
      word = self.word(text)
    } else if at - start >= 2, text.byte(start) == UInt8(ascii: "-") {
      at = start
      return fail("an arrow has its values in parentheses")
    }
    if word.of(text).isEqual("raises") {
      guard errors(text) else { return false }
      word = self.word(text)
    }
    if word.length > 0 {
      if word.of(text).isEqual("oneway") {
        command.flags = .oneway
      } else if word.of(text).isEqual("switch") {
        command.flags = .switches
      } else {
        at = Int(word.offset)
        return fail("neither an arrow, raises, oneway nor switch")
      }
    }
    skipBlanks(text)
    return at == text.byteCount || fail("something behind the signature")
  }

  mutating func errors(_ text: RawSpan) -> Bool {
    var number: CInt = 0
    for index in 0..<command.errors.count { number = max(number, command.errors[index].number) }
    repeat {
      let code = word(text)
      guard code.length > 0 else { return fail("the code of an error is missing") }
      let behind = at
      var isFatal = false
      if word(text).of(text).isEqual("fatal") { isFatal = true } else { at = behind }
      number += number < .max ? 1 : 0
      let status = command.addError(code.of(text), number: number, isFatal: isFatal)
      guard status == .ok else {
        at = Int(code.offset)
        return fail("the code of an error is too long, or one too many", status)
      }
    } while take(UInt8(ascii: ","), text)
    return true
  }
}

extension Command {
  public enum Parsing {
    case command(Command)
    case failed(Reason)
  }

  /// A command by its signature.
  public static func parse(_ text: RawSpan, base: Command?) -> Parsing {
    guard text.byteCount <= 65535, text.isUTF8 else { return .failed(Reason(.invalid, text: "no UTF-8, or too long")) }
    var start = 0
    while start < text.byteCount, text.byte(start) <= 32 { start += 1 }
    var end = start
    while end < text.byteCount, !SignatureParser.ends(text.byte(end)) { end += 1 }
    guard end > start else { return .failed(Reason(.invalid, offset: start, text: "the command's name is missing")) }
    guard let command = Command.make(text.extracting(start..<end), [], base: base) else {
      return .failed(Reason(.noMemory))
    }
    var parser = SignatureParser(command)
    parser.at = end
    guard parser.rest(text) else { return .failed(Reason(parser.fault, offset: parser.at, text: parser.why)) }
    return .command(command)
  }
}
