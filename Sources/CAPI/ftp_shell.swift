import Bytes
import CPlait
import FTP
import Files
import Wire

extension HostFTPServerFactory {
  /// Puts a shell's question to the host.
  func put(_ request: FTPRequest?, _ question: HostQuestion, _ bytes: RawSpan, _ conn: Conn) -> Bool {
    guard let ask = handler.ask else { return false }
    var shown = plait_ftp_question()
    shown.struct_size = UInt32(MemoryLayout<plait_ftp_question>.size)
    shown.action = question.action.rawValue
    if question.mode == .append { shown.flags = UInt32(PLAIT_FTP_WRITE_APPEND) }
    if question.mode == .unique { shown.flags = UInt32(PLAIT_FTP_WRITE_UNIQUE) }
    shown.status = question.status
    shown.number = question.number
    shown.file = question.file?.mark
    question.path.withUnsafeBufferPointer { path in
      question.other.withUnsafeBufferPointer { other in
        bytes.withUnsafeBytes { data in
          shown.path = plait_bytes(data: path.baseAddress, len: path.count)
          shown.other = plait_bytes(data: other.baseAddress, len: other.count)
          shown.data = plait_bytes(data: data.baseAddress?.assumingMemoryBound(to: UInt8.self), len: data.count)
          ask(conn.user, plait_conn(id: conn.id), plait_ftp_request(id: request?.id ?? 0), &shown)
        }
      }
    }
    return true
  }
}

private func made(_ wanted: plait_ftp_entry) -> FileEntry? {
  guard wanted.kind <= UInt32(PLAIT_FTP_LINK), wanted.mode <= 0o777, let name = ftpPath(wanted.name),
    let target = ftpPath(wanted.target), let owner = ftpLine(wanted.owner), let group = ftpLine(wanted.group)
  else { return nil }
  var stat = FileStat()
  let isDirectory = wanted.kind == UInt32(PLAIT_FTP_DIRECTORY)
  let kind: UInt32 = isDirectory ? 0o040000 : wanted.kind == UInt32(PLAIT_FTP_LINK) ? 0o120000 : 0o100000
  stat.mode = kind | (wanted.mode > 0 ? wanted.mode : isDirectory ? 0o755 : 0o644)
  stat.size = wanted.file_size
  stat.modified = wanted.modified
  stat.user = wanted.uid
  stat.group = wanted.gid
  stat.links = max(wanted.links, 1)
  var entry = FileEntry(name: name, stat: stat, target: target.isEmpty ? nil : target)
  entry.owner = owner
  entry.group = group
  return entry
}

@_cdecl("plait_ftp_request_add_entry") @implementation
public func plait_ftp_request_add_entry(_ request: plait_ftp_request, _ entry: UnsafePointer<plait_ftp_entry>?) -> CInt
{
  onFTPRequest(request) { request in
    var wanted = plait_ftp_entry()
    let status = readNeeded(entry, &wanted)
    guard status == .ok else { return status }
    guard let entry = made(wanted) else { return .invalid }
    return request.add(entry)
  }
}

@_cdecl("plait_ftp_request_set_descriptor") @implementation
public func plait_ftp_request_set_descriptor(_ request: plait_ftp_request, _ fd: CInt) -> CInt {
  onFTPRequest(request) { fd < 3 ? .invalid : $0.give(fd) }
}

@_cdecl("plait_ftp_request_set_file") @implementation
public func plait_ftp_request_set_file(_ request: plait_ftp_request, _ file: UnsafeMutableRawPointer?) -> CInt {
  onFTPRequest(request) { $0.give(file) }
}

@_cdecl("plait_ftp_request_add_data") @implementation
public func plait_ftp_request_add_data(
  _ request: plait_ftp_request, _ data: UnsafePointer<UInt8>?, _ len: Int
) -> CInt {
  onFTPRequest(request) { request in
    guard let bytes = checked(data, len) else { return .invalid }
    return request.add(bytes.bytes)
  }
}

@_cdecl("plait_ftp_request_finish") @implementation
public func plait_ftp_request_finish(_ request: plait_ftp_request, _ status: CInt) -> CInt {
  onFTPRequest(request) { status > 0 ? .invalid : $0.finish(status) }
}
