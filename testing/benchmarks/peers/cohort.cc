// Cohort's own pools.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "futures/wait.h"
#include "pools/thread_pool_executor.h"
#include "testing/benchmarks/works/peer_main.h"
#include "testing/benchmarks/works/process_works.h"

namespace cohort::benchmarks {

class Cohort {
 public:
  static constexpr const char* kName = "cohort";
  static std::string Version() { return "this tree"; }

  explicit Cohort(int threads) : pool_(std::in_place, threads) {}

  template <typename F>
  auto Submit(F f) {
    return pool_->submit(std::move(f));
  }
  template <typename T>
  static T Get(Future<T>&& future) {
    return std::move(future).result();
  }

  template <typename F>
  void Post(F f) {
    pool_->post(std::move(f));
  }
  void Drain() {
    const int threads = pool_->max_workers();
    pool_->shutdown();
    pool_.emplace(threads);
  }

  template <typename F, typename G>
  std::pair<std::int64_t, std::int64_t> Fork(F f, G g) {
    Future<std::int64_t> one = pool_->submit(std::move(f));
    const std::int64_t two = g();
    return {std::move(one).result(), two};
  }
  template <typename F>
  std::int64_t Inside(F f) {
    return pool_->submit(std::move(f)).result();
  }

  double SumOf(double (*f)(double), const std::vector<double>& inputs) {
    double sum = 0;
    for (const double result : pool_->map({.chunksize = 0}, f, inputs)) sum += result;
    return sum;
  }

  static void WaitForAll(const std::vector<Future<std::int64_t>>& futures) { wait(futures); }
  static std::int64_t SumAsCompleted(const std::vector<Future<std::int64_t>>& futures) {
    std::int64_t sum = 0;
    for (const Future<std::int64_t>& future : as_completed(futures)) sum += future.result();
    return sum;
  }

 private:
  std::optional<ThreadPoolExecutor> pool_;
};

}  // namespace cohort::benchmarks

int main(int argc, char** argv) {
  namespace benchmarks = cohort::benchmarks;
  return benchmarks::PeerMain<benchmarks::Cohort>(argc, argv, benchmarks::ProcessWorks());
}
