// oneTBB's task_group, with the caller as one of the threads, and its loops.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "oneapi/tbb/blocked_range.h"
#include "oneapi/tbb/global_control.h"
#include "oneapi/tbb/parallel_reduce.h"
#include "oneapi/tbb/task_arena.h"
#include "oneapi/tbb/task_group.h"
#include "oneapi/tbb/version.h"
#include "testing/benchmarks/peers/std_futures.h"
#include "testing/benchmarks/works/peer_main.h"

namespace cohort::benchmarks {

class TbbGroup {
 public:
  static constexpr const char* kName = "tbb_group";
  static constexpr bool kBoundToOneThread = true;
  static constexpr bool kWaitingRunsTasks = true;
  static std::string Version() { return "oneTBB " TBB_VERSION_STRING; }

  template <typename Body>
  static void Enter(int threads, Body body) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads));
    tbb::task_arena arena(threads);
    arena.execute([&] {
      TbbGroup peer;
      body(peer);
    });
  }

  TbbGroup() = default;
  ~TbbGroup() { group_.wait(); }

  template <typename T>
  struct Future {
    std::future<T> future;
    tbb::task_group* group;
  };

  template <typename F>
  auto Submit(F f) {
    ConstCall<F> task(std::move(f));
    auto future = task.Future();
    group_.run(std::move(task));
    return Future<decltype(future.get())>{std::move(future), &group_};
  }
  // A wait that did not run tasks would never end where the caller is the only thread.
  template <typename T>
  static T Get(Future<T>&& future) {
    if (future.future.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      future.group->wait();
    }
    return future.future.get();
  }

  template <typename F>
  void Post(F f) {
    group_.run(std::move(f));
  }
  void Drain() { group_.wait(); }

  template <typename F, typename G>
  std::pair<std::int64_t, std::int64_t> Fork(F f, G g) {
    tbb::task_group group;
    std::int64_t one = 0;
    group.run([&one, &f] { one = f(); });
    const std::int64_t two = g();
    group.wait();
    return {one, two};
  }
  template <typename F>
  std::int64_t Inside(F f) {
    return f();
  }

  double SumOf(double (*f)(double), const std::vector<double>& inputs) {
    const auto add = [&](const tbb::blocked_range<std::size_t>& range, double sum) {
      for (std::size_t i = range.begin(); i != range.end(); ++i) sum += f(inputs[i]);
      return sum;
    };
    return tbb::parallel_reduce(tbb::blocked_range<std::size_t>(0, inputs.size()), 0.0, add,
                                std::plus<>());
  }

 private:
  tbb::task_group group_;
};

}  // namespace cohort::benchmarks

int main(int argc, char** argv) {
  return cohort::benchmarks::PeerMain<cohort::benchmarks::TbbGroup>(argc, argv);
}
