extension Endpoint {
  /// What a field of an endpoint string can mean.
  enum Key: UInt8 {
    case port, host, interface, backlog, reusePort, timeout, bindAddress, address, path, mode, lockfile, number, name
    case privateKey, certificate, certKey, chain, method, parameters, trustRoots, caCertsDir, hostname
    case service

    var bit: UInt32 { 1 << UInt32(rawValue) }

    static func listenTCP(_ index: Int) -> Key? {
      switch index {
      case 0: .port
      case 1: .interface
      case 2: .backlog
      case 3: .reusePort
      default: nil
      }
    }
    static func connectTCP(_ index: Int) -> Key? {
      switch index {
      case 0: .host
      case 1: .port
      case 2: .timeout
      case 3: .bindAddress
      case 4: .service
      default: nil
      }
    }
    static func listenUNIX(_ index: Int) -> Key? {
      switch index {
      case 0: .address
      case 1: .mode
      case 2: .backlog
      case 3: .lockfile
      default: nil
      }
    }
    static func connectUNIX(_ index: Int) -> Key? {
      switch index {
      case 0: .path
      case 1: .lockfile
      case 2: .timeout
      default: nil
      }
    }

    static func listenTLS(_ index: Int) -> Key? {
      switch index {
      case 0: .port
      case 1: .privateKey
      case 2: .certKey
      case 3: .method
      case 4: .interface
      case 5: .backlog
      case 6: .chain
      case 7: .parameters
      case 8: .reusePort
      default: nil
      }
    }
    static func connectTLS(_ index: Int) -> Key? {
      switch index {
      case 0..<4: connectTCP(index)
      case 4: .certificate
      case 5: .privateKey
      case 6: .trustRoots
      case 7: .hostname
      case 8: .certKey
      case 9: .caCertsDir
      case 10: .service
      default: nil
      }
    }

    func isNamed(_ word: [UInt8]) -> Bool { EndpointField.equal(word, text) }
    var isNeeded: Bool {
      switch self {
      case .port, .host, .address, .path, .number, .name: true
      default: false
      }
    }
    var longest: Int {
      switch self {
      case .service: 63
      case .host, .hostname: 255
      default: rawValue >= Key.privateKey.rawValue ? 4096 : 107
      }
    }

    var text: StaticString {
      switch self {
      case .port: "port"
      case .host: "host"
      case .interface: "interface"
      case .backlog: "backlog"
      case .reusePort: "reusePort"
      case .timeout: "timeout"
      case .bindAddress: "bindAddress"
      case .address: "address"
      case .path: "path"
      case .mode: "mode"
      case .lockfile: "lockfile"
      case .number: "number"
      case .name: "name"
      case .privateKey: "privateKey"
      case .certificate: "certificate"
      case .certKey: "certKey"
      case .chain: "extraCertChain"
      case .method: "sslmethod"
      case .parameters: "dhParameters"
      case .trustRoots: "trustRoots"
      case .caCertsDir: "caCertsDir"
      case .hostname: "hostname"
      case .service: "srv"
      }
    }

    var missing: StaticString {
      switch self {
      case .port: "the port is missing"
      case .host: "the host is missing"
      case .number: "the descriptor is missing"
      case .name: "the name is missing"
      case .privateKey: "the private key is missing"
      default: "the path is missing"
      }
    }
  }
}
