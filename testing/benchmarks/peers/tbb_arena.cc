// oneTBB's task_arena::enqueue from outside, with std::packaged_task for the futures.

#include <cstdint>
#include <string>
#include <utility>

#include "oneapi/tbb/global_control.h"
#include "oneapi/tbb/task_arena.h"
#include "oneapi/tbb/version.h"
#include "testing/benchmarks/peers/std_futures.h"
#include "testing/benchmarks/works/peer_main.h"
#include "testing/benchmarks/works/tally.h"

namespace cohort::benchmarks {

class TbbArena : public StdFutures {
 public:
  static constexpr const char* kName = "tbb_arena";
  static std::string Version() { return "oneTBB " TBB_VERSION_STRING; }

  // The thread that submits takes no place in the arena, but counts for TBB's limit.
  explicit TbbArena(int threads)
      : limit_(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads) + 1),
        arena_(threads, /*reserved_for_masters=*/0) {}

  template <typename F>
  auto Submit(F f) {
    ConstCall<F> task(std::move(f));
    auto future = task.Future();
    arena_.enqueue(std::move(task));
    return future;
  }

  template <typename F>
  void Post(F f) {
    ++posted_;
    arena_.enqueue(std::move(f));
  }
  // An arena has no wait for what was enqueued.
  void Drain() { Tally::Await(posted_); }

 private:
  const tbb::global_control limit_;
  tbb::task_arena arena_;
  std::int64_t posted_ = 0;
};

}  // namespace cohort::benchmarks

int main(int argc, char** argv) {
  return cohort::benchmarks::PeerMain<cohort::benchmarks::TbbArena>(argc, argv);
}
