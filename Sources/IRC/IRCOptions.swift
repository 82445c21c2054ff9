import SASL

/// How a client behaves: irc.h, plait_irc_options.
public struct IRCOptions {
  public var nick: [UInt8] = []
  public var user: [UInt8] = []
  public var realName: [UInt8] = []
  public var password: [UInt8] = []
  /// What is tried where a server does not like the nick.
  public var fallbackNick: [UInt8] = []
  public var credentials = Credentials()
  /// Empty: nobody authenticates.
  public var mechanisms = Mechanisms()
  /// Does registration go on where that fails?
  public var isAuthenticationOptional = false
  public var rejoins = false
  public var asksForCapabilities = true
  /// Does the client register by itself?
  public var logsIn = true
  /// Does it find another nick where one is refused?
  public var findsNicks = true
  /// Does it try for the nick that was wanted as long as it has another one?
  public var regains = false
  /// Is it a program, which says so where servers have a mode for that?
  public var isBot = false
  /// Wanted beside those that the client makes use of itself, with blanks between them.
  public var capabilities: [UInt8] = []
  /// So many lines may go at once, then one for each interval.
  public var burst = 5
  public var interval: UInt64 = 2000
  /// After so long a server is asked for a sign of life, and how long it may take.
  public var pingTime: UInt64 = 120_000
  public var pongTime: UInt64 = 60_000
  public var registrationTime: UInt64 = 60_000
  public var longestLine = 16384
  /// Lines that wait for their turn.
  public var mostWaiting = 10_000
  public init() {}
}
