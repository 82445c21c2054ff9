import Bytes

/// Appends a path as the other side can use it: absolute, without `.`, `..` and what is there twice.
func putPath(_ text: RawSpan, _ out: inout ByteBuffer) -> Status {
  var whole = ByteBuffer()
  if text.byteCount == 0 || text.byte(0) != UInt8(ascii: "/") {
    let status = whole.appendWorkingDirectory()
    guard status == .ok else { return status }
    guard whole.reserve(1, limit: mostBytes) else { return .noMemory }
    whole.put(UInt8(ascii: "/"))
  }
  guard whole.append(text, limit: mostBytes) else { return .noMemory }
  var made = ByteBuffer()
  guard made.reserve(whole.count + 2, limit: mostBytes) else { return .noMemory }
  normalize(whole.bytes, &made)
  return out.append(made.bytes, limit: mostBytes) ? .ok : .noMemory
}

/// The room is there.
private func normalize(_ path: RawSpan, _ made: inout ByteBuffer) {
  let slash = UInt8(ascii: "/")
  // Two slashes in front, not more, may mean something else than one (POSIX).
  let isDouble = path.byteCount > 1 && path.byte(1) == slash && (path.byteCount == 2 || path.byte(2) != slash)
  if isDouble { made.put(slash) }
  let root = made.count
  var at = 0
  while at < path.byteCount {
    var end = at
    while end < path.byteCount, path.byte(end) != slash { end += 1 }
    let part = path.extracting(at..<end)
    if part.isEqual("..") {
      while made.count > root {
        let last = made.bytes.byte(made.count - 1)
        made.dropLast(1)
        if last == slash { break }
      }
    } else if part.byteCount > 0, !part.isEqual(".") {
      made.put(slash)
      made.put(part)
    }
    at = end + 1
  }
  if made.count == root { made.put(slash) }
}
