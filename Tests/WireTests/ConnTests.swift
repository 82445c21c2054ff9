import Bench
import Bytes
import Testing

@testable import Wire

/// The life of a conn: what its protocol hears, and when.
struct ConnTests {
  @Test func startsInATurn() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    #expect(host.events == [])
    #expect(bench.context.hasWork)
    bench.turn()
    #expect(host.events == ["connected"])
    #expect(peer.output.readings == [true])
    bench.turn()
    #expect(host.events == ["connected"])
  }

  @Test func refused() {
    let bench = Bench()
    let host = Host(.raw)
    host.isWilling = false
    guard case .failed(.refused) = Conn.open(bench.context, Output(), host, Origin(.attached)) else {
      return #expect(Bool(false))
    }
    #expect(bench.alive == 0)
  }

  @Test func aFactoryServesOneReactor() {
    let host = Host(.raw)
    let other = Bench()
    do {
      let bench = Bench()
      _ = bench.open(host)
      guard case .failed(.bound) = Conn.open(other.context, Output(), host, Origin(.attached)) else {
        return #expect(Bool(false))
      }
      bench.end()
    }
    // The first one has ended.
    guard case .conn = Conn.open(other.context, Output(), host, Origin(.attached)) else { return #expect(Bool(false)) }
  }

  @Test func closes() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.feed("a")
    peer.conn?.close(.ok)
    peer.conn?.close(.timeout)
    #expect(host.events == ["connected", "raw a"])
    #expect(peer.conn?.isClosing == true)
    bench.turn()
    #expect(host.events == ["connected", "raw a", "disconnected 0"])
    #expect(peer.output.closedWith == .ok)
    #expect(peer.conn == nil && bench.alive == 0)
  }

  @Test func closedBeforeItStarted() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.conn?.close(.ok)
    bench.turn()
    #expect(host.events == ["connected", "disconnected 0"])
  }

  @Test func closedWhenConnected() {
    let bench = Bench()
    let host = Host(.raw)
    host.onConnected = { conn in
      conn.write("bye")
      conn.close(.ok)
    }
    let peer = bench.open(host)
    peer.feed("a")
    #expect(host.events == ["connected", "disconnected 0"])
    #expect(peer.sent == "bye")
    #expect(!peer.output.readings.contains(true))
  }

  @Test func nothingIsLegalAfterClose() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.feed("a")
    guard let conn = peer.conn else { return }
    bench.turn {
      conn.close(.ok)
      #expect(conn.write("x") == .closed)
      #expect(conn.pause() == .closed && conn.resume() == .closed)
      #expect(conn.closeWrite() == .closed)
      #expect(conn.replace(by: host) == .closed)
    }
    bench.turn {
      conn.abort(.aborted)  // of what has ended
      conn.close(.ok)
    }
    #expect(host.events == ["connected", "raw a", "disconnected 0"])
  }

  @Test func closeWithMoreToSay() {
    let bench = Bench()
    let host = Host(.raw)
    var reasons: [Reason] = []
    final class Saying: Layer {
      var heard: (Reason) -> Void = { _ in }
      override func disconnected(_ conn: Conn, _ reason: Reason) { heard(reason) }
    }
    let layer = Saying()
    layer.heard = { reasons.append($0) }
    host.layers = [layer]
    let peer = bench.open(host)
    peer.feed("")
    peer.conn?.close(Reason(.malformed, code: 7, offset: 3, text: "why"))
    peer.conn?.close(Reason(.timeout))
    bench.turn()
    #expect(reasons.map(\.status) == [.malformed] && reasons[0].code == 7 && reasons[0].offset == 3)
    #expect(host.events == ["connected", "disconnected -51"])
  }

  @Test func aborts() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.feed("a")
    peer.conn?.write("never sent")
    peer.conn?.abort(.aborted)
    bench.turn()
    #expect(host.events == ["connected", "raw a", "disconnected -31"])
    #expect(peer.sent == "" && peer.output.closedWith == .aborted)
  }

  @Test func abortOfAClose() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.room = 0
    peer.feed("")
    peer.conn?.write("stuck")
    peer.conn?.close(.ok)
    bench.turn()
    #expect(host.events == ["connected"])
    peer.conn?.abort(.aborted)
    peer.conn?.abort(.timeout)
    bench.turn()
    #expect(host.events == ["connected", "disconnected -31"])
  }

  /// The first reason is the one that is told.
  @Test func abortOfACloseWithAReason() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.room = 0
    peer.feed("")
    peer.conn?.write("stuck")
    peer.conn?.close(.tooLong)
    bench.turn()
    peer.conn?.abort(.aborted)
    bench.turn()
    #expect(host.events == ["connected", "disconnected -50"])
  }

  // MARK: Reading

  @Test func pauses() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.feed("")
    guard let conn = peer.conn else { return }
    bench.turn {
      #expect(conn.pause() == .ok && conn.pause() == .ok)
      #expect(conn.isPaused && !conn.isReading)
    }
    #expect(peer.output.readings == [true, false])
    bench.turn {
      #expect(conn.resume() == .ok && conn.resume() == .ok)
      #expect(conn.isReading)
    }
    #expect(peer.output.readings == [true, false, true])
    bench.turn {
      _ = conn.resume()
      _ = conn.pause()
      _ = conn.resume()
      _ = conn.pause()
    }
    #expect(peer.output.readings.last == false)
  }

  @Test func pausedFromTheStart() {
    let bench = Bench()
    let host = Host(.raw)
    host.onConnected = { conn in _ = conn.pause() }
    let peer = bench.open(host)
    bench.turn()
    #expect(!peer.output.readings.contains(true))
    bench.turn { _ = peer.conn?.resume() }
    #expect(peer.output.readings.last == true)
  }

  @Test func pausedBeforeItStarted() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    #expect(peer.conn?.pause() == .ok)
    bench.turn()
    #expect(host.events == ["connected"])
    #expect(!peer.output.readings.contains(true))
    peer.feed("a")
    #expect(host.events == ["connected"])
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.events == ["connected", "raw a"])
    #expect(peer.output.readings.last == true)
  }

  // MARK: The peer's end

  @Test func endWithoutInterest() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.feed("a")
    peer.conn?.write("answer")
    peer.end()
    #expect(host.events == ["connected", "raw a", "read closed", "disconnected 0"])
    #expect(peer.sent == "answer")
  }

  @Test func endWithInterest() {
    let bench = Bench()
    let host = Host(.raw)
    host.onReadClosed = { conn in conn.write("more") }
    let peer = bench.open(host)
    peer.end()
    peer.end()
    #expect(host.heard() == ["connected", "read closed"])
    #expect(peer.sent == "more")
    #expect(peer.conn?.hasEnded == true)
    bench.turn { peer.conn?.close(.ok) }
    #expect(host.heard() == ["disconnected 0"])
  }

  @Test func endWhilePaused() {
    let bench = Bench()
    let host = Host(.raw)
    host.onReadClosed = { _ in }
    host.onRaw = { conn, _ in _ = conn.pause() }
    let peer = bench.open(host)
    peer.feed("a")
    peer.feed("b")
    peer.end()
    #expect(host.heard() == ["connected", "raw a"])
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.heard() == ["raw b"])  // which has paused it again
    bench.turn { _ = peer.conn?.resume() }
    #expect(host.heard() == ["read closed"])
    #expect(peer.output.readings.last == false, "there is nothing more to read")
  }

  @Test func lostWhilePaused() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.feed("")
    bench.turn { _ = peer.conn?.pause() }
    peer.end(.system(-104))
    #expect(host.events == ["connected", "disconnected -1104"])
  }

  @Test func lostWhileClosing() {
    let bench = Bench()
    let host = Host(.raw)
    let peer = bench.open(host)
    peer.output.room = 0
    peer.feed("")
    peer.conn?.write("stuck")
    peer.conn?.close(.tooLong)
    bench.turn()
    peer.end(.system(-104))
    #expect(host.events == ["connected", "disconnected -50"])
  }
}
