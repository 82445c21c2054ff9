import Bytes
import CSystem

extension Endpoint {
  /// Where to connect to, to reach a listener that listens at `place`; nil where nobody can.
  public static func reaching(_ listener: Listener, at place: Endpoint) -> Endpoint? {
    let reached: Endpoint
    switch place.kind {
    case .memory, .unix:
      reached = Endpoint(place.kind, .connect)
      reached.name = place.name
    case .tcp, .tcp6:
      var address = Address()
      guard listener.local(&address) == .ok else { return nil }
      reached = Endpoint(.tcp, .connect)
      var port: UInt32 = 0
      var scope: UInt32 = 0
      // Room for the longest that there is: a path of UNIX.
      guard let memory = malloc(112) else { return nil }
      defer { free(memory) }
      let room = memory.assumingMemoryBound(to: CChar.self)
      csystem_address_text(&address.socket, room, &port, &scope)
      reached.name = Text.make(UnsafeRawBufferPointer(start: room, count: strlen(room)).bytes)
      reached.number = Int(port)
    case .fd: return nil
    }
    return reached.name == nil ? nil : reached
  }
}
