// From the workers' rings to the futures.

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/internal/log.h"
#include "ipc/codec.h"
#include "ipc/exception.h"
#include "ipc/internal/spin.h"
#include "ipc/module.h"
#include "pools/internal/process_engine.h"
#include "pools/internal/process_lane.h"

namespace cohort::internal {
namespace {

using ipc::WorkerProcess;
using ipc::internal::RecordKind;

// So many answers are taken under one lock.
constexpr std::size_t kBatch = 64;

// A fetcher that sleeps looks up by itself that often: a worker that has gone wild could swallow
// the rings of others.
constexpr std::chrono::seconds kLookUp(1);

// How long the fetcher sleeps at a time while somebody else fetches.
constexpr std::chrono::nanoseconds kShortestNap = std::chrono::microseconds(100);
constexpr std::chrono::nanoseconds kLongestNap = kLookUp;

// A worker's answer that is not taken.
class AnswerTooLarge : public Error {
 public:
  AnswerTooLarge(uint64_t bytes, std::size_t limit)
      : Error("its answer has " + std::to_string(bytes) +
              " bytes; ProcessPoolOptions::max_answer_bytes allows " + std::to_string(limit)) {}
};

// Why the pool kills a worker that has written something, as the end of a sentence.
std::string Reproach(const std::exception& why) {
  if (dynamic_cast<const AnswerTooLarge*>(&why) != nullptr) return why.what();
  return std::string("it wrote what cannot be understood: ") + why.what();
}

// The moving average follows a new duration by an eighth.
uint64_t Averaged(uint64_t average, uint64_t latest) {
  if (average == 0) return std::max<uint64_t>(latest, 1);
  return std::max<uint64_t>(average - average / 8 + latest / 8, 1);
}

// Never null: a worker that has gone wild may send that.
std::exception_ptr DecodeError(ipc::Reader& reader) {
  if (auto error = ipc::decode_exception(reader)) return error;
  throw ipc::CodecError("a task has thrown, and the worker does not say what");
}

CoreState AcceptError(RemoteJob& job, ipc::Reader& reader) noexcept {
  try {
    return job.AcceptError(DecodeError(reader));
  } catch (const ipc::internal::PeerGone&) {
    return CoreState::kPending;
  } catch (const ipc::internal::ProtocolError&) {
    return CoreState::kPending;
  } catch (...) {
    return job.AcceptError(std::current_exception());
  }
}

void SleepOn(int bell, Deadline deadline) {
  Timeout timeout = deadline.remaining();
  if (timeout.is_forever() || timeout.duration() > kLookUp) timeout = kLookUp;
  const auto left = timeout.duration().count();
  const timespec limit{static_cast<time_t>(left / 1'000'000'000), left % 1'000'000'000};
  pollfd poll{bell, POLLIN, 0};
  if (ppoll(&poll, 1, &limit, nullptr) == 1) {
    uint64_t rings = 0;
    eventfd_read(bell, &rings);
  }
}

// Empty: it has not failed.
std::string FailureOfInitializer(RecordKind answer, ipc::Reader& reader) {
  if (answer == RecordKind::kResult) return {};
  return "the initializer has thrown " + Describe(DecodeError(reader));
}

// What the decoding has left of a stream. False: it breaks off.
bool SkipRest(WorkerProcess& process) noexcept {
  try {
    process.Done();
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

bool ProcessEngine::MayBeDone() noexcept {
  const std::lock_guard lock(mutex_);
  return closed_ && Outstanding() == 0;
}

void ProcessEngine::BreakSoon(std::string reason) {
  break_reason_ = std::move(reason);
  PokeKeeper();
}

// Who fetches.

void ProcessEngine::Fetch() {
  while (true) {
    FetchAll();
    {
      const std::lock_guard lock(mutex_);
      if (finished_) return;
    }
    if (IsHelping()) {
      NapWhileHelping();
    } else if (!ipc::internal::SpinAndYield([this] { return AnyNews(); })) {
      AwaitAnswers();
    }
  }
}

void ProcessEngine::AwaitAnswers() {
  if (!SetAsleep(WorkerProcess::FirstBell(++sleeps_)) || AnyNews()) return;
  SleepOn(fetcher_bell_.get(), Deadline::never());
}

bool ProcessEngine::IsHelping() {
  const std::lock_guard lock(mutex_);
  return is_helping_;
}

// A helper hands over to the fetcher when it leaves, unless the fetcher looks soon by itself: a
// thread that takes one result after the other is back before that, and to wake the fetcher, or to
// have a worker wake it, takes longer than all the rest. So naps are short while helpers come and
// go, and longer and longer while one stays. Where a helper leaves nothing behind, the next task
// tells the workers to wake the fetcher, in case that nobody helps this time.
void ProcessEngine::NapWhileHelping() {
  std::chrono::nanoseconds nap = kShortestNap;
  uint64_t helpers = std::numeric_limits<uint64_t>::max();  // at the last nap
  do {
    {
      const std::lock_guard lock(mutex_);
      if (!is_helping_ || finished_) return;
      nap = helpers == helpers_ ? std::min(2 * nap, kLongestNap) : kShortestNap;
      helpers = helpers_;
      nap_ends_ = Clock::now() + nap;
    }
    SleepOn(fetcher_bell_.get(), Deadline::after(nap));
    const std::lock_guard lock(mutex_);
    nap_ends_ = Clock::time_point::max();
  } while (IsHelping());
}

// With mutex_ held.
bool ProcessEngine::LooksAgainSoon() const noexcept {
  return nap_ends_ != Clock::time_point::max() && nap_ends_ - Clock::now() <= kShortestNap;
}

// Tells the workers who sleeps. False: a helper is in charge, and it was not asked to leave.
bool ProcessEngine::SetAsleep(uint64_t sleep) {
  const std::lock_guard lock(mutex_);
  if (is_helping_) return false;
  nobody_is_woken_ = false;
  TellWorkers(sleep);
  return true;
}

void ProcessEngine::TellWorkers(uint64_t sleep) {
  asleep_ = sleep;
  for (const auto& worker : workers_) worker->process->SetAsleep(sleep);
}

bool ProcessEngine::MayFetchFrom(const ProcessWorker& worker) noexcept {
  return !worker.is_receiving && !worker.is_drained && !worker.has_garbled;
}

bool ProcessEngine::AnyNews() {
  const std::lock_guard lock(mutex_);
  return finished_ || std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) {
           return MayFetchFrom(*worker) && worker->process->HasNews();
         });
}

void ProcessEngine::KickHelper() noexcept {
  if (helper_sleeps_.load(std::memory_order_seq_cst)) eventfd_write(helper_bell_.get(), 1);
}

void ProcessEngine::HelpUntilDone(CoreBase& awaited, Deadline deadline) noexcept {
  if (InForkedChild()) return;
  const std::unique_lock helping(help_mutex_, std::try_to_lock);
  if (!helping.owns_lock()) {
    ipc::internal::SpinAndYield([&] { return awaited.done(); });  // another thread fetches
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (finished_) return;
    is_helping_ = true;
    nobody_is_woken_ = false;
    TellWorkers(0);  // nobody needs to be woken while this thread looks
  }
  HelpLoop(awaited, deadline);
  {
    const std::lock_guard lock(mutex_);
    is_helping_ = false;
    ++helpers_;
    if (LooksAgainSoon()) {
      nobody_is_woken_ = Outstanding() == 0;
      return TellWorkers(0);
    }
  }
  // From now on the workers ring for the engine's own thread; what came just before is for it too.
  SetAsleep(WorkerProcess::FirstBell(++sleeps_));
  if (AnyNews()) eventfd_write(fetcher_bell_.get(), 1);
}

void ProcessEngine::HelpLoop(CoreBase& awaited, Deadline deadline) {
  const auto is_over = [&] {
    if (awaited.done() || deadline.has_passed()) return true;
    const std::lock_guard lock(mutex_);
    return finished_;
  };
  while (true) {
    FetchAll();
    if (is_over()) return;
    if (ipc::internal::SpinAndYield([&] { return awaited.done() || AnyNews(); },
                                    ipc::internal::SpinRounds::kMany)) {
      continue;
    }
    const uint64_t sleep = WorkerProcess::SecondBell(++sleeps_);
    {
      const std::lock_guard lock(mutex_);
      TellWorkers(sleep);
    }
    helper_sleeps_.store(true, std::memory_order_seq_cst);
    if (!awaited.done() && !AnyNews()) SleepOn(helper_bell_.get(), deadline);
    helper_sleeps_.store(false, std::memory_order_relaxed);
  }
}

// Fetching.

void ProcessEngine::FetchAll() noexcept {
  const std::lock_guard fetching(fetch_mutex_);
  {
    const std::lock_guard lock(mutex_);
    fetched_.assign(workers_.begin(), workers_.end());
  }
  // Once from each: one that always has more holds up neither the others nor who waits here.
  for (const auto& worker : fetched_) FetchFrom(*worker);
  fetched_.clear();
}

// With fetch_mutex_ held. False: there was nothing.
bool ProcessEngine::FetchFrom(ProcessWorker& worker) noexcept {
  answers_.clear();
  ToWake to_wake;
  bool is_stream = false;
  {
    const std::lock_guard lock(mutex_);
    if (!MayFetchFrom(worker)) return false;
    if (!worker.has_ended && !worker.is_sending && worker.process->SendNotices()) {
      worker.process->Wake();
    }
    if (!worker.process->HasNews()) return false;
    TakeAnswers(worker);
    is_stream = worker.is_receiving;
    SendMore(worker, to_wake);
  }
  Wake(to_wake);
  for (const Answer& answer : answers_) {
    answer.stream == nullptr ? Complete(worker, answer) : ReceiveStream(answer);
  }
  // Where nothing more can be read, there may be no end of the last record either.
  if (!is_stream && !worker.has_garbled && !worker.is_drained) worker.process->Done();
  if (!answers_.empty()) {
    KickHelper();
    if (MayBeDone()) PokeKeeper();
  }
  return true;
}

// After answers of that worker, which may have nothing to do now.
void ProcessEngine::SendMore(const ProcessWorker& worker, ToWake& to_wake) {
  ReclaimFromStuck(worker);
  Pump(to_wake);
  if (!queue_.empty() || !worker.IsIdle() || !worker.is_ready) return;
  Rebalance(worker);
  Pump(to_wake);
}

// What it writes is no use.
void ProcessEngine::OnGarbage(ProcessWorker& worker, const std::exception& why) {
  worker.reproach = Reproach(why);
  worker.is_retiring = true;
  worker.has_garbled = true;
  worker.process->process().Kill(SIGKILL);
}

// A batch of what is in the worker's ring, to answers_.
void ProcessEngine::TakeAnswers(ProcessWorker& worker) {
  try {
    while (answers_.size() < kBatch && !worker.is_receiving) {
      const auto record = worker.process->Next();
      if (!record) return;
      TakeRecord(worker, *record);
    }
  } catch (const ipc::internal::PeerGone& gone) {
    if (!worker.has_ended) return OnGarbage(worker, gone);  // its own claim
    worker.is_drained = true;
  } catch (const std::exception& error) {
    OnGarbage(worker, error);
  }
}

// Before memory is taken for it.
void ProcessEngine::CheckSize(const Record& record) const {
  const std::size_t limit = options_.max_answer_bytes;
  if (limit != 0 && record.size > limit) throw AnswerTooLarge(record.size, limit);
}

void ProcessEngine::TakeRecord(ProcessWorker& worker, const Record& record) {
  switch (record.kind) {
    case RecordKind::kReady:
      if (worker.is_ready) throw ipc::internal::ProtocolError("ready for the second time");
      return OnReady(worker, record);
    case RecordKind::kBegun:
      return OnBegun(worker, record);
    case RecordKind::kRetired:
      if (worker.has_retired) throw ipc::internal::ProtocolError("the end for the second time");
      worker.has_retired = true;
      worker.is_retiring = true;
      return;
    case RecordKind::kResult:
    case RecordKind::kError:
      CheckSize(record);
      break;
    default:
      throw ipc::internal::ProtocolError("a record of kind " +
                                         std::to_string(static_cast<uint32_t>(record.kind)));
  }
  const ProcessWorker::Sent sent = worker.TakeAnswered(record.sequence);
  if (sent.is_initializer && !record.is_stream) {
    worker.is_initialized = record.kind == RecordKind::kResult;
    if (!worker.is_initialized) FailInitializer(record);
    return;
  }
  if (sent.job == nullptr && !sent.is_initializer) {
    throw ipc::internal::ProtocolError("an answer to task " + std::to_string(record.sequence) +
                                       ", which it was not to run");
  }
  if (sent.job != nullptr) {
    sent.job->core().TryStartOffered();
    nanoseconds_per_task_ = Averaged(nanoseconds_per_task_, record.nanoseconds);
  }
  if (!record.is_stream && worker.timer && worker.timer->sequence == record.sequence) {
    worker.timer.reset();
  }
  answers_.push_back({sent.job, record, nullptr});
  if (record.is_stream) {
    worker.is_receiving = true;
    worker.received = sent;
    for (const auto& each : workers_) {
      if (each.get() == &worker) answers_.back().stream = each;
    }
  }
}

void ProcessEngine::OnReady(ProcessWorker& worker, const Record& record) {
  ipc::Reader reader(record.payload);
  const auto report = ipc::decode<ipc::WorkerReport>(reader);
  std::string failure = report.failure;
  if (failure.empty() && report.executable != ipc::executable_build_id()) {
    failure =
        "the program's file is not the one that this process was started from; restart the program";
  }
  if (!failure.empty()) return BreakSoon("worker processes cannot work: " + failure);
  for (const std::string& part : report.missing) {
    if (!std::exchange(has_told_missing_, true)) LogLine("sandbox: " + part);
  }
  worker.is_ready = true;
  failed_starts_ = 0;
  killed_starts_ = 0;
}

// An exception's constructor may be the user's code. With the mutex held.
void ProcessEngine::FailInitializer(const Record& record) {
  auto fail = [self = shared_from_this(),
               bytes = std::vector<std::byte>(record.payload.begin(), record.payload.end())] {
    ipc::Reader reader(bytes);
    std::string failure;
    try {
      failure = FailureOfInitializer(RecordKind::kError, reader);
    } catch (const std::exception& error) {
      failure = std::string("the initializer has thrown what cannot be told: ") + error.what();
    }
    const std::lock_guard lock(self->mutex_);
    self->BreakSoon(std::move(failure));
  };
  PostTo(*decoders_, std::move(fail));
}

// A large answer. Where the worker ends in the middle of it, another one tries again.
ProcessEngine::StreamEnd ProcessEngine::ReceiveInitialized(const Answer& answer) noexcept {
  WorkerProcess& process = *answer.stream->process;
  std::string failure;
  bool is_whole = false;
  try {
    ipc::Reader reader(process.stream(), answer.record.size, {}, ipc::Trust::kNone);
    failure = FailureOfInitializer(answer.record.kind, reader);
    process.Done();
    is_whole = true;
  } catch (const std::exception&) {
    process.process().Kill(SIGKILL);  // where it has not ended
  }
  const std::lock_guard lock(mutex_);
  answer.stream->is_initialized = is_whole && failure.empty();
  if (!failure.empty()) BreakSoon(failure);
  return is_whole ? StreamEnd::kWhole : StreamEnd::kBrokenOff;
}

void ProcessEngine::OnBegun(ProcessWorker& worker, const Record& record) {
  RemoteJob* const job = worker.Announce(record.sequence);
  if (job == nullptr || job->timeout().is_forever()) {
    throw ipc::internal::ProtocolError("a begin of task " + std::to_string(record.sequence) +
                                       ", which was not asked for");
  }
  job->core().TryStartOffered();
  // From the moment that the worker says, but for what cannot be.
  const Clock::time_point now = Clock::now();
  const Clock::time_point said(std::chrono::nanoseconds(record.nanoseconds));
  SetTimer(worker, {WorkerTimer::What::kTimeout,
                    After(std::clamp(said, Clock::time_point(), now), job->timeout().duration()),
                    record.sequence, KillReason::kTimeout});
}

// Completing. The job is the caller's alone.

void ProcessEngine::Complete(const ProcessWorker& worker, const Answer& answer) noexcept {
  RemoteJob& job = *answer.job;
  // What may run code of the user's, if only an exception's constructor, is not for this thread.
  if (answer.record.kind == RecordKind::kError || job.RunsUserCode() ||
      job.core().record() != nullptr) {
    const auto bytes = answer.record.payload;
    RunOn(*decoders_, [this, &job, index = worker.index, record = answer.record,
                       copy = std::vector<std::byte>(bytes.begin(), bytes.end())] {
      ipc::Reader reader(copy, record.attachments);
      Decode(index, job, record, reader);
    });
    return;
  }
  ipc::Reader reader(answer.record.payload, answer.record.attachments);
  Decode(worker.index, job, answer.record, reader);
}

// False: the worker has ended, or written garbage, in the middle of a streamed answer.
bool ProcessEngine::Decode(int worker, RemoteJob& job, const Record& record,
                           ipc::Reader& reader) noexcept {
  const TaskRecord* const observed = job.core().record();
  const Clock::time_point finished = observed == nullptr ? Clock::time_point() : Clock::now();
  const CoreState outcome =
      record.kind == RecordKind::kResult ? job.Accept(reader) : AcceptError(job, reader);
  if (!IsFinal(outcome)) return false;
  if (observed != nullptr) {
    TellObserver(worker, job, finished - std::chrono::nanoseconds(record.nanoseconds),
                 outcome == CoreState::kValue ? TaskOutcome::kSucceeded : TaskOutcome::kFailed);
  }
  (outcome == CoreState::kValue ? succeeded_ : failed_).fetch_add(1, std::memory_order_relaxed);
  Publish(job, outcome);
  return true;
}

// Of both at once: the answer tells how long the task ran, a death not even that.
void ProcessEngine::TellObserver(int worker, RemoteJob& job, Clock::time_point started,
                                 TaskOutcome outcome) {
  const TaskRecord& record = *job.core().record();
  options_.observer->on_started({record.Observed(), worker, started});
  options_.observer->on_finished({record.Observed(), worker, started, Clock::now(), outcome});
}

// The queue's reference ends here.
void ProcessEngine::Publish(RemoteJob& job, CoreState outcome) noexcept {
  CoreBase& core = job.core();
  job.FreeMessage();
  if (core.Complete(outcome)) {
    RunOn(*lanes_, [&core] {
      core.Settle();
      core.Drop();
    });
  } else if (outcome == CoreState::kException && core.IsOnlyReference()) {
    RunOn(*lanes_,
          [&core] { core.Drop(); });  // calls the hook for exceptions that nobody looked at
  } else {
    core.Drop();
  }
}

// An engine that can start no thread loses what it was given, and throws from then on. So what it
// gets first may be lost.
void ProcessEngine::PostTo(ThreadEngine& threads, std::function<void()> f) {
  if (threads.Stats().workers == 0) internal::Post(threads, [] {});
  internal::Post(threads, std::move(f));
}

void ProcessEngine::RunOn(ThreadEngine& threads, std::function<void()> f) noexcept {
  auto run = [self = shared_from_this(), f = std::move(f)]() mutable {
    const ProcessLane lane(*self);
    f();
    self->KickHelper();
    if (self->MayBeDone()) self->PokeKeeper();
  };
  try {
    PostTo(threads, run);
  } catch (const std::exception&) {
    run();  // no thread, or no memory, is to be had
  }
}

// Where the answer was cut off, the worker's end decides what becomes of the job.
void ProcessEngine::EndStream(ProcessWorker& worker, RemoteJob* cut_off, StreamEnd end) noexcept {
  ToWake to_wake;
  {
    const std::lock_guard lock(mutex_);
    worker.is_receiving = false;
    if (worker.timer && worker.timer->sequence == worker.received.sequence) worker.timer.reset();
    worker.received = {};
    if (cut_off != nullptr) worker.PutBack(*cut_off);
    if (end == StreamEnd::kBrokenOff) {
      worker.is_drained = worker.has_ended;
      if (!worker.has_ended) OnGarbage(worker, Error("an answer that breaks off"));
    }
    Pump(to_wake);  // where it was the initializer's
  }
  Wake(to_wake);
  KickHelper();
  PokeKeeper();
  eventfd_write(fetcher_bell_.get(), 1);  // there may be more in the ring
}

// A large answer: read and decoded by a thread that may wait for the worker. Until that is done,
// nobody else reads from the worker.
void ProcessEngine::ReceiveStream(const Answer& answer) {
  const auto receive = [self = shared_from_this(), answer] {
    const ProcessLane lane(*self);
    ipc::WorkerProcess& process = *answer.stream->process;
    if (answer.job == nullptr) {
      const StreamEnd end = self->ReceiveInitialized(answer);
      return self->EndStream(*answer.stream, nullptr, end);
    }
    ipc::Reader reader(process.stream(), answer.record.size, answer.record.attachments,
                       ipc::Trust::kNone);
    const bool is_whole = self->Decode(answer.stream->index, *answer.job, answer.record, reader);
    const bool is_skipped = is_whole && SkipRest(process);
    self->EndStream(*answer.stream, is_whole ? nullptr : answer.job,
                    is_skipped ? StreamEnd::kWhole : StreamEnd::kBrokenOff);
  };
  try {
    PostTo(*streams_, receive);
  } catch (const std::exception&) {
    receive();
  }
}

}  // namespace cohort::internal
