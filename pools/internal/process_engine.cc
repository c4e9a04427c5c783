#include "pools/internal/process_engine.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/internal/blocking.h"
#include "ipc/worker_entry.h"
#include "pools/internal/fork_generation.h"
#include "pools/internal/process_lane.h"

namespace cohort::internal {
namespace {

// How much work is sent ahead to a worker that is busy, as far as it can be told: enough to keep it
// busy while its answers are on their way. What lies there too long is taken back (Rebalance).
constexpr uint64_t kAheadNanoseconds = 200'000;
constexpr uint64_t kMostAhead = 128;

// A worker that is at one task for longer than this is not sent anything ahead.
constexpr std::chrono::milliseconds kStuckAfter(1);

ipc::FileDescriptor MakeBell(int flags) {
  ipc::FileDescriptor bell(eventfd(0, EFD_CLOEXEC | flags));
  if (!bell) throw std::system_error(errno, std::generic_category(), "eventfd of a process pool");
  return bell;
}

std::shared_ptr<ThreadEngine> MakeThreads(int most, const char* prefix) {
  ThreadEngineOptions options;
  options.max_workers = most;
  options.thread_name_prefix = prefix;
  return std::make_shared<ThreadEngine>(std::move(options));
}

// Callbacks run one after the other, unless one waits for a future: then another thread goes on.
// So do answers, so that a slow callback holds up other callbacks only.
constexpr int kLanes = 1;

}  // namespace

ProcessEngine::ProcessEngine(ProcessEngineOptions options)
    : options_(std::move(options)),
      fork_generation_(ForkGeneration()),
      lanes_(MakeThreads(kLanes, "callbacks")),
      decoders_(MakeThreads(kLanes, "answers")),
      streams_(MakeThreads(2 * options_.max_workers, "streams")),
      keeper_bell_(MakeBell(EFD_NONBLOCK)),
      fetcher_bell_(MakeBell(EFD_NONBLOCK)),
      helper_bell_(MakeBell(EFD_NONBLOCK)),
      events_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!events_) {
    throw std::system_error(errno, std::generic_category(), "epoll_create1 of a process pool");
  }
}

ProcessEngine::~ProcessEngine() {
  Unregister();
  lanes_->Release();
  decoders_->Release();
  streams_->Release();
}

void ProcessEngine::OnCancelled() noexcept {
  if (InForkedChild()) return;
  cancelled_.fetch_add(1, std::memory_order_relaxed);
  KickHelper();
  PokeKeeper();  // where the pool is shut down, this may have been the last task
}

std::shared_ptr<RegisteredExecutor> ProcessEngine::Share() noexcept {
  return weak_from_this().lock();
}

std::shared_ptr<ProcessEngine> ProcessEngine::Find(uint32_t id) noexcept {
  return std::static_pointer_cast<ProcessEngine>(RegisteredExecutor::Find(id));
}

bool ProcessEngine::InForkedChild() const noexcept { return ForkGeneration() != fork_generation_; }

std::unique_ptr<TaskRecord> ProcessEngine::NewRecord(std::string_view name) {
  if (options_.observer == nullptr) return nullptr;
  const uint64_t id = record_ids_.fetch_add(1, std::memory_order_relaxed) + 1;
  return std::make_unique<TaskRecord>(TaskRecord{id, std::string(name), Clock::now()});
}

// Submitting.

void ProcessEngine::CheckOpenLocked() const {
  if (!broken_.empty()) throw BrokenProcessPool(broken_);
  if (closed_) throw Error("submit: cannot schedule new tasks after shutdown");
}

// Before the mutex is taken: another thread may have held it when the process was forked.
void ProcessEngine::CheckNotForked() const {
  if (!InForkedChild()) return;
  throw Error("submit: this process pool is that of the process which forked this one");
}

void ProcessEngine::CheckOpen() {
  CheckNotForked();
  const std::lock_guard lock(mutex_);
  CheckOpenLocked();
}

void ProcessEngine::Schedule(RemoteJob& job) {
  CheckNotForked();
  if (job.core().record() != nullptr) options_.observer->on_queued(job.core().record()->Observed());
  job.ShareLargeMessage();
  ToWake to_wake;
  bool needs_worker = false;
  {
    const std::lock_guard lock(mutex_);
    CheckOpenLocked();
    StartThreads();
    job.number = submitted_.fetch_add(1, std::memory_order_relaxed);
    if (std::exchange(nobody_is_woken_, false))
      TellWorkers(ipc::WorkerProcess::FirstBell(++sleeps_));
    queue_.PushBack(job);
    if (job.priority() != 0) priorities_used_ = true;
    if (priorities_used_) PreemptFor(job);
    Pump(to_wake);
    needs_worker = static_cast<int>(workers_.size()) < WantedWorkers();
  }
  if (needs_worker) PokeKeeper();
  Wake(to_wake);
}

void ProcessEngine::Refuse(RemoteJob& job, const std::exception_ptr& error) {
  CheckOpen();
  submitted_.fetch_add(1, std::memory_order_relaxed);
  failed_.fetch_add(1, std::memory_order_relaxed);
  job.core().TryStart();
  job.core().Finish(job.AcceptError(error));
}

void ProcessEngine::StartThreads() {
  if (!threads_.empty() || detached_) return;
  ipc::check_that_workers_can_start();
  threads_.reserve(2);
  threads_.emplace_back([self = shared_from_this()] { self->Keep(); });
  try {
    threads_.emplace_back([self = shared_from_this()] { self->Fetch(); });
  } catch (...) {
    closed_ = true;  // the keeper ends; it is joined as ever
    PokeKeeper();
    throw;
  }
}

void ProcessEngine::Wake(const ToWake& to_wake) {
  for (const auto& process : to_wake) process->Wake();
}

uint64_t ProcessEngine::Outstanding() const noexcept {
  const uint64_t ended = succeeded_.load(std::memory_order_relaxed) +
                         failed_.load(std::memory_order_relaxed) +
                         cancelled_.load(std::memory_order_relaxed);
  const uint64_t submitted = submitted_.load(std::memory_order_relaxed);
  return submitted - std::min(submitted, ended);
}

int ProcessEngine::WantedWorkers() const noexcept {
  std::size_t tasks = queue_.size();
  for (const auto& worker : workers_) tasks += worker->load() + (worker->is_receiving ? 1 : 0);
  // Answered ones may still be outstanding, and cancelled ones in the queue.
  return static_cast<int>(
      std::min<uint64_t>({tasks, Outstanding(), static_cast<uint64_t>(options_.max_workers)}));
}

// From the queue to the workers.

std::size_t ProcessEngine::Ahead() const noexcept {
  if (nanoseconds_per_task_ == 0) return 2;
  return static_cast<std::size_t>(
      std::clamp<uint64_t>(kAheadNanoseconds / nanoseconds_per_task_, 2, kMostAhead));
}

ProcessWorker* ProcessEngine::Choose(const RemoteJob& job) {
  const std::size_t most = job.is_large() ? 1 : Ahead();
  ProcessWorker* best = nullptr;
  for (const auto& worker : workers_) {
    if (worker->is_sending || worker->is_retiring || worker->has_ended) continue;
    if (!worker->is_initialized) continue;
    if (worker->is_limited && worker->tasks_left == 0) continue;
    if (worker->load() >= (worker->is_stuck() ? 1 : most)) continue;
    if (best != nullptr && worker->load() >= best->load()) continue;
    if (worker->process->CanSend(job.sent_message())) best = worker.get();
  }
  return best;
}

namespace {

// Also where its SharedBuffers cannot be sent without waiting for the worker.
bool NeedsStream(const ProcessWorker& worker, const RemoteJob& job) noexcept {
  return job.is_large() || !worker.process->Prepare(job.message);
}

}  // namespace

void ProcessEngine::Pump(ToWake& to_wake) {
  while (!queue_.empty()) {
    RemoteJob& job = queue_.front();
    // Cancelled ones leave the queue here.
    if (job.core().done()) {
      queue_.PopFront();
      job.core().Drop();
      continue;
    }
    // From here on a cancel() asks for the mutex; else it could free the message meanwhile.
    if (!job.core().TryOffer()) continue;
    ProcessWorker* const worker = Choose(job);
    if (worker == nullptr) {
      job.core().TryTakeBack();
      return;
    }
    queue_.PopFront();
    if (NeedsStream(*worker, job)) {
      SendLarge(*worker, job, to_wake);
    } else {
      Send(*worker, job, to_wake);
    }
  }
}

namespace {

// A begin must be known at once where a clock starts with it.
ipc::Announce AnnounceOf(const RemoteJob& job) {
  return job.timeout().is_forever() ? ipc::Announce::kNo : ipc::Announce::kYes;
}

}  // namespace

void ProcessEngine::Send(ProcessWorker& worker, RemoteJob& job, ToWake& to_wake) {
  worker.Add(job, worker.process->Send(job.message, AnnounceOf(job)));
  if (worker.is_limited) --worker.tasks_left;
  if (to_wake.empty() || to_wake.back() != worker.process) to_wake.push_back(worker.process);
}

void ProcessEngine::SendLarge(ProcessWorker& worker, RemoteJob& job, ToWake& to_wake) {
  job.ShareMessage();
  worker.Add(job, worker.process->BeginStream(*job.large_message, AnnounceOf(job)));
  if (worker.is_limited) --worker.tasks_left;
  to_wake.push_back(worker.process);
  StreamTo(worker, job.large_message);
}

void ProcessEngine::StreamTo(ProcessWorker& worker,
                             const std::shared_ptr<const ipc::Message>& message) {
  worker.is_sending = true;
  const auto send = [self = shared_from_this(), id = worker.id, process = worker.process, message] {
    bool is_broken = false;
    try {
      process->Stream(*message);
    } catch (const std::exception&) {
      // It has ended, or writes garbage: the keeper finds out. Nothing more can be sent to it.
      process->process().Kill(SIGKILL);
      is_broken = true;
    }
    ToWake woken;
    {
      const std::lock_guard lock(self->mutex_);
      if (ProcessWorker* const sender = self->FindWorker(id)) {
        sender->is_sending = false;
        sender->is_retiring |= is_broken;
      }
      self->Pump(woken);
    }
    self->PokeKeeper();
    Wake(woken);
  };
  try {
    PostTo(*streams_, send);
  } catch (const std::exception&) {
    // No thread to be had. The worker waits for bytes that nobody sends: it is killed, and the task
    // goes back to the queue, even if the worker calls it begun.
    worker.is_sending = false;
    worker.is_retiring = true;
    worker.kill_reason = KillReason::kNotItsFault;
    worker.process->process().Kill(SIGKILL);
  }
}

// The job has a higher priority than what was sent ahead: that gives way.
void ProcessEngine::PreemptFor(const RemoteJob& job) {
  for (const auto& worker : workers_) {
    while (worker->load() > 0) {
      const RemoteJob* last = nullptr;
      for (const auto& sent : worker->window()) {
        if (sent.job != nullptr) last = sent.job;
      }
      if (last == nullptr || last->priority() >= job.priority()) break;
      RemoteJob* const recalled = worker->RecallLast();
      if (recalled == nullptr) break;
      Requeue(*recalled);
    }
  }
}

// A worker has nothing to do, and neither has the queue: it gets half of what another one has not
// begun, the later half.
void ProcessEngine::Rebalance(const ProcessWorker& idle) {
  if (!idle.is_initialized || idle.is_retiring || idle.has_ended) return;
  if (idle.is_limited && idle.tasks_left == 0) return;
  ProcessWorker* richest = nullptr;
  for (const auto& worker : workers_) {
    if (worker.get() == &idle || worker->is_sending || worker->load() < 2) continue;
    if (richest == nullptr || worker->load() > richest->load()) richest = worker.get();
  }
  if (richest == nullptr) return;
  for (std::size_t left = richest->load() / 2; left > 0; --left) {
    RemoteJob* const job = richest->RecallLast();
    if (job == nullptr) return;
    Requeue(*job);
  }
}

// After tasks were taken back from workers that answer nothing for them.
void ProcessEngine::RebalanceAll(ToWake& to_wake) {
  for (std::size_t i = 0; queue_.empty() && i < workers_.size(); ++i) {
    const ProcessWorker& worker = *workers_[i];
    if (!worker.IsIdle() || !worker.is_ready || worker.is_sending) continue;
    Rebalance(worker);
    Pump(to_wake);
  }
}

// Workers that have been at the same task for long give back what lies behind it, and get nothing
// more until that is done: others have room.
void ProcessEngine::ReclaimFromStuck(const ProcessWorker& answering) {
  if (queue_.empty()) return;  // Rebalance() is for that
  Clock::time_point now{};
  for (const auto& worker : workers_) {
    if (worker.get() == &answering || worker->is_sending || worker->load() < 2) continue;
    if (now == Clock::time_point()) now = Clock::now();
    if (worker->IsStuck(now, kStuckAfter)) Reclaim(*worker);
  }
}

void ProcessEngine::Reclaim(ProcessWorker& worker) {
  while (RemoteJob* const job = worker.RecallLast()) Requeue(*job);
}

// It was in the queue before.
void ProcessEngine::Requeue(RemoteJob& job) noexcept {
  job.core().TryTakeBack();
  queue_.PutBack(job);
}

// False where a task after that one is under way.
bool ProcessEngine::RecallAllBut(ProcessWorker& worker, uint64_t sequence) {
  while (true) {
    const RemoteJob* last = nullptr;
    for (const auto& sent : worker.window()) {
      if (sent.job != nullptr) last = sent.job;
    }
    if (last == nullptr) return false;
    if (last->sequence == sequence) return true;
    RemoteJob* const job = worker.RecallLast();
    if (job == nullptr) return false;
    Requeue(*job);
  }
}

ProcessWorker* ProcessEngine::FindWorker(uint64_t id) noexcept {
  for (const auto& worker : workers_) {
    if (worker->id == id) return worker.get();
  }
  return nullptr;
}

// What futures ask.

bool ProcessEngine::AskBack(RemoteJob& job) noexcept {
  if (InForkedChild()) return false;
  const std::lock_guard lock(mutex_);
  if (job.worker != nullptr) {
    if (job.worker->Recall(job)) {
      Requeue(job);
    } else {
      job.core().TryStartOffered();
    }
  }
  return job.core().state() == CoreState::kPending;
}

void ProcessEngine::AskWhetherBegun(RemoteJob& job) noexcept {
  if (InForkedChild()) return;
  const std::lock_guard lock(mutex_);
  if (job.worker != nullptr && job.worker->process->HasBegun(job.sequence)) {
    job.core().TryStartOffered();
  }
}

bool ProcessEngine::RequestStop(RemoteJob& job) noexcept {
  if (InForkedChild()) return false;
  // What has not begun need not be asked.
  if (job.core().Cancel()) return true;
  {
    const std::lock_guard lock(mutex_);
    job.is_to_stop = true;
    if (job.worker != nullptr) {
      StopOrKill(*job.worker, job, KillReason::kStopRequest);
      return true;
    }
  }
  return job.core().Cancel();  // its worker has just died, or it has returned
}

bool AskRemoteBack(uint32_t executor, RemoteJob& job) noexcept {
  const auto engine = ProcessEngine::Find(executor);
  return engine != nullptr && engine->AskBack(job);
}

void AskWhetherRemoteBegun(uint32_t executor, RemoteJob& job) noexcept {
  if (const auto engine = ProcessEngine::Find(executor)) engine->AskWhetherBegun(job);
}

void HelpRemote(uint32_t executor, CoreBase& awaited, Deadline deadline) noexcept {
  if (const auto engine = ProcessEngine::Find(executor)) engine->HelpUntilDone(awaited, deadline);
}

bool RequestRemoteStop(uint32_t executor, RemoteJob& job) noexcept {
  const auto engine = ProcessEngine::Find(executor);
  return engine != nullptr && engine->RequestStop(job);
}

// The end.

void ProcessEngine::Close() noexcept {
  closed_ = true;
  PokeKeeper();
}

// What has not begun, the last first: so that none begins while those before it are cancelled.
void ProcessEngine::CancelQueued() {
  std::vector<RemoteJob*> jobs;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& worker : workers_) Reclaim(*worker);
    for (; !queue_.empty(); queue_.PopFront()) jobs.push_back(&queue_.front());
  }
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
    (*job)->core().Discard();
    (*job)->core().Drop();
  }
}

void ProcessEngine::Shutdown(ShutdownOptions options) {
  if (InForkedChild()) return;
  {
    const std::lock_guard lock(mutex_);
    Close();
  }
  if (options.cancel_futures) {
    CancelQueued();
    const std::lock_guard lock(mutex_);
    for (const auto& worker : workers_) {
      if (const auto* const running = worker->Running()) {
        worker->process->RequestStop(running->sequence);
      }
    }
  }
  PokeKeeper();
  if (options.wait && !ProcessLane::IsOn(*this)) JoinThreads();
}

void ProcessEngine::KillWorkers(int signal) {
  if (InForkedChild()) return;
  {
    const std::lock_guard lock(mutex_);
    killed_ = true;
    kill_signal_ = signal;
    Close();
  }
  CancelQueued();
  const std::lock_guard lock(mutex_);
  for (const auto& worker : workers_) {
    worker->is_retiring = true;
    if (worker->kill_reason == KillReason::kNone) worker->kill_reason = KillReason::kShutdown;
    worker->process->process().Kill(signal);
  }
}

void ProcessEngine::JoinThreads() {
  const BlockingScope blocking(Deadline::never());
  const std::lock_guard joining(join_mutex_);
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    threads.swap(threads_);
    detached_ = true;  // none starts any more
  }
  for (std::thread& thread : threads) thread.join();
  streams_->Shutdown({});
  decoders_->Shutdown({});
  lanes_->Shutdown({});
}

void ProcessEngine::Release() {
  if (InForkedChild()) {
    // Threads and processes are the parent's, and may have held any lock: leave all as it is.
    new std::shared_ptr<ProcessEngine>(shared_from_this());
    return;
  }
  Shutdown({});
  const std::lock_guard lock(mutex_);
  detached_ = true;
  for (std::thread& thread : threads_) thread.detach();  // this is one of its own threads
  threads_.clear();
}

PoolStats ProcessEngine::Stats() {
  if (InForkedChild()) return {};
  const std::lock_guard lock(mutex_);
  PoolStats stats;
  stats.succeeded = succeeded_.load(std::memory_order_relaxed);
  stats.failed = failed_.load(std::memory_order_relaxed);
  stats.cancelled = cancelled_.load(std::memory_order_relaxed);
  stats.worker_deaths = deaths_.load(std::memory_order_relaxed);
  for (const auto& worker : workers_) {
    const auto* const running = worker->Running();
    if (running != nullptr && running->job != nullptr) ++stats.running;
  }
  stats.workers = static_cast<int>(workers_.size());
  const uint64_t outstanding = Outstanding();
  stats.queued = outstanding - std::min(outstanding, stats.running);
  return stats;
}

std::vector<pid_t> ProcessEngine::WorkerPids() {
  if (InForkedChild()) return {};
  const std::lock_guard lock(mutex_);
  std::vector<pid_t> pids;
  for (const auto& worker : workers_) pids.push_back(worker->process->process().pid());
  return pids;
}

}  // namespace cohort::internal
