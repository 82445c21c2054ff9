import Bytes

/// Cuts a text into pieces that fit a message: at line ends first, then between words, and never inside a UTF-8 sequence.
public struct Splitter: ~Escapable {
  let text: RawSpan
  let room: Int
  var at = 0

  /// `room`: the most bytes of a piece; fewer than 4 could not hold every character, and are 4.
  @_lifetime(copy text)
  public init(_ text: RawSpan, room: Int) {
    self.text = text
    self.room = max(4, room)
  }

  /// The next piece, which has something in it; nil at the end.
  @inline(never) public mutating func next() -> Part? {
    while at < text.byteCount {
      let byte = text.byte(at)
      if byte == 10 || byte == 13 {
        at += 1
        continue
      }
      let end = lineEnd()
      guard end - at > room else {
        defer { at = end }
        return Part(at, end)
      }
      if let piece = cut(before: end) { return piece }
    }
    return nil
  }

  private func lineEnd() -> Int {
    var end = at
    while end < text.byteCount, text.byte(end) != 10, text.byte(end) != 13 { end += 1 }
    return end
  }

  private mutating func cut(before end: Int) -> Part? {
    let start = at
    var cut = start + room
    // A blank may be just behind what fits.
    var blank = cut
    while blank > start, text.byte(blank) != 32 { blank -= 1 }
    if blank > start {
      at = blank
      while at < end, text.byte(at) == 32 { at += 1 }
      while blank > start, text.byte(blank - 1) == 32 { blank -= 1 }
      return blank > start ? Part(start, blank) : nil
    }
    // No word ends here. What looks like the middle of a sequence belongs to what is before it.
    var back = 0
    while back < 3, cut - back > start, text.byte(cut - back) & 0xc0 == 0x80 { back += 1 }
    if cut - back > start, text.byte(cut - back) & 0xc0 == 0xc0 { cut -= back }
    at = cut
    return Part(start, cut)
  }
}
