#include "apps/api_fetcher/runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "apps/common/interrupt.h"
#include "futures/errors.h"

namespace cohort::api_fetcher {
namespace {

using std::chrono::milliseconds;

// How often records are written, at least, and signals and deadlines noticed.
constexpr milliseconds kTick(50);

// For requests that run when the user, or --max-failures, ends the run, and for a reader of the
// records.
constexpr milliseconds kGrace(2000);

// Requests under way at a time, while all workers have something to do.
std::uint64_t WindowOf(const PaceOptions& pace) {
  return std::max<std::uint64_t>(1024, 4 * static_cast<std::uint64_t>(pace.concurrency));
}

// So many times the window while one has not. Those of a host that is slow, or has asked for a
// pause, may be among them, and must not be all of them.
constexpr std::uint64_t kWideWindow = 8;

// What starts by a rate starts for a free worker: calls that wait in the pool's queue would all
// start when the workers come free, in whatever time.
RateLimitOptions LimitsOfAll(const PaceOptions& pace) {
  return {.calls_per_second = pace.rate,
          .burst = pace.burst,
          .max_concurrent = pace.rate > 0 ? pace.concurrency : 0};
}

RateLimitOptions LimitsOfEach(const PaceOptions& pace) {
  const bool by_rate = pace.per_host == 0 && pace.per_host_rate > 0;
  return {.calls_per_second = pace.per_host_rate,
          .burst = pace.burst,
          .max_concurrent = by_rate ? pace.concurrency : pace.per_host};
}

double MillisecondsOf(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

Runner::Runner(const Options& options, RequestSource& source, const Resume& resume,
               Results& results, std::size_t idle_connections)
    : options_(options),
      source_(source),
      resume_(resume),
      results_(results),
      policy_(options.retry, options.send.method),
      transfers_(options, idle_connections),
      pool_({.max_workers = options.pace.concurrency, .thread_name_prefix = "fetch"}),
      paced_(pool_, LimitsOfAll(options.pace)),
      hosts_(paced_, LimitsOfEach(options.pace)),
      window_(WindowOf(options.pace)) {
  // Where no thread can be started, the run would never end.
  pool_.submit([] {}).result();
}

Runner::~Runner() {
  if (feeder_.joinable()) feeder_.join();
}

RunEnd Runner::Run(const Progress& progress) {
  feeder_ = std::thread([this] { Feed(); });
  while (!Tick(progress)) {
  }
  // It may have ended the input, and the run has then ended before anybody asked.
  CheckInterrupt();
  GiveUpWaiting();
  results_.ReleaseAll();
  broken_ |= !WriteRest();
  const std::lock_guard lock(mutex_);
  return {.facts = Facts(),
          .interrupted = interrupted_,
          .written = !broken_,
          .unwritten = results_.error() ? 0 : results_.unwritten(),
          .source_error = source_error_,
          .threads_left = !fed_};
}

// The feeder.

void Runner::Feed() {
  std::string error;
  try {
    FeedAll();
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  const std::lock_guard lock(mutex_);
  fed_ = true;
  source_error_ = std::move(error);
  events_.notify_one();
}

void Runner::FeedAll() {
  for (;;) {
    for (std::uint64_t room = WaitForRoom(); room > 0; --room) {
      std::optional<Request> request = source_.Next();
      if (!request || stopping_) return;
      if (resume_.IsDone(*request)) {
        ++skipped_;
        continue;
      }
      SubmitNew(std::move(*request));
    }
    if (stopping_) return;
  }
}

void Runner::SubmitNew(Request request) {
  Job& job = TakeFree();
  job.request = std::move(request);
  try {
    Submit(job);
  } catch (const cohort::Error&) {
    Free(job);
    throw;
  }
}

// Lets requests come in by the hundred: each time the feeder is woken costs as much as a request.
std::uint64_t Runner::WaitForRoom() {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return stopping_ || HasRoom(); });
  return stopping_ ? 0 : Step();
}

// How many requests are drawn at a time.
std::uint64_t Runner::Step() const { return window_ / 4; }

bool Runner::HasRoom() const {
  const std::uint64_t under_way =
      options_.output.ordered ? drawn_ - results_.released() : jobs_.size() - free_.size();
  const bool all_work = running_ >= options_.pace.concurrency;
  return under_way + Step() <= (all_work ? window_ : kWideWindow * window_);
}

Runner::Job& Runner::TakeFree() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) free_.push_back(&jobs_.emplace_back());
  Job& job = *free_.back();
  free_.pop_back();
  job.number = drawn_++;
  job.waits_since = Clock::now();
  job.is_active = true;
  return job;
}

// Workers.

void Runner::Submit(Job& job) {
  try {
    hosts_.Post(job.request.url, [this, &job] { Work(job); });
  } catch (const cohort::Error&) {
    if (!stopping_) throw;
  }
}

// Around what a worker does. Sequentially consistent with stopping_: either the worker sees that
// nothing is to start any more, or the main thread that something runs.
class Runner::Running {
 public:
  explicit Running(Runner& runner) : runner_(runner) { ++runner_.running_; }
  ~Running() {
    if (--runner_.running_ > 0 || !runner_.stopping_) return;
    const std::lock_guard lock(runner_.mutex_);
    runner_.events_.notify_one();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Runner& runner_;
};

void Runner::Work(Job& job) {
  const Running running(*this);
  if (!stopping_ && !TooManyFailed()) Attempt(job);
}

void Runner::Attempt(Job& job) try {
  // Its turn has come although the host has asked for a pause after it was submitted.
  if (hosts_.PauseLeft(job.request.url).count() > 0) return Submit(job);
  job.record.ms.wait += MillisecondsOf(Clock::now() - job.waits_since);
  while (!TryOnce(job)) {
  }
} catch (const std::exception& error) {
  job.record.ok = false;
  job.record.error = {ErrorKind::kInternal, error.what()};
  Done(job);
}

// False: again, at once.
bool Runner::TryOnce(Job& job) {
  ++job.attempts;
  AttemptEnd end = transfers_.Attempt(job.request, job.record);
  if (job.record.ok) return Done(job), true;
  return AfterFailure(job, end);
}

bool Runner::AfterFailure(Job& job, AttemptEnd& end) {
  const bool stale = end.stale && !std::exchange(job.was_stale, true);
  const Failure failure = {.kind = job.record.error.kind,
                           .status = job.record.status,
                           .retry_after = end.retry_after,
                           .stale = stale};
  const RetryPolicy::Decision decision = policy_.Decide(failure, job.attempts);
  if (!decision.why_not.empty()) job.record.error = {ErrorKind::kRetryAfter, decision.why_not};
  if (!decision.retry) {
    if (failure.kind == ErrorKind::kInterrupted) SayWhatEnded(job);
    if (decision.hold_host) hosts_.PauseUntil(job.request.url, Clock::now() + decision.delay);
    return Done(job), true;
  }
  if (decision.counted) {
    job.last_failure = job.record.error.text;
    if (!Retry(job, decision)) {
      SayWhatEnded(job);
      Done(job);
    }
    return true;
  }
  --job.attempts;
  --job.record.attempts;
  return false;
}

// False: there are none any more. The job may run, and end, before this does.
bool Runner::Retry(Job& job, const RetryPolicy::Decision& decision) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  job.waits_since = Clock::now();
  if (decision.hold_host) {
    hosts_.PauseUntil(job.request.url, job.waits_since + decision.delay);
    Submit(job);
  } else {
    if (retries_.size() >= retries_kept_) ForgetRetries();
    retries_.push_back(
        hosts_.PostAfter(job.request.url, decision.delay, [this, &job] { Work(job); }));
  }
  return true;
}

// In the record of a request that the end of the run has come before.
void Runner::SayWhatEnded(Job& job) {
  Error& error = job.record.error;
  if (error.kind != ErrorKind::kInterrupted) {
    absl::StrAppend(&error.text, "; not tried again: ", stopped_by_);
    return;
  }
  absl::StrAppend(&error.text, ": ", stopped_by_);
  if (job.last_failure.empty()) return;
  absl::StrAppend(&error.text, "; the attempt before: ", job.last_failure);
}

void Runner::ForgetRetries() {
  std::erase_if(retries_, [](const Future<void>& retry) { return retry.done(); });
  retries_kept_ = std::max<std::size_t>(64, 2 * retries_.size());
}

void Runner::Done(Job& job) {
  Record& record = job.record;
  record.url = std::move(job.request.url);
  record.id = std::move(job.request.id);
  record.index = job.request.index;
  results_.Add(job.number, record);
  done_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(record.bytes, std::memory_order_relaxed);
  if (!record.ok) failed_.fetch_add(1, std::memory_order_relaxed);
  Free(job);
}

void Runner::Free(Job& job) {
  job = Job();
  const std::lock_guard lock(mutex_);
  free_.push_back(&job);
  if (HasRoom()) room_.notify_one();
  if (TooManyFailed()) events_.notify_one();
  if (fed_ && free_.size() == jobs_.size()) events_.notify_one();
}

// The main thread.

bool Runner::Tick(const Progress& progress) {
  {
    std::unique_lock lock(mutex_);
    const milliseconds tick = results_.is_behind() ? milliseconds(0) : kTick;
    events_.wait_for(lock, tick, [this] { return HasEnded() || (TooManyFailed() && !stopping_); });
    if (HasEnded()) return true;
    // Workers may have come to their ends of work since, each when others had not.
    if (HasRoom()) room_.notify_one();
  }
  if (!results_.Flush() && !broken_) {
    broken_ = true;
    StopStarting("the output is closed", milliseconds(0));
  }
  CheckStops();
  hosts_.Sweep();
  progress({.done = done_,
            .failed = failed_,
            .bytes = bytes_,
            .seconds = std::chrono::duration<double>(Clock::now() - begin_).count()});
  return false;
}

bool Runner::HasEnded() const {
  return stopping_ ? running_ == 0 : fed_ && free_.size() == jobs_.size();
}

bool Runner::TooManyFailed() const {
  return options_.max_failures > 0 && failed_ >= options_.max_failures;
}

void Runner::CheckInterrupt() {
  if (interrupted_ || !apps::InterruptRequested()) return;
  interrupted_ = true;
  StopStarting("interrupted", kGrace);
}

void Runner::CheckStops() {
  const Clock::time_point now = Clock::now();
  CheckInterrupt();
  if (IsDeadlineOver()) {
    StopStarting(absl::StrCat("--deadline ", options_.timeouts.deadline.count(), "ms"),
                 milliseconds(0));
  } else if (TooManyFailed()) {
    StopStarting(absl::StrCat("--max-failures ", options_.max_failures), kGrace);
  }
  if (now < give_up_at_ && apps::InterruptsRequested() < 2) return;
  transfers_.Stop();
  results_.EndWaits();
}

bool Runner::IsDeadlineOver() const {
  const milliseconds deadline = options_.timeouts.deadline;
  return deadline.count() > 0 && Clock::now() - begin_ >= deadline;
}

void Runner::StopStarting(std::string why, milliseconds grace) {
  give_up_at_ = std::min(give_up_at_, Clock::now() + grace);
  if (stopping_) return;
  stopped_by_ = std::move(why);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const Future<void>& retry : retries_) retry.cancel();
  }
  room_.notify_one();
  hosts_.Cancel();
  paced_.shutdown({.wait = false, .cancel_futures = true});
}

// Requests whose attempts have failed, and that waited for another one when the run was ended.
void Runner::GiveUpWaiting() {
  pool_.shutdown({.wait = true, .cancel_futures = true});
  std::vector<Job*> waiting;
  {
    const std::lock_guard lock(mutex_);
    for (Job& job : jobs_) {
      if (job.is_active && job.attempts > 0) waiting.push_back(&job);
    }
  }
  results_.EndWaits();
  for (Job* job : waiting) {
    SayWhatEnded(*job);
    Done(*job);
  }
}

// Waits for the reader of the records: as long as it likes; after a signal, as long as it takes
// anything; after the deadline, for a moment; after a second signal no more.
bool Runner::WriteRest() {
  Clock::time_point late_at = Clock::now() + kGrace;
  std::uint64_t before = results_.written();
  while (results_.Flush()) {
    if (results_.unwritten() == 0) return true;
    const bool takes = std::exchange(before, results_.written()) != results_.written();
    const bool may_wait = takes || !apps::InterruptRequested();
    if (may_wait && !IsDeadlineOver()) late_at = Clock::now() + kGrace;
    if (Clock::now() >= late_at || apps::InterruptsRequested() > 1) return false;
  }
  return false;
}

// With mutex_ held.
RunFacts Runner::Facts() {
  RunFacts facts = {.seconds = std::chrono::duration<double>(Clock::now() - begin_).count(),
                    .complete = !stopping_ && source_error_.empty(),
                    .stopped_by = stopped_by_,
                    .not_started = 0,
                    .skipped = skipped_};
  // Else the feeder is still in the source.
  if (fed_) facts.rejected = source_.rejected();
  if (facts.complete) return facts;
  const std::optional<std::uint64_t> total = source_.total();
  facts.not_started.reset();
  if (total) {
    facts.not_started = *total - std::min(*total, done_ + skipped_ + facts.rejected);
  }
  return facts;
}

}  // namespace cohort::api_fetcher
