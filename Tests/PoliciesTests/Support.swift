import Bench
import Bytes
import Loopback
import Policies
import Testing
import Wire

extension Bench {
  /// A conn of somebody who comes from there; nil when it is refused.
  func come(_ factory: Factory, from host: String? = nil) -> Peer? {
    let output = Output()
    output.address = host.flatMap { ip($0) }.map { Address($0, port: 1000) }
    guard case .conn(let conn) = Conn.open(context, output, factory, Origin(.accepted)) else { return nil }
    output.attach(conn)
    turn { conn.start() }
    return Peer(self, conn.id, output)
  }
}

func ip(_ text: String) -> IP? { IP.parse(Array(text.utf8).span.bytes) }

func list(_ text: String) -> AddressList {
  guard case .list(let list) = AddressList.parse(Array(text.utf8).span.bytes) else { fatalError(text) }
  return list
}

extension Peer {
  /// The protocol's side does something.
  func turn(_ body: (Conn) -> Void) { bench.turn { if let conn { body(conn) } } }
  var isReading: Bool { output.readings.last == true }
}

/// A policy that refuses when it is told to.
final class Gate: Policy {
  var isOpen = true
  override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { isOpen ? inner.make(conn, origin) : nil }
}
