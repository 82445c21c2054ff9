import Bytes

/// The levels of reactor.h, PLAIT_LOG_.
public enum LogLevel: CInt { case error = 1, warning = 2, info = 3, debug = 4 }

/// Where log messages go.
open class Log {
  public final let level: CInt
  public init(level: CInt) { self.level = level }
  /// `status`, unless 0, is what the operating system or the library said.
  open func write(_ level: LogLevel, _ subsystem: StaticString, _ text: StaticString, _ status: Status) {}
  /// The same for words that are made at run time.
  open func write(_ level: LogLevel, _ subsystem: StaticString, _ words: RawSpan) {}
}
