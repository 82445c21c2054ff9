import CPlait

@_cdecl("plait_version") @implementation
public func plait_version() -> UInt32 {
  UInt32(PLAIT_VERSION_MAJOR) << 16 | UInt32(PLAIT_VERSION_MINOR) << 8 | UInt32(PLAIT_VERSION_PATCH)
}
