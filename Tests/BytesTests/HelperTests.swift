import CPlait
import Testing

@testable import Bytes

struct SpanTests {
  func position(_ byte: UInt8, _ text: String, _ start: Int) -> Int {
    Array(text.utf8).span.bytes.position(of: byte, from: start)
  }
  func position(_ needle: String, _ text: String, _ start: Int) -> Int {
    Array(text.utf8).span.bytes.position(of: Array(needle.utf8).span.bytes, from: start)
  }

  @Test func aByte() {
    #expect(position(97, "banana", 0) == 1)
    #expect(position(97, "banana", 2) == 3)
    #expect(position(97, "banana", 6) == -1)
    #expect(position(120, "banana", 0) == -1)
    #expect(position(97, "", 0) == -1)
  }

  @Test func bytes() {
    #expect(position("na", "banana", 0) == 2)
    #expect(position("na", "banana", 3) == 4)
    #expect(position("na", "banana", 5) == -1)
    #expect(position("na", "banana", 6) == -1)
    #expect(position("bananas", "banana", 0) == -1)
    #expect(position("na", "", 0) == -1)
  }

  @Test func equal() {
    func same(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.span.bytes.isEqual(b.span.bytes) }
    #expect(same([], []) && same([1, 2], [1, 2]))
    #expect(!same([1], [1, 2]) && !same([1, 2], [1, 3]) && !same([], [1]))
  }

  @Test func loads() {
    let bytes: [UInt8] = [9, 1, 2, 3, 4]
    #expect(bytes.span.bytes.byte(0) == 9)
    #expect(bytes.span.bytes.bigEndian32(1) == 0x0102_0304)
    #expect(([9, 1, 2, 3, 4, 5, 6, 7, 8] as [UInt8]).span.bytes.littleEndian64(1) == 0x0807_0605_0403_0201)
  }

  @Test func digits() {
    #expect(UInt8(ascii: "0").digit == 0 && UInt8(ascii: "9").digit == 9)
    #expect(UInt8(ascii: "/").digit == nil && UInt8(ascii: ":").digit == nil)
    #expect([0, 9, 10, 99, 100, 1 << 30].map(decimalDigits) == [1, 1, 2, 2, 3, 10])
  }

  /// What a host gives as bytes.
  @Test func checkedBytes() {
    let bytes: [UInt8] = [1, 2, 3]
    bytes.withUnsafeBufferPointer {
      #expect(checked($0.baseAddress, 3)?.count == 3)
      #expect(checked($0.baseAddress, 0)?.count == 0)
      #expect(checked($0.baseAddress, -1) == nil)
      #expect(checked($0.baseAddress, mostBytes + 1) == nil)
      #expect(checked($0.baseAddress, .min) == nil)
    }
    #expect(checked(nil as UnsafePointer<UInt8>?, 0)?.count == 0)
    #expect(checked(nil as UnsafePointer<UInt8>?, 1) == nil)
  }

  @Test func checkedTables() {
    let pairs: [UInt32] = [0, 1, 1, 2]
    pairs.withUnsafeBufferPointer {
      #expect(checked($0.baseAddress, 2)?.count == 4)
      #expect(checked($0.baseAddress, -1) == nil)
      #expect(checked($0.baseAddress, 1 << 28) == nil)
      #expect(checked($0.baseAddress, .max) == nil)
    }
    #expect(checked(nil as UnsafePointer<UInt32>?, 0)?.isEmpty == true)
    #expect(checked(nil as UnsafePointer<UInt32>?, 1) == nil)
  }
}

struct RandomTests {
  /// The reference values of SplitMix64 for the seed 1234567.
  @Test func values() {
    var random = Random(seed: 1_234_567)
    let wanted: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    #expect((0..<3).map { _ in random.next() } == wanted)
  }

  @Test func shapes() {
    var random = Random(seed: 1)
    var sum = 0.0
    var squares = 0.0
    for _ in 0..<10_000 {
      let unit = random.unit()
      #expect(unit >= 0 && unit < 1)
      let normal = random.normal()
      #expect(abs(normal) <= 6)
      sum += normal
      squares += normal * normal
    }
    #expect(abs(sum / 10_000) < 0.05)
    #expect(abs(squares / 10_000 - 1) < 0.05)
  }
}

struct StatusTests {
  @Test func systemErrors() {
    #expect(Status.system(-2) == CInt(PLAIT_ERR_SYSTEM) - 2)
    #expect(Status.system(-111 as CInt).systemError == 111)
    #expect(Status.system(-4095).systemError == 4095)
    #expect(Status.ok.systemError == 0)
    #expect(Status(PLAIT_ERR_SYSTEM).systemError == 0)
    #expect((Status(PLAIT_ERR_SYSTEM) - 4096).systemError == 0)
    #expect(Status.min.systemError == 0)
    #expect(Status.max.systemError == 0)
  }

  @Test func namesAreTheHeaders() {
    let pairs: [(Status, Int)] = [
      (.ok, PLAIT_OK), (.invalid, PLAIT_ERR_INVALID), (.stale, PLAIT_ERR_STALE), (.type, PLAIT_ERR_TYPE),
      (.thread, PLAIT_ERR_THREAD), (.forked, PLAIT_ERR_FORKED), (.reentrant, PLAIT_ERR_REENTRANT),
      (.structSize, PLAIT_ERR_STRUCT_SIZE), (.unsupported, PLAIT_ERR_UNSUPPORTED), (.bound, PLAIT_ERR_BOUND),
      (.noMemory, PLAIT_ERR_NOMEM), (.limit, PLAIT_ERR_LIMIT), (.overflow, PLAIT_ERR_OVERFLOW),
      (.closed, PLAIT_ERR_CLOSED), (.aborted, PLAIT_ERR_ABORTED), (.timeout, PLAIT_ERR_TIMEOUT),
      (.cancelled, PLAIT_ERR_CANCELLED), (.refused, PLAIT_ERR_REFUSED), (.endpoint, PLAIT_ERR_ENDPOINT),
      (.noName, PLAIT_ERR_NO_NAME), (.nameAgain, PLAIT_ERR_NAME_AGAIN), (.inUse, PLAIT_ERR_IN_USE),
      (.tooLong, PLAIT_ERR_TOO_LONG), (.malformed, PLAIT_ERR_PROTOCOL),
    ]
    for (status, wanted) in pairs { #expect(status == CInt(wanted)) }
    #expect(Set(pairs.map(\.0)).count == pairs.count)
  }

  @Test func texts() {
    let bytes: [UInt8] = [97, 98]
    let text = Text.make(bytes.span.bytes)
    #expect(text?.count == 2)
    withExtendedLifetime(text) { #expect(text.map { String(cString: $0.pointer) } == "ab") }
    #expect(text?.bytes.isEqual(bytes.span.bytes) == true)
    let empty = Text.make([UInt8]().span.bytes)
    withExtendedLifetime(empty) { #expect(empty?.pointer[0] == 0) }
  }
}
