import Bytes
import CSystem
import Wire

/// Where a service of a domain is: the hosts that its SRV records name (RFC 2782).
public final class ServiceLookup: Work {
  struct Target {
    var host: Text
    var port: UInt16
    var priority: UInt16
    var weight: UInt16
  }

  public let kind: Text
  public let domain: Text
  let question: Text
  var targets: [Target] = []
  /// The domain says that it does not offer the service.
  var isDenied = false
  /// The same of what the system says: the other thread's until it is done.
  private var found: [Target] = []
  private var foundDenied = false
  var done: ((ServiceLookup) -> Void)?
  /// Whose host is asked first, and whether it has said that it will answer.
  private var loop: Loop?
  private var isWithHost = false

  private init(
    _ context: Context, _ service: Text, _ host: Text, _ question: Text, _ done: @escaping (ServiceLookup) -> Void
  ) {
    (self.kind, self.domain, self.question) = (service, host, question)
    self.done = done
    super.init(context)
  }

  static func make(_ context: Context, _ service: Text, _ host: Text, _ done: @escaping (ServiceLookup) -> Void)
    -> ServiceLookup?
  {
    var words: [UInt8] = [UInt8(ascii: "_")]
    service.bytes.withUnsafeBytes { words.append(contentsOf: $0) }
    let tcp: StaticString = "._tcp."
    for index in 0..<tcp.utf8CodeUnitCount { words.append(tcp.utf8Start[index]) }
    host.bytes.withUnsafeBytes { words.append(contentsOf: $0) }
    return Text.make(words.span.bytes).map { ServiceLookup(context, service, host, $0, done) }
  }

  /// Asks the host of the library, in a turn, where it wants that; else the system.
  func begin(_ loop: Loop) -> Status {
    guard loop.locator != nil else { return begin() }
    guard !context.isEnding else { return .aborted }
    guard register(Kind.call) else { return .limit }
    self.loop = loop
    list()
    return .ok
  }

  public override func service() {
    guard let loop, outcome == nil else { return super.service() }
    self.loop = nil
    isWithHost = true
    if let locator = loop.locator, locator(self) || outcome != nil { return }
    isWithHost = false
    (targets, isDenied) = ([], false)
    let status = loop.take(self)
    if status != .ok { endNow(Reason(status)) }
  }

  /// One host more of the host's answer; "." says that there is none.
  public func add(_ name: RawSpan, port: UInt16, priority: UInt16, weight: UInt16) -> Status {
    guard isWithHost, outcome == nil else { return .closed }
    if name.isEqual(".") {
      isDenied = true
      return .ok
    }
    guard targets.count < Int(CSYSTEM_SERVICES) else { return .limit }
    guard let name = Text.make(name) else { return .noMemory }
    targets.append(Target(host: name, port: port, priority: priority, weight: weight))
    return .ok
  }

  /// That was all.
  public func answered() -> Status {
    guard isWithHost, outcome == nil else { return .closed }
    end(Reason(.ok))
    return .ok
  }

  public override func run() {
    let (most, room) = (Int(CSYSTEM_SERVICES), Int(CSYSTEM_NAME))
    guard let names = malloc(most * room) else { return }
    defer { free(names) }
    var records = [csystem_service](repeating: csystem_service(), count: most)
    let count = csystem_services(
      question.pointer, &records, names.assumingMemoryBound(to: CChar.self), CInt(most))
    for index in 0..<max(0, Int(count)) {
      let name = names + index * room
      // Sound: the name ends with a NUL within its room.
      let length = strlen(name.assumingMemoryBound(to: CChar.self))
      let bytes = UnsafeRawBufferPointer(start: name, count: length)
      guard length > 0, bytes[0] != UInt8(ascii: ".") else {
        foundDenied = true
        continue
      }
      guard let host = Text.make(bytes.bytes) else { continue }
      let record = records[index]
      found.append(Target(host: host, port: record.port, priority: record.priority, weight: record.weight))
    }
  }

  public override func completed(_ reason: Reason) {
    let done = self.done
    self.done = nil
    if reason.status != .ok {
      // It was cancelled: that is an answer without hosts. (The other thread may still be looking.)
      (targets, isDenied) = ([], false)
      if context.isEnding { return }
    } else if !isWithHost {
      (targets, isDenied) = (found, foundDenied)
    }
    done?(self)
  }

  func forget() {
    done = nil
    cancel()
  }

  /// In the order in which they are to be tried: the lowest priority first; among equals by lot, in proportion to their
  /// weights, and those without a weight seldom (RFC 2782, "Weight").
  static func ordered(_ all: [Target], _ random: inout Random) -> [Target] {
    var left = all
    var ordered: [Target] = []
    while var priority = left.first?.priority {
      for target in left { priority = min(priority, target.priority) }
      var group = left.filter { $0.priority == priority && $0.weight == 0 }
      group += left.filter { $0.priority == priority && $0.weight != 0 }
      left = left.filter { $0.priority != priority }
      while !group.isEmpty {
        var total = 0
        for target in group { total += Int(target.weight) }
        let lot = Int(random.unit() * Double(total + 1))
        var index = 0
        var sum = Int(group[0].weight)
        while sum < lot, index + 1 < group.count {
          index += 1
          sum += Int(group[index].weight)
        }
        ordered.append(group.remove(at: index))
      }
    }
    return ordered
  }
}
