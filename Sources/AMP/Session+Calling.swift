import Bytes
import Wire

/// How a call begins.
public struct CallOptions {
  /// In milliseconds; 0: as the factory says.
  public var time: UInt64 = 0
  public var isOneway = false
  /// What is spoken once it is answered.
  public var successor: Factory?
  public init() {}
}

extension AMPFactory {
  /// A call with a handle, which is the host's only if it is sent.
  @inline(__always)
  final func begin(
    _ session: Session, _ options: CallOptions, _ command: Command?, _ conn: Conn, _ give: (AMPCall) -> Void,
    _ send: (UInt64) -> Status
  ) -> Status {
    let time = options.time > 0 ? options.time : self.options.callTime
    if options.isOneway {
      let status = session.fault
      if status != .ok { return status }
      session.serial &+= 1  // it uses a number up, as Twisted's do
      let sent = send(0)
      if sent != .ok { session.serial &-= 1 }
      return sent
    }
    var status = session.callFault
    guard status == .ok, !conn.isClosing else { return status == .ok ? .closed : status }
    let call = spareCalls.popLast() ?? makeCall(conn.context)
    guard call.register(Kind.call) else { return .limit }
    session.serial &+= 1
    status = session.began(call, time, conn)
    if status == .ok { status = send(session.isExtended ? time : 0) }
    guard status == .ok else {
      session.dropped(call)
      return status
    }
    call.command = command
    if let successor = options.successor {
      call.successor = successor
      session.isLocked = true
    }
    give(call)
    return .ok
  }
}

extension Session {
  @inline(__always)
  func begin(
    _ options: CallOptions, _ command: Command?, _ conn: Conn, _ give: (AMPCall) -> Void, _ send: (UInt64) -> Status
  ) -> Status {
    factory._withUnsafeGuaranteedRef { $0.begin(self, options, command, conn, give, send) }
  }

  /// A call that was not sent after all.
  @inline(never) func dropped(_ call: AMPCall) {
    if calls.find(call.serial) == call.value {
      calls.remove(call.serial)
      callCount -= 1
    }
    serial &-= 1
    call.connEnded()
    call.unregister()
  }

  /// Calls a command; `give` gets the call, unless it is one without an answer.
  @_optimize(speed)
  public func call(
    _ command: Command, _ values: UnsafeBufferPointer<Value>, _ options: CallOptions, _ conn: Conn,
    _ give: (AMPCall) -> Void
  ) -> Status {
    guard values.count <= command.arguments.count, !command.startsTLS,
      options.successor != nil || !command.flags.contains(.switches)
    else { return .invalid }
    var options = options
    options.isOneway = command.flags.contains(.oneway)
    return begin(options, command, conn, give) { deadline in
      var writer = BoxWriter(conn.context.pool.take())
      writer.nextDescriptor = conn.nextDescriptor
      var status = write(command, values, options, deadline, &writer)
      if status == .tooLong, isExtended {
        writer.restart()
        status = write(command, values, options, deadline, &writer)
      }
      if status == .ok { status = send(&writer, conn) }
      conn.context.pool.give(writer.out.take())
      return status
    }
  }

  @_optimize(speed)
  func write(
    _ command: Command, _ values: UnsafeBufferPointer<Value>, _ options: CallOptions, _ deadline: UInt64,
    _ writer: inout BoxWriter
  ) -> Status {
    var place = 0
    let count = command.arguments.count
    while place <= count {
      var status = Status.ok
      if place == command.askPlace, !options.isOneway { status = writer.put("_ask", hex: serial) }
      if status == .ok, place == command.commandPlace { status = writer.put("_command", command.nameBytes) }
      if status == .ok, place == command.deadlinePlace, deadline > 0 {
        status = writer.put("_deadline", decimal: Int64(truncatingIfNeeded: deadline))
      }
      if status == .ok, place < count { status = writer.put(values, place, command.arguments, 0, command) }
      if status != .ok { return status }
      place += 1
    }
    return writer.end()
  }

  /// Calls a command by its name, with fields as they are.
  public func call(
    _ name: RawSpan, _ pairs: UnsafeBufferPointer<HostBytes>, _ options: CallOptions, _ conn: Conn,
    _ give: (AMPCall) -> Void
  ) -> Status {
    guard name.byteCount > 0 else { return .invalid }
    guard name.byteCount <= 65535 else { return .tooLong }
    return begin(options, nil, conn, give) { deadline in
      let own = OwnFields(call: name, serial: serial, isAsked: !options.isOneway, deadline: deadline)
      return send(pairs, own, conn, mayReserve: false, isSent: true)
    }
  }

  // MARK: Boxes

  /// Sends a box of any fields.
  public func send(_ pairs: UnsafeBufferPointer<HostBytes>, _ conn: Conn) -> Status {
    guard fault == .ok else { return fault }
    return send(pairs, OwnFields(), conn, mayReserve: true, isSent: true)
  }

  func send(
    _ given: UnsafeBufferPointer<HostBytes>, _ own: borrowing OwnFields, _ conn: Conn, mayReserve: Bool, isSent: Bool
  ) -> Status {
    var pairs = Pairs(given)
    var status = pairs.prepare(mayReserve: mayReserve)
    guard status == .ok else { return status }
    var writer = BoxWriter(conn.context.pool.take())
    status = pairs.write(own, &writer)
    if status == .tooLong, isExtended {
      writer.restart()
      status = pairs.write(own, &writer)
    }
    if status == .ok, isSent { status = send(&writer, conn) }
    conn.context.pool.give(writer.out.take())
    return status
  }

  /// Sends whole boxes; how many there are, or a status.
  public func send(boxes: RawSpan, _ conn: Conn) -> Status {
    guard fault == .ok else { return fault }
    var at = 0
    var count: Status = 0
    while at < boxes.byteCount {
      guard case .at(let end) = BoxFramer.walk(boxes, from: at) else { return .invalid }
      at = end + 2
      count += 1
    }
    let status = boxes.byteCount > 0 ? send(boxes, conn) : .ok
    return status == .ok ? count : status
  }

  /// Sends what was written, and the descriptors before it.
  @_optimize(speed) @inline(never) func send(_ writer: inout BoxWriter, _ conn: Conn) -> Status {
    if writer.descriptors.count > 0 || writer.width == 4 { return sendRare(&writer, conn) }
    return send(writer.out.bytes, conn)
  }

  @inline(never) func sendRare(_ writer: inout BoxWriter, _ conn: Conn) -> Status {
    for index in 0..<writer.descriptors.count {
      var number: UInt64 = 0
      let status = conn.send(descriptor: writer.descriptors[index], &number)
      if status != .ok { return status }
    }
    return writer.width == 4 ? sendLarge(writer.out.bytes, conn) : send(writer.out.bytes, conn)
  }
}
