import Bytes

/// Which modes have parameters: letters.
public struct ModeKinds {
  /// Those that have one when they are set, and when they are taken away.
  public var whenSet: [UInt8] = []
  public var whenUnset: [UInt8] = []
  public init() {}
}

/// A change of one mode.
public struct ModeChange {
  public var letter: UInt8 = 0
  public var isSet = true
  /// The number of its parameter, or -1.
  public var parameter = -1
  public init() {}
}

/// Takes `+ov-k` apart. A sign is assumed where none stands first: `+`.
public struct ModeReader: ~Escapable {
  let text: RawSpan
  let parameters: Int
  var at = 0
  var isSet = true
  /// How many parameters were used.
  public private(set) var used = 0
  /// Was there one too few?
  public private(set) var isShort = false

  @_lifetime(copy text)
  public init(_ text: RawSpan, parameters: Int) {
    self.text = text
    self.parameters = parameters
  }

  public mutating func next(_ kinds: borrowing ModeKinds) -> ModeChange? {
    while at < text.byteCount {
      let byte = text.byte(at)
      at += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") {
        isSet = byte == UInt8(ascii: "+")
        continue
      }
      var change = ModeChange()
      change.letter = byte
      change.isSet = isSet
      if isSet ? kinds.whenSet.contains(byte) : kinds.whenUnset.contains(byte) {
        if used < parameters {
          change.parameter = used
          used += 1
        } else {
          isShort = true
        }
      }
      return change
    }
    return nil
  }

  /// Is every sign followed by a letter?
  public static func isWhole(_ text: RawSpan) -> Bool {
    var wasSign = true
    for index in 0..<text.byteCount {
      let isSign = text.byte(index) == UInt8(ascii: "+") || text.byte(index) == UInt8(ascii: "-")
      if isSign, wasSign, index > 0 { return false }
      wasSign = isSign
    }
    return text.byteCount > 0 && !wasSign
  }
}
