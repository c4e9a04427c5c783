// Boost.Asio's thread_pool, with std::packaged_task for the futures.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "boost/asio/post.hpp"
#include "boost/asio/thread_pool.hpp"
#include "boost/version.hpp"
#include "testing/benchmarks/peers/std_futures.h"
#include "testing/benchmarks/works/chunks.h"
#include "testing/benchmarks/works/peer_main.h"

namespace cohort::benchmarks {

class Asio : public StdFutures {
 public:
  static constexpr const char* kName = "asio";
  static std::string Version() { return "Boost " BOOST_LIB_VERSION; }

  explicit Asio(int threads) : threads_(threads), pool_(std::in_place, threads) {}

  template <typename F>
  auto Submit(F f) {
    Packaged<F> task(std::move(f));
    auto future = task.get_future();
    boost::asio::post(*pool_, [task = std::move(task)]() mutable { task(); });
    return future;
  }

  template <typename F>
  void Post(F f) {
    boost::asio::post(*pool_, std::move(f));
  }
  void Drain() {
    pool_->join();
    pool_.emplace(threads_);
  }

  double SumOf(double (*f)(double), const std::vector<double>& inputs) {
    return SumInChunks(*this, threads_, f, inputs);
  }

 private:
  const int threads_;
  std::optional<boost::asio::thread_pool> pool_;
};

}  // namespace cohort::benchmarks

int main(int argc, char** argv) {
  return cohort::benchmarks::PeerMain<cohort::benchmarks::Asio>(argc, argv);
}
