// For peers without futures of their own, or with the standard's.

#ifndef COHORT_TESTING_BENCHMARKS_PEERS_STD_FUTURES_H_
#define COHORT_TESTING_BENCHMARKS_PEERS_STD_FUTURES_H_

#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace cohort::benchmarks {

template <typename F>
using Packaged = std::packaged_task<std::invoke_result_t<F&>()>;

// A task for those who call what they were given as a constant. It moves along without memory of
// its own.
template <typename F>
class ConstCall {
 public:
  explicit ConstCall(F f) : task_(std::move(f)) {}
  auto Future() { return task_.get_future(); }
  void operator()() const { task_(); }

 private:
  mutable Packaged<F> task_;
};

// A task for those who copy it, which takes an allocation more. May be called once; it must be.
template <typename F>
class CopyableCall {
 public:
  explicit CopyableCall(F f) : task_(new Packaged<F>(std::move(f))) {}
  auto Future() { return task_->get_future(); }
  void operator()() const {
    const std::unique_ptr<Packaged<F>> task(task_);
    (*task)();
  }

 private:
  Packaged<F>* task_;
};

class StdFutures {
 public:
  template <typename T>
  static T Get(std::future<T>&& future) {
    return future.get();
  }
};

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_PEERS_STD_FUTURES_H_
