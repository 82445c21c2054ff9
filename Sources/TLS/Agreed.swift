import Bytes
import COpenSSL
import Wire

/// What the two sides have agreed on: tls.h, plait_tls_info. The texts are OpenSSL's, valid as long as the layer.
public struct Agreed {
  public let version: CInt
  public let bits: CInt
  public let cipher: UnsafePointer<CChar>?
  public let group: UnsafePointer<CChar>?
  public let serverName: UnsafePointer<CChar>?
  public let chosen: UnsafeBufferPointer<UInt8>
  public let certificates: Int
  public let isResumed: Bool
  public let isVerified: Bool
}

extension TLSLayer {
  /// Is the handshake over, and the connection not?
  public var isOpen: Bool { phase == .open }
  public var hasAnswer: Bool { isStapled }

  public var agreed: Agreed {
    let cipher = SSL_get_current_cipher(ssl)
    var bytes: UnsafePointer<UInt8>?
    var count: CUnsignedInt = 0
    SSL_get0_alpn_selected(ssl, &bytes, &count)
    let isChecked = isServer || config.settings.verifies
    return Agreed(
      version: SSL_version(ssl), bits: cipher.map { SSL_CIPHER_get_bits($0, nil) } ?? 0,
      cipher: cipher.flatMap { SSL_CIPHER_standard_name($0) }, group: copenssl_group(ssl),
      serverName: SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name),
      chosen: UnsafeBufferPointer(start: bytes, count: Int(count)), certificates: certificateCount,
      isResumed: SSL_session_reused(ssl) == 1,
      isVerified: isChecked && SSL_get0_peer_certificate(ssl) != nil && SSL_get_verify_result(ssl) == CLong(X509_V_OK))
  }

  var certificateCount: Int {
    guard SSL_get0_peer_certificate(ssl) != nil else { return 0 }
    return max(1, Int(copenssl_chain_count(copenssl_peer_chain(ssl))) + (isServer ? 1 : 0))
  }

  /// The DER of a certificate that the peer has shown; nil when there is none of that number.
  public func certificate(_ index: Int) -> [UInt8]? {
    guard index >= 0, index < certificateCount else { return nil }
    if index == 0 { return SSL_get0_peer_certificate(ssl).map { Verifying.der($0) } }
    // A server's list begins behind the client's own.
    let chain = copenssl_peer_chain(ssl)
    return copenssl_chain_at(chain, CInt(truncatingIfNeeded: isServer ? index - 1 : index)).map { Verifying.der($0) }
  }

  func bind(_ kind: ChannelBinding, _ bytes: inout [UInt8]) -> Status {
    guard phase == .open else { return .invalid }
    var room = [UInt8](repeating: 0, count: 64)
    var count = 0
    switch kind {
    case .exporter:
      let label: StaticString = "EXPORTER-Channel-Binding"
      let name = UnsafeRawPointer(label.utf8Start).assumingMemoryBound(to: CChar.self)
      // With an empty context, which in TLS 1.2 is not the same as none (RFC 9266 §2).
      if SSL_export_keying_material(ssl, &room, 32, name, label.utf8CodeUnitCount, nil, 0, 1) == 1 { count = 32 }
    case .unique:
      guard SSL_version(ssl) < TLS1_3_VERSION else { return .invalid }
      // The first Finished of the handshake: the client's, but the server's where a session was resumed (RFC 5929 §3.1).
      let isOurs = isServer == (SSL_session_reused(ssl) == 1)
      count = isOurs ? SSL_get_finished(ssl, &room, room.count) : SSL_get_peer_finished(ssl, &room, room.count)
    case .endPoint:
      let certificate = isServer ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl)
      if let certificate { count = Int(copenssl_end_point(certificate, &room)) }
    }
    guard count > 0, count <= room.count else { return .invalid }
    bytes = Array(room[..<count])
    return .ok
  }
}
