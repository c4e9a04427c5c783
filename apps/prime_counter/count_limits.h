// Counts up to several limits with an executor.

#ifndef COHORT_APPS_PRIME_COUNTER_COUNT_LIMITS_H_
#define COHORT_APPS_PRIME_COUNTER_COUNT_LIMITS_H_

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "apps/prime_counter/pieces.h"
#include "apps/prime_counter/range_counter.h"
#include "apps/prime_counter/tally.h"
#include "futures/errors.h"
#include "futures/future.h"
#include "futures/wait.h"
#include "pools/executor.h"

namespace cohort::prime_counter {

struct CountRequest {
  Kind kind = Kind::kPrimes;
  std::uint64_t from = 0;
  // Ascending, different, at least one; none below `from`.
  std::vector<std::uint64_t> limits = {};
};

struct CountResult {
  std::vector<LimitCount> counts;  // one for each limit
  std::string error;               // why it stopped; empty: it did not, or the caller wanted it
};

// What a task is given and gives.
struct CountTask {
  std::uint64_t ticket = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  Kind kind = Kind::kPrimes;
};
struct CountAnswer {
  std::uint64_t ticket = 0;
  std::uint64_t count = 0;
};
inline CountAnswer RunCountTask(const CountTask& task) {
  return {task.ticket, CountInRange(task.begin, task.end, task.kind)};
}

// A worker that dies costs the piece that it was counting, which is counted again so often.
inline constexpr int kRetries = 3;

// Some more tasks than workers are submitted at a time, so that none waits for this thread. Between
// their ends, but at least every 50 ms, `go_on(numbers)` is asked whether to go on and told how
// many numbers have been gone through. When it says no, or when a piece fails or cannot be
// submitted, this returns at once with what there is, while tasks may still run: they need nothing
// of this call.
template <Executor E, typename GoOn>
CountResult CountLimits(E& executor, const CountRequest& request, GoOn go_on);

namespace internal {

template <Executor E>
class CountRun {
 public:
  CountRun(E& executor, const CountRequest& request)
      : executor_(executor),
        kind_(request.kind),
        cutter_(request.from, request.limits, request.kind, executor.max_workers()),
        tally_(request.limits) {}

  template <typename GoOn>
  CountResult Run(GoOn go_on) {
    Fill();
    while (error_.empty() && !running_.empty() && go_on(tally_.numbers())) {
      TakeNext();
      Fill();
    }
    return {tally_.counts(), error_};
  }

 private:
  static constexpr auto kPatience = std::chrono::milliseconds(50);

  // An executor that is broken in mid-run takes no more; what was counted before is not lost.
  void Fill() try {
    const std::size_t enough = 2 * static_cast<std::size_t>(executor_.max_workers()) + 1;
    while (running_.size() < enough) {
      const std::optional<Piece> piece = cutter_.Next();
      if (!piece) return;
      const CountTask task = {tally_.Expect(*piece), piece->begin, piece->end, kind_};
      running_.add(executor_.submit(OptionsOf(*piece), RunCountTask, task));
    }
  } catch (const std::exception& error) {
    if (error_.empty()) error_ = error.what();
  }

  static TaskOptions OptionsOf(const Piece& piece) {
    return {.name = absl::StrCat("count ", piece.begin, " to ", piece.end),
            .max_retries = kRetries};
  }

  void TakeNext() {
    std::optional<Future<CountAnswer>> next = NextInTime();
    if (!next) return;
    try {
      const CountAnswer answer = std::move(*next).result();
      tally_.Add(answer.ticket, answer.count);
    } catch (const std::exception& error) {
      error_ = error.what();
    }
  }

  std::optional<Future<CountAnswer>> NextInTime() try {
    return running_.next(kPatience);
  } catch (const TimeoutError&) {
    return std::nullopt;
  }

  E& executor_;
  Kind kind_;
  PieceCutter cutter_;
  Tally tally_;
  CompletionQueue<CountAnswer> running_;
  std::string error_;
};

}  // namespace internal

template <Executor E, typename GoOn>
CountResult CountLimits(E& executor, const CountRequest& request, GoOn go_on) {
  return internal::CountRun<E>(executor, request).Run(std::move(go_on));
}

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_COUNT_LIMITS_H_
