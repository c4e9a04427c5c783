// One worker process and the tasks that it was sent. All under the engine's mutex, but for what
// ipc/worker_process.h allows to any thread.

#ifndef COHORT_POOLS_INTERNAL_PROCESS_WORKER_H_
#define COHORT_POOLS_INTERNAL_PROCESS_WORKER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ipc/worker_process.h"
#include "pools/internal/remote_job.h"

namespace cohort::internal {

// Why a worker was killed, for the future of the task that it ran.
enum class KillReason { kNone, kTimeout, kStopRequest, kNotItsFault, kShutdown };

// For whom a worker was killed: the task that gets the error, or one before it.
enum class Blame { kOwn, kEarlier };

// When to do something about a worker, and what.
struct WorkerTimer {
  enum class What { kTimeout, kGrace, kEnd };
  What what;
  std::chrono::steady_clock::time_point when;
  uint64_t sequence;  // of the task; 0: none
  KillReason reason;
};

class ProcessWorker {
 public:
  // A task that was sent and is not answered. In the order in which they were sent.
  struct Sent {
    RemoteJob* job = nullptr;  // null: recalled, or the initializer
    uint64_t sequence = 0;
    bool is_initializer = false;
    bool is_announced = false;  // the worker has said that it has begun
  };

  ProcessWorker(uint64_t id, int index, std::shared_ptr<ipc::WorkerProcess> process)
      : id(id), index(index), process(std::move(process)) {}

  // Live tasks in the window; begun ones too.
  std::size_t load() const noexcept { return load_; }
  const std::deque<Sent>& window() const noexcept { return window_; }
  bool IsIdle() const noexcept { return window_.empty() || load_ == 0; }

  void Add(RemoteJob& job, uint64_t sequence) {
    window_.push_back({&job, sequence});
    job.worker = this;
    job.sequence = sequence;
    ++load_;
  }
  void AddInitializer(uint64_t sequence) {
    window_.push_back({nullptr, sequence, true});
    is_initialized = false;
  }

  // The task with that number was answered: takes it and the recalled ones before it out. Its job
  // is null where it was none that was waited for.
  Sent TakeAnswered(uint64_t sequence) noexcept;

  // An answered task whose answer was cut off: it counts as not answered.
  void PutBack(RemoteJob& job) {
    window_.push_front({&job, job.sequence});
    job.worker = this;
    ++load_;
  }

  // The worker says that it has begun the task. Null where that cannot be, or was said before.
  RemoteJob* Announce(uint64_t sequence) noexcept;

  // The oldest live task; null where there is none. Once all that the worker wrote is read, it is
  // the only one that may have begun.
  const Sent* Oldest() const noexcept;

  // The last one that has begun, which it runs unless that is answered by now; null: none.
  const Sent* Running() const noexcept;

  // The live task with that number, or null.
  const Sent* Find(uint64_t sequence) const noexcept;

  // Whether it is still at the task that it was at when this was asked first, and that was so long
  // ago; and whether the last answer still holds.
  bool IsStuck(std::chrono::steady_clock::time_point now, std::chrono::nanoseconds after) noexcept;
  bool is_stuck() const noexcept;

  // Gets the task back from the worker, if it has not begun.
  bool Recall(RemoteJob& job) noexcept;

  // The last one sent of those that are not begun, recalled; null where there is none.
  RemoteJob* RecallLast() noexcept;

  // What is left of a dead worker, oldest first.
  std::deque<Sent> TakeAll() noexcept;

  const uint64_t id;
  const int index;
  const std::shared_ptr<ipc::WorkerProcess> process;

  bool is_initialized = true;  // or has no initializer to run; until then it gets no tasks
  bool is_ready = false;       // has applied its settings
  bool is_sending = false;     // a large message goes to it
  bool is_receiving = false;   // a large answer comes from it:
  Sent received{};             // to that task, which is no more in the window
  bool is_retiring = false;    // gets no more tasks
  bool has_retired = false;    // has said that it ends
  bool is_ending = false;      // was told to end, having nothing to do
  bool has_ended = false;
  bool is_drained = false;     // has ended, and all that it had written is read
  bool has_garbled = false;    // has written what cannot be understood, or is too large
  bool is_counted = false;     // among the deaths
  bool out_of_memory = false;  // the kernel has killed a process of the same group
  uint64_t tasks_left = 0;     // that it may be sent; where is_limited
  bool is_limited = false;

  std::optional<WorkerTimer> timer;  // of the task that runs, or of the end
  KillReason kill_reason = KillReason::kNone;
  std::string reproach;  // why it was killed for what it wrote, or ""

 private:
  void Unplace(RemoteJob& job) noexcept {
    job.worker = nullptr;
    --load_;
  }

  std::deque<Sent> window_;
  std::size_t load_ = 0;
  uint64_t seen_at_ = 0;  // the task that it was at
  std::chrono::steady_clock::time_point seen_since_;
  bool was_stuck_ = false;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_PROCESS_WORKER_H_
