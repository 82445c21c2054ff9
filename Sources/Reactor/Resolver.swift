import Bytes
import CLibuv
import CSystem
import Wire

/// One look-up of a host's addresses, on libuv's pool.
final class Lookup {
  let request: UnsafeMutablePointer<uv_getaddrinfo_t>
  var done: (([csystem_address], Status) -> Void)?
  let port: UInt16

  private init(
    _ request: UnsafeMutablePointer<uv_getaddrinfo_t>, _ port: UInt16,
    _ done: @escaping ([csystem_address], Status) -> Void
  ) {
    self.request = request
    self.port = port
    self.done = done
  }
  deinit { free(request) }

  /// `done` gets the addresses in the system's order (RFC 6724), or why there are none.
  static func begin(
    _ loop: Loop, _ host: UnsafePointer<CChar>, _ port: UInt16, _ fault: inout Status,
    _ done: @escaping ([csystem_address], Status) -> Void
  ) -> Lookup? {
    guard let memory = malloc(MemoryLayout<uv_getaddrinfo_t>.size) else {
      fault = .noMemory
      return nil
    }
    let lookup = Lookup(memory.assumingMemoryBound(to: uv_getaddrinfo_t.self), port, done)
    lookup.request.pointee.data = Unmanaged.passRetained(lookup).toOpaque()
    var hints = addrinfo()
    hints.ai_family = 0
    hints.ai_socktype = 1  // SOCK_STREAM
    let status = uv_getaddrinfo(
      loop.uv, lookup.request,
      { request, status, result in
        let lookup = Unmanaged<Lookup>.fromOpaque(request!.pointee.data).takeRetainedValue()
        Unmanaged<Loop>.fromOpaque(request!.pointee.loop.pointee.data)._withUnsafeGuaranteedRef { loop in
          loop.takeHold()
          lookup.finish(status, result)
          loop.hasCalled()
        }
        uv_freeaddrinfo(result)
      }, host, nil, &hints)
    guard status == 0 else {
      Unmanaged.passUnretained(lookup).release()
      fault = Lookup.status(status)
      return nil
    }
    return lookup
  }

  func cancel() {
    done = nil
    uv_cancel(UnsafeMutableRawPointer(request).assumingMemoryBound(to: uv_req_t.self))
  }

  func finish(_ status: CInt, _ result: UnsafeMutablePointer<addrinfo>?) {
    guard let done else { return }
    self.done = nil
    var found: [csystem_address] = []
    var entry = result
    while let info = entry, found.count < 64 {
      var address = csystem_address()
      if csystem_address_copy(&address, info.pointee.ai_addr, UInt32(info.pointee.ai_addrlen), port) == 0 {
        found.append(address)
      }
      entry = info.pointee.ai_next
    }
    done(found, status != 0 ? Lookup.status(status) : found.isEmpty ? .noName : .ok)
  }

  static func status(_ code: CInt) -> Status {
    switch code {
    case CInt(UV_EAI_AGAIN.rawValue): .nameAgain
    case CInt(UV_EAI_MEMORY.rawValue), CInt(UV_ENOMEM.rawValue): .noMemory
    case CInt(UV_EAI_NONAME.rawValue), CInt(UV_EAI_NODATA.rawValue), CInt(UV_EAI_ADDRFAMILY.rawValue),
      CInt(UV_EAI_FAIL.rawValue):
      .noName
    default: code <= -3000 ? .noName : .system(code)  // libuv's own codes for getaddrinfo begin there
    }
  }
}

/// The same for whoever wants no more than the addresses.
final class HostLookup: Attempt {
  var lookup: Lookup?

  static func begin(_ loop: Loop, _ host: Text, _ done: @escaping ([IP]) -> Void) -> HostLookup? {
    let made = HostLookup()
    var fault = Status.ok
    made.lookup = Lookup.begin(loop, host.pointer, 0, &fault) { [unowned(unsafe) made] found, _ in
      made.lookup = nil
      var ips: [IP] = []
      for socket in found {
        var address = Address()
        address.socket = socket
        if let ip = address.ip { ips.append(ip) }
      }
      done(ips)
    }
    return made.lookup == nil ? nil : made
  }

  override func cancel() {
    lookup?.cancel()
    lookup = nil
  }
}
