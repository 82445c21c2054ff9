import Bytes
import CPlait
import CSystem
import Wire

// What is found in elements, and how they are written: element.h.

#if XMPP
  import XMPP
#endif

#if XMPP
  func find(_ tree: Tree, _ start: UInt32, _ name: UnsafePointer<CChar>?, _ space: UnsafePointer<CChar>?) -> Status {
    var status: Status = .ok
    let wanted = hostSpace(name, &status)
    let given = hostSpace(space, &status)
    guard status == .ok else { return status }
    let found = tree.find(from: start, wanted?.bytes, given?.bytes)
    return found == Tree.none ? .absent : Status(truncatingIfNeeded: found)
  }

  func query(_ tree: Tree, _ query: UnsafePointer<CChar>?, _ body: (Query) -> Status) -> Status {
    var status: Status = .ok
    guard let text = hostText(query) else { return .invalid }
    guard let query = Query.make(text.bytes, &status) else { return status }
    return body(query)
  }
#endif

@_cdecl("plait_element_get_child") @implementation
public func plait_element_get_child(
  _ element: plait_element, _ node: UInt32, _ name: UnsafePointer<CChar>?, _ space: UnsafePointer<CChar>?
) -> CInt {
  #if XMPP
    onElement(element, node) { find($0, $0.nodes[Int(node)].first, name, space) }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_get_next") @implementation
public func plait_element_get_next(
  _ element: plait_element, _ node: UInt32, _ name: UnsafePointer<CChar>?, _ space: UnsafePointer<CChar>?
) -> CInt {
  #if XMPP
    onElement(element) { $0.isNode(node) ? find($0, $0.nodes[Int(node)].next, name, space) : .invalid }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_get_table") @implementation
public func plait_element_get_table(
  _ element: plait_element, _ table: UnsafeMutablePointer<plait_element_table>?
) -> CInt {
  #if XMPP
    onElement(element) { tree in
      let status = canTake(table)
      guard status == .ok, let table else { return status }
      // Sound: the rows are made of 32-bit numbers alone (a test compares their sizes), and live as element.h says.
      tree.words.withUnsafeBytes {
        table.pointee.data = $0.baseAddress?.assumingMemoryBound(to: UInt8.self)
        table.pointee.len = $0.count
      }
      table.pointee.nodes = tree.nodes.pointer.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt32.self) }
      table.pointee.node_count = tree.nodes.count
      table.pointee.attributes = tree.attributes.pointer.map {
        UnsafeRawPointer($0).assumingMemoryBound(to: UInt32.self)
      }
      table.pointee.attribute_count = tree.attributes.count
      return .ok
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_match") @implementation
public func plait_element_match(
  _ element: plait_element, _ node: UInt32, _ query: UnsafePointer<CChar>?
) -> CInt {
  #if XMPP
    onElement(element, node) { tree in CAPI.query(tree, query) { $0.matches(node, tree) ? 1 : 0 } }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_query") @implementation
public func plait_element_query(
  _ element: plait_element,
  _ node: UInt32,
  _ query: UnsafePointer<CChar>?,
  _ nodes: UnsafeMutablePointer<UInt32>?,
  _ cap: Int
) -> CInt {
  #if XMPP
    onElement(element, node) { tree in
      guard cap >= 0, cap <= mostBytes, nodes != nil || cap == 0 else { return .invalid }
      return CAPI.query(tree, query) { query in
        var count = 0
        let status = query.find(node, tree) { found in
          if count < cap { nodes?[count] = found }
          count += 1
          return true
        }
        return status == .ok ? Status(truncatingIfNeeded: count) : status
      }
    }
  #else
    .unsupported
  #endif
}

@_cdecl("plait_element_write") @implementation
public func plait_element_write(
  _ element: plait_element,
  _ node: UInt32,
  _ space: UnsafePointer<CChar>?,
  _ out: UnsafeMutablePointer<UInt8>?,
  _ cap: Int,
  _ len: UnsafeMutablePointer<Int>?
) -> CInt {
  #if XMPP
    onElement(element, node) { tree in
      var status: Status = .ok
      guard let len, cap >= 0, cap <= mostBytes else { return .invalid }
      let given = hostSpace(space, &status)
      guard status == .ok else { return status }
      var made = ByteBuffer()
      status = tree.write(node, outer: orNone(given).bytes, &made, limit: mostBytes)
      return status == .ok ? give(made.bytes, out, cap, len) : status
    }
  #else
    .unsupported
  #endif
}
