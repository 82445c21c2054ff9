import Bytes
import Framing
import Wire

/// Lines as a server ends them, by LF, of which a CR before it is no part. Too long a one is dropped alone.
public struct IRCFramer: Framer {
  @inline(__always) public static var tag: UInt8 { Tag.irc }
  var lines: LineFramer
  /// The conn's, which keeps it.
  public let session: Unmanaged<IRCSession>

  init(_ session: IRCSession, _ delimiter: Delimiter, longest: Int) {
    self.session = Unmanaged.passUnretained(session)
    lines = LineFramer(delimiter, longest: longest, skipsTooLong: true)
  }

  public var longest: Int {
    get { lines.longest }
    set { lines.longest = newValue }
  }
  @inline(__always) public var header: Int { 0 }
  @inline(__always) public var trailer: Int { 1 }
  @inline(__always) public func fits(_ length: Int) -> Bool { true }
  public func scan(_ bytes: RawSpan, from start: Int, most: Int, into table: inout FrameTable) -> Scan {
    lines.scan(bytes, from: start, most: most, into: &table)
  }
  public func completion(of held: RawSpan, by more: RawSpan) -> Int { lines.completion(of: held, by: more) }
  public func isUnfinished(_ held: RawSpan) -> Bool { lines.isUnfinished(held) }
  public func takesAll(_ count: Int) -> Bool { lines.takesAll(count) }
  public func excess(_ bytes: RawSpan, _ length: UInt64) -> Excess { lines.excess(bytes, length) }
  public func end(in bytes: RawSpan) -> Int { lines.end(in: bytes) }
  public func framing(_ block: RawSpan, _ start: Int, _ length: Int) -> Int { lines.framing(block, start, length) }
  public func frame(_ message: RawSpan, into out: inout ByteWriter) { lines.frame(message, into: &out) }
}

public typealias IRCProtocol = MessageProtocol<IRCFramer>

extension Conn {
  /// Runs `body` on the session of a conn that speaks IRC.
  @inline(__always) public func withIRC(_ body: (IRCSession, IRCFactory) -> Status) -> Status {
    speaking(IRCFramer.tag) { (lines: IRCProtocol) in
      lines.framer.session._withUnsafeGuaranteedRef { body($0, $0.factory) }
    }
  }
}
