import Bytes

/// The hashes by which other clients choose a server. Not for secrets: none of them keeps any.
enum Hashes {
  /// MurmurHash3, 32 bits, seed 0 (Appleby).
  static func murmur3(_ bytes: RawSpan) -> UInt32 {
    var hash: UInt32 = 0
    let whole = bytes.byteCount & ~3
    var at = 0
    while at < whole {
      hash ^= scramble(UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self)))
      hash = rotate(hash, 13) &* 5 &+ 0xe654_6b64
      at += 4
    }
    var rest: UInt32 = 0
    while at < bytes.byteCount {
      rest |= UInt32(bytes.byte(at)) << UInt32(8 * (at - whole))
      at += 1
    }
    if rest != 0 || bytes.byteCount > whole { hash ^= scramble(rest) }
    hash ^= UInt32(truncatingIfNeeded: bytes.byteCount)
    hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
    hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
    return hash ^ hash >> 16
  }

  private static func scramble(_ word: UInt32) -> UInt32 { rotate(word &* 0xcc9e_2d51, 15) &* 0x1b87_3593 }
  @inline(__always) private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 {
    word << bits | word >> (32 - bits)
  }

  /// "One at a time" (Jenkins 1997). Bytes above 127 are negative, as they are to libmemcached.
  static func oneAtATime(_ bytes: RawSpan) -> UInt32 {
    var hash: UInt32 = 0
    for index in 0..<bytes.byteCount {
      hash = hash &+ UInt32(bitPattern: Int32(Int8(bitPattern: bytes.byte(index))))
      hash = hash &+ hash << 10
      hash ^= hash >> 6
    }
    hash = hash &+ hash << 3
    hash ^= hash >> 11
    return hash &+ hash << 15
  }

  /// MD5 (RFC 1321): its four words.
  static func md5(_ bytes: RawSpan) -> (UInt32, UInt32, UInt32, UInt32) {
    var state: (UInt32, UInt32, UInt32, UInt32) = (0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476)
    let count = bytes.byteCount
    let blocks = (count + 8) / 64 + 1
    for block in 0..<blocks {
      let start = block * 64
      func word(_ index: Int) -> UInt32 {
        let at = start + index * 4
        if at + 4 <= count {
          return UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self))
        }
        if block == blocks - 1, index >= 14 {
          let bits = UInt64(count) &* 8
          return UInt32(truncatingIfNeeded: index == 14 ? bits : bits >> 32)
        }
        var value: UInt32 = 0
        for place in 0..<4 where at + place <= count {
          let byte = at + place < count ? bytes.byte(at + place) : 0x80
          value |= UInt32(byte) << UInt32(8 * place)
        }
        return value
      }
      mix(&state, word)
    }
    return state
  }

  private static func mix(_ state: inout (UInt32, UInt32, UInt32, UInt32), _ word: (Int) -> UInt32) {
    var (a, b, c, d) = state
    for step in 0..<64 {
      let mixed: UInt32
      let index: Int
      switch step / 16 {
      case 0: (mixed, index) = (d ^ (b & (c ^ d)), step)
      case 1: (mixed, index) = (c ^ (d & (b ^ c)), (5 * step + 1) & 15)
      case 2: (mixed, index) = (b ^ c ^ d, (3 * step + 5) & 15)
      default: (mixed, index) = (c ^ (b | ~d), (7 * step) & 15)
      }
      let turned = rotate(a &+ mixed &+ sine(step) &+ word(index), shift(step))
      (a, d, c, b) = (d, c, b, b &+ turned)
    }
    state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d)
  }

  /// How far a step turns.
  private static func shift(_ step: Int) -> UInt32 {
    switch (step / 16, step & 3) {
    case (0, 0): 7
    case (0, 1): 12
    case (0, 2): 17
    case (0, _): 22
    case (1, 0): 5
    case (1, 1): 9
    case (1, 2): 14
    case (1, _): 20
    case (2, 0): 4
    case (2, 1): 11
    case (2, 2): 16
    case (2, _): 23
    case (_, 0): 6
    case (_, 1): 10
    case (_, 2): 15
    default: 21
    }
  }

  /// The whole part of 2^32 |sin(step + 1)|. (A constant array in a function is what the Embedded compiler mixes up.)
  private static func sine(_ step: Int) -> UInt32 {
    switch step {
    case 0: 0xd76a_a478
    case 1: 0xe8c7_b756
    case 2: 0x2420_70db
    case 3: 0xc1bd_ceee
    case 4: 0xf57c_0faf
    case 5: 0x4787_c62a
    case 6: 0xa830_4613
    case 7: 0xfd46_9501
    case 8: 0x6980_98d8
    case 9: 0x8b44_f7af
    case 10: 0xffff_5bb1
    case 11: 0x895c_d7be
    case 12: 0x6b90_1122
    case 13: 0xfd98_7193
    case 14: 0xa679_438e
    case 15: 0x49b4_0821
    case 16: 0xf61e_2562
    case 17: 0xc040_b340
    case 18: 0x265e_5a51
    case 19: 0xe9b6_c7aa
    case 20: 0xd62f_105d
    case 21: 0x0244_1453
    case 22: 0xd8a1_e681
    case 23: 0xe7d3_fbc8
    case 24: 0x21e1_cde6
    case 25: 0xc337_07d6
    case 26: 0xf4d5_0d87
    case 27: 0x455a_14ed
    case 28: 0xa9e3_e905
    case 29: 0xfcef_a3f8
    case 30: 0x676f_02d9
    case 31: 0x8d2a_4c8a
    case 32: 0xfffa_3942
    case 33: 0x8771_f681
    case 34: 0x6d9d_6122
    case 35: 0xfde5_380c
    case 36: 0xa4be_ea44
    case 37: 0x4bde_cfa9
    case 38: 0xf6bb_4b60
    case 39: 0xbebf_bc70
    case 40: 0x289b_7ec6
    case 41: 0xeaa1_27fa
    case 42: 0xd4ef_3085
    case 43: 0x0488_1d05
    case 44: 0xd9d4_d039
    case 45: 0xe6db_99e5
    case 46: 0x1fa2_7cf8
    case 47: 0xc4ac_5665
    case 48: 0xf429_2244
    case 49: 0x432a_ff97
    case 50: 0xab94_23a7
    case 51: 0xfc93_a039
    case 52: 0x655b_59c3
    case 53: 0x8f0c_cc92
    case 54: 0xffef_f47d
    case 55: 0x8584_5dd1
    case 56: 0x6fa8_7e4f
    case 57: 0xfe2c_e6e0
    case 58: 0xa301_4314
    case 59: 0x4e08_11a1
    case 60: 0xf753_7e82
    case 61: 0xbd3a_f235
    case 62: 0x2ad7_d2bb
    default: 0xeb86_d391
    }
  }
}
