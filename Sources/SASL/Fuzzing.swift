#if FUZZING
  import Bytes

  // The door by which the fuzzer comes in: there is none in the product, as hosts meet mechanisms in protocols alone.

  /// A whole exchange, with what a server might say. The first byte is the mechanism, then each message has its length before it.
  /// Answers 1 when the server was believed.
  @_cdecl("plait_fuzz_sasl")
  public func plait_fuzz_sasl(_ data: UnsafePointer<UInt8>?, _ len: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: data, count: max(0, len)))
    guard input.count > 1, let mechanism = Mechanism(rawValue: input[0] % 7) else { return 0 }
    var credentials = Credentials()
    credentials.name = Array(input[1...].prefix(Int(input[1] & 7) + 1))
    credentials.password = [112, 119]
    let channel: Channel = mechanism.binds ? .bound(name: [120], data: [1, 2, 3]) : .unbound
    // Few rounds, or all the time goes there.
    let made = Exchange.make(mechanism, credentials, channel: channel, rounds: 1...9, nonce: [110])
    guard case .exchange(let exchange) = made else { return 0 }
    var out: [UInt8] = []
    precondition(exchange.start(&out).status == .ok)
    var at = 2
    while at < input.count {
      let end = min(input.count, at + 1 + Int(input[at]))
      let message = Array(input[(at + 1)..<max(at + 1, end)])
      let isOdd = input[at] & 1 == 1
      at = max(at + 1, end)
      if at >= input.count, isOdd { return exchange.succeeded(message.span.bytes).status == .ok ? 1 : 0 }
      guard exchange.answer(message.span.bytes, &out).status == .ok else {
        // Whatever comes now, nobody is authenticated.
        precondition(out.isEmpty && exchange.succeeded(message.span.bytes).status != .ok)
        return 0
      }
    }
    return exchange.succeeded([UInt8]().span.bytes).status == .ok ? 1 : 0
  }
#endif
