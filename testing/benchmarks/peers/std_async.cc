// std::async: a thread for each task, so that only so many may be outstanding.

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "testing/benchmarks/peers/std_futures.h"
#include "testing/benchmarks/works/chunks.h"
#include "testing/benchmarks/works/peer_main.h"

namespace cohort::benchmarks {

class StdAsync : public StdFutures {
 public:
  static constexpr const char* kName = "std_async";
  static constexpr std::int64_t kMostOutstanding = 500;
  static std::string Version() { return "GCC " __VERSION__; }

  explicit StdAsync(int threads) : threads_(threads) {}

  template <typename F>
  auto Submit(F f) {
    return std::async(std::launch::async, std::move(f));
  }

  double SumOf(double (*f)(double), const std::vector<double>& inputs) {
    return SumInChunks(*this, threads_, f, inputs);
  }

 private:
  const int threads_;
};

}  // namespace cohort::benchmarks

int main(int argc, char** argv) {
  return cohort::benchmarks::PeerMain<cohort::benchmarks::StdAsync>(argc, argv);
}
