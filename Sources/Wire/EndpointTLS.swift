import Bytes

/// What a `tls:` or `ssl:` endpoint says about TLS: files, and the name to check.
public final class EndpointTLS {
  public internal(set) var key: Text?
  public internal(set) var certificate: Text?
  public internal(set) var chain: Text?
  /// A file or a directory.
  public internal(set) var roots: Text?
  public internal(set) var hostname: Text?
}

extension Endpoint {
  func setTLS(_ key: Key, _ field: EndpointField) -> Reason? {
    let at = field.valueOffset
    if let fault = field.textFault(atMost: key.longest) { return Endpoint.bad(at, fault) }
    guard let text = Text.make(field.value.span.bytes) else { return Reason(.noMemory) }
    switch key {
    case .privateKey: tls?.key = text
    case .certificate, .certKey:
      if tls?.certificate != nil { return Endpoint.bad(field.offset, "given twice") }
      tls?.certificate = text
    case .chain: tls?.chain = text
    case .trustRoots, .caCertsDir:
      if tls?.roots != nil { return Endpoint.bad(field.offset, "given twice") }
      tls?.roots = text
    case .hostname: tls?.hostname = text
    case .method where !field.says("tls_method") && !field.says("sslv23_method"):
      return Endpoint.bad(at, "the version is agreed on: TLS_METHOD, or leave it out")
    default: break  // dhParameters: what is used needs none
    }
    return nil
  }
}
