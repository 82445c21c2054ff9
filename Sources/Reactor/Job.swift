import Bytes
import CLibuv
import CSystem
import Wire

/// One piece of work on libuv's pool. libuv keeps it, and it keeps the work, until the thread is done with it, whatever has
/// become of the reactor meanwhile.
final class Job {
  let request: UnsafeMutablePointer<uv_work_t>
  let loop: Loop
  let work: Work

  private init(_ request: UnsafeMutablePointer<uv_work_t>, _ loop: Loop, _ work: Work) {
    self.request = request
    self.loop = loop
    self.work = work
  }
  deinit { free(request) }

  static func begin(_ loop: Loop, _ work: Work) -> Status {
    guard let memory = malloc(MemoryLayout<uv_work_t>.size) else { return .noMemory }
    let job = Job(memory.assumingMemoryBound(to: uv_work_t.self), loop, work)
    job.request.pointee.data = Unmanaged.passRetained(job).toOpaque()
    let status = uv_queue_work(
      loop.uv, job.request,
      { request in
        // Sound: libuv's reference lasts until the callback below, on whatever thread.
        Unmanaged<Job>.fromOpaque(request!.pointee.data)._withUnsafeGuaranteedRef {
          $0.work.run()
          $0.work.leaveThread()
        }
      },
      { request, status in
        let job = Unmanaged<Job>.fromOpaque(request!.pointee.data).takeRetainedValue()
        job.loop.jobs -= 1
        job.loop.takeHold()
        if status == 0 { job.work.ran() } else { job.work.keeper = nil }
        job.loop.hasCalled()
      })
    guard status == 0 else {
      Unmanaged.passUnretained(job).release()
      return .system(status)
    }
    loop.jobs += 1
    work.keeper = job
    return .ok
  }

  func cancel() { uv_cancel(UnsafeMutableRawPointer(request).assumingMemoryBound(to: uv_req_t.self)) }
}
