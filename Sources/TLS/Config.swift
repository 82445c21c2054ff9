import Bytes
import COpenSSL
import CSystem
import Wire

/// Who this side is and whom it trusts: immutable but for its files' being read again and its ticket keys; shared by threads.
/// What changes is guarded by the process-wide lock.
public final class Config {
  public let settings: Settings
  let method: OpaquePointer
  var material: Material
  var tickets: TicketKeys
  var sessions = SessionCache()
  /// ServerSecurity asked for it.
  var keepsSessions = false

  init(_ settings: Settings, _ method: OpaquePointer, _ material: Material, _ tickets: TicketKeys) {
    self.settings = settings
    self.method = method
    self.material = material
    self.tickets = tickets
  }
  deinit {
    for entry in sessions.removeAll() { SSL_SESSION_free(entry.session) }
    BIO_meth_free(method)
  }

  public enum Made {
    case config(Config)
    case failed(Reason)
  }

  public static func make(_ settings: Settings) -> Made {
    guard let tickets = settings.ticketKeys.isEmpty ? TicketKeys.random() : TicketKeys(bytes: settings.ticketKeys),
      let method = copenssl_pipe_method()
    else { return .failed(Reason(.noMemory)) }
    switch Material.load(settings) {
    case .failed(let fault):
      BIO_meth_free(method)
      return .failed(fault)
    case .done(let material): return .config(Config(settings, method, material, tickets))
    }
  }

  /// Reads the files again; nil when that went well.
  public func reload() -> Reason? {
    switch Material.load(settings) {
    case .failed(let fault): return fault
    case .done(let fresh):
      csystem_lock()
      if keepsSessions { copenssl_keep_sessions(fresh.context, Config.mostSessions) }
      let former = material
      material = fresh
      let forgotten = sessions.removeAll()
      csystem_unlock()
      for entry in forgotten { SSL_SESSION_free(entry.session) }
      withExtendedLifetime(former) {}
      return nil
    }
  }

  public func setTicketKeys(_ bytes: RawSpan) -> Status {
    guard TicketKeys.isValid(bytes.byteCount) else { return .invalid }
    let copy = bytes.withUnsafeBytes { Array($0) }
    csystem_lock()
    tickets.bytes = copy
    csystem_unlock()
    return .ok
  }

  /// What a new connection uses.
  var current: Material {
    csystem_lock()
    defer { csystem_unlock() }
    return material
  }

  // MARK: Sessions

  func keep(_ session: OpaquePointer, for peer: [UInt8], _ from: Material) {
    csystem_lock()
    let dropped = from === material ? sessions.put(peer, session) : session
    csystem_unlock()
    if let dropped { SSL_SESSION_free(dropped) }
  }

  func session(for peer: [UInt8]) -> OpaquePointer? {
    csystem_lock()
    defer { csystem_unlock() }
    return sessions.take(peer)
  }
}

/// What was read of a configuration's files: OpenSSL's context with all that connections need of it.
final class Material {
  let context: OpaquePointer
  let identities: [Identity]
  /// Is the system's trust store to be read for the first client? That takes as long as a handshake or more.
  var awaitsSystem = false

  init(_ context: OpaquePointer, _ identities: [Identity]) {
    self.context = context
    self.identities = identities
  }
  deinit { SSL_CTX_free(context) }

  static func load(_ settings: Settings) -> Loader.Loaded<Material> {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_method()) else { return .failed(Reason(.noMemory)) }
    let made = Material(context, [])
    if let fault = made.setUp(settings) { return .failed(fault) }
    let loader = Loader(settings: settings)
    if let fault = made.trust(settings, loader) { return .failed(fault) }
    var identities: [Identity] = []
    for wanted in settings.identities {
      switch loader.identity(wanted) {
      case .failed(let fault): return .failed(fault)
      case .done(let identity): identities.append(identity)
      }
    }
    if identities.isEmpty, settings.makesOneUp {
      guard let made = Identity.makeUp() else { return .failed(misconfigured("certificate")) }
      identities.append(made)
    }
    if let first = identities.first {
      guard copenssl_use_default(context, first.certificate, first.key, first.chain) != 0 else {
        return .failed(misconfigured("certificate", settings.identities.first?.certificate.name))
      }
    }
    if SSL_CTX_up_ref(context) != 1 { return .failed(Reason(.noMemory)) }
    let whole = Material(context, identities)
    whole.setCallbacks(settings)
    let hasOwn =
      !settings.authorities.isEmpty || !settings.possibleAuthorities.isEmpty || settings.authorityDirectory != nil
    whole.awaitsSystem = !hasOwn || settings.trustsSystem
    return .done(whole)
  }

  /// The protocol: versions, ciphers, tickets.
  func setUp(_ settings: Settings) -> Reason? {
    SSL_CTX_set_options(context, copenssl_options(settings.followsClient ? 1 : 0))
    copenssl_set_modes(context)
    copenssl_set_cache(context, 1)
    let least = settings.leastVersion == 0 ? TLS1_2_VERSION : settings.leastVersion
    guard copenssl_set_versions(context, least, settings.mostVersion) != 0 else { return misconfigured("versions") }
    if let ciphers = settings.ciphers {
      guard SSL_CTX_set_cipher_list(context, ciphers.pointer) == 1 else { return misconfigured("ciphers", ciphers) }
    } else if copenssl_set_default_ciphers(context) == 0 {
      return misconfigured("ciphers")
    }
    if let suites = settings.suites, SSL_CTX_set_ciphersuites(context, suites.pointer) != 1 {
      return misconfigured("cipher suites", suites)
    }
    if let groups = settings.groups, copenssl_set_groups(context, groups.pointer) == 0 {
      return misconfigured("groups", groups)
    }
    if !settings.hasTickets {
      SSL_CTX_set_options(context, 1 << 14)  // SSL_OP_NO_TICKET, which is a macro with a cast
      SSL_CTX_set_num_tickets(context, 0)
    }
    var name: [UInt8] = Array(repeating: 112, count: 5)
    return SSL_CTX_set_session_id_context(context, &name, 5) == 1 ? nil : Reason(.noMemory)
  }

  /// Whom to trust, and what was revoked.
  func trust(_ settings: Settings, _ loader: Loader) -> Reason? {
    guard let store = SSL_CTX_get_cert_store(context) else { return Reason(.noMemory) }
    func read(_ authority: Source) -> Reason? {
      loader.certificates(authority, "authority") { certificate in
        defer { X509_free(certificate) }
        if settings.clientCertificate != .none { copenssl_tell_authority(context, certificate) }
        return X509_STORE_add_cert(store, certificate) == 1
      }
    }
    for authority in settings.authorities { if let fault = read(authority) { return fault } }
    var last: Reason?
    var hasAny = settings.possibleAuthorities.isEmpty
    for authority in settings.possibleAuthorities {
      if let fault = read(authority) { last = fault } else { hasAny = true }
    }
    if !hasAny, let last { return last }
    if let directory = settings.authorityDirectory, X509_STORE_load_path(store, directory.pointer) != 1 {
      return misconfigured("authorities", directory)
    }
    guard !settings.revoked.isEmpty else { return nil }
    for list in settings.revoked { if let fault = loader.lists(list, store) { return fault } }
    let all = settings.checksAllForRevocation ? X509_V_FLAG_CRL_CHECK_ALL : 0
    X509_STORE_set_flags(store, CUnsignedLong(X509_V_FLAG_CRL_CHECK | all))
    return nil
  }

  /// Somebody is to be checked: other threads wait, or they would find half of the store.
  func readSystemTrust() {
    csystem_lock()
    defer { csystem_unlock() }
    guard awaitsSystem else { return }
    awaitsSystem = false
    SSL_CTX_set_default_verify_paths(context)
    ERR_clear_error()
  }

  func setCallbacks(_ settings: Settings) {
    SSL_CTX_set_cert_verify_callback(context, Verifying.callback, nil)
    copenssl_set_status_callback(context, Verifying.answerCallback)
    copenssl_set_ticket_callback(context, Config.ticketCallback)
    SSL_CTX_set_session_ticket_cb(context, TLSLayer.markTicket, nil, nil)
    if !settings.protocols.isEmpty {
      SSL_CTX_set_alpn_protos(context, settings.protocols, CUnsignedInt(settings.protocols.count))
      SSL_CTX_set_alpn_select_cb(context, TLSLayer.chooseProtocol, nil)
    }
    if !identities.isEmpty { SSL_CTX_set_cert_cb(context, TLSLayer.chooseIdentity, nil) }
    if settings.hasTickets { SSL_CTX_sess_set_new_cb(context, TLSLayer.keepSession) }
    if settings.keyLog != nil { SSL_CTX_set_keylog_callback(context, TLSLayer.logKey) }
  }
}
