import Bytes
import COpenSSL
import CSystem

/// A sentence that is made at run time.
struct Words {
  var bytes: [UInt8] = []

  mutating func add(_ words: StaticString) {
    for index in 0..<words.utf8CodeUnitCount { bytes.append(words.utf8Start[index]) }
  }
  /// (Its own name: a literal would become a String for it.)
  mutating func add(c words: UnsafePointer<CChar>?) {
    guard let words else { return }
    add(UnsafeRawBufferPointer(start: words, count: min(1024, strlen(words))).bytes)
  }
  mutating func add(_ words: RawSpan) {
    for at in 0..<words.byteCount {
      let byte = words.byte(at)
      bytes.append(byte < 32 || byte == 127 ? UInt8(ascii: "?") : byte)  // nobody's name writes into a log
    }
  }
  mutating func add(_ text: Text?) { add(c: text.map { UnsafePointer($0.pointer) }) }
  mutating func add(_ number: Int) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    var digits: [UInt8] = []
    repeat {
      digits.append(48 + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    for digit in digits.reversed() { bytes.append(digit) }
  }

  /// What OpenSSL puts into words itself.
  mutating func add(_ name: OpaquePointer?, _ write: (OpaquePointer, UnsafeMutablePointer<CChar>, Int) -> Void) {
    guard let name else { return }
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { room in
      guard let base = room.baseAddress else { return }
      write(name, base, room.count)
      add(c: UnsafePointer(base))
    }
  }

  /// Who a certificate says that it is.
  mutating func addSubject(of certificate: OpaquePointer?) {
    add("\"")
    add(certificate.flatMap { X509_get_subject_name($0) }) { copenssl_name($0, $1, $2) }
    add("\"")
  }

  var text: Text? { Text.make(bytes.span.bytes) }
}

/// What OpenSSL's queue of errors says first, in words; it is empty afterwards.
func addError(_ words: inout Words) {
  let error = ERR_peek_error()
  if copenssl_error_system(error) != 0 {
    words.add(c: csystem_error_text(copenssl_error_system(error)))
  } else if let reason = ERR_reason_error_string(error) {
    words.add(c: reason)
  } else {
    words.add("OpenSSL's error ")
    words.add(Int(truncatingIfNeeded: error))
  }
  ERR_clear_error()
}

/// A setting that can't be used, and what is wrong with it.
public func misconfigured(
  _ what: StaticString, _ name: Text? = nil, _ end: StaticString? = nil, system error: CInt = 0
) -> Reason {
  var words = Words()
  words.add(what)
  if let name {
    words.add(" ")
    words.add(name)
  }
  words.add(": ")
  if let end {
    words.add(end)
  } else if error != 0 {
    words.add(c: csystem_error_text(error))
  } else if copenssl_is_absence(ERR_peek_error()) != 0 {
    words.add("there is none that can be read")
    ERR_clear_error()
  } else {
    addError(&words)
  }
  return Reason(.tlsConfig, detail: words.text)
}
