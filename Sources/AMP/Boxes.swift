import Bytes

// Boxes alone, apart from any conn.

/// Writes a box of any fields.
public func writeBox(_ given: UnsafeBufferPointer<HostBytes>, _ out: inout ByteBuffer) -> Status {
  var pairs = Pairs(given)
  var status = pairs.prepare(mayReserve: true)
  guard status == .ok else { return status }
  var writer = BoxWriter(ByteBuffer())
  status = pairs.write(OwnFields(), &writer)
  if status == .ok { out = writer.out.take() }
  return status
}

/// Finds the fields of all whole boxes, four numbers for each; the end of a box is a row with an empty key. How many rows
/// there are, or a status; `used` is where the first box begins that is not whole.
public func readBoxes(_ bytes: RawSpan, _ table: UnsafeMutableBufferPointer<UInt32>, _ used: inout Int) -> Int {
  var row = 0
  func put(_ key: Int, _ keyLength: Int, _ value: Int, _ valueLength: Int) -> Bool {
    guard 4 * row + 4 <= table.count else { return false }
    table[4 * row] = UInt32(truncatingIfNeeded: key)
    table[4 * row + 1] = UInt32(truncatingIfNeeded: keyLength)
    table[4 * row + 2] = UInt32(truncatingIfNeeded: value)
    table[4 * row + 3] = UInt32(truncatingIfNeeded: valueLength)
    row += 1
    return true
  }
  var at = 0
  while at < bytes.byteCount {
    switch BoxFramer.walk(bytes, from: at) {
    case .unfinished:
      used = at
      return row
    case .malformed: return Int(Status.malformed)
    case .at(let end):
      var fields = Fields(width: 2)
      let box = bytes.extracting(at..<end)
      while fields.next(box) {
        guard put(at + fields.key, fields.keyLength, at + fields.value, fields.valueLength) else {
          return Int(Status.overflow)
        }
      }
      guard put(end, 0, end, 0) else { return Int(Status.overflow) }
      at = end + 2
    }
  }
  used = at
  return row
}
