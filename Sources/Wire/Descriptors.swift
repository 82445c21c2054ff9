import Bytes
import CSystem

/// The open files of a conn, in both directions: numbered from 0 as they come and go. Those that came and were not taken are closed
/// with it.
final class Descriptors {
  var sent: UInt64 = 0
  var received: UInt64 = 0
  var held: [(number: UInt64, fd: CInt)] = []

  deinit { for file in held { _ = csystem_close(file.fd) } }
}

extension Conn {
  /// The most open files that wait to be taken.
  static var mostDescriptors: Int { 256 }

  /// The protocol wants open files that come. (Else the kernel closes them.)
  public func acceptDescriptors() {
    if transport.canSendDescriptors { needExtras().descriptors = Descriptors() }
  }

  public var wantsDescriptors: Bool { extras?.descriptors != nil }

  /// The transport has received one, which is the conn's now.
  public func received(descriptor: CInt) {
    guard let descriptors = extras?.descriptors, descriptors.held.count < Conn.mostDescriptors else {
      _ = csystem_close(descriptor)
      return abort(.overflow)
    }
    descriptors.held.append((descriptors.received, descriptor))
    descriptors.received += 1
  }

  /// The number that stands for the next one which is sent; -1 where none can be sent.
  public var nextDescriptor: Int64 {
    guard let descriptors = extras?.descriptors, !isClosing else { return -1 }
    return Int64(clamping: descriptors.sent)
  }

  /// Sends a duplicate; what is written from now on comes behind it.
  public func send(descriptor: CInt, _ number: inout UInt64) -> Status {
    guard let descriptors = extras?.descriptors else { return .unsupported }
    guard !isClosing else { return .closed }
    let duplicate = csystem_duplicate(descriptor)
    guard duplicate >= 0 else { return .system(duplicate) }
    transport.send(descriptor: duplicate)
    number = descriptors.sent
    descriptors.sent += 1
    return .ok
  }

  /// Gives up one that came, by its number.
  public func take(descriptor number: UInt64, _ fd: inout CInt) -> Status {
    guard let descriptors = extras?.descriptors else { return .absent }
    guard let place = descriptors.held.firstIndex(where: { $0.number == number }) else { return .absent }
    fd = descriptors.held.remove(at: place).fd
    return .ok
  }
}
