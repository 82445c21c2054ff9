import Bytes
import CSystem
import Wire

/// Connections whose conn has ended, and whose peer is still sending: what it sends is read and dropped, for a
/// while, so that it gets the end of what was sent to it.
final class Lingering: TimerEntry {
  static var time: UInt64 { 2000 }
  let transport: TCPTransport
  init(_ transport: TCPTransport) { self.transport = transport }
  override func fired(_ context: Context) { transport.letGo() }
}

extension Loop {
  /// False when it can't be: then it closes at once.
  func linger(_ transport: TCPTransport, _ context: Context) -> Bool {
    guard !context.isEnding, lingering.count < 1000, csystem_shutdown_write(transport.fd) == 0 else { return false }
    let entry = Lingering(transport)
    guard context.schedule(entry, after: Lingering.time) else { return false }
    lingering.append(entry)
    return true
  }

  func forget(_ transport: TCPTransport) {
    guard let place = lingering.firstIndex(where: { $0.transport === transport }) else { return }
    context?._withUnsafeGuaranteedRef { $0.timers.remove(lingering[place]) }
    lingering.remove(at: place)
  }
}
