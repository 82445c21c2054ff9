import Bytes

/// The commands that the library answers by itself.
enum Verb: UInt32 {
  case user = 0x55534552
  case pass = 0x50415353
  case acct = 0x41434354
  case rein = 0x5245494e
  case quit = 0x51554954
  case pasv = 0x50415356
  case epsv = 0x45505356
  case port = 0x504f5254
  case eprt = 0x45505254
  case list = 0x4c495354
  case nlst = 0x4e4c5354
  case mlsd = 0x4d4c5344
  case mlst = 0x4d4c5354
  case stat = 0x53544154
  case retr = 0x52455452
  case stor = 0x53544f52
  case appe = 0x41505045
  case stou = 0x53544f55
  case rest = 0x52455354
  case allo = 0x414c4c4f
  case abor = 0x41424f52
  case rnfr = 0x524e4652
  case rnto = 0x524e544f
  case dele = 0x44454c45
  case mkd = 0x004d4b44
  case rmd = 0x00524d44
  case cwd = 0x00435744
  case cdup = 0x43445550
  case pwd = 0x00505744
  case xmkd = 0x584d4b44
  case xrmd = 0x58524d44
  case xcwd = 0x58435744
  case xcup = 0x58435550
  case xpwd = 0x58505744
  case size = 0x53495a45
  case mdtm = 0x4d44544d
  case mfmt = 0x4d464d54
  case type = 0x54595045
  case stru = 0x53545255
  case mode = 0x4d4f4445
  case syst = 0x53595354
  case feat = 0x46454154
  case opts = 0x4f505453
  case help = 0x48454c50
  case noop = 0x4e4f4f50
  case site = 0x53495445
  case clnt = 0x434c4e54
  case smnt = 0x534d4e54
  case hash = 0x48415348
  case auth = 0x41555448
  case pbsz = 0x5042535a
  case prot = 0x50524f54

  /// By its letters, of which case does not matter.
  static func of(_ word: RawSpan) -> Verb? {
    guard word.byteCount >= 3, word.byteCount <= 4 else { return nil }
    var code: UInt32 = 0
    for index in 0..<word.byteCount { code = code << 8 | UInt32(upper(word.byte(index))) }
    return Verb(rawValue: code)
  }

  static func upper(_ byte: UInt8) -> UInt8 { byte >= 97 && byte <= 122 ? byte - 32 : byte }

  /// The older name of some, of RFC 775, means the same.
  var usual: Verb {
    switch self {
    case .xmkd: .mkd
    case .xrmd: .rmd
    case .xcwd: .cwd
    case .xcup: .cdup
    case .xpwd: .pwd
    default: self
    }
  }

  var name: [UInt8] {
    var letters: [UInt8] = []
    for shift in [24, 16, 8, 0] {
      let letter = UInt8(truncatingIfNeeded: rawValue >> UInt32(shift))
      if letter != 0 { letters.append(letter) }
    }
    return letters
  }

  /// May it be given before the login?
  var isPublic: Bool {
    switch self {
    case .user, .pass, .quit, .feat, .rein, .syst, .help, .noop, .opts, .clnt, .acct, .auth, .pbsz, .prot: true
    default: false
    }
  }

  /// Does it mean nothing without words behind it?
  var needsWords: Bool {
    switch self {
    case .user, .pass, .port, .eprt, .retr, .stor, .appe, .rest, .rnfr, .rnto, .dele, .mkd, .rmd, .cwd, .size, .mdtm,
      .mfmt,
      .type, .stru, .mode, .opts, .site, .smnt, .auth,
      .pbsz, .prot, .hash:
      true
    default: false
    }
  }

  /// For HELP.
  static var all: [Verb] {
    [
      .user, .pass, .acct, .rein, .quit, .pasv, .epsv, .port, .eprt, .list, .nlst, .mlsd, .mlst, .stat, .retr, .stor,
      .appe, .stou, .rest, .allo, .abor, .rnfr, .rnto, .dele, .mkd, .rmd, .cwd, .cdup, .pwd, .xmkd, .xrmd, .xcwd,
      .xcup, .xpwd, .size, .mdtm, .mfmt, .type, .stru, .mode, .syst, .feat, .opts, .help, .noop, .site, .clnt, .smnt,
      .auth, .pbsz,
      .prot, .hash,
    ]
  }
}
