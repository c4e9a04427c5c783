// OpenMP's tasks, as GCC has them: one thread of the team makes them and is one of the threads.
// When many are outstanding already, it runs a task at once instead: its figures for many tasks are
// partly those of plain calls.

#include <omp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "testing/benchmarks/peers/std_futures.h"
#include "testing/benchmarks/works/peer_main.h"

namespace cohort::benchmarks {

class OpenMp {
 public:
  static constexpr const char* kName = "openmp";
  static constexpr bool kBoundToOneThread = true;
  static std::string Version() { return "libgomp of GCC " __VERSION__; }

  template <typename Body>
  static void Enter(int threads, Body body) {
#pragma omp parallel num_threads(threads)
#pragma omp single
    {
      OpenMp peer;
      body(peer);
    }
  }

  template <typename F>
  auto Submit(F f) {
    // A private variable of a task is a copy.
    CopyableCall<F> task(std::move(f));
    auto future = task.Future();
#pragma omp task firstprivate(task)
    task();
    return future;
  }
  // Without another thread, nobody would run the task.
  template <typename T>
  static T Get(std::future<T>&& future) {
    if (omp_get_num_threads() == 1) {
#pragma omp taskwait
    }
    return future.get();
  }

  template <typename F>
  void Post(F f) {
#pragma omp task firstprivate(f)
    f();
  }
  void Drain() {
#pragma omp taskwait
  }

  template <typename F, typename G>
  std::pair<std::int64_t, std::int64_t> Fork(F f, G g) {
    std::int64_t one = 0;
#pragma omp task shared(one, f)
    one = f();
    const std::int64_t two = g();
#pragma omp taskwait
    return {one, two};
  }
  template <typename F>
  std::int64_t Inside(F f) {
    return f();
  }

  double SumOf(double (*f)(double), const std::vector<double>& inputs) {
    double sum = 0;
#pragma omp taskloop reduction(+ : sum)
    for (std::size_t i = 0; i < inputs.size(); ++i) sum += f(inputs[i]);
    return sum;
  }
};

}  // namespace cohort::benchmarks

int main(int argc, char** argv) {
  return cohort::benchmarks::PeerMain<cohort::benchmarks::OpenMp>(argc, argv);
}
