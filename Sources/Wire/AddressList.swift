import Bytes

/// A network: an address and how many of its bits count. IPv4 is that of mapped addresses, 96 bits further in.
struct Network {
  let ip: IP
  let bits: Int

  static func isBefore(_ a: Network, _ b: Network) -> Bool {
    if a.bits != b.bits { return a.bits > b.bits }
    return a.ip.high != b.ip.high ? a.ip.high < b.ip.high : a.ip.low < b.ip.low
  }
}

/// Networks of one family, by length and within that by address, so that the longest match is found by some binary searches.
struct NetworkTable {
  var networks: [Network] = []
  /// Where those of one length begin.
  var starts: [Int] = []

  mutating func settle() {
    networks.sort(by: Network.isBefore)
    starts = networks.indices.filter { $0 == 0 || networks[$0].bits != networks[$0 - 1].bits }
  }

  /// The length of the longest network with the address, or -1.
  func longest(_ ip: IP) -> Int {
    for (index, start) in starts.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1] : networks.count
      let bits = networks[start].bits
      if has(ip.first(bits), start, end) { return bits }
    }
    return -1
  }

  func has(_ ip: IP, _ start: Int, _ end: Int) -> Bool {
    var (low, high) = (start, end)
    while low < high {
      let middle = (low + high) / 2
      let found = networks[middle].ip
      if found == ip { return true }
      if found.high < ip.high || (found.high == ip.high && found.low < ip.low) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return false
  }
}

/// A list of addresses and networks, as access.h writes it.
public struct AddressList {
  var ipv4 = NetworkTable()
  var ipv6 = NetworkTable()
  public init() {}
  public var isEmpty: Bool { ipv4.networks.isEmpty && ipv6.networks.isEmpty }

  public enum Parsed {
    case list(AddressList)
    case failed(Reason)
  }

  /// The length of the longest match, or -1.
  public func longest(_ ip: IP) -> Int { ip.isIPv4 ? ipv4.longest(ip) : ipv6.longest(ip) }

  static var most: Int { 65536 }

  public static func parse(_ text: RawSpan) -> Parsed {
    var list = AddressList()
    var at = 0
    while at < text.byteCount {
      if isBlank(text.byte(at)) {
        at += 1
        continue
      }
      var end = at
      while end < text.byteCount, !isBlank(text.byte(end)) { end += 1 }
      if let fault = list.add(text.extracting(at..<end), at) { return .failed(fault) }
      at = end
    }
    list.ipv4.settle()
    list.ipv6.settle()
    return .list(list)
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || byte == 32 || (byte >= 9 && byte <= 13) }

  mutating func add(_ word: RawSpan, _ at: Int) -> Reason? {
    let slash = word.position(of: UInt8(ascii: "/"), from: 0)
    guard let ip = IP.parse(slash < 0 ? word : word.extracting(first: slash)) else {
      return Reason(.invalid, offset: at, text: "an address is expected")
    }
    let isMapped = ip.isIPv4 && word.position(of: UInt8(ascii: ":"), from: 0) >= 0
    let most = ip.isIPv4 && !isMapped ? 32 : 128
    var bits = most
    if slash >= 0 {
      guard let given = AddressList.number(word.extracting(droppingFirst: slash + 1), most) else {
        return Reason(.invalid, offset: at + slash + 1, text: "a network's length is expected")
      }
      bits = given
    }
    if most == 32 { bits += 96 }
    guard ip.first(bits) == ip else {
      return Reason(.invalid, offset: at, text: "bits are set behind the network's length")
    }
    guard ipv4.networks.count + ipv6.networks.count < AddressList.most else {
      return Reason(.invalid, offset: at, text: "too many networks")
    }
    if ip.isIPv4, bits >= 96 {
      ipv4.networks.append(Network(ip: ip, bits: bits))
    } else {
      ipv6.networks.append(Network(ip: ip, bits: bits))
    }
    return nil
  }

  static func number(_ digits: RawSpan, _ most: Int) -> Int? {
    guard digits.byteCount > 0, digits.byteCount <= 3 else { return nil }
    var value = 0
    for index in 0..<digits.byteCount {
      guard let digit = digits.byte(index).digit else { return nil }
      value = value * 10 + digit
    }
    return value <= most ? value : nil
  }
}
