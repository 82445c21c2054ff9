import Bench
import Bytes
import Framing
import Wire

@testable import AMP

/// A command by its signature; the test ends where it is none.
func command(_ signature: String, base: Command? = nil) -> Command {
  let bytes = Array(signature.utf8)
  guard case .command(let made) = Command.parse(bytes.span.bytes, base: base) else {
    fatalError("no signature: \(signature)")
  }
  made.use()
  return made
}

/// A box as `key=value key=value`, on the wire.
func box(_ text: String) -> [UInt8] {
  var out: [UInt8] = []
  for field in text.split(separator: " ") {
    let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let (key, value) = (Array(parts[0].utf8), Array(parts[1].utf8))
    out += [0, UInt8(key.count)] + key + [UInt8(value.count >> 8), UInt8(value.count & 255)] + value
  }
  return out + [0, 0]
}

/// One value of a type, there and back.
struct Codec {
  let command: Command
  init(_ type: String) { command = AMPTests.command("T(v: \(type))") }

  /// What the text says, or nil when it is none of the type.
  func read(_ text: [UInt8]) -> Value? {
    let whole = [0, 1, 118, UInt8(text.count >> 8), UInt8(text.count & 255)] + text + [0, 0]
    var values = [Value()]
    let status = values.withUnsafeMutableBufferPointer { command.parse(whole.span.bytes, .arguments, $0) }
    return status == 1 ? values[0] : nil
  }
  func read(_ text: String) -> Value? { read(Array(text.utf8)) }

  /// The text of a value, or the status.
  func write(_ value: Value) -> Result<[UInt8], Fault> {
    var out = ByteBuffer()
    let status = withUnsafePointer(to: value) {
      command.make(UnsafeBufferPointer(start: $0, count: 1), .arguments, &out)
    }
    guard status == .ok else { return .failure(Fault(status: status)) }
    return .success(out.bytes.withUnsafeBytes { Array($0[5..<$0.count - 2]) })
  }
  func text(_ value: Value) -> String? {
    guard case .success(let bytes) = write(value) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
  /// Of a value given as text.
  func text(_ given: String) -> String? {
    let bytes = Array(given.utf8)
    return bytes.withUnsafeBufferPointer { bytes in
      var value = Value()
      value.data = bytes.baseAddress
      value.length = bytes.count
      if command.types[Int(command.arguments.fields[0].type)].kind == .integer { value.form = Value.text }
      return text(value)
    }
  }
}

struct Fault: Error, Equatable { let status: Status }
