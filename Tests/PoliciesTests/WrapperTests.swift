import Bench
import Bytes
import Loopback
import Policies
import Testing
import Wire

/// A host's own policies, and all of them in a tower.
struct WrapperTests {
  /// A host that writes down what it hears, and does what the test wants.
  final class Hooks: WrapperFactory {
    let name: String
    let notes: Notes
    final class Notes { var lines: [String] = [] }
    var onBuilt: (Wrapper) -> Bool = { _ in true }
    var onConnected: (Wrapper) -> Bool = { _ in false }
    var onReceived: (Wrapper, String) -> Bool = { _, _ in false }
    var onWritten: (Wrapper, String) -> Bool = { _, _ in false }
    var onClosing: (Wrapper) -> Void = { _ in }

    init(_ inner: Factory, _ name: String = "", _ notes: Notes = Notes(), isInherited: Bool = false) {
      self.name = name
      self.notes = notes
      super.init(inner, user: nil, isInherited: isInherited)
    }
    func note(_ line: String) { notes.lines.append(name + line) }
    override func built(_ wrapper: Wrapper) -> Bool {
      note("built")
      return onBuilt(wrapper)
    }
    override func connected(_ wrapper: Wrapper) -> Bool {
      note("connected")
      return onConnected(wrapper)
    }
    override func received(_ bytes: RawSpan, _ wrapper: Wrapper) -> Bool {
      note("received \(Bench.plain(bytes))")
      return onReceived(wrapper, Bench.plain(bytes))
    }
    override func written(_ bytes: RawSpan, _ wrapper: Wrapper) -> Bool {
      note("written \(Bench.plain(bytes))")
      return onWritten(wrapper, Bench.plain(bytes))
    }
    override func readClosed(_ wrapper: Wrapper) { note("read closed") }
    override func closing(_ wrapper: Wrapper) {
      note("closing")
      onClosing(wrapper)
    }
    override func disconnected(_ wrapper: Wrapper, _ reason: Reason) { note("disconnected \(reason.status)") }
  }

  let bench = Bench()
  let host = Host(.raw)

  static func feed(_ wrapper: Wrapper, _ text: String) -> Status {
    let bytes = Array(text.utf8)
    return wrapper.with { $0.feed(bytes.span.bytes, $1) }
  }
  static func write(_ wrapper: Wrapper, _ text: String) -> Status {
    let bytes = Array(text.utf8)
    return wrapper.with { $0.write(bytes.span.bytes, $1) }
  }

  @Test func looking() {
    let notes = Hooks.Notes()
    let inner = Hooks(host, "inner ", notes)
    let outer = Hooks(inner, "outer ", notes)
    host.onRaw = { conn, bytes in conn.write("<\(bytes)>") }
    let peer = bench.come(outer)
    peer?.feed("a")
    peer?.end()
    #expect(peer?.sent == "<a>")
    #expect(
      notes.lines == [
        "outer built", "inner built", "outer connected", "inner connected", "outer received a", "inner received a",
        "inner written <a>", "outer written <a>", "outer read closed", "inner read closed", "inner closing",
        "outer closing", "outer disconnected 0", "inner disconnected 0",
      ])
    #expect(bench.alive == 0)
  }

  @Test func changing() {
    let hooks = Hooks(host)
    hooks.onReceived = { wrapper, bytes in
      #expect(WrapperTests.feed(wrapper, bytes.uppercased()) == .ok)
      return true
    }
    hooks.onWritten = { wrapper, bytes in
      #expect(WrapperTests.write(wrapper, bytes.lowercased()) == .ok)
      return true
    }
    hooks.onClosing = { #expect(WrapperTests.write($0, "[bye]") == .ok) }
    host.onRaw = { conn, bytes in conn.write("<\(bytes)>") }
    let peer = bench.come(hooks)
    peer?.feed("ab")
    #expect(host.events == ["connected", "raw AB"] && peer?.sent == "<ab>")
    peer?.turn { $0.close(.ok) }
    #expect(peer?.sent == "<ab>[bye]" && peer?.conn == nil)
  }

  /// What it adds to what it lets pass comes first.
  @Test func adding() {
    let hooks = Hooks(host)
    hooks.onReceived = { wrapper, _ in WrapperTests.feed(wrapper, "+") != .ok }
    hooks.onWritten = { wrapper, _ in WrapperTests.write(wrapper, "-") != .ok }
    let peer = bench.come(hooks)
    peer?.feed("a")
    peer?.turn { $0.write("b") }
    #expect(host.events == ["connected", "raw +", "raw a"] && peer?.sent == "-b")
  }

  @Test func fromOutsideAHook() {
    let hooks = Hooks(host)
    var made: Wrapper?
    hooks.onBuilt = {
      made = $0
      return true
    }
    let peer = bench.come(hooks)
    guard let made else { return #expect(Bool(false)) }
    #expect(WrapperTests.feed(made, "up") == .ok && WrapperTests.write(made, "down") == .ok)
    #expect(host.events == ["connected"] && peer?.sent == "")
    bench.turn()
    #expect(host.events == ["connected", "raw up"] && peer?.sent == "down")
    peer?.end()
    #expect(WrapperTests.feed(made, "x") == .closed && WrapperTests.write(made, "x") == .closed)
  }

  @Test func holdingBackConnected() {
    let hooks = Hooks(host)
    var made: Wrapper?
    hooks.onConnected = {
      made = $0
      return true
    }
    hooks.onReceived = { wrapper, bytes in
      if bytes == "open" { #expect(wrapper.with { $0.open($1) } == .ok) }
      return bytes == "open"
    }
    let peer = bench.come(hooks)
    peer?.feed("early")
    #expect(host.events.isEmpty)
    peer?.feed("open")
    bench.turn()
    #expect(host.events == ["connected", "raw early"] || host.events == ["connected"])
    peer?.feed("late")
    #expect(host.events.joined(separator: " ").contains("late") && made?.with { $0.open($1) } == .ok)
  }

  @Test func refusing() {
    let notes = Hooks.Notes()
    let gate = Gate(host)
    let inner = Hooks(gate, "inner ", notes)
    let outer = Hooks(inner, "outer ", notes)
    inner.onBuilt = { _ in false }
    #expect(bench.come(outer) == nil && inner.counters.refused == 1 && outer.counters.refusedWithin == 1)
    inner.onBuilt = { _ in true }
    gate.isOpen = false
    #expect(bench.come(outer) == nil)
    bench.turn()
    #expect(bench.alive == 0 && host.events.isEmpty)
    #expect(notes.lines.filter { $0.contains("disconnected -34") }.count == 4)
  }

  @Test func busyAndResting() {
    let hooks = Hooks(host)
    var made: Wrapper?
    hooks.onWritten = { wrapper, _ in
      made = wrapper
      return wrapper.with { $0.setBusy(true, $1) } == .ok
    }
    let peer = bench.come(hooks)
    peer?.turn { $0.write("one") }
    peer?.turn { $0.write("two") }
    #expect(hooks.notes.lines.filter { $0.hasPrefix("written") } == ["written one"])
    peer?.turn { $0.close(.ok) }
    #expect(peer?.conn != nil)
    hooks.onWritten = { _, _ in false }
    bench.turn { _ = made?.with { $0.setBusy(false, $1) } }
    #expect(peer?.sent == "two" && peer?.conn == nil)
    let second = bench.come(hooks)
    hooks.onReceived = { wrapper, _ in wrapper.with { $0.pause(true, $1) } != .ok }
    second?.feed("x")
    #expect(second?.isReading == false)
  }

  @Test func overflowing() {
    let hooks = Hooks(host)
    var made: Wrapper?
    hooks.onBuilt = {
      made = $0
      return true
    }
    for isUp in [true, false] {
      let peer = bench.come(hooks)
      var limits = Limits()
      limits.highWater = 10
      limits.lowWater = 5
      limits.cap = 100
      peer?.conn?.limits = limits
      guard let made else { return #expect(Bool(false)) }
      bench.turn {
        let words = String(repeating: "x", count: 101)
        #expect((isUp ? WrapperTests.feed(made, words) : WrapperTests.write(made, words)) == .overflow)
      }
      #expect(peer?.conn == nil && host.events.last == "disconnected -22")
    }
  }

  @Test func inherited() {
    for isInherited in [true, false] {
      let hooks = Hooks(host, isInherited: isInherited)
      let peer = bench.come(hooks)
      guard
        case .conn(let child) = Conn.open(bench.context, Output(), Host(.raw), Origin(.connected, parent: peer?.conn))
      else { return #expect(Bool(false)) }
      bench.turn { child.start() }
      #expect(hooks.notes.lines.filter { $0 == "built" }.count == (isInherited ? 2 : 1))
      child.abort(.aborted)
      peer?.end()
    }
  }

  /// Every order of all policies carries the same conversation, and ends clean.
  @Test func towers() {
    var orders: [[Int]] = [[]]
    for next in 0..<5 {
      orders = orders.flatMap { order in (0...next).map { order.prefix($0) + [next] + order.dropFirst($0) } }
    }
    #expect(orders.count == 120)
    for order in orders {
      let host = Host.lines()
      host.onMessage = { conn, line in conn.write("\(line)!\r\n") }
      var factory: Factory = host
      for kind in order {
        switch kind {
        case 0: factory = TimeoutTests.Asking(factory, TimeoutTests.limits { $0.idle = 1000 })
        case 1:
          factory = BandwidthTests.throttle(factory) {
            $0.perPeer = 5
            $0.read = Rate(limit: 1000, burst: 4)
            $0.write = Rate(limit: 1000, burst: 4)
          }
        case 2: factory = TrafficTests.Logging(factory, TrafficTests.style())
        case 3: factory = ProxyFactory(factory, ProxyRules())
        default: factory = Hooks(factory)
        }
      }
      let bench = Bench()
      let peer = bench.come(factory, from: "1.2.3.4")
      for byte in Array("PROXY TCP4 5.6.7.8 1.2.3.4 5 6\r\nhello\r\nworld\r\n".utf8) {
        peer?.feed([byte])
        bench.advance(10)
      }
      #expect(host.events == ["connected", "hello", "world"], "\(order)")
      #expect(peer?.sent == "hello!\\r\\nworld!\\r\\n", "\(order)")
      bench.advance(2000)
      #expect(host.events.last == "disconnected -32" && peer?.conn == nil && bench.alive == 0, "\(order)")
      #expect(factory.counters.open == 0 && factory.counters.total == 1)
    }
  }
}
