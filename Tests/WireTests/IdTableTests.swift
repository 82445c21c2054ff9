import Bytes
import Testing

@testable import Wire

struct IdTableTests {
  /// Objects are only pointers here: nothing is behind them.
  func object(_ number: Int) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: number * 16)! }

  @Test func partsOfAnId() {
    var table = IdTable(reactor: 1023, generation: 41)
    let id = table.insert(object(1), Kind.conn)
    #expect(Id.kind(id) == Kind.conn)
    #expect(Id.reactor(id) == 1023)
    #expect(Id.slot(id) == 0)
    #expect(Id.generation(id) == 42)
    #expect(Id.slot(table.insert(object(2), Kind.timer)) == 1)
  }

  @Test func foundByTheWholeId() {
    var table = IdTable(reactor: 3, generation: 0)
    let id = table.insert(object(1), Kind.conn)
    #expect(table.find(id, Kind.conn) == UnsafeRawPointer(object(1)))
    #expect(table.find(id, Kind.timer) == nil)
    #expect(table.names(id) && table.id(at: 0) == id)
    // Zero, another kind, another reactor, another slot, another generation.
    for other in [0, id ^ (1 << 60), id ^ (1 << 50), id ^ (1 << 26), id + 1, .max] {
      #expect(table.find(other, Id.kind(other)) == nil)
      #expect((table.names(other)) == false)
      #expect(table.remove(other) == nil)
    }
    #expect(table.alive == 1)
  }

  @Test func emptyTable() {
    var table = IdTable(reactor: 3, generation: 0)
    #expect(table.find(0, 0) == nil && !table.names(0) && table.id(at: 0) == 0 && table.remove(0) == nil)
  }

  @Test func staleAfterRemoval() {
    var table = IdTable(reactor: 3, generation: 0)
    let first = table.insert(object(1), Kind.conn)
    #expect(table.remove(first) == UnsafeRawPointer(object(1)))
    #expect(table.alive == 0 && table.id(at: 0) == 0)
    #expect(table.remove(first) == nil && table.find(first, Kind.conn) == nil && !table.names(first))
    let second = table.insert(object(2), Kind.conn)
    #expect(Id.slot(second) == 0 && Id.generation(second) == Id.generation(first) + 1)
    #expect(table.find(first, Kind.conn) == nil)
    #expect(table.newestGeneration == Id.generation(second))
  }

  /// What a free slot looks like is no id.
  @Test func freeSlotsAreNotNamed() {
    var table = IdTable(reactor: 3, generation: 0)
    _ = table.remove(table.insert(object(1), Kind.conn))
    for generation in 0..<4 as Range<UInt64> {
      #expect((table.names(generation)) == false)
      #expect(table.remove(generation) == nil)
    }
    #expect(table.alive == 0)
  }

  @Test func aSlotIsRetired() {
    var table = IdTable(reactor: 3, generation: 0x3ff_fffd)
    let ids = (0..<2).map { _ in
      let id = table.insert(object(1), Kind.conn)
      #expect(table.remove(id) != nil)
      return id
    }
    #expect(ids.map(Id.generation) == [0x3ff_fffe, 0x3ff_ffff])
    #expect(ids.map(Id.slot) == [0, 0])
    // Slot 0 has had its last generation; its zeros are no id either.
    #expect(table.find(0, 0) == nil && table.id(at: 0) == 0)
    let next = table.insert(object(2), Kind.conn)
    #expect(Id.slot(next) == 1)
    #expect(table.newestGeneration == 0x400_0000, "the reactor's number is used up with it")
  }

  @Test func aReactorsNumberIsUsedUp() {
    var table = IdTable(reactor: 3, generation: 0x3ff_ffff)
    #expect(table.insert(object(1), Kind.conn) == 0)
  }

  @Test func thousandsInRandomOrder() {
    var table = IdTable(reactor: 3, generation: 0)
    var random = Random(seed: 3)
    var living: [UInt64: Int] = [:]
    var dead: [UInt64] = []
    for round in 1...5000 {
      if living.isEmpty || random.next() % 5 < 3 {
        let id = table.insert(object(round), Kind.conn)
        #expect(living[id] == nil)
        living[id] = round
      } else if let id = living.keys.randomElement() {
        #expect(table.remove(id) == UnsafeRawPointer(object(living[id]!)))
        living[id] = nil
        dead.append(id)
      }
    }
    #expect(table.alive == living.count)
    for (id, number) in living { #expect(table.find(id, Kind.conn) == UnsafeRawPointer(object(number))) }
    #expect(dead.allSatisfy { !table.names($0) })
    #expect(Set(dead).count == dead.count)
  }
}
