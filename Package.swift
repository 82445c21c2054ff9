// swift-tools-version: 6.2
import Foundation
import PackageDescription

// The product is Embedded Swift (`make`); without the trait the same sources build as ordinary Swift,
// for `swift test` and the sanitizers. CONTRIBUTING.md says what each target is for.
// Nothing unwinds the stack through the library, so that it has no tables for it; debuggers have their own.
let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableExperimentalFeature("Lifetimes"),
  .enableExperimentalFeature("Embedded", .when(traits: ["Embedded"])),
  .unsafeFlags(
    [
      "-wmo", "-enforce-exclusivity=unchecked", "-Xfrontend", "-function-sections", "-Xcc",
      "-fno-asynchronous-unwind-tables",
    ], .when(traits: ["Embedded"])),
]
// For what is seldom on a message's way: a tenth smaller.
let compact = swift + [.unsafeFlags(["-Osize"], .when(traits: ["Embedded"]))]
// Embedded must not be named here: with a test target it changes how test programs are linked, trait or not.
let tests: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableExperimentalFeature("Lifetimes")]
let link: [LinkerSetting] = [.linkedLibrary("m", .when(traits: ["Embedded"]))]

// Where OpenSSL's headers are missing, a plain build goes without TLS. PLAIT_OPENSSL=1 says that they are there, and is what the
// Makefile says: SwiftPM remembers a manifest's answer as long as the environment stays the same.
func hasHeader(_ name: String) -> Bool {
  let places = ["/usr/include", "/usr/local/include", "/opt/homebrew/include"]
  return places.contains { FileManager.default.fileExists(atPath: $0 + "/" + name) }
}
let hasOpenSSL = Context.environment["PLAIT_OPENSSL"].map { $0 == "1" } ?? hasHeader("openssl/ssl.h")
if !hasOpenSSL {
  FileHandle.standardError.write(
    Data("plait: TLS is left out, for want of OpenSSL's headers (Debian: libssl-dev)\n".utf8))
}
// The same for XMPP, which needs expat and libidn; PLAIT_XMPP=1 says that they are there.
let hasExpat =
  Context.environment["PLAIT_XMPP"].map { $0 == "1" } ?? (hasHeader("expat.h") && hasHeader("stringprep.h"))
if !hasExpat {
  FileHandle.standardError.write(
    Data("plait: XMPP is left out, for want of expat's or libidn's headers (Debian: libexpat1-dev, libidn-dev)\n".utf8))
}
let systemLibraries = ["TLS"].filter { _ in hasOpenSSL } + ["XMPP"].filter { _ in hasExpat }
let tlsTargets: [Target] = [
  .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
  .target(name: "TLS", dependencies: ["Bytes", "Wire", "COpenSSL", "CSystem"], swiftSettings: compact),
]
let tlsTests: [Target] = [
  .testTarget(
    name: "TLSTests", dependencies: ["Bench", "Bytes", "Wire", "Framing", "TLS", "COpenSSL"], swiftSettings: tests)
]
let tls: [Target.Dependency] = hasOpenSSL ? [.target(name: "TLS", condition: .when(traits: ["TLS"]))] : []
let xmppTargets: [Target] = [
  .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
  .systemLibrary(name: "CIDN", pkgConfig: "libidn", providers: [.apt(["libidn-dev"])]),
  .target(
    name: "XMPP", dependencies: ["Bytes", "Wire", "Crypto", "SASL", "CExpat", "CIDN"],
    swiftSettings: compact),
  .testTarget(name: "XMPPTests", dependencies: ["Bench", "Bytes", "Wire", "XMPP"], swiftSettings: tests),
]
let xmpp: [Target.Dependency] = hasExpat ? [.target(name: "XMPP", condition: .when(traits: ["XMPP"]))] : []

// Digests come from there, too, and are UNSUPPORTED where it is left out.
let openSSL: [Target.Dependency] = hasOpenSSL ? [.target(name: "COpenSSL", condition: .when(traits: ["TLS"]))] : []

let package = Package(
  name: "plait",
  products: [
    // `make` links libplait.so out of it, too: scripts/build-library.
    .library(name: "plait-static", type: .static, targets: ["CAPI"])
  ],
  traits: [
    .trait(name: "Embedded", description: "The product build: no Swift runtime"),
    .trait(name: "TLS", description: "TLS and digests, by OpenSSL"),
    .trait(name: "XMPP", description: "XMPP, by expat and libidn"),
    .default(enabledTraits: Set(systemLibraries)),
  ],
  targets: [
    .systemLibrary(name: "CPlait", path: "include"),
    .systemLibrary(name: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
    .target(
      name: "CSystem",
      cSettings: [.unsafeFlags(["-O2", "-ffunction-sections", "-fvisibility=hidden", "-Wall", "-Wextra"])],
      linkerSettings: [.linkedLibrary("resolv")]),
    .target(name: "Bytes", dependencies: ["CPlait", "CSystem"], swiftSettings: swift),
    .target(name: "Wire", dependencies: ["Bytes", "CSystem"], swiftSettings: swift),
    .target(name: "Crypto", dependencies: ["Bytes"] + openSSL, swiftSettings: swift),
    .target(name: "SASL", dependencies: ["Bytes", "Wire", "Crypto"], swiftSettings: compact),
    .target(name: "Framing", dependencies: ["Bytes", "Wire"], swiftSettings: swift),
    .target(name: "AMP", dependencies: ["Bytes", "Wire", "Framing"], swiftSettings: compact),
    .target(name: "Ident", dependencies: ["Bytes", "Wire"], swiftSettings: compact),
    .target(name: "SOCKS", dependencies: ["Bytes", "Wire"], swiftSettings: compact),
    .target(name: "Memcache", dependencies: ["Bytes", "Wire"], swiftSettings: compact),
    .target(name: "IRC", dependencies: ["Bytes", "Wire", "Framing", "Crypto", "SASL"], swiftSettings: compact),
    .target(name: "Files", dependencies: ["Bytes", "Wire", "CSystem"], swiftSettings: compact),
    .target(name: "FTP", dependencies: ["Bytes", "Wire", "Crypto", "Files"], swiftSettings: compact),
    .target(name: "Policies", dependencies: ["Bytes", "Wire"], swiftSettings: compact),
    .target(name: "Loopback", dependencies: ["Bytes", "Wire"], swiftSettings: compact),
    .target(name: "Reactor", dependencies: ["Bytes", "Wire", "CLibuv", "CSystem"], swiftSettings: swift),
    .target(
      name: "CAPI",
      dependencies: [
        "Bytes", "Wire", "Framing", "Policies", "SASL", "AMP", "IRC", "Ident", "Memcache", "Files", "FTP", "Loopback",
        "Reactor", "SOCKS", "CPlait", "CSystem",
      ] + tls + xmpp,
      swiftSettings: compact, linkerSettings: link),
    // What the unit tests share: a reactor in memory, a host that writes down what it hears.
    .testTarget(
      name: "Bench", dependencies: ["Bytes", "Wire", "Framing", "Loopback", "CPlait", "CSystem"], swiftSettings: tests),
    .testTarget(
      name: "IRCTests", dependencies: ["Bench", "Bytes", "Wire", "Framing", "IRC", "SASL", "Loopback"],
      swiftSettings: tests),
    .testTarget(
      name: "SASLTests", dependencies: ["Bench", "Bytes", "Wire", "Crypto", "SASL", "Loopback"], swiftSettings: tests),
    .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: tests),
    .testTarget(
      name: "WireTests", dependencies: ["Bench", "Bytes", "Wire", "Loopback", "CSystem"], swiftSettings: tests),
    .testTarget(
      name: "AMPTests", dependencies: ["Bench", "Bytes", "Wire", "Framing", "AMP", "Loopback"], swiftSettings: tests),
    .testTarget(
      name: "IdentTests", dependencies: ["Bench", "Bytes", "Wire", "Ident", "Loopback"], swiftSettings: tests),
    .testTarget(
      name: "SOCKSTests", dependencies: ["Bench", "Bytes", "Wire", "Framing", "SOCKS", "Loopback"], swiftSettings: tests
    ),
    .testTarget(
      name: "MemcacheTests", dependencies: ["Bench", "Bytes", "Wire", "Memcache", "Loopback"], swiftSettings: tests),
    .testTarget(name: "FramingTests", dependencies: ["Bench", "Bytes", "Wire", "Framing"], swiftSettings: tests),
    .testTarget(
      name: "PoliciesTests", dependencies: ["Bench", "Bytes", "Wire", "Framing", "Loopback", "Policies"],
      swiftSettings: tests),
    .testTarget(
      name: "LoopbackTests", dependencies: ["Bench", "Bytes", "Wire", "Framing", "Loopback"], swiftSettings: tests),
    .testTarget(
      name: "ReactorTests", dependencies: ["Bench", "Bytes", "Wire", "Framing", "Loopback", "Reactor", "CSystem"],
      swiftSettings: tests),
    .testTarget(name: "FilesTests", dependencies: ["Bytes", "Files", "CSystem"], swiftSettings: tests),
    .testTarget(
      name: "FTPTests",
      dependencies: ["Bench", "Bytes", "Wire", "Crypto", "Files", "FTP", "Loopback", "Policies", "CSystem"],
      swiftSettings: tests),
    .testTarget(name: "CAPITests", dependencies: ["CAPI", "CPlait", "CSystem"], swiftSettings: tests),
  ] + (hasOpenSSL ? tlsTargets + tlsTests : []) + (hasExpat ? xmppTargets : [])
)

// Source distributions come without tests.
if !FileManager.default.fileExists(atPath: Context.packageDirectory + "/Tests") {
  package.targets.removeAll { $0.type == .test }
}
