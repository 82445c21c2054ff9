import Bytes
import Crypto
import Wire

/// What SCRAM makes of a password, by as many rounds as the server wants: up to a second of a processor's time.
final class Key {
  private let digest: Digest
  private let password: [UInt8]
  private let salt: [UInt8]
  private let rounds: UInt32
  private(set) var bytes: [UInt8] = []
  private(set) var status: Status = .invalid

  init(_ digest: Digest, _ password: [UInt8], _ salt: [UInt8], _ rounds: UInt32) {
    (self.digest, self.password, self.salt, self.rounds) = (digest, password, salt, rounds)
  }
  deinit { Secret.wipe(&bytes) }  // (the password is the factory's)

  func make() {
    let (password, salt) = (password, salt)
    status = digest.derive(password: password.span.bytes, salt: salt.span.bytes, rounds: rounds, &bytes)
  }
}

/// Has it made on another thread, which has the key to itself until then.
final class KeyWork: Work {
  private let key: Key
  private var done: ((Reason) -> Void)?

  init(_ context: Context, _ key: Key, _ done: @escaping (Reason) -> Void) {
    (self.key, self.done) = (key, done)
    super.init(context)
  }

  override func run() { key.make() }
  override func leaveThread() { endOfCrypto() }

  override func completed(_ reason: Reason) {
    let done = self.done
    self.done = nil
    done?(reason)
  }

  func forget() {
    done = nil
    cancel()
  }
}
