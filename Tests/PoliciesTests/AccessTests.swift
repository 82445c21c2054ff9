import Bench
import Bytes
import Loopback
import Policies
import Testing
import Wire

/// Lists of addresses.
struct AccessTests {
  @Test func longestMatch() {
    let mixed = list("10.0.0.0/8, 10.1.0.0/16\t10.1.2.3 0.0.0.0/0\n2001:db8::/32,::1")
    func longest(_ text: String) -> Int { ip(text).map { mixed.longest($0) } ?? -2 }
    #expect(longest("10.9.9.9") == 104 && longest("10.1.9.9") == 112 && longest("10.1.2.3") == 128)
    #expect(longest("11.0.0.1") == 96 && longest("::ffff:10.9.9.9") == 104)
    #expect(longest("2001:db8:1::1") == 32 && longest("2001:db9::1") == -1 && longest("::1") == 128)
    #expect(list("").isEmpty && list(" ,, ").isEmpty && list("::/0").longest(IP(ipv4: 1)) == -1)
    #expect(list("::ffff:10.0.0.0/104").longest(IP(ipv4: 0x0a01_0101)) == 104)
  }

  /// Compared with a search that looks at each.
  @Test func againstASimpleOne() {
    var random = Random(seed: 3)
    var words: [String] = []
    var networks: [(UInt32, Int)] = []
    for _ in 0..<300 {
      let bits = Int(random.next() % 33)
      let value = UInt32(truncatingIfNeeded: random.next()) & 0x0f0f_0f0f & (bits == 0 ? 0 : UInt32.max << (32 - bits))
      networks.append((value, bits))
      words.append("\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)/\(bits)")
    }
    let table = list(words.joined(separator: ","))
    for _ in 0..<2000 {
      let value = UInt32(truncatingIfNeeded: random.next()) & 0x0f0f_0f0f
      let wanted = networks.filter { $0.1 == 0 || ($0.0 ^ value) >> (32 - $0.1) == 0 }.map { $0.1 }.max()
      #expect(table.longest(IP(ipv4: value)) == wanted.map { $0 + 96 } ?? -1)
    }
  }

  @Test func wrong() {
    for (text, offset) in [
      ("x", 0), ("1.2.3.4,  1.2.3", 10), ("10.0.0.0/33", 9), ("10.0.0.0/", 9), ("10.0.0.0/8x", 9), ("::/129", 3),
      ("10.0.0.1/8", 0), ("1.2.3.4/8/8", 8), ("::1%lo", 0), ("2001:db8::/28", 0), ("/8", 0), ("::/-1", 3),
    ] {
      guard case .failed(let reason) = AddressList.parse(Array(text.utf8).span.bytes) else {
        #expect(Bool(false), "\(text)")
        continue
      }
      #expect(reason.status == .invalid && reason.offset == offset, "\(text): \(reason.offset ?? -1)")
    }
    let many = (0...65536).map { "\($0 >> 8 & 255).\($0 & 255).\($0 >> 16).1" }.joined(separator: " ")
    guard case .failed = AddressList.parse(Array(many.utf8).span.bytes) else { return #expect(Bool(false)) }
  }

  @Test func whoMayCome() {
    func admitted(_ allow: String?, _ deny: String, _ others: Bool, _ host: String?) -> Bool {
      let factory = AccessFactory(
        Host(.raw), allow: allow.map(list), deny: list(deny), refusesOthers: others)
      return Bench().come(factory, from: host) != nil
    }
    #expect(admitted(nil, "", false, "1.1.1.1") && admitted(nil, "", false, nil) && !admitted(nil, "", true, nil))
    #expect(!admitted(nil, "1.1.1.1", false, "1.1.1.1") && admitted(nil, "1.1.1.1", false, "1.1.1.2"))
    #expect(!admitted("", "", false, "1.1.1.1"))
    #expect(admitted("10.0.0.0/8", "10.1.0.0/16", false, "10.2.0.1"))
    #expect(!admitted("10.0.0.0/8", "10.1.0.0/16", false, "10.1.0.1"))
    #expect(admitted("10.1.2.3", "0.0.0.0/0", false, "10.1.2.3"))
    #expect(!admitted("10.1.2.3", "0.0.0.0/0", false, "10.1.2.4"))
    #expect(!admitted("10.0.0.0/8", "10.0.0.0/8", false, "10.1.2.4"))
    #expect(admitted("::1", "", false, "::1") && !admitted("::1", "", false, "::2"))
  }
}
