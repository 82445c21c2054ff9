import Bytes

/// What stands in front of an endpoint to listen at: `haproxy:`, with who may send headers and how soon.
public struct ProxyPrefix {
  /// A list of addresses, as access.h writes it; nil: everybody.
  public private(set) var trusted: [UInt8]?
  public private(set) var trustedOffset = 0
  /// In milliseconds.
  public private(set) var timeout: UInt64?

  /// Takes its fields from the front; what is wrong with them, or nil.
  mutating func take(_ fields: inout [EndpointField]) -> Reason? {
    fields.removeFirst()
    while let field = fields.first, let key = field.key {
      if EndpointField.equal(key, "trusted") {
        if trusted != nil { return Endpoint.bad(field.offset, "given twice") }
        trusted = field.value
        trustedOffset = field.valueOffset
      } else if EndpointField.equal(key, "timeout") {
        if timeout != nil { return Endpoint.bad(field.offset, "given twice") }
        guard let time = field.milliseconds(), time > 0 else {
          return Endpoint.bad(field.valueOffset, "a timeout is a number of seconds")
        }
        timeout = time
      } else {
        return Endpoint.bad(field.offset, "unknown key")
      }
      fields.removeFirst()
    }
    return nil
  }
}
