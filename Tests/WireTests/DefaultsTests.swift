import Bench
import Bytes
import Testing

@testable import Wire

/// What the classes that others are made of do when nothing more is said.
struct DefaultsTests {
  final class Plain: Factory {
    override func build(_ conn: Conn, _ origin: Origin) -> Protocol? { Protocol(tag: Tag.raw) }
  }

  func open(_ bench: Bench, _ factory: Factory, _ transport: Transport) -> Conn? {
    guard case .conn(let conn) = Conn.open(bench.context, transport, factory, Origin(.attached)) else { return nil }
    transport.attach(conn)
    return conn
  }

  /// A conn of a transport and a protocol without any abilities lives and ends as others do.
  @Test func aConnThatDoesNothing() {
    let bench = Bench()
    let transport = Transport()
    let conn = open(bench, Plain(user: nil), transport)
    #expect(conn != nil && bench.alive == 1)
    bench.turn { conn?.list() }
    bench.turn {
      #expect(conn?.closeWrite() == .unsupported)
      let bytes: [UInt8] = [1, 2, 3]
      conn?.received(bytes.span.bytes)
      #expect(conn?.held == 0)
      _ = conn?.pause()
      _ = conn?.resume()
    }
    bench.turn { conn?.ended(.ok) }
    #expect(bench.alive == 0)
  }

  @Test func aTransport() {
    let transport = Transport()
    var address = Address()
    var nothing = ByteBuffer()
    let bench = Bench()
    let conn = open(bench, Plain(user: nil), transport)
    transport.setReading(true)
    if let conn { transport.write(&nothing, conn) }
    #expect(transport.closeWrite() == .unsupported && transport.setNoDelay(true) == .unsupported)
    #expect(transport.setKeepAlive(1) == .unsupported)
    #expect(transport.peer(&address) == .ok && transport.local(&address) == .ok && address.socket.length == 0)
    #expect(!transport.isFed && !transport.isBusy && !transport.canCloseWrite && transport.waiting == 0)
    bench.turn { conn?.abort(.aborted) }
  }

  @Test func aProtocol() {
    let bench = Bench()
    guard let conn = open(bench, Plain(user: nil), Transport()) else { return }
    let spoken = Protocol(tag: Tag.raw)
    let bytes: [UInt8] = [1]
    spoken.writePaused(conn)
    spoken.writeResumed(conn)
    spoken.inherit(bytes.span.bytes, conn)
    #expect(!spoken.readClosed(conn) && spoken.held(conn) == 0)
    let held = spoken.takeHeld().count
    #expect(held == 0)
    bench.turn { conn.abort(.aborted) }
  }

  /// What has an id, and nothing to do.
  @Test func anEntity() {
    let bench = Bench()
    let entity = Entity(bench.context)
    #expect(entity.register(Kind.timer))
    let limit = EntityTimer()
    limit.id = entity.id
    #expect(bench.context.schedule(limit, after: 5))
    entity.list()
    bench.turn()
    bench.advance(5)
    entity.drain()
    #expect(bench.context.schedule(limit, after: 5))
    entity.unregister()
    entity.unregister()
    bench.advance(5)  // nobody is there any more
    #expect(bench.alive == 0)
  }

  @Test func anEntityOfAReactorThatEnds() {
    let bench = Bench()
    let entity = Entity(bench.context)
    #expect(entity.register(Kind.timer))
    entity.abandon()
    entity.unregister()
    bench.end()
  }

  @Test func aFactoryThatBuildsNothing() {
    let bench = Bench()
    guard case .failed(let status) = Conn.open(bench.context, Transport(), Factory(user: nil), Origin(.attached)) else {
      Issue.record("there is no protocol")
      return
    }
    #expect(status == .refused && bench.alive == 0)
  }
}
