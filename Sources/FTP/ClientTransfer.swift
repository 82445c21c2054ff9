import Bytes
import Files
import Wire

/// A transfer of a client's, from the first thing that is asked to the last reply.
final class ClientTransfer: FileMover {
  /// What is asked, in this order, as far as it is needed: the local file; TYPE; SIZE; where data goes; REST; and for the bytes.
  enum Step: Int { case open, type, size, address, rest, move }
  var step = Step.open

  let isUpload: Bool
  var offset: UInt64
  var total: UInt64 = 0
  var moved: UInt64 = 0
  /// What was told of that, and when.
  var told: UInt64 = 0
  var toldAt: UInt64 = 0

  // The data connection.
  var isExtended = false
  var isActive = false
  var listener: Listener?
  var ip = IP(ipv4: 0)
  var port: UInt16 = 0
  var connect: UInt64 = 0

  // How far it is.
  /// The server has said that it begins; and that it is done.
  var hasBegun = false
  var hasReply = false
  /// Bytes move, or may.
  var isMoving = false
  /// What gets them is there.
  var isReady = false
  /// All have moved, and nothing of them is left here.
  var isMoved = false
  /// ABOR was said.
  var isAborting = false
  var fault: Reason?
  /// The host wants to be left alone.
  var isHeld = false

  init(_ request: FTPClientRequest) {
    isUpload = request.action.isUpload
    offset = request.offset
    super.init(isText: request.isText)
    place = request.offset
  }
}

extension FTPClient {
  /// Asks for what the step needs, or goes on to the next.
  func prepare(_ call: FTPClientCall, _ conn: Conn) {
    guard let transfer = call.transfer else { return }
    while true {
      switch transfer.step {
      case .open: if open(call, transfer, conn) { return }
      case .type:
        let wanted = call.request.isText
        if call.request.action.isFile, isText != wanted { return say(wanted ? "TYPE A" : "TYPE I", [], conn) }
      case .size:
        let resumes = call.request.resumes && transfer.isUpload
        if resumes || call.request.asksForSize { return say("SIZE ", call.request.path, conn) }
      case .address: return ask(call, transfer, conn)
      case .rest:
        if transfer.offset > 0, !appends(call) {
          var words = Words("REST ")
          words.add(number: transfer.offset)
          return say(words.bytes, conn)
        }
      case .move: return say(command(call), conn)
      }
      transfer.step = ClientTransfer.Step(rawValue: transfer.step.rawValue + 1) ?? .move
    }
  }

  /// What the server has already is gone on with by APPE: that needs no REST, which many refuse for uploads.
  func appends(_ call: FTPClientCall) -> Bool {
    call.request.action == .append || call.request.action == .put && call.request.resumes
  }

  func command(_ call: FTPClientCall) -> [UInt8] {
    let isResumed = call.request.action == .put && call.request.resumes && call.transfer?.offset ?? 0 > 0
    return isResumed ? Words("APPE ").bytes + call.request.path : call.lines[call.at]
  }

  func goOnWith(_ step: ClientTransfer.Step, _ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) {
    transfer.step = step
    prepare(call, conn)
  }

  /// The answer to what a step has asked.
  func prepared(_ call: FTPClientCall, _ text: [UInt8], _ conn: Conn) {
    guard let transfer = call.transfer else { return }
    switch transfer.step {
    case .open: break
    case .type:
      let wanted = call.request.isText
      guard code < 400 else { return finish(call, remote(Words(wanted ? "TYPE A" : "TYPE I").bytes, text), conn) }
      isText = wanted
      goOnWith(.size, call, transfer, conn)
    case .size: sized(call, transfer, text, conn)
    case .address: addressed(call, transfer, text, conn)
    case .rest:
      guard code < 400 else { return finish(call, remote(Words("REST").bytes, text), conn) }
      goOnWith(.move, call, transfer, conn)
    case .move: moved(call, transfer, text, conn)
    }
  }

  func sized(_ call: FTPClientCall, _ transfer: ClientTransfer, _ text: [UInt8], _ conn: Conn) {
    let line = FTPClient.last(text)
    // What has no size is not there, or is none that could be resumed.
    let size = code == 213 ? ClientReply.firstNumber(Array(line.dropFirst(4))) ?? 0 : 0
    if transfer.isUpload {
      guard size <= transfer.size || transfer.file == nil else {
        return finish(
          call, FTPClient.reason(.range, call.phrase, "the server's file is longer than what would be stored"), conn)
      }
      transfer.offset = size
      if call.request.local != nil { transfer.place = size } else { transfer.place += size }
    } else {
      transfer.total = size
    }
    goOnWith(.address, call, transfer, conn)
  }

  // MARK: Local files

  /// Opens what is to be stored, or looks how much there is; false: that is not needed.
  func open(_ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) -> Bool {
    let request = call.request
    if request.descriptor >= 0 { return openDescriptor(call, transfer, conn) }
    guard let local = request.local, transfer.isUpload || request.resumes else { return false }
    let how = transfer.isUpload ? OpenedFile.How.read : .look
    openFile(call, transfer, conn, { $0.open(local, how, 0) }) { opened, conn in
      if transfer.isUpload {
        guard opened.status == .ok else { return self.finish(call, self.wrong(call, opened.status), conn) }
        transfer.file = opened.file
        transfer.size = opened.size
        transfer.total = opened.size
      } else {
        guard opened.status == .ok || opened.status == Failure.notFound else {
          return self.finish(call, self.wrong(call, opened.status), conn)
        }
        transfer.offset = opened.size
        transfer.place = opened.size
      }
      self.goOnWith(.type, call, transfer, conn)
    }
    return true
  }

  /// The duplicate was made when the call was.
  func openDescriptor(_ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) -> Bool {
    guard let file = transfer.file else { return false }
    openFile(
      call, transfer, conn,
      { $0.take(file) },
      { opened, conn in
        guard opened.status == .ok else { return self.finish(call, self.wrong(call, opened.status), conn) }
        transfer.place = opened.position
        if transfer.isUpload {
          transfer.size = opened.size
          transfer.total = opened.size - min(opened.size, opened.position)
        }
        self.goOnWith(.type, call, transfer, conn)
      })
    return true
  }

  /// Runs `body` on another thread, and `done` if the call goes on.
  func openFile(
    _ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn, _ body: @escaping (OpenedFile) -> Void,
    _ done: @escaping (OpenedFile, Conn) -> Void
  ) {
    let (context, id) = (conn.context, conn.id)
    transfer.isWorking = true
    let work = FileWork(context, OpenedFile(), body) { answer in
      transfer.isWorking = false
      guard !transfer.isOver, let answer, let conn = context.conn(id), !conn.isClosing else { return }
      done(answer, conn)
    }
    let status = work.begin()
    if status != .ok { abandon(call, wrong(call, status), conn) }
  }

  /// Something is wrong with a file of this system's.
  func wrong(_ call: FTPClientCall, _ status: Status) -> Reason {
    var words = Words("the local file: ")
    words.add(Failure.plain(status))
    var reason = FTPClient.reason(status, call.phrase, words.bytes)
    reason.osError = status.systemError
    return reason
  }

  // MARK: Progress

  func count(_ bytes: Int, _ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) {
    heard &+= UInt64(bytes)
    transfer.moved += UInt64(bytes)
    let now = conn.context.now
    guard bytes > 0, now - min(now, transfer.toldAt) >= 100 else { return }
    transfer.toldAt = now
    tell(call, transfer, conn)
  }

  func tell(_ call: FTPClientCall, _ transfer: ClientTransfer, _ conn: Conn) {
    transfer.told = transfer.moved
    call.progress(transfer.offset + transfer.moved, transfer.total)
  }
}
