import Bytes
import Wire

/// Where a server wants its client to go instead: see-other-host, RFC 6120 §4.9.3.19. The next connection goes there, and has to
/// show the certificate that it would have to show here.
struct Elsewhere {
  let host: Text
  /// 0: it did not say.
  let port: Int

  /// `host`, `host:port`, `[address]:port`, or an address alone; nil where it is none of these.
  static func parse(_ text: RawSpan) -> Elsewhere? {
    var (start, end, port) = (0, text.byteCount, 0)
    while start < end, text.byte(start) <= 32 { start += 1 }
    while end > start, text.byte(end - 1) <= 32 { end -= 1 }
    guard end - start <= 300 else { return nil }
    let isBracketed = end > start && text.byte(start) == UInt8(ascii: "[")
    if IP.parse(text.extracting(start..<end)) == nil {
      var colon = end
      while colon > start, text.byte(colon - 1).digit != nil { colon -= 1 }
      if colon > start, text.byte(colon - 1) == UInt8(ascii: ":") {
        guard end - colon > 0, end - colon <= 5 else { return nil }
        for at in colon..<end { port = port * 10 + Int(text.byte(at) &- 48) }
        guard port > 0, port < 65536 else { return nil }
        end = colon - 1
      }
      if isBracketed {
        guard end - start > 2, text.byte(end - 1) == UInt8(ascii: "]") else { return nil }
        (start, end) = (start + 1, end - 1)
      }
    }
    let host = text.extracting(start..<end)
    if IP.parse(host) == nil {
      guard !isBracketed, !host.isEmpty, host.byteCount <= 253 else { return nil }
      for at in 0..<host.byteCount {
        let byte = host.byte(at)
        let isLetter = (byte | 32) &- 97 < 26
        guard isLetter || byte.digit != nil || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") else {
          return nil
        }
      }
    }
    return Text.make(host).map { Elsewhere(host: $0, port: port) }
  }
}

extension Endpoint {
  /// Does nobody stand between? Who does, was told whom to connect to.
  var isDirect: Bool { kind == .tcp && socks.isEmpty }
}

extension IP {
  /// This machine, or no further than the link that it is on.
  var isNear: Bool {
    guard isIPv4 else { return high == 0 && low <= 1 || high >> 54 == 0x3fa }
    return low >> 24 & 255 == 127 || low >> 24 & 255 == 0 || low >> 16 & 0xffff == 0xa9fe
  }
}

/// What a server has said, until the next connection there.
struct Move {
  let place: Elsewhere
  /// Who has connected where.
  let endpoint: Endpoint
  /// Who says it is not near, and has no say about what is.
  let isFar: Bool
}

extension XMPPFactory {
  /// How often in a row servers may send this side on.
  static var mostMoves: Int { 5 }
  /// Where stanzas went for so long, in milliseconds, nobody goes round in circles.
  static var settled: UInt64 { 60_000 }

  /// The next connection there goes elsewhere. False: that is no place, or it has been sent on too often.
  final func move(_ text: RawSpan, from endpoint: Endpoint, isFar: Bool) -> Bool {
    guard moves < XMPPFactory.mostMoves, let found = Elsewhere.parse(text) else {
      moves = 0  // after the wait that comes with a failure, it may begin anew
      return false
    }
    moves += 1
    elsewhere = Move(place: found, endpoint: endpoint, isFar: isFar)
    return true
  }

  /// Where a connection to an endpoint goes, or nil: there.
  public final func moved(_ endpoint: Endpoint, _ outer: Factory) -> Detour? {
    guard let move = elsewhere, endpoint.isDirect, endpoint.isSameStart(as: move.endpoint) else { return nil }
    elsewhere = nil
    let there = endpoint.moved(to: move.place.host, port: move.place.port)
    return Detour(there, outer, permits: move.isFar ? { !$0.isNear } : nil)
  }
}

extension XMPPProtocol {
  /// The server says why it ends the stream. True: because this side is to go elsewhere, which the next connection does.
  func isSentOn(_ conn: Conn) -> Bool {
    let tree = parser.tree
    guard let endpoint = movable, let error = tree.child(0, "see-other-host", Space.streamErrors),
      let text = tree.text(error)
    else { return false }
    if phase == .ready, conn.context.now &- readyAt >= XMPPFactory.settled { factory.moves = 0 }
    var peer = Address()
    let isNear = conn.peer(&peer) == .ok && peer.ip.map { $0.isNear } == true
    return factory.move(tree.bytes(text), from: endpoint, isFar: !isNear)
  }
}
