import Bytes
import CSystem
import Wire

#if TLS
  import TLS

  /// Files that an endpoint names as authorities: one, or all of a directory that end in ".pem".
  func addAuthorities(_ place: Text, _ settings: Settings) -> Status {
    let status = csystem_each_file(
      place.pointer, ".pem",
      { settings, path in
        guard let settings, let path,
          let text = Text.make(UnsafeRawBufferPointer(start: path, count: strlen(path)).bytes)
        else { return -CInt(CSYSTEM_ENOMEM) }
        let list = Unmanaged<Settings>.fromOpaque(settings).takeUnretainedValue()
        list.authorities.append(.file(text))
        return 0
      }, Unmanaged.passUnretained(settings).toOpaque())
    if status == 1 { settings.authorities.append(.file(place)) }
    if status < 0 { return .system(status) }
    return settings.authorities.isEmpty ? .tlsConfig : .ok
  }

  /// The configuration that an endpoint's fields make.
  func config(_ wanted: EndpointTLS, _ box: ReactorBox, _ fault: inout Status) -> Config? {
    let isPlain = wanted.key == nil && wanted.certificate == nil && wanted.roots == nil
    if isPlain, let known = box.plainTLS { return unsafeDowncast(known, to: Config.self) }
    let settings = Settings()
    if let certificate = wanted.certificate ?? wanted.key {
      let identity = IdentitySettings(certificate: .file(certificate))
      identity.key = wanted.key.map { .file($0) }
      identity.chain = wanted.chain.map { .file($0) }
      settings.identities.append(identity)
    }
    if let roots = wanted.roots { fault = addAuthorities(roots, settings) }
    guard fault == .ok else { return nil }
    switch Config.make(settings) {
    case .failed(let reason):
      fault = reason.status
      return nil
    case .config(let made):
      if isPlain { box.plainTLS = made }
      return made
    }
  }
#endif

/// What speaks at an endpoint: the factory, over TLS where the endpoint says so.
func onSecured(
  _ endpoint: Endpoint, _ use: Endpoint.Use, _ box: ReactorBox, _ factory: Factory, _ body: (Factory) -> Status
) -> Status {
  guard let wanted = endpoint.tls else { return body(factory) }
  #if TLS
    var fault = Status.ok
    guard let made = config(wanted, box, &fault) else { return fault }
    return body(TLSFactory(factory, made, use == .listen ? .server : .client, wanted.hostname))
  #else
    return .unsupported
  #endif
}
