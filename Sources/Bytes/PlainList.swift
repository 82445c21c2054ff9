import CSystem

/// A list of plain values in memory of its own: checked like an array, and without references to count.
public struct PlainList<Element: BitwiseCopyable>: ~Copyable {
  var base: UnsafeMutablePointer<Element>?
  public private(set) var count = 0
  var capacity = 0

  public init() {}
  deinit { free(base) }

  /// False when there is no memory.
  public mutating func append(_ element: Element) -> Bool {
    guard count < capacity || grow(count + 1), let base else { return false }
    (base + count).initialize(to: element)
    count &+= 1
    return true
  }

  public mutating func insert(_ element: Element, at index: Int) -> Bool {
    precondition(index >= 0 && index <= count)
    guard append(element), let base else { return false }
    var place = count - 1
    while place > index {
      base[place] = base[place - 1]
      place -= 1
    }
    base[index] = element
    return true
  }

  /// Makes it so long, with `element` in what is new.
  public mutating func resize(_ wanted: Int, _ element: Element) -> Bool {
    guard wanted <= capacity || grow(wanted) else { return false }
    while count < wanted, let base {
      (base + count).initialize(to: element)
      count &+= 1
    }
    count = wanted
    return true
  }

  @inline(never) mutating func grow(_ wanted: Int) -> Bool {
    let wanted = max(capacity * 2, wanted, 4)
    guard let moved = realloc(base, wanted * MemoryLayout<Element>.stride) else { return false }
    base = moved.assumingMemoryBound(to: Element.self)
    capacity = wanted
    return true
  }

  @inline(__always) public mutating func removeAll() { count = 0 }

  public mutating func removeFirst(_ dropped: Int) {
    precondition(dropped >= 0 && dropped <= count)
    count -= dropped
    if let base, dropped > 0 { memmove(base, base + dropped, count * MemoryLayout<Element>.stride) }
  }

  @inline(__always) public subscript(_ index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return base.unsafelyUnwrapped[index]  // sound: [0, count) are initialized
    }
    set {
      precondition(index >= 0 && index < count)
      base.unsafelyUnwrapped[index] = newValue
    }
  }

  /// All of them, for C; valid until the list changes.
  public var pointer: UnsafePointer<Element>? { base.map { UnsafePointer($0) } }
}
