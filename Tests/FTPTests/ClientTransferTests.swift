import Bench
import Bytes
import Files
import Testing
import Wire

@testable import FTP

/// Transfers of a client's: with the library's own server, and with one that does what no good server does.
struct ClientTransferTests {
  static let timed = "\(Status.timeout)"

  // MARK: With our server

  @Test func files() {
    let place = Place()
    let pair = Pair(Caller(), Server(place))
    let here = Place()
    _ = pair.caller.heard()
    pair.ask("get", FTPClientRequest(.get, "file", local: here.path + "/got"))
    #expect(pair.caller.heard() == ["get: 226 moved=10"] && here.read("got") == "0123456789")
    pair.ask("put", FTPClientRequest(.put, "new", local: here.path + "/text"))
    #expect(pair.caller.heard() == ["put: 226 moved=14"] && place.read("new") == "one\ntwo\r\nthree")
    pair.ask("append", FTPClientRequest(.append, "new", local: here.path + "/file"))
    #expect(pair.caller.heard() == ["append: 226 moved=10"] && place.read("new") == "one\ntwo\r\nthree0123456789")
    pair.ask("names", FTPClientRequest(.names, ""))
    let names = pair.caller.heard()
    #expect(names.count == 1 && names[0].hasPrefix("names: 226 moved=") && names[0].contains("file\\r\\n"))
    pair.ask("empty", FTPClientRequest(.list, "dir"))
    #expect(pair.caller.heard() == ["empty: 226"])
    pair.ask("none", FTPClientRequest(.get, "nothing", local: here.path + "/file"))
    #expect(pair.caller.heard().first?.hasPrefix("none: \(Status.remote) RETR nothing: 550 ") == true)
    #expect(here.read("file") == "0123456789", "what is here is not touched for nothing")
    here.write("zero", "")
    pair.ask("zero", FTPClientRequest(.put, "zero", local: here.path + "/zero"))
    #expect(pair.caller.heard() == ["zero: 226"] && place.read("zero") == "")
    pair.ask("zero", FTPClientRequest(.get, "zero", local: here.path + "/file"))
    #expect(pair.caller.heard() == ["zero: 226"] && here.read("file") == "")
  }

  @Test func resuming() {
    let place = Place()
    let pair = Pair(Caller(), Server(place))
    let here = Place()
    _ = pair.caller.heard()
    here.write("part", "0123")
    var get = FTPClientRequest(.get, "file", local: here.path + "/part")
    get.resumes = true
    pair.ask("get", get)
    #expect(pair.caller.heard() == ["get: 226 offset=4 moved=6"] && here.read("part") == "0123456789")
    place.write("up", "012")
    var put = FTPClientRequest(.put, "up", local: here.path + "/part")
    put.resumes = true
    pair.ask("put", put)
    #expect(pair.caller.heard() == ["put: 226 offset=3 moved=7"] && place.read("up") == "0123456789")
    put.path = Array("fresh".utf8)
    pair.ask("put", put)
    #expect(pair.caller.heard() == ["put: 226 moved=10"] && place.read("fresh") == "0123456789")
    place.write("up", "longer than what is here")
    put.path = Array("up".utf8)
    pair.ask("put", put)
    #expect(pair.caller.heard().first?.hasPrefix("put: \(Status.range) STOR up: ") == true)
    var from = FTPClientRequest(byCallback: .get, "file")
    from.offset = 7
    pair.ask("from", from)
    #expect(pair.caller.heard() == ["from: 226 offset=7 moved=3 took=789"])
  }

  @Test func texts() {
    let place = Place()
    let pair = Pair(Caller(), Server(place))
    let here = Place()
    _ = pair.caller.heard()
    var get = FTPClientRequest(.get, "text", local: here.path + "/got")
    get.isText = true
    pair.ask("get", get)
    #expect(pair.caller.heard() == ["get: 226 moved=15"] && here.read("got") == "one\ntwo\nthree")
    var sink = FTPClientRequest(byCallback: .get, "text")
    sink.isText = true
    pair.ask("sink", sink)
    #expect(pair.caller.heard() == ["sink: 226 moved=15 took=one\\ntwo\\nthree"])
    var put = FTPClientRequest(.put, "up", local: here.path + "/got")
    put.isText = true
    pair.ask("put", put)
    #expect(pair.caller.heard() == ["put: 226 moved=15"] && place.read("up") == "one\ntwo\nthree")
    pair.ask("plain", FTPClientRequest(byCallback: .get, "up"))
    #expect(pair.caller.heard() == ["plain: 226 moved=13 took=one\\ntwo\\nthree"], "TYPE I again")
  }

  @Test func active() {
    let place = Place()
    for isOld in [false, true] {
      let pair = Pair(
        Caller {
          $0.isActive = true
          $0.isWithoutEPSV = isOld
        }, Server(place))
      _ = pair.caller.heard()
      pair.ask("get", FTPClientRequest(byCallback: .get, "file"))
      #expect(pair.caller.heard() == ["get: 226 moved=10 took=0123456789"])
      let put = pair.ask("put", FTPClientRequest(byCallback: .put, "up"))
      #expect(put != nil && pair.caller.heard() == ["put: 226"])
    }
  }

  @Test func sinksAndSources() {
    let place = Place()
    let pair = Pair(Caller(), Server(place))
    _ = pair.caller.heard()
    var isFirst = true
    let get = pair.ask("get", FTPClientRequest(byCallback: .get, "file")) {
      $0.answer = { _ in
        defer { isFirst = false }
        return isFirst ? 1 : .ok
      }
    }
    #expect(pair.caller.heard() == [] && get?.taken.count == 10)
    pair.resume()
    #expect(pair.caller.heard() == ["get: 226 moved=10 took=0123456789"])
    pair.ask("put", FTPClientRequest(byCallback: .put, "up")) {
      $0.given = [Array("one".utf8), nil, Array("two".utf8)]
    }
    #expect(pair.caller.heard() == [])
    pair.resume()
    #expect(pair.caller.heard() == ["put: 226 moved=6"] && place.read("up") == "onetwo")
    pair.ask("bad", FTPClientRequest(byCallback: .put, "bad")) { $0.answer = { _ in .value } }
    #expect(pair.caller.heard() == ["bad: \(Status.value) STOR bad: it failed"])
    pair.ask("worse", FTPClientRequest(byCallback: .get, "file")) { $0.answer = { _ in .value } }
    // All was sent before the sink said no: the server has done what it had to do.
    #expect(pair.caller.heard().first?.hasPrefix("worse: \(Status.value) RETR file: it failed") == true)
    pair.ask("on", FTPClientRequest(.pwd))
    #expect(pair.caller.heard() == ["on: 257 value=/"], "the session goes on")
  }

  @Test func localFaults() {
    let pair = Pair(Caller(), Server())
    _ = pair.caller.heard()
    pair.ask("none", FTPClientRequest(.put, "x", local: "/tmp/plait-ftp-no/such"))
    #expect(pair.caller.heard().first?.contains("STOR x: the local file: No such file or directory.") == true)
    pair.ask("dir", FTPClientRequest(.put, "x", local: "/tmp"))
    #expect(pair.caller.heard().first?.contains("STOR x: the local file: Is a directory.") == true)
    pair.ask("into", FTPClientRequest(.get, "file", local: "/tmp/plait-ftp-no/such"))
    #expect(pair.caller.heard().first?.contains("RETR file: the local file: No such file or directory.") == true)
    pair.ask("device", FTPClientRequest(.get, "file", local: "/dev/null"))
    #expect(pair.caller.heard().count == 1)
    pair.ask("on", FTPClientRequest(.pwd))
    #expect(pair.caller.heard() == ["on: 257 value=/"])
  }

  // MARK: With a server that is the test

  @Test func whatIsSaid() {
    let pair = Pair()
    pair.listen("memory:ftp-data-7", pair.data)
    let get = pair.ask("get", FTPClientRequest(byCallback: .get, "a b"))
    #expect(pair.heard() == ["EPSV"])
    #expect(pair.say("229 (|||7|)") == ["RETR a b"])
    pair.put("early", pair.stream)
    #expect(get?.taken == [], "nothing is taken before the server has agreed")
    pair.say("150 here it comes (9 bytes)")
    #expect(get?.taken == Array("early".utf8))
    pair.put("late", pair.stream)
    pair.end()
    #expect(pair.caller.heard() == [])
    pair.say("226 done")
    #expect(pair.caller.heard() == ["get: 226 moved=9 took=earlylate"] && get?.steps.last == "9/9")

    pair.ask("words first", FTPClientRequest(byCallback: .get, "x"))
    pair.say("229 (|||7|)")
    pair.say("150 here it comes")
    pair.say("226 done")
    pair.put("rest", pair.stream)
    #expect(pair.caller.heard() == [])
    pair.end()
    #expect(pair.caller.heard() == ["words first: 226 moved=4 took=rest"])

    pair.ask("nothing", FTPClientRequest(.names, "*.x"))
    pair.say("229 (|||8|)")
    pair.say("226 none")
    #expect(pair.caller.heard() == ["nothing: 226"], "it did not even begin")
  }

  @Test func olderServers() {
    let pair = Pair()
    pair.listen("memory:ftp-data-7", pair.data)
    pair.ask("a", FTPClientRequest(.list, ""))
    #expect(pair.say("500 what?") == ["EPSV", "PASV"])
    #expect(pair.say("227 at 10,9,8,7,0,7.") == ["LIST"], "wherever it says it is")
    pair.say("150 x")
    pair.end()
    pair.say("226 x")
    pair.ask("b", FTPClientRequest(.facts, "d"))
    #expect(pair.heard() == ["PASV"], "it is not asked again")
    pair.say("425 no")
    #expect(pair.caller.heard() == ["a: 226", "b: \(Status.remote) PASV: 425 no [425]"])
    pair.ask("c", FTPClientRequest(.list, ""))
    pair.say("227 somewhere")
    #expect(pair.caller.heard().first?.hasPrefix("c: \(Status.malformed) PASV: 227 somewhere") == true)
    let active = Pair(Caller { $0.isActive = true })
    active.ask("a", FTPClientRequest(.list, ""))
    let said = active.say("522 what?")
    #expect(said == ["EPRT |1|127.0.0.1|20001|", "PORT 127,0,0,1,78,33"])
  }

  @Test func whatGoesWrong() {
    for (replies, data, told) in [
      (["550 no"], Status?.none, "\(Status.remote) RETR x: 550 no [550]"),
      (["150 x", "426 broke"], nil, "\(Status.remote) RETR x: 426 broke [426] moved=4 took=some"),
      (["150 x"], Status.closed, nil as String?),
    ] as [([String], Status?, String?)] {
      let pair = Pair()
      pair.listen("memory:ftp-data-7", pair.data)
      pair.ask("a", FTPClientRequest(byCallback: .get, "x"))
      pair.say("229 (|||7|)")
      for reply in replies {
        pair.say(reply)
        if reply.hasPrefix("150"), pair.stream != nil { pair.put("some", pair.stream) }
      }
      if let data {
        pair.end(data)
        #expect(pair.caller.heard() == [], "the server may have something to say")
        pair.say("226 all is well")
        #expect(pair.caller.heard().first?.contains("RETR x: the data connection: ") == true, "it is not")
      }
      if let told { #expect(pair.caller.heard() == ["a: " + told]) }
      pair.ask("b", FTPClientRequest(.noop))
      pair.say("200 yes")
      #expect(pair.caller.heard() == ["b: 200"])
    }
  }

  @Test func nobodyListens() {
    let pair = Pair()
    pair.ask("a", FTPClientRequest(byCallback: .get, "x"))
    #expect(pair.say("229 (|||9|)") == ["EPSV", "RETR x", "ABOR"])
    #expect(pair.caller.heard() == [])
    pair.say("425 can't open")
    #expect(pair.caller.heard().first?.hasPrefix("a: \(Status.refused) RETR x: the data connection: ") == true)
    pair.ask("b", FTPClientRequest(.noop))
    #expect(pair.heard() == [])
    #expect(pair.say("226 aborted") == ["NOOP"])
    pair.say("200 yes")
    pair.ask("c", FTPClientRequest(byCallback: .get, "y"))
    pair.say("229 (|||9|)")
    pair.say("550 there is no y")
    #expect(pair.caller.heard().last == "c: \(Status.remote) RETR y: 550 there is no y [550]", "that says more")
  }

  @Test func cancelling() {
    let pair = Pair()
    pair.listen("memory:ftp-data-7", pair.data)
    let call = pair.ask("a", FTPClientRequest(byCallback: .get, "x"))
    pair.say("229 (|||7|)")
    pair.say("150 x")
    pair.put("some", pair.stream)
    pair.bench.turn { call?.cancel() }
    pair.turn()
    #expect(pair.caller.heard() == ["a: \(Status.cancelled) RETR x: cancelled moved=4 took=some"])
    #expect(pair.heard() == ["ABOR"] && pair.stream == nil)
    pair.ask("b", FTPClientRequest(.pwd))
    #expect(pair.say("426 aborted") == [])
    #expect(pair.say("226 abort successful") == ["PWD"])
    pair.say("257 \"/\"")
    #expect(pair.caller.heard() == ["b: 257 value=/"])
    // At each step of the way.
    let early = pair.ask("c", FTPClientRequest(.list, ""))
    pair.bench.turn { early?.cancel() }
    pair.ask("d", FTPClientRequest(.noop))
    #expect(pair.heard() == ["EPSV"])
    #expect(pair.say("229 (|||7|)") == ["NOOP"])
    pair.say("200 x")
    #expect(pair.caller.heard() == ["c: \(Status.cancelled) LIST: cancelled", "d: 200"])
  }

  @Test func stalling() {
    let pair = Pair(Caller { $0.stallTime = 1000 })
    pair.listen("memory:ftp-data-7", pair.data)
    pair.ask("a", FTPClientRequest(byCallback: .get, "x"))
    pair.say("229 (|||7|)")
    pair.say("150 x")
    for _ in 0..<5 {
      pair.bench.advance(900)
      pair.put("x", pair.stream)
    }
    #expect(pair.caller.heard() == [])
    pair.bench.advance(2000)
    pair.turn()
    #expect(pair.heard() == ["ABOR"])
    pair.say("426 x")
    pair.say("226 x")
    #expect(pair.caller.heard() == ["a: \(Self.timed) RETR x: nothing moves moved=5 took=xxxxx"])
    // And one that says nothing even then.
    pair.ask("b", FTPClientRequest(byCallback: .get, "x"))
    pair.say("229 (|||7|)")
    pair.say("150 x")
    pair.bench.advance(70_000)
    pair.turn()
    #expect(pair.caller.heard().first?.hasPrefix("b: \(Self.timed) RETR x: ") == true)
  }

  @Test func linesOfTheHostsOwn() {
    let pair = Pair()
    pair.listen("memory:ftp-data-7", pair.data)
    pair.ask("a", FTPClientRequest(.receive, "SITE ONE\nSITE LOG"))
    pair.say("229 (|||7|)")
    #expect(pair.say("200 yes") == ["EPSV", "SITE ONE", "SITE LOG"].suffix(1))
    pair.say("150 x")
    pair.put("log", pair.stream)
    pair.end()
    pair.say("226 x")
    #expect(pair.caller.heard() == ["a: 226 moved=3 got=log"])
  }

  @Test func theConnectionEnds() {
    let pair = Pair()
    pair.listen("memory:ftp-data-7", pair.data)
    pair.ask("a", FTPClientRequest(byCallback: .get, "x"))
    pair.ask("b", FTPClientRequest(.noop))
    pair.say("229 (|||7|)")
    pair.say("150 x")
    pair.bench.turn { pair.other?.close(.ok) }
    pair.turn()
    #expect(
      pair.caller.heard() == [
        "a: \(Status.closed) RETR x: the connection was lost", "b: \(Status.closed) NOOP: the connection was lost",
        "ended 0",
      ])
    #expect(pair.stream == nil)
  }

  @Test func listings() {
    let pair = Pair(Caller { $0.maxList = 10 })
    pair.listen("memory:ftp-data-7", pair.data)
    pair.ask("a", FTPClientRequest(.names, ""))
    pair.say("229 (|||7|)")
    pair.say("150 x")
    pair.put("12345678901", pair.stream)
    pair.say("426 x")
    pair.say("226 x")
    #expect(pair.caller.heard().first?.hasPrefix("a: \(Status.overflow) NLST: ") == true)
  }
}
