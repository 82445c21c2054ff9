import Bytes
import CSystem

/// What an endpoint string says (endpoint.h): where to listen, or to connect.
public final class Endpoint {
  public enum Kind { case tcp, tcp6, unix, fd, memory }
  public enum Use { case listen, connect }

  public let kind: Kind
  /// A host, a path or a name.
  public internal(set) var name: Text?
  /// Listening: the interface. Connecting: the address to bind.
  public internal(set) var interface: Text?
  /// The port, or the descriptor's number.
  public internal(set) var number: Int = 0
  public internal(set) var backlog: UInt32?
  /// Of a UNIX socket's file.
  public internal(set) var mode: UInt32 = 0o666
  public internal(set) var reusePort = false
  /// Connecting: the service whose hosts the name's SRV records tell.
  public internal(set) var service: Text?
  /// In milliseconds.
  public internal(set) var timeout: UInt64?
  /// What `tls:` and `ssl:` say beside.
  public internal(set) var tls: EndpointTLS?

  /// Who lies behind it, where it is a proxy's, and behind that; in the order in which they are asked for.
  public internal(set) var socks: [EndpointSOCKS] = []

  /// Each connection begins with a PROXY header.
  public internal(set) var proxy: ProxyPrefix?

  /// Whose name a peer has to show, where that is not the name's.
  var former: Text?
  private var formerNumber: Int?
  /// The name that was wanted, wherever the connection goes.
  public var identity: Text? { former ?? name }

  /// The same way to another host; port 0: to the same port of it, or where the same service of it is.
  public func moved(to host: Text, port: Int) -> Endpoint {
    let made = Endpoint(.tcp, .connect)
    (made.name, made.interface, made.timeout, made.tls) = (host, interface, timeout, tls)
    made.former = identity
    made.formerNumber = formerNumber ?? self.number
    made.number = port > 0 ? port : number
    if port == 0 { made.service = service }
    return made
  }

  /// Was the same wanted, wherever the connections go?
  public func isSameStart(as other: Endpoint) -> Bool {
    guard let name = identity, let others = other.identity else { return false }
    return name.bytes.isEqual(others.bytes) && (formerNumber ?? number) == (other.formerNumber ?? other.number)
  }

  /// The same host at another port, and over TLS.
  public func secured(port: Int) -> Endpoint {
    let made = Endpoint(.tcp, .connect)
    (made.name, made.interface, made.timeout) = (name, interface, timeout)
    made.number = port
    made.tls = EndpointTLS()
    return made
  }

  let isForListening: Bool

  init(_ kind: Kind, _ use: Use) {
    self.kind = kind
    isForListening = use == .listen
  }

  public enum Parsed {
    case endpoint(Endpoint)
    case failed(Reason)
  }
}

extension Endpoint {
  /// Parses an endpoint string; a failure says where the bad part begins.
  public static func parse(_ text: RawSpan, for use: Use) -> Parsed {
    var fields: [EndpointField] = []
    if let fault = EndpointField.split(text, into: &fields) { return .failed(fault) }
    var proxy: ProxyPrefix?
    if use == .listen, let first = fields.first, first.key == nil, first.says("haproxy") {
      var prefix = ProxyPrefix()
      if let fault = prefix.take(&fields) { return .failed(fault) }
      proxy = prefix
    }
    guard let first = fields.first, first.key == nil else {
      return .failed(bad(fields.first?.offset ?? text.byteCount, "the kind of endpoint is missing"))
    }
    if use == .connect, let version = EndpointSOCKS.version(first) { return EndpointSOCKS.parse(fields, version) }
    let isSecure = first.says("tls") || first.says("ssl")
    #if !TLS
      if isSecure {
        return .failed(Reason(.unsupported, offset: first.offset, text: "this library was built without TLS"))
      }
    #endif
    guard let kind = isSecure ? .tcp : kind(first.value, use) else {
      return .failed(bad(first.offset, "unknown kind of endpoint"))
    }
    let endpoint = Endpoint(kind, use)
    endpoint.proxy = proxy
    if isSecure { endpoint.tls = EndpointTLS() }
    if let fault = endpoint.take(fields, use) { return .failed(fault) }
    return .endpoint(endpoint)
  }

  static func bad(_ offset: Int, _ text: StaticString) -> Reason { Reason(.endpoint, offset: offset, text: text) }

  static func kind(_ word: [UInt8], _ use: Use) -> Kind? {
    if EndpointField.same(word, "tcp") { return .tcp }
    if EndpointField.same(word, "tcp6"), use == .listen { return .tcp6 }
    if EndpointField.same(word, "unix") { return .unix }
    if EndpointField.same(word, "fd") { return .fd }
    if EndpointField.same(word, "memory") { return .memory }
    return nil
  }

  /// The key of the positional field at `index`, or nil behind the last. (No table: constant arrays in a function that
  /// other modules inline are mixed up by the Embedded compiler, 6.3.)
  func key(_ index: Int, _ use: Use) -> Key? {
    if tls != nil { return use == .listen ? Key.listenTLS(index) : Key.connectTLS(index) }
    return switch kind {
    case .tcp, .tcp6: use == .listen ? Key.listenTCP(index) : Key.connectTCP(index)
    case .unix: use == .listen ? Key.listenUNIX(index) : Key.connectUNIX(index)
    case .fd: index == 0 ? .number : nil
    case .memory: index == 0 ? .name : index == 1 && use == .connect ? .timeout : nil
    }
  }

  func key(named word: [UInt8], _ use: Use) -> Key? {
    var index = 0
    while let key = key(index, use) {
      if key.isNamed(word) { return key }
      index += 1
    }
    return nil
  }

  func take(_ fields: [EndpointField], _ use: Use) -> Reason? {
    var seen: UInt32 = 0
    for (index, field) in fields.enumerated().dropFirst() {
      var found: Key?
      if let word = field.key { found = key(named: word, use) } else { found = key(index - 1, use) }
      guard let key = found else {
        return Endpoint.bad(field.offset, field.key == nil ? "too many fields" : "unknown key")
      }
      if seen & key.bit != 0 { return Endpoint.bad(field.offset, "given twice") }
      seen |= key.bit
      if let fault = set(key, field) { return fault }
    }
    var index = 0
    while let key = key(index, use) {
      if key.isNeeded || (key == .privateKey && use == .listen), seen & key.bit == 0 {
        return Endpoint.bad(fields.last?.end ?? 0, key.missing)
      }
      index += 1
    }
    return nil
  }

  func set(_ key: Key, _ field: EndpointField) -> Reason? {
    let at = field.valueOffset
    switch key {
    case .port:
      guard let port = field.number(atMost: 65535) else {
        return Endpoint.bad(at, "a port is a number from 0 to 65535")
      }
      number = port
    case .number:
      guard let fd = field.number(atMost: 1 << 30) else { return Endpoint.bad(at, "a descriptor is a number") }
      number = fd
    case .backlog:
      guard let count = field.number(atMost: 65535), count > 0 else {
        return Endpoint.bad(at, "a backlog is a number from 1 to 65535")
      }
      backlog = UInt32(count)
    case .mode:
      guard let bits = field.octal(atMost: 0o777) else {
        return Endpoint.bad(at, "a mode is an octal number up to 777")
      }
      mode = bits
    case .timeout:
      guard let time = field.milliseconds() else { return Endpoint.bad(at, "a timeout is a number of seconds") }
      timeout = time
    case .reusePort, .lockfile:
      guard let flag = field.number(atMost: 1) else { return Endpoint.bad(at, "0 or 1 is wanted") }
      if key == .reusePort { reusePort = flag == 1 }
    case .host, .path, .address, .name:
      if let fault = field.textFault(atMost: key.longest) { return Endpoint.bad(at, fault) }
      name = Text.make(field.value.span.bytes)
      if name == nil { return Reason(.noMemory) }
    case .privateKey, .certificate, .certKey, .chain, .method, .parameters, .trustRoots, .caCertsDir, .hostname:
      return setTLS(key, field)
    case .service:
      if let fault = field.textFault(atMost: key.longest) { return Endpoint.bad(at, fault) }
      guard field.isLabel else { return Endpoint.bad(at, "a service is named by letters, digits and hyphens") }
      service = Text.make(field.value.span.bytes)
      if service == nil { return Reason(.noMemory) }
    case .interface, .bindAddress:
      if field.value.isEmpty { return nil }
      if let fault = field.textFault(atMost: 80) { return Endpoint.bad(at, fault) }
      guard let text = Text.make(field.value.span.bytes) else { return Reason(.noMemory) }
      guard field.isLocalhost || isNumeric(text) else {
        return Endpoint.bad(at, "neither a numeric address nor localhost")
      }
      interface = text
    }
    return nil
  }

  /// Is it an address of the endpoint's family? (One to bind to may be of either: the host's decides.)
  public func isNumeric(_ text: Text) -> Bool {
    var address = csystem_address()
    let family = kind == .tcp6 ? Address.ipv6 : isForListening ? Address.ipv4 : 0
    return csystem_address_parse(&address, text.pointer, family, 0) == 0
  }
}
