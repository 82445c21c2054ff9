// An ordinary Swift program, with its runtime, that links the archive.
import CPlait

final class Counter {
  var words: [String: Int] = [:]
}

let counter = Counter()
var reactor = plait_reactor(id: 0)
precondition(plait_reactor_new(&reactor, nil) == 0)
let fired: plait_timer_fn = { user, _ in
  let counter = Unmanaged<Counter>.fromOpaque(user!).takeUnretainedValue()
  for word in "the host's own strings, classes and dictionaries work as the others do".split(separator: " ") {
    counter.words[String(word).uppercased(), default: 0] += 1
  }
}
precondition(plait_timer_start(reactor, 1, 0, fired, Unmanaged.passUnretained(counter).toOpaque(), nil) == 0)
precondition(plait_reactor_run(reactor) == 1)
precondition(plait_reactor_free(reactor) == 0)
precondition(counter.words.count == 11 && counter.words["CLASSES"] == 1, "\(counter.words)")
