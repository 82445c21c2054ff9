import Bytes
import CLibuv
import CSystem
import Wire

/// Relaying: what comes goes to another socket by way of a pipe, so that it is neither copied nor looked at. libuv is given no
/// room to read to, and only tells that there is something. While the other socket takes nothing, all comes as ever.
extension TCPTransport {
  /// May what comes go past the conns?
  var canRelay: Bool {
    @inline(never) get {
      guard let conn, let other = target?.conn else { return false }
      return conn._withUnsafeGuaranteedRef { $0.isBare } && other._withUnsafeGuaranteedRef { $0.isClear }
    }
  }

  /// There is something to read. A few blocks at a time, as others have their turn, too.
  @inline(never) func relay() { inLoop { relay($0) } }

  func relay(_ loop: Loop) {
    guard let pipe = loop.relayPipe() else { return relay(to: nil) }
    loop.beginShield()
    var blocks = 16
    while blocks > 0, isRelaying, canRelay, let conn, let target, let other = target.conn {
      blocks -= 1
      var stuck = 0
      var why: CInt = 0
      var ends = pipe
      let count = withUnsafeBytes(of: &ends) {
        // Sound: a pair of numbers lies in memory as an array of two does.
        csystem_relay(
          fd, target.fd, $0.baseAddress?.assumingMemoryBound(to: CInt.self), Loop.scratchSize, &stuck, &why)
      }
      if csystem_would_block(count) != 0 { return }
      guard count > 0 else {
        uv_read_stop(stream)
        return conn._withUnsafeGuaranteedRef { $0.ended(count == 0 ? .of(csystem_socket_error(fd)) : .system(count)) }
      }
      conn._withUnsafeGuaranteedRef { conn in
        other._withUnsafeGuaranteedRef { other in
          conn.relayed(count, count - stuck, to: other)
          if stuck > 0 { loop.takeStuck(stuck, why, other) }
        }
        if loop.hasReadEnough(conn.id, count) {
          blocks = 0
          rest(conn)
        }
      }
    }
  }
}

extension Loop {
  /// One for all: it is empty between two uses.
  func relayPipe() -> (CInt, CInt)? {
    if pipe.0 < 0 {
      var ends = pipe
      let status = withUnsafeMutableBytes(of: &ends) {
        csystem_pipe($0.baseAddress?.assumingMemoryBound(to: CInt.self))  // sound: as above
      }
      guard status == 0 else { return nil }
      pipe = ends
    }
    return pipe
  }

  func closePipe() {
    guard pipe.0 >= 0 else { return }
    _ = csystem_close(pipe.0)
    _ = csystem_close(pipe.1)
    pipe = (-1, -1)
  }

  /// What lies in the pipe goes the usual way, when the socket takes more; or it is lost with it.
  func takeStuck(_ count: Int, _ why: CInt, _ conn: Conn) {
    guard csystem_would_block(Int(why)) != 0 else {
      closePipe()
      return conn.abort(.system(why))
    }
    let got = csystem_read(pipe.0, scratch.baseAddress, count)
    guard got == count else {
      closePipe()
      return conn.abort(.system(Int(got)))
    }
    let bytes = UnsafeRawBufferPointer(start: scratch.baseAddress, count: count).bytes
    if conn.write(count, { $0.put(rare: bytes) }) == .ok { conn.watchWater() }
  }
}
