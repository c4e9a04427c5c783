// A whole run: all requests of a source, each with its retries, in a pool.
//
//   Results results(Format::kJsonLines, false, STDOUT_FILENO);
//   Runner runner(options, source, resume, results, idle_connections);
//   const RunEnd end = runner.Run([](const RunState& state) { show(state); });
//
// A request is drawn from the source, submitted, attempted, perhaps submitted again for later, and
// done, when its record is added to the results. No worker ever waits for anything but a server:
// rates, retries and pauses are waited for in queues. Only so many requests are between "drawn" and
// "done" at a time that memory does not grow with their number. See docs/design/api_fetcher.md.

#ifndef COHORT_APPS_API_FETCHER_RUNNER_H_
#define COHORT_APPS_API_FETCHER_RUNNER_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apps/api_fetcher/host_limits.h"
#include "apps/api_fetcher/options.h"
#include "apps/api_fetcher/record.h"
#include "apps/api_fetcher/request.h"
#include "apps/api_fetcher/request_source.h"
#include "apps/api_fetcher/results.h"
#include "apps/api_fetcher/resume.h"
#include "apps/api_fetcher/retry_policy.h"
#include "apps/api_fetcher/summary.h"
#include "apps/api_fetcher/transfer.h"
#include "futures/future.h"
#include "pools/rate_limited_executor.h"
#include "pools/thread_pool_executor.h"

namespace cohort::api_fetcher {

// How far a run is.
struct RunState {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;
};

struct RunEnd {
  RunFacts facts = {};
  bool interrupted = false;       // by a signal
  bool written = true;            // false: an error, see Results::error(), or a reader who is late
  std::uint64_t unwritten = 0;    // records that the reader has not taken in time
  std::string source_error = "";  // the input could not be read to its end
  bool threads_left = false;      // the source still waits for input: leave by _Exit()
};

class Runner {
 public:
  using Progress = std::function<void(const RunState& state)>;

  // All outlive it. Throws TlsError, and BrokenThreadPool where no thread can be started.
  Runner(const Options& options, RequestSource& source, const Resume& resume, Results& results,
         std::size_t idle_connections);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  // Blocks until the end; calls `progress` at most ten times a second. Once.
  RunEnd Run(const Progress& progress);

 private:
  using Clock = std::chrono::steady_clock;

  struct Job {
    std::uint64_t number = 0;
    Request request;
    Record record;
    int attempts = 0;               // without those on stale connections
    std::string last_failure = "";  // of the attempt before this one
    bool was_stale = false;
    bool is_active = false;  // drawn, and not done
    Clock::time_point waits_since;
  };

  // The feeder's thread.
  void Feed();
  void FeedAll();
  void SubmitNew(Request request);
  std::uint64_t WaitForRoom();
  std::uint64_t Step() const;
  Job& TakeFree();

  // A worker's.
  class Running;
  void Submit(Job& job);
  void Work(Job& job);
  void Attempt(Job& job);
  bool TryOnce(Job& job);
  bool AfterFailure(Job& job, AttemptEnd& end);
  bool Retry(Job& job, const RetryPolicy::Decision& decision);
  void SayWhatEnded(Job& job);
  void Done(Job& job);
  void Free(Job& job);

  // With mutex_ held.
  bool HasRoom() const;
  void ForgetRetries();
  bool HasEnded() const;

  bool TooManyFailed() const;

  // The main thread's.
  bool Tick(const Progress& progress);
  void CheckInterrupt();
  void CheckStops();
  void StopStarting(std::string why, std::chrono::milliseconds grace);
  bool IsDeadlineOver() const;
  void GiveUpWaiting();
  bool WriteRest();
  RunFacts Facts();

  const Options& options_;
  RequestSource& source_;
  const Resume& resume_;
  Results& results_;
  const RetryPolicy policy_;
  Transfers transfers_;
  ThreadPoolExecutor pool_;
  RateLimitedExecutor<ThreadPoolExecutor> paced_;
  HostLimits hosts_;
  const Clock::time_point begin_ = Clock::now();

  const std::uint64_t window_;

  std::atomic<bool> stopping_ = false;  // nothing more is to start
  std::atomic<int> running_ = 0;        // workers that are at a request
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> skipped_ = 0;

  std::mutex mutex_;
  std::condition_variable room_;       // for the feeder
  std::condition_variable events_;     // for the main thread
  std::deque<Job> jobs_;               // guarded by mutex_; each is its worker's
  std::vector<Job*> free_;             // guarded by mutex_
  std::vector<Future<void>> retries_;  // that may still wait; guarded by mutex_
  std::size_t retries_kept_ = 64;      // until those that have begun are forgotten
  std::uint64_t drawn_ = 0;            // guarded by mutex_
  bool fed_ = false;                   // the feeder has ended; guarded by mutex_
  std::string source_error_;           // guarded by mutex_
  std::thread feeder_;

  // The main thread's; once stopping_, anybody may read it.
  std::string stopped_by_;

  // The main thread's.
  bool interrupted_ = false;
  bool broken_ = false;                                      // records cannot be written
  Clock::time_point give_up_at_ = Clock::time_point::max();  // on what runs
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_RUNNER_H_
