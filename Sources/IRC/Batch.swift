import Bytes

/// Messages that belong together: IRCv3's batch. It has ended when the server says so.
struct Batch {
  var reference: [UInt8] = []
  /// Of this conversation, counted from 1.
  var number: UInt32 = 0
  /// What its events have in their flags.
  var flags: UInt32 = 0
  /// Of the question that it answers, or of the one that it is within; else empty.
  var label: [UInt8] = []
  /// It has that label itself.
  var isAnswer = false

  /// That may be open at a time; of more, nobody is told.
  static var most: Int { 64 }
}

extension IRCSession {
  /// Which batch a message is in, and which label it has.
  func readTags(_ line: RawSpan, _ event: inout Event) {
    let tags = line.extracting(message.tags.range)
    within = -1
    label = Part()
    if !batches.isEmpty, let value = Tags.find("batch", in: tags) {
      within = place(ofBatch: tags.extracting(value.range))
      if within >= 0 {
        event.batch = batches[within].number
        event.flags |= batches[within].flags
      }
    }
    if !calls.isEmpty, let value = Tags.find("label", in: tags) {
      label = Part(Int(message.tags.start + value.start), Int(message.tags.start + value.start + value.count))
    }
  }

  private func place(ofBatch reference: RawSpan) -> Int {
    for index in 0..<batches.count {
      let known = batches[index].reference
      if known.span.bytes.isEqual(reference) { return index }
    }
    return -1
  }

  /// BATCH: one begins, within another or in none, or ends.
  func batched(_ event: inout Event, _ line: RawSpan) {
    let word = message.parameter(0, line)
    guard word.byteCount > 1 else { return }
    let reference = word.extracting(droppingFirst: 1)
    let known = place(ofBatch: reference)
    if word.byte(0) == UInt8(ascii: "+") {
      guard known < 0, batches.count < Batch.most, message.count > 1 else { return }
      batchNumber &+= 1
      var made = Batch()
      made.reference = reference.copied
      made.number = batchNumber
      let type = message.parameter(1, line)
      made.flags = type.isEqual("netsplit") ? Event.split : type.isEqual("netjoin") ? Event.rejoined : 0
      made.label = line.extracting(label.range).copied
      made.isAnswer = !made.label.isEmpty
      if within >= 0 {
        made.flags |= batches[within].flags
        if made.label.isEmpty { made.label = batches[within].label }
      }
      batches.append(made)
      event.number = made.number
      event.target = message.parameters[1]
      if message.count > 2 {
        let last = message.parameters[message.count - 1]
        event.text = Part(Int(message.parameters[2].start), Int(last.start) + Int(last.count))
      }
    } else if known >= 0 {
      let batch = batches.remove(at: known)
      event.number = batch.number
      event.flags |= batch.flags | Event.ended
      ended(batch)
    } else {
      return
    }
    event.kind = .batch
  }
}
