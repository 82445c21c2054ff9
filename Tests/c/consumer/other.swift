// Embedded Swift of somebody else: classes, arrays and closures, so that it brings its own copy of the runtime's parts.
final class Node {
  let value: Int
  let next: Node?
  init(value: Int, next: Node?) {
    self.value = value
    self.next = next
  }
}

@_cdecl("other_sum")
public func otherSum(_ count: Int) -> Int {
  var list: Node?
  for value in 0..<count { list = Node(value: value, next: list) }
  var values: [Int] = []
  while let node = list {
    values.append(node.value)
    list = node.next
  }
  return values.map { $0 }.reduce(0, +)
}
