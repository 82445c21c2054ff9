import Bench
import Bytes
import Framing
import TLS
import Testing
import Wire

/// TLS that begins on a conversation that is under way.
struct StartTests {
  static let configs = HandshakeTests.configs

  /// A client and a server that speak lines; the server begins TLS at "STARTTLS", the client at "go ahead".
  final class Talk {
    let bench = Bench()
    let client: Peer
    let server: Peer
    let clientHost = Host.lines()
    let serverHost = Host.lines()
    var fromClient = 0
    var fromServer = 0
    final class Notes { var all: [String] = [] }
    let notes = Notes()
    var outcomes: [String] { notes.all }

    init(serverOutput: Output = Output(), layers: [Layer] = []) {
      let configs = HandshakeTests.configs()
      serverHost.layers = layers
      client = bench.open(clientHost)
      server = bench.open(serverHost, serverOutput)
      serverHost.onMessage = { [notes] conn, line in
        guard line == "STARTTLS" else { return }
        conn.write("go ahead\r\n")
        let status = conn.startTLS(configs.server, .server, nil) { notes.all.append("server \($1.status)") }
        notes.all.append("asked \(status)")
        conn.write("first secret\r\n")
      }
      clientHost.onMessage = { [notes] conn, line in
        guard line == "go ahead" else { return }
        let status = conn.startTLS(configs.client, .client, Pair.text("localhost")) { conn, reason in
          notes.all.append("client \(reason.status)")
          if reason.status == .ok { conn.write("secret\r\n") }
        }
        notes.all.append("asked \(status)")
      }
      bench.turn()
    }

    func carry(_ most: Int = .max) {
      while true {
        let up = client.output.sent[fromClient...].prefix(most)
        fromClient += up.count
        if !up.isEmpty { server.feed(up) }
        let down = server.output.sent[fromServer...].prefix(most)
        fromServer += down.count
        if !down.isEmpty { client.feed(down) }
        if up.isEmpty, down.isEmpty { return }
      }
    }

    func ask(_ more: String = "") { bench.turn { client.conn?.write("STARTTLS\r\n" + more) } }
  }

  @Test(arguments: [Int.max, 1, 5, 100]) func bothRoles(_ most: Int) {
    let talk = Talk()
    talk.ask()
    talk.carry(most)
    #expect(talk.outcomes.sorted() == ["asked 0", "asked 0", "client 0", "server 0"])
    #expect(talk.serverHost.events == ["connected", "STARTTLS", "secret"])
    #expect(talk.clientHost.events == ["connected", "go ahead", "first secret"])
    #expect(talk.server.sent.hasPrefix("go ahead\\r\\n\\x16\\x03") && !talk.server.sent.contains("secret"))
    #expect(!talk.client.sent.contains("secret"))
    #expect(talk.server.conn?.isSecure == true)
    talk.bench.turn { talk.server.conn?.close(.ok) }
    talk.carry()
    #expect(talk.serverHost.events.last == "disconnected 0")
    #expect(talk.clientHost.events.last == "disconnected 0")
  }

  @Test func plainBytesBehindTheCommandAreRefused() {
    let talk = Talk()
    talk.ask("EVIL\r\n")
    talk.carry()
    #expect(talk.serverHost.events == ["connected", "STARTTLS", "disconnected \(Status.tlsPlaintext)"])
    #expect(talk.outcomes.contains("server \(Status.tlsPlaintext)"))
    #expect(talk.server.sent == "go ahead\\r\\n")
  }

  /// ...and so is half a line, and what lies behind the server's answer.
  @Test func plainBytesInOtherPlaces() {
    let talk = Talk()
    talk.ask("EV")
    talk.carry()
    #expect(talk.serverHost.events.last == "disconnected \(Status.tlsPlaintext)")
    let other = Talk()
    other.client.feed("go ahead\r\nevil answer\r\n")
    #expect(other.clientHost.events == ["connected", "go ahead", "disconnected \(Status.tlsPlaintext)"])
    #expect(other.outcomes == ["asked 0", "client \(Status.tlsPlaintext)"])
  }

  /// The socket is full: what was written before stays plain, what comes after is not.
  @Test func aBusyTransport() {
    let output = Output()
    output.room = 4
    let talk = Talk(serverOutput: output)
    talk.ask()
    talk.carry()
    #expect(talk.server.sent == "go a")
    output.drain(.max, talk.server)
    talk.carry()
    #expect(talk.server.sent.hasPrefix("go ahead\\r\\n") && !talk.server.sent.contains("secret"))
    #expect(talk.clientHost.events == ["connected", "go ahead", "first secret"])
  }

  /// A layer that holds output back: TLS comes when it has let it all go, and the peer's first bytes wait for that.
  @Test func aSlowLayer() {
    let slow = Slow(0)
    let talk = Talk(layers: [slow])
    talk.ask()
    talk.carry()
    #expect(talk.server.sent.isEmpty && talk.server.conn?.isUpgrading == true)
    slow.allow(6, talk.server)
    talk.carry()
    #expect(talk.server.sent == "go ahe" && talk.server.conn?.isUpgrading == true)
    slow.allow(.max, talk.server)
    talk.carry()
    #expect(talk.serverHost.events == ["connected", "STARTTLS", "secret"])
    #expect(talk.clientHost.events == ["connected", "go ahead", "first secret"])
  }

  final class Slow: Layer {
    var allowed: Int
    var rest = ByteBuffer()
    init(_ allowed: Int) { self.allowed = allowed }
    override var isBusy: Bool { !rest.isEmpty }
    override var waiting: Int { rest.count }
    override func write(_ block: inout ByteBuffer, _ conn: Conn, _ place: Int) {
      _ = rest.append(block.bytes, limit: 100_000)
      block.removeAll()
      let now = min(allowed, rest.count)
      if allowed != .max { allowed -= now }
      _ = block.append(rest.bytes.extracting(first: now), limit: 100_000)
      rest.dropFirst(now)
    }
    func allow(_ more: Int, _ peer: Peer) {
      peer.bench.turn {
        allowed = more == .max ? .max : allowed + more
        peer.conn?.needFlush()
      }
    }
  }

  /// What arrives before the layer has its place is kept for it, up to a bound.
  @Test func earlyBytes() {
    for count in [100, 70_000] {
      let slow = Slow(0)
      let talk = Talk(layers: [slow])
      talk.server.feed("STARTTLS\r\n")
      talk.server.feed(Array(repeating: UInt8(22), count: count))
      if count > 65536 {
        #expect(talk.serverHost.events.last == "disconnected \(Status.overflow)")
        continue
      }
      #expect(talk.server.conn?.isUpgrading == true && talk.serverHost.events == ["connected", "STARTTLS"])
      slow.allow(.max, talk.server)
      #expect(talk.serverHost.events.last == "disconnected \(Status.tls)")  // a record of that kind is none
    }
  }

  @Test func misuse() {
    let talk = Talk()
    let configs = HandshakeTests.configs()
    func start(_ role: Role, _ name: Text?, _ config: Config = configs.client) -> Status? {
      talk.client.conn?.startTLS(config, role, name) { talk.notes.all.append("\($1.status)") }
    }
    talk.bench.turn {
      #expect(start(.auto, nil) == .invalid)
      #expect(start(.client, nil) == .tlsConfig)
      #expect(start(.server, nil) == .tlsConfig)
      #expect(start(.client, Pair.text("x")) == .ok)
      #expect(start(.client, Pair.text("x")) == .invalid)
    }
    #expect(start(.client, Pair.text("x")) == .invalid)
    talk.bench.turn {
      talk.client.conn?.close(.ok)
      #expect(start(.client, Pair.text("x")) == .closed)
      #expect(talk.outcomes.isEmpty)
    }
    #expect(talk.outcomes == ["\(Status.closed)"] && talk.client.conn == nil)
  }

  /// What was written waits for the handshake, and so does a close behind it; with nothing to be sent nobody waits.
  @Test(arguments: [false, true]) func closedMeanwhile(_ hasWritten: Bool) {
    let talk = Talk()
    talk.bench.turn {
      let status = talk.client.conn?.startTLS(HandshakeTests.configs().client, .client, Pair.text("x")) {
        talk.notes.all.append("\($1.status)")
      }
      #expect(status == .ok)
      if hasWritten { talk.client.conn?.write("x") }
    }
    talk.bench.turn { talk.client.conn?.close(.ok) }
    #expect(talk.outcomes == (hasWritten ? [] : ["\(Status.closed)"]))
    talk.bench.advance(30_000)
    #expect(talk.outcomes == ["\(hasWritten ? Status.timeout : Status.closed)"] && talk.client.conn == nil)
  }

  @Test func endedMeanwhile() {
    for ending in 0..<4 {
      let slow = Slow(0)
      let talk = Talk(layers: [slow])
      talk.server.feed("STARTTLS\r\n")
      switch ending {
      case 0: talk.server.end()
      case 1: talk.server.end(.system(-104))
      case 2: talk.bench.turn { talk.server.conn?.abort(.aborted) }
      default: talk.bench.end()
      }
      if ending == 0 {
        #expect(talk.server.conn != nil)
        slow.allow(.max, talk.server)
      }
      let end: Status = [.tlsTruncated, .system(-104), .aborted, .aborted][ending]
      #expect(talk.outcomes == ["asked 0", "server \(end)"])
      #expect(talk.serverHost.events == ["connected", "STARTTLS", "disconnected \(end)"])
    }
  }

  /// Closed at once, it still says in secret what was written behind the call.
  @Test func closedAtOnce() {
    let talk = Talk()
    let notes = talk.notes  // the host must not hold the talk that holds it
    talk.serverHost.onMessage = { conn, line in
      conn.write("go ahead\r\n")
      _ = conn.startTLS(HandshakeTests.configs().server, .server, nil) { notes.all.append("server \($1.status)") }
      conn.write("first secret\r\n")
      conn.close(.ok)
    }
    talk.ask()
    talk.carry()
    #expect(talk.clientHost.events.prefix(3) == ["connected", "go ahead", "first secret"])
    #expect(talk.serverHost.events == ["connected", "STARTTLS", "disconnected 0"])
    #expect(!talk.server.sent.contains("secret"))
  }

  /// Beneath TLS that a factory brought: the lower one is the conversation's, and the upper one goes on.
  @Test func beneathAnother() {
    let pair = Pair(Settings(), Settings(), configs: HandshakeTests.configs())
    pair.carry()
    let configs = HandshakeTests.configs()
    pair.bench.turn {
      #expect(pair.server.conn?.startTLS(configs.server, .server, nil) { _, _ in } == .invalid)
    }
  }
}
