import Bytes
import Wire

/// Work on files, by what is given to it: `body` runs on another thread and touches its answer alone, `done` on the
/// reactor's. Given up, `done` gets an answer of its own that says so: the other may still be written.
public final class FileWork<Answer: AnyObject>: Work {
  var body: ((Answer) -> Void)?
  let done: (Answer?) -> Void
  let answer: Answer

  public init(
    _ context: Context, _ answer: Answer, _ body: @escaping (Answer) -> Void, _ done: @escaping (Answer?) -> Void
  ) {
    self.body = body
    self.done = done
    self.answer = answer
    super.init(context)
  }

  public override func run() { body?(answer) }

  public override func completed(_ reason: Reason) { done(reason.status == .ok ? answer : nil) }
}
