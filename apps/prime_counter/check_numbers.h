// Says of many numbers whether they are prime, with an executor.

#ifndef COHORT_APPS_PRIME_COUNTER_CHECK_NUMBERS_H_
#define COHORT_APPS_PRIME_COUNTER_CHECK_NUMBERS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "futures/wait.h"
#include "pools/executor.h"

namespace cohort::prime_counter {

// The answers for some numbers, in their order.
struct Answers {
  std::vector<std::uint8_t> prime;                  // 0 or 1
  std::vector<std::vector<std::uint64_t>> factors;  // empty where they were not asked for
};

Answers CheckAll(const std::vector<std::uint64_t>& numbers, bool with_factors);

// Takes numbers one by one, has them checked in batches, large enough to be worth a task, and
// delivers them in order: `deliver(numbers, answers)`, called in this thread. A few batches are
// under way at a time, however many there are. `go_on()` is asked at least every 50 ms while
// waiting. For one thread.
template <Executor E, typename Deliver, typename GoOn>
class NumberChecker {
 public:
  NumberChecker(E& executor, bool with_factors, Deliver deliver, GoOn go_on)
      : executor_(executor), with_factors_(with_factors), deliver_(deliver), go_on_(go_on) {}

  // Waits when enough is under way. False: it was told not to go on.
  bool Add(std::uint64_t number) {
    batch_.push_back(number);
    return batch_.size() < BatchSize() || (Submit() && DeliverDownTo(4 * Workers()));
  }

  // Delivers all that was added. False: it was told not to go on.
  bool Finish() { return (batch_.empty() || Submit()) && DeliverDownTo(0); }

 private:
  struct Batch {
    std::vector<std::uint64_t> numbers;
    Future<Answers> answers;
  };

  // Some 30 ms of work.
  std::size_t BatchSize() const { return with_factors_ ? 200 : 20'000; }
  std::size_t Workers() const { return static_cast<std::size_t>(executor_.max_workers()); }

  bool Submit() {
    std::vector<std::uint64_t> numbers = std::exchange(batch_, {});
    const TaskOptions options = {.name = "check numbers", .max_retries = 3};
    Future<Answers> answers = executor_.submit(options, CheckAll, numbers, with_factors_);
    under_way_.push_back({std::move(numbers), std::move(answers)});
    return go_on_();
  }

  bool DeliverDownTo(std::size_t rest) {
    while (under_way_.size() > rest) {
      const Batch& oldest = under_way_.front();
      if (!WaitFor(oldest.answers)) return false;
      deliver_(oldest.numbers, oldest.answers.result());
      under_way_.pop_front();
    }
    return true;
  }

  bool WaitFor(const Future<Answers>& answers) {
    while (!answers.done()) {
      wait({answers}, {.timeout = std::chrono::milliseconds(50)});
      if (!go_on_()) return false;
    }
    return true;
  }

  E& executor_;
  bool with_factors_;
  Deliver deliver_;
  GoOn go_on_;
  std::vector<std::uint64_t> batch_;
  std::deque<Batch> under_way_;
};

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_CHECK_NUMBERS_H_
