// An executor to submit to later. An executor of this library is kept by its engine: it may be
// destroyed meanwhile, and refuses then, as after shutdown(). Of another one, this is a reference.

#ifndef COHORT_POOLS_INTERNAL_EXECUTOR_REF_H_
#define COHORT_POOLS_INTERNAL_EXECUTOR_REF_H_

#include <memory>
#include <type_traits>
#include <utility>

#include "pools/executor.h"
#include "pools/internal/executor_methods.h"

namespace cohort::internal {

// An executor of this library, or a class derived from one.
template <typename E>
concept HasEngine = requires(E& executor) {
  ExecutorAccess::EngineOf(executor);
};

template <typename E>
class ExecutorRef {
 public:
  explicit ExecutorRef(E& executor) : executor_(&executor) {}

  template <typename... Args>
  auto submit(const TaskOptions& options, Args&&... args) const {
    return executor_->submit(options, std::forward<Args>(args)...);
  }
  int max_workers() const { return executor_->max_workers(); }
  PoolStats stats() const { return executor_->stats(); }

 private:
  E* executor_;
};

template <HasEngine E>
class ExecutorRef<E> : public ExecutorMethods<ExecutorRef<E>> {
 public:
  using Engine = std::remove_cvref_t<decltype(*ExecutorAccess::EngineOf(std::declval<E&>()))>;

  explicit ExecutorRef(E& executor) : engine_(ExecutorAccess::EngineOf(executor)) {}

  int max_workers() const { return engine_->max_workers(); }
  PoolStats stats() const { return engine_->Stats(); }

 private:
  friend class ExecutorMethods<ExecutorRef>;

  const std::shared_ptr<Engine>& engine() const { return engine_; }

  std::shared_ptr<Engine> engine_;
};

// Whether the executor calls its tasks in this process, where they can be wrapped in a call of this
// library's. An executor of another kind says so by a constant, E::runs_in_this_process.
template <typename E>
consteval bool RunsInThisProcess() {
  if constexpr (!HasEngine<E>) {
    if constexpr (requires { E::runs_in_this_process; }) {
      return E::runs_in_this_process;
    } else {
      return false;
    }
  } else if constexpr (requires { ExecutorRef<E>::Engine::Calls::kInThisProcess; }) {
    return ExecutorRef<E>::Engine::Calls::kInThisProcess;
  } else {
    return !HasOwnCalls<typename ExecutorRef<E>::Engine>;
  }
}
template <typename E>
inline constexpr bool kRunsInThisProcess = RunsInThisProcess<E>();

// As what an argument is kept until it is submitted: a decayed copy, but where the executor knows
// better (for another process, a string literal is a string).
template <typename E, typename Given>
struct KeptArgument {
  using type = std::decay_t<Given>;
};
template <typename E, typename Given>
requires requires { typename ExecutorRef<E>::Engine::Calls::template Kept<Given>; }
struct KeptArgument<E, Given> {
  using type = typename ExecutorRef<E>::Engine::Calls::template Kept<Given>;
};
template <typename E, typename Given>
using Kept = typename KeptArgument<E, Given>::type;

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_EXECUTOR_REF_H_
