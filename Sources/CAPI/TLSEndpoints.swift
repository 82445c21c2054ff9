import Bytes
import CPlait
import CSystem
import SOCKS
import Wire

#if TLS
  import TLS

  /// Files that an endpoint names as authorities: one, or all of a directory that end in ".pem", of which those count that have
  /// certificates.
  func addAuthorities(_ place: Text, _ settings: Settings) -> Reason? {
    let status = csystem_each_file(
      place.pointer, ".pem",
      { settings, path in
        guard let settings, let path,
          let text = Text.make(UnsafeRawBufferPointer(start: path, count: strlen(path)).bytes)
        else { return -CInt(CSYSTEM_ENOMEM) }
        let list = Unmanaged<Settings>.fromOpaque(settings).takeUnretainedValue()
        list.possibleAuthorities.append(.file(text))
        return 0
      }, Unmanaged.passUnretained(settings).toOpaque())
    if status == 1 { settings.authorities.append(.file(place)) }
    if status < 0 { return misconfigured("authorities", place, system: -status) }
    let isNone = settings.authorities.isEmpty && settings.possibleAuthorities.isEmpty
    return isNone ? misconfigured("authorities", place, "no file in it ends in .pem") : nil
  }

  /// The configuration that an endpoint's fields make.
  func config(_ wanted: EndpointTLS, _ box: ReactorBox) -> Config.Made {
    let isPlain = wanted.key == nil && wanted.certificate == nil && wanted.roots == nil
    if isPlain, let known = box.plainTLS { return .config(unsafeDowncast(known, to: Config.self)) }
    let settings = Settings()
    if let certificate = wanted.certificate ?? wanted.key {
      let identity = IdentitySettings(certificate: .file(certificate))
      identity.key = wanted.key.map { .file($0) }
      identity.chain = wanted.chain.map { .file($0) }
      settings.identities.append(identity)
    }
    if let roots = wanted.roots, let fault = addAuthorities(roots, settings) { return .failed(fault) }
    let made = Config.make(settings)
    if isPlain, case .config(let config) = made { box.plainTLS = config }
    return made
  }
#endif

/// What speaks at an endpoint: the factory, by the proxies and over TLS where the endpoint says so. What is wrong is told in words, too.
func onSecured(
  _ endpoint: Endpoint, _ use: Endpoint.Use, _ box: ReactorBox, _ factory: Factory,
  _ reason: UnsafeMutablePointer<plait_reason>?, _ body: (Factory) -> Status
) -> Status {
  if let fault = factory.fault(use == .listen ? .accepted : .connected) { return tell(fault, reason) }
  var factory = factory
  for target in endpoint.socks.reversed() { factory = SOCKSClientFactory(factory, target) }
  guard let wanted = endpoint.tls else { return body(factory) }
  #if TLS
    switch config(wanted, box) {
    case .failed(let fault): return tell(fault, reason)
    case .config(let made):
      // Behind a proxy there is another host; the proxy's is still its own.
      let name = wanted.hostname ?? (endpoint.socks.isEmpty ? nil : endpoint.name)
      return body(TLSFactory(factory, made, use == .listen ? .server : .client, name))
    }
  #else
    return .unsupported
  #endif
}
