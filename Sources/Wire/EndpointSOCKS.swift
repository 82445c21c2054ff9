import Bytes

/// What lies behind a proxy that an endpoint to connect to leads to: `socks5:`, `socks4a:` and `socks4:`.
public struct EndpointSOCKS {
  /// PLAIT_SOCKS_4, ... of socks.h.
  public enum Version: UInt32 { case four = 4, five = 5, fourA = 0x4A }

  public let version: Version
  public let host: Text
  public let port: Int
  public let user: Text?
  public let password: Text?

  public init(_ version: Version, _ host: Text, port: Int, user: Text?, password: Text?) {
    self.version = version
    self.host = host
    self.port = port
    self.user = user
    self.password = password
  }

  /// What no proxy could be asked, or nil.
  public var fault: StaticString? {
    if version == .four, IP.parse(host.bytes)?.isIPv4 != true {
      return "SOCKS 4 knows no names, but IPv4 alone: socks4a"
    }
    if version == .fourA, let ip = IP.parse(host.bytes), !ip.isIPv4 { return "SOCKS 4 knows no IPv6" }
    if version != .five, password != nil { return "SOCKS 4 knows no passwords" }
    return password != nil && user == nil ? "a password without a user" : nil
  }

  static func version(_ kind: EndpointField) -> Version? {
    if kind.says("socks5") { return .five }
    if kind.says("socks4a") { return .fourA }
    return kind.says("socks4") ? .four : nil
  }

  /// The keys in their order.
  static func key(_ index: Int) -> StaticString? {
    switch index {
    case 0: "proxy"
    case 1: "host"
    case 2: "port"
    case 3: "timeout"
    case 4: "user"
    case 5: "password"
    default: nil
    }
  }
  static func index(of word: [UInt8]) -> Int? {
    var index = 0
    while let key = key(index) {
      if EndpointField.equal(word, key) { return index }
      index += 1
    }
    return nil
  }

  /// The endpoint of the proxy, with who lies behind it.
  static func parse(_ fields: [EndpointField], _ version: Version) -> Endpoint.Parsed {
    var proxy: Endpoint?
    var (host, user, password): (Text?, Text?, Text?)
    var port: Int?
    var timeout: UInt64?
    var seen: UInt32 = 0
    for (place, field) in fields.enumerated().dropFirst() {
      guard let index = field.key.map({ index(of: $0) }) ?? place - 1, key(index) != nil else {
        return .failed(Endpoint.bad(field.offset, field.key == nil ? "too many fields" : "unknown key"))
      }
      if seen & 1 << UInt32(index) != 0 { return .failed(Endpoint.bad(field.offset, "given twice")) }
      seen |= 1 << UInt32(index)
      switch index {
      case 0:
        switch Endpoint.parse(field.value.span.bytes, for: .connect) {
        case .endpoint(let found): proxy = found
        case .failed(var fault):
          if let offset = fault.offset { fault.offset = field.valueOffset + offset }
          return .failed(fault)
        }
      case 2:
        port = field.number(atMost: 65535)
        if port ?? 0 == 0 { return .failed(Endpoint.bad(field.valueOffset, "a port is a number from 1 to 65535")) }
      case 3:
        timeout = field.milliseconds()
        if timeout == nil { return .failed(Endpoint.bad(field.valueOffset, "a timeout is a number of seconds")) }
      default:
        if let fault = field.textFault(atMost: 255) { return .failed(Endpoint.bad(field.valueOffset, fault)) }
        guard let text = Text.make(field.value.span.bytes) else { return .failed(Reason(.noMemory)) }
        if index == 1 { host = text } else if index == 4 { user = text } else { password = text }
      }
    }
    let end = fields.last?.end ?? 0
    guard let proxy else { return .failed(Endpoint.bad(end, "the proxy is missing")) }
    guard let host else { return .failed(Endpoint.bad(end, "the host is missing")) }
    guard let port else { return .failed(Endpoint.bad(end, "the port is missing")) }
    let target = EndpointSOCKS(version, host, port: port, user: user, password: password)
    if let fault = target.fault { return .failed(Endpoint.bad(0, fault)) }
    proxy.socks.append(target)
    if let timeout { proxy.timeout = timeout }
    return .endpoint(proxy)
  }
}

extension Endpoint {
  /// A host's port, to connect to, from an address of this machine's if one is given.
  public static func host(_ name: Text, port: Int, from interface: Text?) -> Endpoint {
    let made = Endpoint(.tcp, .connect)
    made.name = name
    made.number = port
    made.interface = interface
    return made
  }

  /// A port that the kernel picks, to listen at; of all addresses of a family where no interface is given.
  public static func anyPort(_ interface: Text?, isIPv6: Bool) -> Endpoint {
    let made = Endpoint(isIPv6 ? .tcp6 : .tcp, .listen)
    made.interface = interface
    return made
  }
}
