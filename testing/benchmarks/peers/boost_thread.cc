// Boost.Thread's basic_thread_pool and its futures.

#define BOOST_THREAD_VERSION 4
#define BOOST_THREAD_PROVIDES_EXECUTORS

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "boost/thread/executors/basic_thread_pool.hpp"
#include "boost/thread/future.hpp"
#include "boost/version.hpp"
#include "testing/benchmarks/works/chunks.h"
#include "testing/benchmarks/works/peer_main.h"

namespace cohort::benchmarks {

class BoostThread {
 public:
  static constexpr const char* kName = "boost_thread";
  static std::string Version() { return "Boost " BOOST_LIB_VERSION; }

  explicit BoostThread(int threads)
      : threads_(static_cast<unsigned>(threads)), pool_(std::in_place, threads_) {}

  template <typename F>
  auto Submit(F f) {
    return boost::async(*pool_, std::move(f));
  }
  template <typename T>
  static T Get(boost::future<T>&& future) {
    return future.get();
  }

  template <typename F>
  void Post(F f) {
    pool_->submit(std::move(f));
  }
  void Drain() {
    pool_->close();
    pool_->join();
    pool_.emplace(threads_);
  }

  double SumOf(double (*f)(double), const std::vector<double>& inputs) {
    return SumInChunks(*this, static_cast<int>(threads_), f, inputs);
  }

  template <typename T>
  static void WaitForAll(std::vector<boost::future<T>>& futures) {
    boost::wait_for_all(futures.begin(), futures.end());
  }

 private:
  const unsigned threads_;
  std::optional<boost::basic_thread_pool> pool_;
};

}  // namespace cohort::benchmarks

int main(int argc, char** argv) {
  return cohort::benchmarks::PeerMain<cohort::benchmarks::BoostThread>(argc, argv);
}
