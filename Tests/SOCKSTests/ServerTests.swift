import Bench
import Bytes
import Loopback
import Testing
import Wire

@testable import SOCKS

struct SOCKSServerTests {
  static let four = bytes(4, 1, 0, 80, 1, 2, 3, 4, "user", 0)
  static let fourA = bytes(4, 1, 0, 80, 0, 0, 0, 1, "user", 0, "1.2.3.4", 0)
  static let greeting = bytes(5, 1, 0)
  static let five = bytes(5, 1, 0, 1, 1, 2, 3, 4, 0, 80)
  static let fiveName = bytes(5, 1, 0, 3, 7, "1.2.3.4", 0, 80)
  static let granted4 = text(bytes(0, 90, 0, 0, 0, 0, 0, 0))
  static let granted5 = text(bytes(5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0))

  @Test(arguments: [
    (four, granted4), (fourA, granted4), (greeting + five, granted5), (greeting + fiveName, granted5),
  ])
  func everySplit(_ stream: [UInt8], _ reply: String) {
    let all = stream + bytes("hello")
    for cut in 0...all.count {
      let town = Town()
      let client = town.client()
      client.feed(all[..<cut])
      client.feed(all[cut...])
      town.turns()
      town.say("there")
      town.turns()
      #expect(client.sent == reply + "there" && town.far.heard == "hello", "cut at \(cut)")
      if cut == 0 { #expect(town.proxy.events.count == 1 && town.proxy.events[0].hasPrefix("open: ")) }
    }
    let town = Town()
    let client = town.client()
    for byte in all { client.feed([byte]) }
    town.turns()
    #expect(client.sent == reply && town.far.heard == "hello")
  }

  @Test(arguments: [
    (bytes(4, 3, 0, 80, 1, 2, 3, 4, 0), [0, 91, 0, 0, 0, 0, 0, 0]),
    (bytes(4, 1, 0, 80, 1, 2, 3, 4, [UInt8](repeating: 65, count: 256)), [0, 91, 0, 0, 0, 0, 0, 0]),
    (bytes(4, 1, 0, 80, 0, 0, 0, 1, 0, [UInt8](repeating: 65, count: 256)), [0, 91, 0, 0, 0, 0, 0, 0]),
    (bytes(4, 1, 0, 80, 0, 0, 0, 1, 0, 0), [0, 91, 0, 0, 0, 0, 0, 0]),
    (bytes(4, 1, 0, 81, 1, 2, 3, 4, 0), [0, 91, 0, 0, 0, 0, 0, 0]),  // nobody listens there
    (bytes(6), []),
    (bytes(5, 0), [5, 255]),
    (bytes(5, 2, 1, 2), [5, 255]),
    (bytes(5, 1, 0, 5, 3, 0, 1, 1, 2, 3, 4, 0, 80), [5, 0, 5, 7, 0, 1, 0, 0, 0, 0, 0, 0]),  // UDP ASSOCIATE
    (bytes(5, 1, 0, 5, 1, 0, 9, 1), [5, 0, 5, 8, 0, 1, 0, 0, 0, 0, 0, 0]),
    (bytes(5, 1, 0, 5, 1, 0, 3, 0, 0, 80), [5, 0, 5, 1, 0, 1, 0, 0, 0, 0, 0, 0]),
    (bytes(5, 1, 0, 5, 1, 0, 3, 3, "a b", 0, 80), [5, 0, 5, 1, 0, 1, 0, 0, 0, 0, 0, 0]),
    (bytes(5, 1, 0, 5, 1, 0, 1, 1, 2, 3, 4, 0, 81), [5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0]),
    (bytes(5, 1, 0, 4, 1, 0, 1, 1, 2, 3, 4, 0, 80), [5, 0, 5, 1, 0, 1, 0, 0, 0, 0, 0, 0]),
    (bytes(5, 1, 0, 5, 2, 0, 3, 1, "a", 0, 80), [5, 0, 5, 1, 0, 1, 0, 0, 0, 0, 0, 0]),  // BIND for a name
  ])
  func refused(_ stream: [UInt8], _ reply: [UInt8]) {
    let town = Town()
    let client = town.client()
    client.feed(stream)
    town.turns()
    #expect(client.sent == text(reply) && client.conn == nil)
  }

  @Test func addresses() {
    let proxy = Proxy.make()
    proxy.wantsRequest = true
    let town = Town(proxy)
    for stream in [
      bytes(5, 1, 0, 5, 1, 0, 4, [UInt8](repeating: 0, count: 15), 1, 1, 187),
      bytes(5, 1, 0, 5, 1, 0, 1, 255, 0, 0, 9, 255, 255), bytes(4, 1, 0, 80, 0, 0, 0, 0, 0),
    ] { town.client().feed(stream) }
    #expect(
      proxy.events == [
        "request 1: 5 1 ::1:443 - -", "request 1: 5 1 255.0.0.9:65535 - -", "request 1: 4 1 0.0.0.0:80  -",
      ])
  }

  @Test func versionsAndLogin() {
    let neither = Town(.make { $0.knows4 = false })
    neither.client().feed(SOCKSServerTests.four)
    #expect(neither.proxy.events == ["ended \(Status.malformed) 0"])
    let old = Town(.make { $0.knows5 = false })
    old.client().feed(SOCKSServerTests.greeting)
    #expect(old.proxy.events == ["ended \(Status.malformed) 0"])

    let strict = Town(.make { $0.needsLogin = true })
    strict.proxy.wantsLogin = true
    strict.proxy.says = .granted
    let four = strict.client()
    four.feed(SOCKSServerTests.four)
    #expect(four.sent == text(bytes(0, 91, 0, 0, 0, 0, 0, 0)))
    let shy = strict.client()
    shy.feed(SOCKSServerTests.greeting)
    #expect(shy.sent == text(bytes(5, 255)) && shy.conn == nil)
    let login = bytes(5, 2, 0, 2, 1, 2, "me", 6, "secret")
    let client = strict.client()
    client.feed(login + SOCKSServerTests.five)
    strict.turns()
    #expect(client.sent == text(bytes(5, 2, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0)))
    #expect(strict.proxy.events.suffix(2) == ["login 1: 5 0 -:0 me secret", "open: 5 1 1.2.3.4:80 me -"])
    strict.proxy.says = .denied
    let wrong = strict.client()
    wrong.feed(login)
    #expect(wrong.sent == text(bytes(5, 2, 1, 1)) && wrong.conn == nil)
  }

  @Test func later() {
    let town = Town()
    town.proxy.wantsLogin = true
    town.proxy.wantsRequest = true
    let client = town.client()
    client.feed(bytes(5, 1, 2, 1, 1, "a", 0) + SOCKSServerTests.five + bytes("early"))
    #expect(town.proxy.events == ["login 1: 5 0 -:0 a "])
    func answer(_ question: UInt64, _ reply: SOCKSReply) -> Status {
      var status = Status.stale
      town.bench.turn { if let conn = client.conn { status = conn.answer(question, reply) } }
      return status
    }
    #expect(answer(2, .granted) == .absent)
    #expect(answer(1, .granted) == .ok)
    #expect(town.proxy.events.last == "request 2: 5 1 1.2.3.4:80 a -")
    #expect(answer(1, .granted) == .absent)
    client.end()  // who has asked hears the answer
    #expect(client.conn != nil)
    #expect(answer(2, .granted) == .ok)
    town.turns()
    #expect(town.far.heard == "early|")
    town.say("late")
    town.act { $0.close(.ok) }
    town.turns()
    #expect(client.sent.hasSuffix("late") && client.conn == nil)
    #expect(town.proxy.events.last == "ended 0 0" && town.bench.alive == 1)  // the listener
  }

  @Test func data() {
    let town = Town()
    town.proxy.wantsData = true
    let client = town.client()
    client.feed(SOCKSServerTests.four + bytes("a"))
    town.turns()
    town.say("b")
    town.turns()
    client.feed("c")
    #expect(town.proxy.events == ["> a", "open: 4 1 1.2.3.4:80 user -", "< b", "> c"])
  }

  @Test func bothWaysToEnd() {
    let town = Town()
    let client = town.client()
    client.feed(SOCKSServerTests.four)
    town.turns()
    town.host.onReadClosed = { _ in }
    client.end()
    town.turns()
    #expect(town.host.heard().contains("read closed") && client.output.closedWrite == 0)
    town.say("still")
    town.turns()
    #expect(client.sent == SOCKSServerTests.granted4 + "still")
    town.act { _ = $0.closeWrite() }
    town.turns()
    #expect(client.output.closedWith == .ok && client.conn == nil)
    #expect(town.proxy.events.last == "ended 0 0" && town.bench.alive == 1)

    let cut = town.client()
    cut.feed(SOCKSServerTests.four)
    town.turns()
    cut.end(.aborted)
    town.turns()
    #expect(town.bench.context.conn(town.far.conn) == nil && town.bench.alive == 1)
    let other = town.client()
    other.feed(SOCKSServerTests.four)
    town.turns()
    town.act { $0.abort(.aborted) }
    town.turns()
    #expect(other.conn == nil && town.bench.alive == 1)
  }

  @Test func flow() {
    let town = Town()
    let slow = Output()
    let client = town.client(slow)
    client.feed(SOCKSServerTests.four)
    town.turns()
    slow.room = 0
    let block = String(repeating: "x", count: 30_000)
    for _ in 0..<10 {
      town.say(block)
      town.turns()
    }
    let waiting = client.conn?.waiting ?? 0
    #expect(waiting > 64 * 1024 && waiting < 200_000)  // the target rests
    slow.drain(.max, client)
    for _ in 0..<10 { town.turns() }
    #expect(slow.sent.count == 300_008 && client.conn?.waiting == 0)
  }

  @Test func early() {
    let town = Town()
    town.proxy.wantsRequest = true
    let client = town.client()
    client.feed(SOCKSServerTests.four)
    client.feed(String(repeating: "y", count: 70_000))
    #expect(client.output.readings.last == false)
    town.bench.turn { _ = client.conn?.answer(1, .granted) }
    town.turns()
    #expect(town.far.heard.count == 70_000 && client.output.readings.last == true)
    town.bench.turn {
      guard let conn = client.conn else { return }
      _ = conn.speaking(Tag.socksServer) { (server: SOCKSServer) in
        #expect(server.passed == 70_000 && server.stage == .open && server.target(conn).passed == 0)
        return .ok
      }
    }
  }

  @Test func time() {
    let town = Town(.make { $0.idleTime = 1000 })
    let slow = town.client()
    slow.feed(bytes(4, 1))
    town.bench.advance(30_000)
    #expect(town.proxy.events == ["ended \(Status.timeout) 0"] && slow.conn == nil)
    let client = town.client()
    client.feed(SOCKSServerTests.four)
    town.turns()
    for _ in 0..<5 {
      town.bench.advance(900)
      town.say(".")
      town.turns()
    }
    #expect(client.conn != nil)
    town.bench.advance(1100)
    #expect(client.conn == nil && town.bench.alive == 1)
    #expect(town.proxy.events.last == "ended \(Status.timeout) 0")
  }

  @Test func bind() {
    let town = Town(.make { $0.bindTime = 500 })
    let peer = Host(.raw)
    func meet() {
      guard let endpoint = parsed("memory:bound", .connect) else { return }
      town.bench.turn {
        _ = Connect(town.bench.context, endpoint, peer, attemptDelay: 0, time: 100) { _, _, _ in }.begin()
      }
      town.turns()
    }
    let client = town.client()
    client.feed(bytes(4, 2, 0, 80, 1, 2, 3, 4, 0))
    #expect(client.sent == SOCKSServerTests.granted4)
    meet()
    client.feed("hello")
    town.turns()
    #expect(client.sent == SOCKSServerTests.granted4 + SOCKSServerTests.granted4)
    #expect(peer.heard() == ["connected", "raw hello"])
    client.end(.aborted)
    town.turns()
    let wrong = town.client()
    wrong.feed(bytes(4, 2, 0, 80, 1, 2, 3, 5, 0))
    meet()
    #expect(wrong.sent == SOCKSServerTests.granted4 + text(bytes(0, 91, 0, 0, 0, 0, 0, 0)) && wrong.conn == nil)
    let named = bytes(4, 2, 0, 80, 0, 0, 0, 1, 0, "here", 0)
    let refused4 = text(bytes(0, 91, 0, 0, 0, 0, 0, 0))
    town.proxy.canResolve = true
    for addresses in [[IP(ipv4: 0x0102_0303), IP(ipv4: 0x0102_0304)], [IP(ipv4: 0x7f00_0001)], []] {
      let client = town.client()
      client.feed(named)
      #expect(client.sent == "")
      town.bench.turn { town.proxy.found?(addresses) }
      #expect(client.sent == (addresses.count == 2 ? SOCKSServerTests.granted4 : refused4))
      guard addresses.count == 2 else { continue }
      meet()
      #expect(client.sent == SOCKSServerTests.granted4 + SOCKSServerTests.granted4)
      client.end(.aborted)
      town.turns()
    }
    let patient = town.client()
    patient.feed(named)
    let gone = town.client()
    gone.feed(named)
    gone.end(.aborted)
    #expect(town.proxy.searches.map { $0.isCancelled } == [false, false, false, false, true])
    town.bench.advance(30_000)
    #expect(patient.sent == refused4 && town.proxy.searches[3].isCancelled)
    town.proxy.found?([IP(ipv4: 0x0102_0304)])  // too late
    town.proxy.canResolve = false
    let alone = town.client()
    alone.feed(bytes(5, 1, 0, 5, 2, 0, 1, 1, 2, 3, 4, 0, 80))
    town.bench.advance(500)
    #expect(alone.sent.hasSuffix(text(bytes(5, 6, 0, 1, 0, 0, 0, 0, 0, 0))) && alone.conn == nil)
    let left = town.client()
    left.feed(bytes(4, 2, 0, 80, 1, 2, 3, 4, 0))
    left.end(.aborted)
    let barred = town.client()
    barred.feed(bytes(4, 2, 0, 80, 127, 0, 0, 1, 0))
    #expect(barred.sent == text(bytes(0, 91, 0, 0, 0, 0, 0, 0)))
    town.turns()
    #expect(town.bench.alive == 1)
  }

  @Test func theClientGoesFirst() {
    let town = Town()
    let client = town.client()
    client.feed(SOCKSServerTests.four)
    client.end(.aborted)
    town.turns()
    #expect(town.bench.alive == 1)
    let last = town.client()
    last.feed(SOCKSServerTests.four)
    town.bench.end()
  }
}

struct SOCKSRulesTests {
  func ip(_ words: String) -> IP {
    guard let found = IP.parse(Array(words.utf8).span.bytes) else { fatalError(words) }
    return found
  }
  func list(_ words: String) -> AddressList {
    guard case .list(let made) = AddressList.parse(Array(words.utf8).span.bytes) else { fatalError(words) }
    return made
  }

  @Test(arguments: [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.168.1.1", "224.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:0.0.0.0", "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1", "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:db8::1", "2001::1",
  ])
  func hidden(_ address: String) {
    #expect(!Proxy.make().admits(ip(address)))
    #expect(Proxy.make { $0.allowsPrivate = true }.admits(ip(address)))
  }

  @Test(arguments: [
    "1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.1.1", "223.255.255.255",
    "::ffff:8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::1", "2a00::1",
  ])
  func open(_ address: String) {
    #expect(Proxy.make().admits(ip(address)))
    #expect(!Proxy.make { $0.deny = list("0.0.0.0/0, ::/0") }.admits(ip(address)))
  }

  @Test func hostsLists() {
    let some = Proxy.make {
      $0.allow = list("0.0.0.0/0 10.1.0.0/16 127.0.0.0/8")
      $0.deny = list("8.8.8.0/24 127.0.0.2")
    }
    #expect(some.admits(ip("1.1.1.1")) && some.admits(ip("10.1.9.9")) && some.admits(ip("127.0.0.1")))
    #expect(!some.admits(ip("10.2.0.1")) && !some.admits(ip("8.8.8.8")) && !some.admits(ip("127.0.0.2")))
    #expect(!some.admits(ip("2606:4700::1111")) && !some.admits(ip("192.168.0.1")))
    let two = Proxy.make {
      $0.allow = list("9.9.9.9")
      $0.deny = list("9.9.9.9")
    }
    #expect(!two.admits(ip("9.9.9.9")) && !two.admits(ip("9.9.9.8")))
    #expect(!Proxy.make { $0.deny = list("8.8.8.8") }.admits(ip("64:ff9b::8.8.8.8")))
  }
}
