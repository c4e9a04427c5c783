// Counts the tasks that have run, each thread in a place of its own: threads that share a counter
// would measure that counter. Ends the program when tasks are missing.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_TALLY_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_TALLY_H_

#include <atomic>
#include <cstdint>

namespace cohort::benchmarks {

class Tally {
 public:
  // By the thread that runs the task.
  static void Count() {
    std::atomic<std::int64_t>& place = Place();
    place.store(place.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // Of all threads, also those that have ended.
  static std::int64_t Sum();

  // For peers that cannot wait for tasks themselves: sleeps until so many have run.
  static void Await(std::int64_t sum);

  static void Expect(std::int64_t sum);

 private:
  static std::atomic<std::int64_t>& NewPlace();

  static std::atomic<std::int64_t>& Place() {
    thread_local std::atomic<std::int64_t>& place = NewPlace();
    return place;
  }
};

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_TALLY_H_
