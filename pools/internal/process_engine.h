// The scheduler behind ProcessPoolExecutor. docs/design/process_pool.md tells the whole story; here
// is what one needs to read the code.
//
// One mutex guards what is decided: the queue, the workers, and which task was sent to which of
// them. It is never held while user code runs, while a process starts, or while a message is
// streamed.
//
// Who does what:
//
//   the submitting thread   encodes the arguments; sends the message where a worker has room
//   the keeper (a thread)   starts workers, notices their deaths, ends those that overrun
//   a fetcher               takes answers out of the rings and completes futures: a thread of the
//                           engine's, or, while it would only sleep, a thread that waits for one of
//                           its futures; one at a time (fetch_mutex_)
//   lanes (a thread pool)   callbacks
//   decoders (another)      answers whose decoding runs code of users
//   streams (another)       messages and answers too large for a ring
//
// So the threads that keep the pool alive never run user code, and nothing waits for ever for a
// process that does not answer.
//
// A task is in one place at a time: in the queue; in one worker's window (sent, and not answered);
// or with the one who completes it, having taken it out of the window under the mutex. So each is
// completed exactly once.

#ifndef COHORT_POOLS_INTERNAL_PROCESS_ENGINE_H_
#define COHORT_POOLS_INTERNAL_PROCESS_ENGINE_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ipc/file_descriptor.h"
#include "ipc/message.h"
#include "ipc/oom.h"
#include "ipc/worker_process.h"
#include "pools/executor.h"
#include "pools/internal/executor_registry.h"
#include "pools/internal/process_worker.h"
#include "pools/internal/remote_calls.h"
#include "pools/internal/remote_job.h"
#include "pools/internal/task.h"
#include "pools/internal/thread_engine.h"
#include "pools/observer.h"

namespace cohort::internal {

struct ProcessEngineOptions {
  int max_workers = 1;
  int max_tasks_per_child = 0;
  std::shared_ptr<const ipc::Message> initializer;
  std::chrono::nanoseconds grace{0};
  std::size_t max_answer_bytes = 0;  // 0: no limit
  ipc::WorkerOptions worker;
  std::shared_ptr<Observer> observer;
};

// The queue: higher priorities first, equal ones in order.
class JobQueue {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  RemoteJob& front() noexcept { return *First()->second.front(); }
  void PushBack(RemoteJob& job) {
    jobs_[job.priority()].push_back(&job);
    ++size_;
  }
  // What was in the queue before: to its place, which is near the front.
  void PutBack(RemoteJob& job) {
    std::deque<RemoteJob*>& equals = jobs_[job.priority()];
    auto place = equals.begin();
    while (place != equals.end() && (*place)->number < job.number) ++place;
    equals.insert(place, &job);
    ++size_;
  }
  void PopFront() noexcept {
    const auto first = First();
    first->second.pop_front();
    // The usual priority keeps its queue: no allocation for each task of an idle pool.
    if (first->second.empty() && (jobs_.size() > 1 || first->first != 0)) jobs_.erase(first);
    --size_;
  }

 private:
  using Jobs = std::map<int, std::deque<RemoteJob*>, std::greater<>>;

  // Only the usual priority may have an empty queue.
  Jobs::iterator First() noexcept {
    const auto first = jobs_.begin();
    return first->second.empty() ? std::next(first) : first;
  }

  Jobs jobs_;
  std::size_t size_ = 0;
};

class ProcessEngine final : public RegisteredExecutor,
                            public std::enable_shared_from_this<ProcessEngine> {
 public:
  using Calls = RemoteCalls;

  explicit ProcessEngine(ProcessEngineOptions options);
  ~ProcessEngine();

  // What Submit() needs of an engine. Takes over the queue's reference to the job, or throws.
  void Schedule(RemoteJob& job);
  std::unique_ptr<TaskRecord> NewRecord(std::string_view name);
  // A job that nobody has yet and that cannot be sent ends with that error. Throws as Schedule().
  void Refuse(RemoteJob& job, const std::exception_ptr& error);
  // Throws CodecError where no worker can be sent the message.
  static void CheckSendable(const ipc::Message& message) {
    ipc::WorkerProcess::CheckSendable(message);
  }
  int max_workers() const noexcept { return options_.max_workers; }

  // Throws where nothing can be submitted any more.
  void CheckOpen();

  void Shutdown(ShutdownOptions options);
  void KillWorkers(int signal);

  // For the executor's destructor: shuts down and lets go of the threads, also when it runs on one
  // of them.
  void Release();

  PoolStats Stats();
  std::vector<pid_t> WorkerPids();

  // See remote_job.h.
  bool AskBack(RemoteJob& job) noexcept;
  void AskWhetherBegun(RemoteJob& job) noexcept;
  bool RequestStop(RemoteJob& job) noexcept;
  void HelpUntilDone(CoreBase& awaited, Deadline deadline) noexcept;

  static std::shared_ptr<ProcessEngine> Find(uint32_t id) noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  // Workers to be woken once the mutex is released.
  using ToWake = std::vector<std::shared_ptr<ipc::WorkerProcess>>;

  // A job that is over without an answer.
  struct Failure {
    RemoteJob* job;
    std::exception_ptr error;  // null: cancelled
    int worker = -1;           // of that number, where the task was under way
  };

  void OnCancelled() noexcept override;
  std::shared_ptr<RegisteredExecutor> Share() noexcept override;
  bool InForkedChild() const noexcept;

  // Scheduling (process_engine.cc). With the mutex held.
  void StartThreads();
  void Pump(ToWake& to_wake);
  ProcessWorker* Choose(const RemoteJob& job);
  std::size_t Ahead() const noexcept;
  void Send(ProcessWorker& worker, RemoteJob& job, ToWake& to_wake);
  void SendLarge(ProcessWorker& worker, RemoteJob& job, ToWake& to_wake);
  void StreamTo(ProcessWorker& worker, const std::shared_ptr<const ipc::Message>& message);
  void PreemptFor(const RemoteJob& job);
  void ReclaimFromStuck(const ProcessWorker& answering);
  void Reclaim(ProcessWorker& worker);
  void Rebalance(const ProcessWorker& idle);
  void RebalanceAll(ToWake& to_wake);
  void Requeue(RemoteJob& job) noexcept;
  bool RecallAllBut(ProcessWorker& worker, uint64_t sequence);
  uint64_t Outstanding() const noexcept;
  int WantedWorkers() const noexcept;
  void CheckNotForked() const;
  void CheckOpenLocked() const;
  ProcessWorker* FindWorker(uint64_t id) noexcept;
  void Close() noexcept;

  // Without it.
  static void Wake(const ToWake& to_wake);
  void CancelQueued();
  void JoinThreads();
  void Finish(std::vector<Failure> failures) noexcept;
  void Finish(Failure& failure) noexcept;

  // The keeper (process_keeper.cc).
  void Keep();
  void PokeKeeper() noexcept;
  void AwaitEvents();
  void BuryDead();
  void Autopsy(ProcessWorker& worker);
  void FetchLast(ProcessWorker& worker);
  void Bury(const std::shared_ptr<ProcessWorker>& worker);
  std::string TakeBackFrom(ProcessWorker& worker, const ipc::ExitStatus& status,
                           std::vector<Failure>& failures);
  static bool MayHaveRunUnread(const ProcessWorker& worker, const ProcessWorker::Sent& sent);
  bool MayTryAgain(ProcessWorker& worker, const ProcessWorker::Sent& sent);
  static void AddFailure(std::vector<Failure>& failures, RemoteJob& job, std::exception_ptr error,
                         int worker = -1);
  std::exception_ptr DeathOf(const ProcessWorker& worker, const RemoteJob& job,
                             const ipc::ExitStatus& status, Blame blame);
  void StartWorkers();
  bool StartWorker();
  void AddWorker(int index, std::shared_ptr<ipc::WorkerProcess> process);
  void SendInitializer(ProcessWorker& worker);
  int FreeIndex() const noexcept;
  std::string NoteFailedStart(const std::string& cause);
  std::string NoteKilledStart(const std::string& cause);
  void RunTimers();
  void OnTimer(ProcessWorker& worker);
  void StopOrKill(ProcessWorker& worker, RemoteJob& job, KillReason reason);
  void Doom(ProcessWorker& worker, uint64_t sequence, KillReason reason);
  // That much later, or at the end of time, which is where a duration for ever leads.
  static Clock::time_point After(Clock::time_point when,
                                 std::chrono::nanoseconds duration) noexcept {
    return duration < Clock::time_point::max() - when ? when + duration : Clock::time_point::max();
  }
  void SetTimer(ProcessWorker& worker, const WorkerTimer& timer);
  void EndIfDone();
  void BreakIfAsked();
  void Break(const std::string& reason);

  // Answers (process_answers.cc).
  using Record = ipc::WorkerProcess::Record;
  struct Answer {
    RemoteJob* job;  // null: the initializer
    Record record;
    std::shared_ptr<ProcessWorker> stream;  // where it is one, whose
  };
  enum class StreamEnd { kWhole, kBrokenOff };

  void Fetch();
  void AwaitAnswers();
  bool IsHelping();
  void NapWhileHelping();
  bool LooksAgainSoon() const noexcept;
  void FetchAll() noexcept;
  bool FetchFrom(ProcessWorker& worker) noexcept;
  void CheckSize(const Record& record) const;
  void OnGarbage(ProcessWorker& worker, const std::exception& why);
  void SendMore(const ProcessWorker& worker, ToWake& to_wake);
  void TakeAnswers(ProcessWorker& worker);
  void TakeRecord(ProcessWorker& worker, const Record& record);
  void OnReady(ProcessWorker& worker, const Record& record);
  StreamEnd ReceiveInitialized(const Answer& answer) noexcept;
  void OnBegun(ProcessWorker& worker, const Record& record);
  void Complete(const ProcessWorker& worker, const Answer& answer) noexcept;
  void ReceiveStream(const Answer& answer);
  bool Decode(int worker, RemoteJob& job, const Record& record, ipc::Reader& reader) noexcept;
  void EndStream(ProcessWorker& worker, RemoteJob* cut_off, StreamEnd end) noexcept;
  void BreakSoon(std::string reason);
  bool MayBeDone() noexcept;
  void Publish(RemoteJob& job, CoreState outcome) noexcept;
  void RunOn(ThreadEngine& threads, std::function<void()> f) noexcept;
  static void PostTo(ThreadEngine& threads, std::function<void()> f);
  void TellObserver(int worker, RemoteJob& job, Clock::time_point started, TaskOutcome outcome);
  void FailInitializer(const Record& record);
  static bool MayFetchFrom(const ProcessWorker& worker) noexcept;
  bool AnyNews();
  bool SetAsleep(uint64_t sleep);
  void TellWorkers(uint64_t sleep);
  void KickHelper() noexcept;
  void HelpLoop(CoreBase& awaited, Deadline deadline);

  const ProcessEngineOptions options_;
  const uint64_t fork_generation_;
  const std::shared_ptr<ThreadEngine> lanes_;     // callbacks
  const std::shared_ptr<ThreadEngine> decoders_;  // answers whose decoding runs code of the user's
  const std::shared_ptr<ThreadEngine> streams_;   // large messages and answers
  ipc::FileDescriptor keeper_bell_;               // eventfds
  ipc::FileDescriptor fetcher_bell_;
  ipc::FileDescriptor helper_bell_;
  ipc::FileDescriptor events_;  // the keeper's epoll: its bell, and the pidfds

  std::mutex mutex_;
  // Guarded by it, down to the blank line:
  JobQueue queue_;
  std::vector<std::shared_ptr<ProcessWorker>> workers_;
  bool closed_ = false;
  std::string broken_;        // why, or empty
  std::string break_reason_;  // why the keeper is to break the pool, or empty
  bool has_told_missing_ = false;
  bool priorities_used_ = false;
  bool killed_ = false;  // KillWorkers() was called
  int kill_signal_ = 0;
  uint64_t worker_ids_ = 0;
  uint64_t nanoseconds_per_task_ = 0;                          // a moving average; 0: not known
  Clock::time_point keeper_wakes_ = Clock::time_point::max();  // by itself
  std::vector<std::thread> threads_;
  bool detached_ = false;
  uint64_t asleep_ = 0;                                    // what the workers were told last
  bool is_helping_ = false;                                // a waiting thread is the fetcher
  uint64_t helpers_ = 0;                                   // how many have left
  Clock::time_point nap_ends_ = Clock::time_point::max();  // the fetcher then looks by itself
  bool nobody_is_woken_ = false;  // and a helper has left, with nothing outstanding
  bool finished_ = false;         // no worker is left, and none will be

  int failed_starts_ = 0;         // in a row
  int killed_starts_ = 0;         // those that were killed from outside, also in a row
  Clock::time_point not_before_;  // when a worker may be started again

  // Of the keeper alone.
  uint64_t oom_kills_ = 0;

  std::atomic<bool> keeper_poked_{false};
  std::mutex fetch_mutex_;  // who holds it is the fetcher
  // Of the fetcher, to be used again and again.
  std::vector<std::shared_ptr<ProcessWorker>> fetched_;
  std::vector<Answer> answers_;
  std::mutex help_mutex_;
  std::mutex join_mutex_;
  std::atomic<bool> helper_sleeps_{false};
  std::atomic<uint64_t> sleeps_{0};

  std::atomic<uint64_t> submitted_{0};
  std::atomic<uint64_t> succeeded_{0};
  std::atomic<uint64_t> failed_{0};
  std::atomic<uint64_t> cancelled_{0};
  std::atomic<uint64_t> deaths_{0};
  std::atomic<uint64_t> record_ids_{0};
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_PROCESS_ENGINE_H_
