import Bench
import Bytes
import TLS
import Testing
import Wire

/// A client and a server in memory, with the bytes between them in the test's hands.
final class Pair {
  let bench = Bench()
  let client: Peer
  let server: Peer
  let clientHost: Host
  let serverHost: Host
  /// How much of what each has sent was carried over.
  var fromClient = 0
  var fromServer = 0

  init(
    _ client: Settings, _ server: Settings, name: String? = "localhost", clientHost: Host = Host(.raw),
    serverHost: Host = Host(.raw), configs: (client: Config, server: Config)? = nil
  ) {
    self.clientHost = clientHost
    self.serverHost = serverHost
    let configs = configs ?? (Pair.config(client), Pair.config(server))
    let name = name.map { Pair.text($0) }
    self.client = bench.open(TLSFactory(clientHost, configs.client, .client, name))
    self.server = bench.open(TLSFactory(serverHost, configs.server, .server, nil))
    bench.turn()
  }

  static func text(_ words: String) -> Text { Text.make(Array(words.utf8).span.bytes)! }

  static func config(_ settings: Settings) -> Config {
    switch Config.make(settings) {
    case .config(let config): return config
    case .failed(let fault): fatalError("\(fault.status) \(words(fault))")
    }
  }

  static func words(_ reason: Reason) -> String {
    if let detail = reason.detail { return String(cString: detail.pointer) }
    return reason.text.map { "\($0)" } ?? ""
  }

  /// Carries over what each has sent, in pieces of at most `most` bytes, until neither has anything to say.
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

  func write(_ words: String, _ peer: Peer) { bench.turn { peer.conn?.write(words) } }
}

extension Settings {
  static func server(_ issued: Authority.Issued, _ body: (Settings) -> Void = { _ in }) -> Settings {
    let made = Settings()
    made.identities = [IdentitySettings(certificate: .memory(Pair.text(issued.pem)))]
    body(made)
    return made
  }
  static func client(_ authority: Authority, _ body: (Settings) -> Void = { _ in }) -> Settings {
    let made = Settings()
    made.authorities = [.memory(Pair.text(authority.pem))]
    body(made)
    return made
  }
}
