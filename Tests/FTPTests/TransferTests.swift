import Bench
import Bytes
import Files
import Loopback
import Testing
import Wire

@testable import FTP

/// Transfers over data connections in memory.
struct TransferTests {
  @Test func retrieving() {
    let client = MemoryClient()
    let data = client.open()
    #expect(
      client.say("RETR file") == ["125 Data connection already open, starting transfer", "226 Transfer Complete."])
    #expect(data.text == "0123456789" && data.isOver)
    client.say("REST 7")
    let rest = client.open()
    client.say("RETR file")
    #expect(rest.text == "789")
    let again = client.open()
    client.say("RETR file")
    #expect(again.text == "0123456789", "REST is for one transfer")
    #expect(
      client.server.events.suffix(3) == [
        "retrieve /file 10 0 226", "retrieve /file 3 0 226", "retrieve /file 10 0 226",
      ])
  }

  @Test func theDataConnectionComesLater() {
    let client = MemoryClient()
    client.say("EPSV")
    #expect(client.say("RETR file") == ["150 File status okay; about to open data connection."])
    let data = MemoryClient.Data()
    _ = client.connect("memory:ftp-data-1", data.host)
    client.turn()
    #expect(client.heard() == ["226 Transfer Complete."] && data.text == "0123456789")
  }

  @Test func theDataConnectionNeverComes() {
    let client = MemoryClient()
    client.say("EPSV")
    #expect(client.say("NOOP") == ["200 Command OK"], "who has asked for a port is not kept waiting")
    client.say("RETR file")
    client.bench.advance(9_999)
    #expect(client.heard() == [])
    client.bench.advance(1)
    client.turn()
    #expect(client.heard() == ["425 Can't open data connection."])
    #expect(client.say("RETR file").first?.hasPrefix("503") == true)
    #expect(client.server.events.last == "retrieve /file 0 \(Status.timeout) 425")
  }

  @Test func active() {
    let client = MemoryClient()
    let data = MemoryClient.Data()
    guard
      case .listener = client.bench.context.listen(
        MemoryClient.endpoint("memory:ftp-data-1025", .listen), ListenOptions(), data.host)
    else { fatalError("no listener") }
    #expect(client.say("PORT 127,0,0,1,4,1") == ["200 PORT OK"])
    #expect(
      client.say("RETR file") == ["150 File status okay; about to open data connection.", "226 Transfer Complete."])
    #expect(data.text == "0123456789")
    #expect(client.say("EPRT |1|127.0.0.1|1026|") == ["200 EPRT OK"])
    #expect(
      client.say("RETR file") == [
        "150 File status okay; about to open data connection.", "425 Can't open data connection.",
      ])
    #expect(client.say("EPSV ALL") == ["200 EPSV ALL OK"])
    for line in ["PASV", "PORT 127,0,0,1,4,1", "EPRT |1|127.0.0.1|1026|"] {
      #expect(client.say(line).first?.hasPrefix("503 ") == true)
    }
    #expect(client.say("EPSV").first?.hasPrefix("229 ") == true)
  }

  @Test func storing() {
    let client = MemoryClient()
    func store(_ line: String, _ text: String) -> [String] {
      let data = client.open()
      let begun = client.say(line)
      client.bench.turn {
        client.put(text, data.conn!)
        data.conn!.close(.ok)
      }
      client.turn()
      return begun + client.heard()
    }
    let fine = ["125 Data connection already open, starting transfer", "226 Transfer Complete."]
    #expect(store("STOR up", "hello") == fine && client.server.place.read("up") == "hello")
    #expect(store("STOR up", "he") == fine && client.server.place.read("up") == "he")
    #expect(store("APPE up", "y!") == fine && client.server.place.read("up") == "hey!")
    client.say("REST 2")
    #expect(store("STOR up", "LL") == fine && client.server.place.read("up") == "heLL")
    #expect(
      store("STOU up", "new") == ["150 FILE: up.1", "226 Transfer Complete."]
        && client.server.place.read("up.1") == "new")
    #expect(store("STOU", "") == ["150 FILE: ftp", "226 Transfer Complete."] && client.server.place.read("ftp") == "")
    client.say("TYPE A")
    #expect(store("STOR text", "a\r\nb\rc\r\n\r") == fine && client.server.place.read("text") == "a\nb\rc\n\r")
    #expect(client.server.events.last == "store /text 9 0 226")
  }

  @Test func refusedByTheShell() {
    let client = MemoryClient()
    for line in [
      "RETR nope", "RETR dir", "STOR dir", "STOR nope/x", "LIST nope", "NLST nope", "MLSD nope", "REST 11|RETR file",
    ] {
      let data = client.open()
      var answer: [String] = []
      for part in line.split(separator: "|") { answer = client.say(String(part)) }
      #expect(answer.count == 1 && answer[0].hasPrefix("55"), "\(line): \(answer)")
      #expect(data.isOver && data.text == "")
      #expect(client.say("LIST").first?.hasPrefix("503 ") == true, "no connection is left for the next command")
    }
  }

  @Test func text() {
    let client = MemoryClient()
    client.say("TYPE A")
    let data = client.open()
    client.say("RETR text")
    #expect(data.text == "one\\r\\ntwo\\r\\nthree")
    #expect(client.say("SIZE text") == ["213 15"] && client.say("SIZE dir").first?.hasPrefix("550 ") == true)
    #expect(client.say("REST 3").first?.hasPrefix("504 ") == true)
  }

  /// Line ends, however the bytes are cut.
  @Test func lineEnds() {
    func convert(_ bytes: [UInt8], _ place: Int, _ body: (LineEnds, RawSpan, Bool, inout ByteBuffer) -> Bool) -> [UInt8]
    {
      let ends = LineEnds()
      var out = ByteBuffer()
      let parts = [Array(bytes[..<place]), Array(bytes[place...])]
      for (index, part) in parts.enumerated() {
        let isFine = body(ends, part.span.bytes, index == 1, &out)
        #expect(isFine)
      }
      let made = out.bytes.copied
      return made
    }
    let (stored, sent) = (Array("a\r\rb\nc\r\n\n\r".utf8), Array("a\r\rb\r\nc\r\n\r\n\r".utf8))
    for place in 0...stored.count { #expect(convert(stored, place) { $0.out($1, into: &$3) } == sent) }
    let (wire, kept) = (Array("\r\na\r\r\nb\rc\n\r".utf8), Array("\na\r\nb\rc\n\r".utf8))
    for place in 0...wire.count { #expect(convert(wire, place) { $0.in($1, isLast: $2, into: &$3) } == kept) }
  }

  @Test func listing() {
    let client = MemoryClient()
    client.server.place.write("odd\nname", "")
    func list(_ line: String) -> String {
      let data = client.open()
      #expect(client.say(line).last == "226 Transfer Complete.", "\(line)")
      return data.text
    }
    #expect(list("NLST") == "dir\\r\\nfile\\r\\nodd\\nname\\r\\ntext\\r\\n")
    #expect(list("NLST f*") == "file\\r\\n" && list("NLST -CF file") == "file\\r\\n" && list("NLST dir") == "")
    let long = list("LIST -la file")
    #expect(long.hasPrefix("-rw-r--r--   1 ") && long.hasSuffix("             10 Nov 14  2023 file\\r\\n"), "\(long)")
    client.say("OPTS MLST type;size;modify;")
    #expect(list("MLSD").contains("type=file;size=10;modify=20231114221320; file\\r\\n"))
    #expect(list("MLSD").contains("type=dir;modify="))
    #expect(client.server.events.filter { $0.hasPrefix("list /") }.count == 7)
  }

  @Test func tooLongAListing() {
    let client = MemoryClient(Server { $0.maxList = 20 })
    _ = client.open()
    #expect(client.say("LIST").first == "451 : Listing too long.")
  }

  @Test func aborted() {
    let client = MemoryClient()
    client.memory.holdsWork = true
    let data = client.open()
    client.say("RETR file")
    #expect(client.say("STAT").last == "213 End of status")
    #expect(client.say("NOOP") == [], "other commands wait")
    #expect(client.say("ABOR") == [], "behind them, too")
    client.memory.releaseWork()
    client.turn()
    #expect(data.isOver)
    let other = MemoryClient()
    other.memory.holdsWork = true
    let second = other.open()
    other.say("RETR file")
    #expect(other.say("ABOR") == ["426 Transfer aborted.  Data connection closed.", "226 Abort successful"])
    #expect(second.isOver && second.text == "")
    other.memory.releaseWork()
    other.turn()
    #expect(other.say("NOOP") == ["200 Command OK"])
    #expect(other.server.events.last == "retrieve /file 0 \(Status.cancelled) 426")
  }

  /// An upload that breaks off is no upload.
  @Test func broken() {
    let client = MemoryClient()
    let data = client.open()
    client.say("STOR up")
    client.bench.turn { client.put("half", data.conn!) }
    client.turn()
    client.bench.turn { data.conn!.abort(.aborted) }
    client.turn()
    #expect(client.heard() == ["426 Transfer aborted.  Data connection closed."])
    #expect(client.server.place.read("up") == "half")
    #expect(client.server.events.last?.hasPrefix("store /up 4 ") == true)
  }

  @Test func stalled() {
    let client = MemoryClient()
    let data = client.open()
    client.say("STOR up")
    client.bench.turn { client.put("x", data.conn!) }
    client.turn()
    client.bench.advance(239_999)
    #expect(client.heard() == [])
    client.bench.advance(1)
    client.turn()
    #expect(client.heard() == ["426 Transfer aborted.  Data connection closed."])
    #expect(client.say("NOOP") == ["200 Command OK"])
  }

  @Test func beside() {
    let server = Server()
    server.writesBeside = true
    let client = MemoryClient(server)
    let data = client.open()
    client.say("STOR up")
    client.bench.turn { client.put("half", data.conn!) }
    client.turn()
    #expect(server.place.read("up") == nil && server.place.read(".up.part") == "half")
    let busy = client.open  // a second upload to the same place waits for nobody
    client.bench.turn { data.conn!.abort(.aborted) }
    client.turn()
    _ = client.heard()
    #expect(client.say("SIZE up") == ["213 4"])
    let rest = busy()
    client.say("REST 4")
    client.say("STOR up")
    client.bench.turn {
      client.put("whole", rest.conn!)
      rest.conn!.close(.ok)
    }
    client.turn()
    #expect(client.heard().last == "226 Transfer Complete.")
    #expect(server.place.read("up") == "halfwhole" && server.place.read(".up.part") == nil)
  }

  /// The session ends in the midst of it: nothing is left.
  @Test func theSessionEnds() {
    for held in [false, true] {
      let client = MemoryClient()
      let data = client.open()
      client.memory.holdsWork = held
      client.say("STOR up")
      client.bench.turn { client.control_!.abort(.aborted) }
      client.turn()
      client.memory.releaseWork()
      client.turn()
      #expect(data.isOver)
      #expect(client.server.events.contains { $0.hasPrefix("store /up 0 ") })
      #expect(client.bench.alive == 1, "the listener")
    }
  }

  @Test func large() {
    let client = MemoryClient()
    let block = String(repeating: "0123456789abcdef", count: 40_000)
    client.server.place.write("large", block)
    let data = client.open()
    client.say("RETR large")
    for _ in 0..<200 where !data.isOver { client.turn() }
    #expect(data.text == block && client.heard().isEmpty)
    #expect(client.server.events.last == "retrieve /large 640000 0 226")
  }
}
