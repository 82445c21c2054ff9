import Bytes
import CSystem
import Wire

/// Connecting: what an endpoint says becomes one attempt, or several that race.
extension Loop {
  func begin(_ endpoint: Endpoint, _ connect: Connect) -> Status {
    defer { wake() }
    switch endpoint.kind {
    case .memory: return memory.connect(endpoint, connect)
    case .fd: return adopt(endpoint, connect)
    case .unix: return connectUNIX(endpoint, connect)
    case .tcp, .tcp6:
      let race = Race(self, connect)
      connect.attempt = race
      return race.begin(endpoint)
    }
  }

  func connectUNIX(_ endpoint: Endpoint, _ connect: Connect) -> Status {
    var address = csystem_address()
    guard let name = endpoint.name, csystem_address_unix(&address, name.pointer) == 0 else { return .endpoint }
    let race = Race(self, connect)
    connect.attempt = race
    race.found([address], .ok)
    return .ok
  }

  /// A descriptor that was inherited; it stays the host's when this fails.
  func adopt(_ endpoint: Endpoint, _ connect: Connect) -> Status {
    let fd = CInt(truncatingIfNeeded: endpoint.number)
    var kind = csystem_kind()
    var status = csystem_descriptor_kind(fd, &kind)
    guard status == 0 else { return .system(status) }
    guard kind.is_stream != 0, kind.is_listening == 0 else { return .invalid }
    status = csystem_not_blocking(fd)
    guard status == 0 else { return .system(status) }
    var fault = Status.ok
    guard let transport = transport(fd, kind, &fault) else { return fault }
    connect.succeedSoon(transport)
    return .ok
  }

  func transport(_ fd: CInt, _ kind: csystem_kind, _ fault: inout Status) -> Transport? {
    kind.family == Address.ipv4 || kind.family == Address.ipv6
      ? TCPTransport.adopt(self, fd, &fault)
      : PollTransport.adopt(
        self, fd, isSocket: kind.is_socket != 0, isReadable: kind.is_readable != 0, &fault)
  }
}

/// Happy eyeballs (RFC 8305): the addresses of a host are tried in turn, families alternating, each a while after the
/// one before or at once when that fails; the first that answers wins.
final class Race: Attempt {
  let loop: Loop
  let connect: Unmanaged<Connect>  // not owned: it owns this
  let context: Context
  let delay: RaceTimer
  var lookup: Lookup?
  var services: ServiceLookup?
  /// Where else the service is, once it is known.
  var targets: [ServiceLookup.Target] = []
  var addresses: [csystem_address] = []
  var next = 0
  var pause: UInt64 = 10
  var runners: [Runner] = []
  var bind = csystem_address()
  var hasBind = false
  var fault = Reason(.noName)
  var isOver = false

  init(_ loop: Loop, _ connect: Connect) {
    self.loop = loop
    self.connect = Unmanaged.passUnretained(connect)
    context = connect.context
    delay = RaceTimer()
    super.init()
    delay.race = Unmanaged.passUnretained(self)
  }

  func begin(_ endpoint: Endpoint) -> Status {
    guard let name = endpoint.name else { return .endpoint }
    if let interface = endpoint.interface {
      if csystem_address_parse(&bind, interface.pointer, 0, 0) != 0 {
        _ = csystem_address_parse(&bind, "127.0.0.1", 0, 0)
      }
      hasBind = true
    }
    let port = UInt16(truncatingIfNeeded: endpoint.number)
    guard let service = endpoint.service, !endpoint.isNumeric(name) else { return seek(name, port) }
    services = ServiceLookup.make(context, service, name) { [unowned(unsafe) self] services in
      self.services = nil
      located(services, name, port)
    }
    return services.map { $0.begin(loop) } ?? .noMemory
  }

  /// Where the service is, is known; where nothing says so, it is at the domain itself (RFC 6120 §3.2.1).
  func located(_ services: ServiceLookup, _ host: Text, _ port: UInt16) {
    if services.targets.isEmpty, services.isDenied {
      return fail(Reason(.noName, text: "the domain says that it does not offer the service"))
    }
    targets = ServiceLookup.ordered(services.targets, &context.random)
    targets.reverse()  // the next one is the last
    guard targets.isEmpty else { return fail(fault) }  // goes on to the first
    let status = seek(host, port)
    if status != .ok { fail(Reason(status)) }
  }

  func seek(_ name: Text, _ port: UInt16) -> Status {
    var address = csystem_address()
    if csystem_address_parse(&address, name.pointer, 0, port) == 0 {
      found([address], .ok)
      return .ok
    }
    var fault = Status.ok
    lookup = Lookup.begin(loop, name.pointer, port, &fault) { [unowned(unsafe) self] addresses, status in
      lookup = nil
      found(addresses, status)
    }
    return fault
  }

  /// The name's addresses are known.
  func found(_ found: [csystem_address], _ status: Status) {
    guard status == .ok else { return fail(Reason(status)) }
    addresses = Race.alternating(found).filter { !hasBind || $0.family == bind.family }
    if !addresses.isEmpty, !permit() { return fail(Reason(.refused, text: "the host's addresses are not allowed")) }
    if addresses.isEmpty { fault = Reason(.noName, text: "the host has no address of the family to bind to") }
    startNext()
  }

  /// Leaves out what whoever connects does not want to reach; false: nothing is left.
  func permit() -> Bool {
    connect._withUnsafeGuaranteedRef { connect in
      guard let permits = connect.permits else { return true }
      addresses = addresses.filter { found in
        var address = Address()
        address.socket = found
        return address.ip.map(permits) ?? false
      }
      connect.isBarred = addresses.isEmpty
      return !connect.isBarred
    }
  }

  /// The families in turn, beginning with the one that the system prefers (RFC 8305 §4).
  static func alternating(_ all: [csystem_address]) -> [csystem_address] {
    guard let first = all.first?.family else { return [] }
    let preferred = all.filter { $0.family == first }
    let others = all.filter { $0.family != first }
    var mixed: [csystem_address] = []
    for index in 0..<max(preferred.count, others.count) {
      if index < preferred.count { mixed.append(preferred[index]) }
      if index < others.count { mixed.append(others[index]) }
    }
    return mixed
  }

  func startNext() {
    while !isOver, next < addresses.count {
      let address = addresses[next]
      next += 1
      var fault = Status.ok
      guard let runner = Runner.begin(self, address, hasBind ? bind : nil, &fault) else {
        self.fault = Reason.connecting(fault)
        if address.family == Address.unix, fault.systemError == CInt(CSYSTEM_EAGAIN) { return waitForBacklog() }
        continue
      }
      runners.append(runner)
      if next < addresses.count, !context.schedule(delay, after: connect._withUnsafeGuaranteedRef { $0.attemptDelay }) {
        continue
      }
      return
    }
    if runners.isEmpty { fail(fault) }
  }

  /// The listener's backlog is full: its owner may come round to accept.
  func waitForBacklog() {
    next = 0
    if context.schedule(delay, after: pause) { pause = min(pause * 2, 200) } else { fail(Reason(.noMemory)) }
  }

  func lost(_ runner: Runner, _ status: Status) {
    fault = Reason.connecting(status)
    runners.removeAll { $0 === runner }
    context.timers.remove(delay)
    startNext()
  }

  func won(_ runner: Runner, _ fd: CInt, _ family: UInt32) {
    runners.removeAll { $0 === runner }
    cancel()
    var kind = csystem_kind()
    kind.family = family
    kind.is_socket = 1
    kind.is_readable = 1
    var fault = Status.ok
    let connect = connect.takeUnretainedValue()
    if let transport = loop.transport(fd, kind, &fault) {
      connect.succeeded(transport)
    } else {
      _ = csystem_close(fd)
      connect.failed(Reason(fault))
    }
  }

  func fail(_ reason: Reason) {
    guard !isOver else { return }
    if let target = targets.popLast() {
      (addresses, next) = ([], 0)
      let status = seek(target.host, target.port)
      return status == .ok ? () : fail(Reason(status))
    }
    cancel()
    connect._withUnsafeGuaranteedRef { $0.failed(reason) }
  }

  override func cancel() {
    isOver = true
    context.timers.remove(delay)
    lookup?.cancel()
    lookup = nil
    services?.forget()
    services = nil
    for runner in runners { runner.stop() }
    runners = []
  }
}

final class RaceTimer: TimerEntry {
  var race: Unmanaged<Race>?  // not owned: it removes this before it goes
  override func fired(_ context: Context) { race?.takeUnretainedValue().startNext() }
}

/// One address that is being tried.
final class Runner: Polled {
  let race: Unmanaged<Race>  // not owned: it owns this
  let fd: CInt
  let family: UInt32
  var poller: Poller?
  var refusal = Status.ok

  init(_ race: Race, _ fd: CInt, _ family: UInt32) {
    self.race = Unmanaged.passUnretained(race)
    self.fd = fd
    self.family = family
  }

  static func begin(_ race: Race, _ address: csystem_address, _ bind: csystem_address?, _ fault: inout Status)
    -> Runner?
  {
    let fd = csystem_socket(address.family)
    guard fd >= 0 else {
      fault = .system(fd)
      return nil
    }
    var status: CInt = 0
    if var bind {
      _ = csystem_reuse_address(fd)
      status = csystem_bind(fd, &bind)
    }
    var address = address
    if status == 0 { status = csystem_connect(fd, &address) }
    if status == -CInt(CSYSTEM_EINPROGRESS) { status = 0 }
    let runner = Runner(race, fd, address.family)
    if status == 0 {
      runner.poller = Poller.make(race.loop, fd, runner, &fault)
    } else {
      fault = .system(status)
    }
    guard let poller = runner.poller else {
      _ = csystem_close(fd)
      return nil
    }
    poller.watch(readable: false, writable: true)
    if runner.poller == nil { fault = runner.refusal }
    return runner.poller == nil ? nil : runner
  }

  func unwatched(_ status: Status) {
    refusal = status
    stop()
  }

  func ready(_ isReadable: Bool, _ isWritable: Bool) {
    let race = race.takeUnretainedValue()
    let status = csystem_socket_error(fd)
    poller?.close()
    poller = nil
    guard status == 0 else {
      _ = csystem_close(fd)
      return race.lost(self, .system(status))
    }
    race.won(self, fd, family)
  }

  func stop() {
    guard let poller else { return }
    self.poller = nil
    poller.close()
    _ = csystem_close(fd)
  }
}
