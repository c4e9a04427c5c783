// The thread that keeps a process pool alive: it starts workers, notices their deaths, and ends
// those that overrun. It runs no user code, and waits for nothing but the kernel.

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/internal/log.h"
#include "ipc/crash_report.h"
#include "ipc/oom.h"
#include "pools/internal/process_engine.h"

namespace cohort::internal {
namespace {

using std::chrono::milliseconds;

// A worker that ends before it was ready is started anew after a pause, which doubles each time.
// After so many in a row the pool is broken.
constexpr int kMostFailedStarts = 5;
constexpr milliseconds kFirstPause(10);

// Somebody who kills workers at random may hit several that are not ready; but not so many.
constexpr int kMostKilledStarts = 20;

// A task that is still not begun after so many deaths of workers that had nothing else to do is
// taken for their cause.
constexpr int kMostDeathsBeforeBegin = 100;

// An idle worker that does not end when it is told to is killed; it has nothing to lose.
constexpr milliseconds kPatienceAtEnd(1000);

constexpr uint64_t kBell = 0;  // among the workers' ids, which begin with 1

std::string Seconds(Timeout timeout) {
  return std::to_string(std::chrono::duration<double>(timeout.duration()).count()) + " s";
}

std::string InTask(const RemoteJob& job) {
  return job.name().empty() ? "in the middle of a task"
                            : "in the middle of task '" + job.name() + "'";
}

// Continues a sentence on the worker's end.
std::string WhyKilled(const ProcessWorker& worker, Blame blame) {
  if (worker.reproach.empty()) return {};
  const std::string whose = blame == Blame::kOwn ? "" : "an earlier task: ";
  return "; the pool killed it, for " + whose + worker.reproach;
}

}  // namespace

void ProcessEngine::PokeKeeper() noexcept {
  if (!keeper_poked_.exchange(true, std::memory_order_acq_rel)) {
    eventfd_write(keeper_bell_.get(), 1);
  }
}

void ProcessEngine::Keep() {
  epoll_event bell{};
  bell.events = EPOLLIN;
  bell.data.u64 = kBell;
  epoll_ctl(events_.get(), EPOLL_CTL_ADD, keeper_bell_.get(), &bell);
  oom_kills_ = ipc::oom_kills().value_or(0);
  while (true) {
    BreakIfAsked();
    BuryDead();
    RunTimers();
    StartWorkers();
    EndIfDone();
    {
      const std::lock_guard lock(mutex_);
      if (finished_) break;
    }
    AwaitEvents();
  }
  eventfd_write(fetcher_bell_.get(), 1);
}

void ProcessEngine::BreakIfAsked() {
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    reason = std::exchange(break_reason_, {});
  }
  if (!reason.empty()) Break(reason);
}

// Sleeps until the bell rings, a worker ends, or a timer is due.
void ProcessEngine::AwaitEvents() {
  std::optional<Clock::time_point> until;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& worker : workers_) {
      if (worker->timer) until = std::min(until.value_or(worker->timer->when), worker->timer->when);
    }
    const bool wants_more =
        broken_.empty() && !killed_ && static_cast<int>(workers_.size()) < WantedWorkers();
    if (wants_more && not_before_ > Clock::now()) {
      until = std::min(until.value_or(not_before_), not_before_);
    }
    keeper_wakes_ = until.value_or(Clock::time_point::max());
  }
  int timeout = -1;
  if (until) {
    const auto left = std::chrono::ceil<milliseconds>(*until - Clock::now()).count();
    timeout = static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
  }
  epoll_event events[16];
  const int count = epoll_wait(events_.get(), events, std::size(events), timeout);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.u64 == kBell) {
      uint64_t rings = 0;
      eventfd_read(keeper_bell_.get(), &rings);
    }
  }
  // Before the round that it asks for: a poke that comes during the round is not lost.
  keeper_poked_.exchange(false, std::memory_order_acq_rel);
}

// Deaths.

void ProcessEngine::BuryDead() {
  std::vector<std::shared_ptr<ProcessWorker>> dead;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& worker : workers_) {
      if (worker->has_ended || worker->process->process().HasEnded()) dead.push_back(worker);
    }
  }
  for (const auto& worker : dead) Bury(worker);
}

// Finds out how the worker ended, and frees who waits for more of it.
void ProcessEngine::Autopsy(ProcessWorker& worker) {
  ipc::Process& process = worker.process->process();
  epoll_ctl(events_.get(), EPOLL_CTL_DEL, process.pidfd(), nullptr);
  process.KillGroup();
  bool out_of_memory = false;
  if (process.Wait().signal == SIGKILL) {
    const uint64_t kills = ipc::oom_kills().value_or(0);
    out_of_memory = kills > std::exchange(oom_kills_, kills);
  }
  {
    const std::lock_guard lock(mutex_);
    worker.has_ended = true;
    worker.out_of_memory = out_of_memory && worker.kill_reason == KillReason::kNone;
  }
  // Before anybody takes the fetch_mutex_ for this worker: who holds it may be waiting for more.
  worker.process->MarkGone();
}

// What it had published before its end. A large answer among that is read by another thread.
void ProcessEngine::FetchLast(ProcessWorker& worker) {
  const std::lock_guard fetching(fetch_mutex_);
  while (FetchFrom(worker)) {
  }
}

// What the worker had answered counts, as far as it could be read. Of the rest, what the worker had
// begun gets the blame, and the others go back to the queue.
void ProcessEngine::Bury(const std::shared_ptr<ProcessWorker>& worker) {
  if (!worker->has_ended) Autopsy(*worker);
  FetchLast(*worker);
  const ipc::ExitStatus status = worker->process->process().Wait();
  std::vector<Failure> failures;
  std::string broken;
  ToWake to_wake;
  {
    const std::lock_guard lock(mutex_);
    // Those who stream to it or from it have been woken, and poke when they are done.
    if (worker->is_sending || worker->is_receiving) return;
    if (!worker->is_drained && !worker->has_garbled) return;  // one is done just now
    broken = TakeBackFrom(*worker, status, failures);
    std::erase(workers_, worker);
    Pump(to_wake);
  }
  Wake(to_wake);
  Finish(std::move(failures));
  if (!broken.empty()) Break(broken);
}

// Returns why the pool is broken, if that is so.
std::string ProcessEngine::TakeBackFrom(ProcessWorker& worker, const ipc::ExitStatus& status,
                                        std::vector<Failure>& failures) {
  const std::string how = "worker process " + std::to_string(worker.process->process().pid()) +
                          " " + Describe(status) + WhyKilled(worker, Blame::kOwn);
  std::string broken;
  bool is_first = true;
  const std::deque<ProcessWorker::Sent> left = worker.TakeAll();
  std::vector<RemoteJob*> unpunished;
  for (const ProcessWorker::Sent& sent : left) {
    if (sent.job == nullptr && !sent.is_initializer) continue;
    const Blame blame = std::exchange(is_first, false) ? Blame::kOwn : Blame::kEarlier;
    const bool is_suspect = blame == Blame::kOwn || MayHaveRunUnread(worker, sent);
    if (sent.is_initializer) {
      const bool was_to_end =
          worker.is_ending || killed_ || worker.kill_reason != KillReason::kNone;
      if (!was_to_end && worker.process->MayHaveBegun(sent.sequence)) {
        broken = "the initializer ended the process: " + how;
      }
    } else if (!is_suspect || MayTryAgain(worker, sent)) {
      unpunished.push_back(sent.job);
    } else {
      AddFailure(failures, *sent.job, DeathOf(worker, *sent.job, status, blame), worker.index);
    }
  }
  for (auto job = unpunished.rbegin(); job != unpunished.rend(); ++job) {
    if (!broken_.empty()) {
      AddFailure(failures, **job, std::make_exception_ptr(BrokenProcessPool(broken_)));
    } else if (killed_) {
      AddFailure(failures, **job, nullptr);
    } else {
      Requeue(**job);
    }
  }
  if (broken.empty() && !worker.is_ready && !killed_ && broken_.empty()) {
    const bool was_killed = status.signal == SIGKILL || status.signal == SIGTERM;
    const std::string cause = how + " before it was ready";
    broken = was_killed ? NoteKilledStart(cause) : NoteFailedStart(cause);
  }
  return broken;
}

// Where the worker's answers could not be read to the end, it may be far beyond the last one that
// was. What it had begun must not run again as if it had not.
bool ProcessEngine::MayHaveRunUnread(const ProcessWorker& worker, const ProcessWorker::Sent& sent) {
  return worker.has_garbled && worker.process->HasBegun(sent.sequence);
}

// The task was the first in line when its worker ended, or is one that may have run.
bool ProcessEngine::MayTryAgain(ProcessWorker& worker, const ProcessWorker::Sent& sent) {
  if (worker.kill_reason == KillReason::kNotItsFault) return true;
  if (!worker.process->MayHaveBegun(sent.sequence)) {
    // It would go on for ever if a task could make its worker say so.
    return !worker.is_ready || ++sent.job->deaths_before_begin < kMostDeathsBeforeBegin;
  }
  if (!std::exchange(worker.is_counted, true)) deaths_.fetch_add(1, std::memory_order_relaxed);
  if (worker.kill_reason != KillReason::kNone || !broken_.empty() || killed_) return false;
  return sent.job->TakeRetry();
}

void ProcessEngine::AddFailure(std::vector<Failure>& failures, RemoteJob& job,
                               std::exception_ptr error, int worker) {
  job.core().TryStartOffered();  // nobody can cancel it any more
  failures.push_back({&job, std::move(error), worker});
}

std::exception_ptr ProcessEngine::DeathOf(const ProcessWorker& worker, const RemoteJob& job,
                                          const ipc::ExitStatus& status, Blame blame) {
  if (!broken_.empty()) return std::make_exception_ptr(BrokenProcessPool(broken_));
  if (worker.kill_reason == KillReason::kStopRequest && job.is_to_stop) return nullptr;
  if (worker.kill_reason == KillReason::kTimeout) {
    return std::make_exception_ptr(TimeoutError("the task was not done within " +
                                                Seconds(job.timeout()) +
                                                "; the process that ran it was killed"));
  }
  WorkerDeath death{.task = job.name(),
                    .pid = worker.process->process().pid(),
                    .signal = status.signal,
                    .exit_status = status.code,
                    .backtrace = ipc::describe_crash(worker.process->crash())};
  std::string what =
      "worker process " + std::to_string(death.pid) + " " + Describe(status) + " " + InTask(job);
  if (worker.out_of_memory) what += "; probably out of memory: the kernel has killed a process";
  what += WhyKilled(worker, blame);
  if (!death.backtrace.empty()) what += "\n" + death.backtrace;
  return std::make_exception_ptr(WorkerDied(what, std::move(death)));
}

// A job that nobody else can reach any more. The error is the future's alone from here on: it must
// not end on this thread.
void ProcessEngine::Finish(Failure& failure) noexcept {
  if (failure.error == nullptr) {
    cancelled_.fetch_add(1, std::memory_order_relaxed);
    Publish(*failure.job, CoreState::kCancelled);
  } else {
    failed_.fetch_add(1, std::memory_order_relaxed);
    Publish(*failure.job, failure.job->AcceptError(std::move(failure.error)));
  }
}

void ProcessEngine::Finish(std::vector<Failure> failures) noexcept {
  for (Failure& failure : failures) {
    if (failure.worker >= 0 && failure.job->core().record() != nullptr) {
      RunOn(*decoders_, [this, told = std::make_shared<Failure>(std::move(failure))] {
        TellObserver(told->worker, *told->job, Clock::now(), TaskOutcome::kFailed);
        Finish(*told);
      });
    } else {
      Finish(failure);
    }
  }
  if (!failures.empty()) KickHelper();
}

// Births.

void ProcessEngine::StartWorkers() {
  while (StartWorker()) {
  }
}

bool ProcessEngine::StartWorker() {
  int index = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!broken_.empty() || killed_ || Clock::now() < not_before_) return false;
    if (static_cast<int>(workers_.size()) >= WantedWorkers()) return false;
    index = FreeIndex();
  }
  ipc::WorkerOptions start = options_.worker;
  start.settings.name += "-" + std::to_string(index);
  start.doorbells = {fetcher_bell_.get(), helper_bell_.get()};
  std::shared_ptr<ipc::WorkerProcess> process;
  std::string broken;
  try {
    process = ipc::WorkerProcess::Start(start);
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    broken = NoteFailedStart(error.what());
  }
  if (process == nullptr) {
    if (!broken.empty()) Break(broken);
    return broken.empty();
  }
  AddWorker(index, std::move(process));
  return true;
}

void ProcessEngine::AddWorker(int index, std::shared_ptr<ipc::WorkerProcess> process) {
  ToWake to_wake;
  {
    const std::lock_guard lock(mutex_);
    auto worker = std::make_shared<ProcessWorker>(++worker_ids_, index, std::move(process));
    worker->is_limited = options_.max_tasks_per_child > 0;
    worker->tasks_left = static_cast<uint64_t>(options_.max_tasks_per_child);
    worker->process->SetAsleep(asleep_);
    // It may have told that it is ready before it was told whom to wake.
    if (worker->process->HasNews()) {
      eventfd_write(fetcher_bell_.get(), 1);
      KickHelper();
    }
    epoll_event ended{};
    ended.events = EPOLLIN | EPOLLONESHOT;
    ended.data.u64 = worker->id;
    epoll_ctl(events_.get(), EPOLL_CTL_ADD, worker->process->process().pidfd(), &ended);
    if (options_.initializer != nullptr) {
      SendInitializer(*worker);
      to_wake.push_back(worker->process);
    }
    // What others were sent ahead was submitted before what is in the queue.
    for (const auto& each : workers_) {
      if (!each->is_sending) Reclaim(*each);
    }
    workers_.push_back(worker);
    if (killed_) worker->process->process().Kill(kill_signal_);
    Pump(to_wake);
    if (queue_.empty() && worker->IsIdle()) {
      Rebalance(*worker);
      Pump(to_wake);
    }
  }
  Wake(to_wake);
}

void ProcessEngine::SendInitializer(ProcessWorker& worker) {
  const auto& message = options_.initializer;
  ipc::WorkerProcess& process = *worker.process;
  if (!ipc::WorkerProcess::NeedsStream(*message) && process.Prepare(*message)) {
    return worker.AddInitializer(process.Send(*message, ipc::Announce::kNo));
  }
  worker.AddInitializer(process.BeginStream(*message, ipc::Announce::kNo));
  StreamTo(worker, message);
}

// The lowest number that no worker has.
int ProcessEngine::FreeIndex() const noexcept {
  int index = 0;
  const auto is_taken = [&](const auto& worker) { return worker->index == index; };
  while (std::any_of(workers_.begin(), workers_.end(), is_taken)) ++index;
  return index;
}

// Returns why the pool is broken, if this was one failure too many.
std::string ProcessEngine::NoteFailedStart(const std::string& cause) {
  ++failed_starts_;
  not_before_ = Clock::now() + kFirstPause * (1 << std::min(failed_starts_ - 1, 9));
  if (failed_starts_ < kMostFailedStarts) return {};
  return "no worker process could be started, " + std::to_string(failed_starts_) +
         " times in a row; the last time: " + cause;
}

std::string ProcessEngine::NoteKilledStart(const std::string& cause) {
  not_before_ = Clock::now() + kFirstPause;
  if (++killed_starts_ < kMostKilledStarts) return {};
  return "worker processes are killed before they are ready, " + std::to_string(killed_starts_) +
         " times in a row; the last time: " + cause;
}

// Timers.

// In place of the one before. A grace that has begun is not given again.
void ProcessEngine::SetTimer(ProcessWorker& worker, const WorkerTimer& timer) {
  const auto& present = worker.timer;
  if (present && present->what == WorkerTimer::What::kGrace &&
      present->sequence == timer.sequence) {
    return;
  }
  worker.timer = timer;
  if (timer.when < keeper_wakes_) PokeKeeper();
}

void ProcessEngine::RunTimers() {
  ToWake to_wake;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& worker : workers_) {
      if (worker->timer && worker->timer->when <= Clock::now()) OnTimer(*worker);
    }
    Pump(to_wake);
    RebalanceAll(to_wake);
  }
  Wake(to_wake);
}

void ProcessEngine::OnTimer(ProcessWorker& worker) {
  const WorkerTimer timer = *std::exchange(worker.timer, std::nullopt);
  if (worker.has_ended) return;
  if (timer.what == WorkerTimer::What::kEnd) return worker.process->process().Kill(SIGKILL);
  if (timer.what == WorkerTimer::What::kGrace) return Doom(worker, timer.sequence, timer.reason);
  if (const auto* const sent = worker.Find(timer.sequence)) {
    StopOrKill(worker, *sent->job, timer.reason);
  } else if (worker.is_receiving && worker.received.sequence == timer.sequence) {
    // The call is over, and its large answer on its way.
    SetTimer(worker, {WorkerTimer::What::kGrace, After(Clock::now(), options_.grace),
                      timer.sequence, timer.reason});
  }
}

// A task that takes a stop token gets time to end by itself.
void ProcessEngine::StopOrKill(ProcessWorker& worker, RemoteJob& job, KillReason reason) {
  if (!job.takes_stop_token()) return Doom(worker, job.sequence, reason);
  worker.process->RequestStop(job.sequence);
  SetTimer(worker,
           {WorkerTimer::What::kGrace, After(Clock::now(), options_.grace), job.sequence, reason});
}

// Kills the worker, if it is that task which it runs. What was sent after the task is taken back
// first: else the worker might, before the signal arrives, begin one that would then be blamed.
void ProcessEngine::Doom(ProcessWorker& worker, uint64_t sequence, KillReason reason) {
  const bool returns = worker.is_receiving && worker.received.sequence == sequence;
  if (returns) Reclaim(worker);
  if (worker.has_ended || (!returns && !RecallAllBut(worker, sequence))) return;
  worker.is_retiring = true;
  worker.kill_reason = reason;
  worker.process->process().Kill(SIGKILL);
}

// The end.

void ProcessEngine::EndIfDone() {
  const std::lock_guard lock(mutex_);
  if (!closed_) return;
  ToWake woken;
  Pump(woken);  // drops what was cancelled
  Wake(woken);
  if (queue_.empty()) {
    for (const auto& worker : workers_) {
      if (!worker->IsIdle() || worker->is_ending) continue;
      if (worker->is_receiving || worker->is_sending) continue;
      worker->is_ending = true;
      worker->is_retiring = true;
      worker->process->SendExit();
      SetTimer(*worker, {WorkerTimer::What::kEnd, Clock::now() + kPatienceAtEnd, 0, {}});
    }
  }
  finished_ = queue_.empty() && workers_.empty();
}

void ProcessEngine::Break(const std::string& reason) {
  std::vector<Failure> failures;
  {
    const std::lock_guard lock(mutex_);
    if (!broken_.empty()) return;
    broken_ = "the process pool is broken: " + reason;
    Close();
    for (const auto& worker : workers_) {
      Reclaim(*worker);
      worker->is_retiring = true;
      worker->process->process().Kill(SIGKILL);
    }
    for (; !queue_.empty(); queue_.PopFront()) {
      RemoteJob& job = queue_.front();
      if (job.core().TryStart()) {
        failures.push_back({&job, std::make_exception_ptr(BrokenProcessPool(broken_))});
      } else {
        job.core().Drop();
      }
    }
  }
  LogLine(broken_);
  Finish(std::move(failures));
}

}  // namespace cohort::internal
