import Bytes
import Testing

@testable import Wire

struct EndpointTests {
  func parse(_ text: String, _ use: Endpoint.Use = .listen) -> Endpoint.Parsed { Endpoint.parse(Array(text.utf8).span.bytes, for: use) }

  @Test func kinds() throws {
    for (text, kind) in [("tcp:0", Endpoint.Kind.tcp), ("unix:/x", .unix), ("memory:a", .memory), ("fd:3", .fd), ("TCP6:9", .tcp6)] {
      guard case .endpoint(let endpoint) = parse(text) else {
        Issue.record("\(text) is refused: \(parse(text))")
        continue
      }
      #expect(endpoint.kind == kind)
    }
  }
}
