import Bytes
import CPlait
import CSystem
import Wire

#if XMPP
  import XMPP

  /// Runs `body` on a tree, which it may change; under the lock where it is nobody's reactor's.
  func onElement(_ element: plait_element, _ body: (Tree) -> Status) -> Status {
    guard Id.reactor(element.id) != 0 else { return onLocked(element.id, Kind.element, body) }
    return onContext(element.id) { context in
      guard let object = context.ids.find(element.id, Kind.element) else { return missed(context, element.id) }
      return Unmanaged<Stanza>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.tree._withUnsafeGuaranteedRef(body) }
    }
  }

  /// The same for an element of it.
  func onElement(_ element: plait_element, _ node: UInt32, _ body: (Tree) -> Status) -> Status {
    onElement(element) { $0.isElement(node) ? body($0) : .invalid }
  }

  func give(_ out: UnsafeMutablePointer<plait_element>?, _ tree: Tree) -> Status {
    let id = share(tree, Kind.element)
    guard id != 0 else { return .limit }
    out?.pointee.id = id
    return .ok
  }

  /// The host's space; nil where it has given none.
  func hostSpace(_ space: UnsafePointer<CChar>?, _ status: inout Status) -> UnsafeRawBufferPointer? {
    guard space != nil else { return nil }
    let found = hostText(space)
    if found == nil { status = .invalid }
    return found
  }

  /// What is not given is empty.
  func orNone(_ given: UnsafeRawBufferPointer?) -> UnsafeRawBufferPointer {
    given ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }

  func limits(_ given: UnsafePointer<plait_element_limits>?, _ into: inout XMLLimits) -> Status {
    var wanted = plait_element_limits()
    let status = read(given, &wanted)
    guard status == .ok else { return status }
    return into.set(wanted.max_bytes, wanted.max_depth, wanted.max_elements, wanted.max_attributes) ? .ok : .invalid
  }

  extension XMLLimits {
    mutating func set(_ bytes: UInt32, _ depth: UInt32, _ elements: UInt32, _ attributes: UInt32) -> Bool {
      guard bytes <= 1 << 27, depth <= 10_000, elements <= 1 << 27, attributes <= 1 << 27 else { return false }
      if bytes > 0 { self.bytes = Int(bytes) }
      if depth > 0 { self.depth = Int(depth) }
      if elements > 0 { self.elements = Int(elements) }
      if attributes > 0 { self.attributes = Int(attributes) }
      return true
    }
  }
#endif

@_cdecl("plait_element_new") @implementation
public func plait_element_new(
  _ out: UnsafeMutablePointer<plait_element>?,
  _ name: UnsafePointer<CChar>?,
  _ space: UnsafePointer<CChar>?
) -> CInt {
  #if XMPP
    var status: Status = .ok
    guard let out, let name = hostText(name) else { return .invalid }
    let given = hostSpace(space, &status)
    guard status == .ok else { return status }
    let tree = Tree()
    status = tree.add(name.bytes, given?.bytes, to: Tree.none)
    return status == .ok ? give(out, tree) : status
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_parse") @implementation
public func plait_element_parse(
  _ out: UnsafeMutablePointer<plait_element>?,
  _ data: UnsafePointer<UInt8>?,
  _ len: Int,
  _ limits: UnsafePointer<plait_element_limits>?,
  _ reason: UnsafeMutablePointer<plait_reason>?
) -> CInt {
  #if XMPP
    var allowed = XMLLimits()
    var status = CAPI.limits(limits, &allowed)
    if status == .ok, reason != nil { status = canTake(reason) }
    guard status == .ok else { return status }
    guard let out, let data = checked(data, len) else { return .invalid }
    switch Tree.parse(data.bytes, allowed) {
    case .tree(let tree): return give(out, tree)
    case .failed(let why): return why.status == .noMemory ? .noMemory : tell(why, reason)
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_copy") @implementation
public func plait_element_copy(
  _ out: UnsafeMutablePointer<plait_element>?, _ element: plait_element, _ node: UInt32
) -> CInt {
  #if XMPP
    let made = Tree()
    let status = onElement(element, node) { out == nil ? .invalid : made.add(copyOf: node, in: $0, to: Tree.none) }
    return status == .ok ? give(out, made) : status
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_free") @implementation
public func plait_element_free(
  _ element: plait_element
) -> CInt {
  #if XMPP
    guard Id.reactor(element.id) != 0 else { return countShared(element.id, Kind.element, -1) }
    return onElement(element) { _ in .bound }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_add") @implementation
public func plait_element_add(
  _ element: plait_element, _ parent: UInt32, _ name: UnsafePointer<CChar>?, _ space: UnsafePointer<CChar>?
) -> CInt {
  #if XMPP
    onElement(element, parent) { tree in
      var status: Status = .ok
      guard let name = hostText(name) else { return .invalid }
      let given = hostSpace(space, &status)
      return status == .ok ? tree.add(name.bytes, given?.bytes, to: parent) : status
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_add_text") @implementation
public func plait_element_add_text(
  _ element: plait_element, _ parent: UInt32, _ text: UnsafePointer<UInt8>?, _ len: Int
) -> CInt {
  #if XMPP
    onElement(element, parent) { tree in
      guard let text = checked(text, len) else { return .invalid }
      return tree.add(text: text.bytes, to: parent)
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_add_copy") @implementation
public func plait_element_add_copy(
  _ element: plait_element, _ parent: UInt32, _ from: plait_element, _ node: UInt32
) -> CInt {
  #if XMPP
    let part = Tree()
    var status = onElement(from, node) {
      element.id == from.id ? .invalid : part.add(copyOf: node, in: $0, to: Tree.none)
    }
    if status >= 0 { status = onElement(element, parent) { $0.add(copyOf: 0, in: part, to: parent) } }
    return status
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_set_attribute") @implementation
public func plait_element_set_attribute(
  _ element: plait_element,
  _ node: UInt32,
  _ name: UnsafePointer<CChar>?,
  _ space: UnsafePointer<CChar>?,
  _ value: UnsafePointer<UInt8>?,
  _ len: Int
) -> CInt {
  #if XMPP
    onElement(element, node) { tree in
      var status: Status = .ok
      guard let name = hostText(name), let text = checked(value, len) else { return .invalid }
      let given = hostSpace(space, &status)
      guard status == .ok else { return status }
      return tree.set(node, name.bytes, orNone(given).bytes, value == nil ? nil : text.bytes)
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_get_attribute") @implementation
public func plait_element_get_attribute(
  _ element: plait_element,
  _ node: UInt32,
  _ name: UnsafePointer<CChar>?,
  _ space: UnsafePointer<CChar>?,
  _ value: UnsafeMutablePointer<plait_bytes>?
) -> CInt {
  #if XMPP
    onElement(element, node) { tree in
      var status: Status = .ok
      guard let value, let name = hostText(name) else { return .invalid }
      let given = hostSpace(space, &status)
      guard status == .ok else { return status }
      guard let found = tree.attribute(node, name.bytes, orNone(given).bytes) else { return .absent }
      point(value, tree.bytes(found))
      return .ok
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_get_name") @implementation
public func plait_element_get_name(
  _ element: plait_element,
  _ node: UInt32,
  _ name: UnsafeMutablePointer<plait_bytes>?,
  _ space: UnsafeMutablePointer<plait_bytes>?
) -> CInt {
  #if XMPP
    onElement(element, node) { tree in
      point(name, tree.bytes(tree.nodes[Int(node)].name))
      point(space, tree.bytes(tree.nodes[Int(node)].space))
      return .ok
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_get_text") @implementation
public func plait_element_get_text(
  _ element: plait_element, _ node: UInt32, _ text: UnsafeMutablePointer<plait_bytes>?
) -> CInt {
  #if XMPP
    onElement(element) { tree in
      guard let text, tree.isNode(node) else { return .invalid }
      guard let found = tree.text(node) else { return .absent }
      point(text, tree.bytes(found))
      return .ok
    }
  #else
    .unsupported
  #endif
}
