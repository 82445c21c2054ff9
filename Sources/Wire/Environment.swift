import Bytes

/// What a protocol asks for everything outside itself: time, listening, connecting. The reactor on libuv is
/// one, memory another; protocols are written against this alone.
open class Environment {
  /// The context that it serves, which outlives it.
  public final var context: Unmanaged<Context>?
  public init() {}

  /// The time of a manual clock, or nil where it goes by itself.
  public final var manualTime: UInt64?

  /// Becomes a context's.
  open func join(_ context: Context) { self.context = Unmanaged.passUnretained(context) }

  /// The context is about to go.
  public final func leave() { context = nil }

  /// Milliseconds on a monotonic clock, as of this turn.
  open var now: UInt64 { manualTime ?? 0 }
  /// The same, not older than this call.
  open func freshNow() -> UInt64 { now }

  /// Something was listed, scheduled or buried outside a turn.
  open func wake() {}
  /// A driving call has ended.
  open func droveOn() {}

  /// Accepts connections. The listener is not registered yet.
  open func listen(_ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory, _ context: Context) -> Listening
  {
    .failed(.unsupported)
  }

  /// Can it connect to endpoints of this kind at all?
  open func canConnect(_ endpoint: Endpoint) -> Bool { false }

  /// Begins to connect: `connect` is told how it ends, in this turn or a later one.
  open func connect(_ endpoint: Endpoint, _ connect: Connect) -> Status { .unsupported }

  /// Looks up a host's addresses of IP; `done` gets them, or none where there are none, inside a driving call. Nil where it can't.
  open func resolve(_ host: Text, _ done: @escaping ([IP]) -> Void) -> Attempt? { nil }

  /// Has it run where it may block, and tells it by `ran`. Without threads of its own that is at the turn's end.
  open func take(_ work: Work) -> Status {
    work.runHere()
    return .ok
  }
  /// It need not run any more, if it has not begun.
  open func drop(_ work: Work) {}
  /// How much was taken and has not run to its end.
  open var working: Int { 0 }
}

extension Context {
  /// Listens for whoever asks, a host or a protocol: the listener is registered.
  public func listen(
    _ endpoint: Endpoint, _ options: ListenOptions, _ factory: Factory, parent: Conn? = nil
  ) -> Listening {
    guard factory.bind(self) else { return .failed(.bound) }
    guard !isEnding else { return .failed(.aborted) }
    let listening = environment.listen(endpoint, options, factory, self)
    if case .listener(let listener) = listening {
      if let parent { listener.parent = parent.id }
      guard listener.register(Kind.listener) else {
        listener.shut()
        return .failed(.limit)
      }
      log(.info, "listener", "listening")
    }
    return listening
  }
}

/// What `listen` answers.
public enum Listening {
  case listener(Listener)
  case failed(Status)
}

/// How to listen: endpoint.h, plait_listen_options.
public struct ListenOptions {
  public var backlog: UInt32 = 1024
  public var reusePort = false
  public var dualStack = false
  /// Of a port that nobody chose: drawn here. The kernel's own search takes a millisecond once thousands have just been used, and
  /// who listens for one connection after the other uses thousands.
  public var drawsPort = false
  public init() {}
}

/// A place where connections are accepted. It ends without a callback of its own.
open class Listener: Entity {
  public final let factory: Factory
  /// By the host, as opposed to a rest for want of descriptors.
  public final var isPaused = false
  /// The conn whose protocol listens, or 0.
  final var parent: UInt64 = 0

  public init(_ context: Context, _ factory: Factory) {
    self.factory = factory
    super.init(context)
  }

  /// A conn for what was accepted; one whose parent has ended is refused.
  public final func open(_ transport: Transport) -> Conn.Opening {
    guard parent != 0 else { return Conn.open(context, transport, factory, Origin(.accepted)) }
    guard let opener = context.conn(parent) else { return .failed(.refused) }
    return Conn.open(context, transport, factory, Origin(.accepted, parent: opener))
  }

  open func setAccepting(_ accepting: Bool) {}
  open func local(_ address: inout Address) -> Status { .ok }
  /// Frees the port, socket or name.
  open func shut() {}

  public final func pause(_ paused: Bool) {
    guard isPaused != paused else { return }
    isPaused = paused
    setAccepting(!paused)
  }

  public final func close() {
    shut()
    context.log(.info, "listener", "closed")
    unregister()
  }

  open override func abandon() { close() }
  open override func drain() { close() }
}
