import Bytes

/// What a value can be.
public enum TypeKind: UInt8, BitwiseCopyable {
  case integer, string, unicode, boolean, float, decimal, dateTime, path, descriptor, listOf, ampList, own

  /// Of the type's name in a signature.
  static func named(_ name: RawSpan) -> TypeKind? {
    if name.isEqual("Integer") { return .integer }
    if name.isEqual("String") { return .string }
    if name.isEqual("Unicode") { return .unicode }
    if name.isEqual("Boolean") { return .boolean }
    if name.isEqual("Float") { return .float }
    if name.isEqual("Decimal") { return .decimal }
    if name.isEqual("DateTime") { return .dateTime }
    if name.isEqual("Path") { return .path }
    if name.isEqual("Descriptor") { return .descriptor }
    if name.isEqual("ListOf") { return .listOf }
    if name.isEqual("AmpList") { return .ampList }
    return nil
  }
}

/// A type, as a node of its command's table of types.
public struct TypeNode: BitwiseCopyable {
  public var kind: TypeKind
  /// A ListOf's element, an AmpList's first column, or which of the host's own types it is.
  var first: UInt32 = 0
  /// An AmpList's columns.
  var columns: UInt32 = 0
}

/// An argument, a value of an answer, or a column of a list.
struct Field: BitwiseCopyable {
  /// Its name, in the command's names.
  var name: Part
  var type: UInt32
  var isOptional: Bool
  /// Is it an Integer? By far the commonest type, which is read without a look at the table of types.
  var isInteger = false
}

/// A type of the host's own: bytes that it has a say in.
public struct OwnType: BitwiseCopyable {
  public typealias Check = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int) -> CInt
  var name: Part
  let check: Check?
  let user: UnsafeMutableRawPointer?
}

/// An error that a command can end with.
public struct DeclaredError: BitwiseCopyable {
  var code: Part
  public let number: CInt
  public let isFatal: Bool
}

/// The arguments of a command, or the values of its answer.
public struct Schema: ~Copyable {
  var fields = PlainList<Field>()
  /// The fields by their names' bytes, as a box has them.
  var order = PlainList<UInt32>()
  @inline(__always) public var count: Int { fields.count }
}
