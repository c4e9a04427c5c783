// submit, post and map for a class that has an `engine()` (see submit.h): written once for all
// executors.

#ifndef COHORT_POOLS_INTERNAL_EXECUTOR_METHODS_H_
#define COHORT_POOLS_INTERNAL_EXECUTOR_METHODS_H_

#include <concepts>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "pools/executor.h"
#include "pools/internal/submit.h"
#include "pools/map.h"

namespace cohort::internal {

template <typename F, typename Options>
concept NotOptions = !std::same_as<std::decay_t<F>, Options>;

// The way to an executor's engine, for what submits to it later.
struct ExecutorAccess {
  template <typename Executor>
  static auto EngineOf(const Executor& executor) -> decltype((executor.EngineOfSelf())) {
    return executor.EngineOfSelf();
  }
};

// Derived has `const std::shared_ptr<Engine>& engine() const`.
template <typename Derived>
class ExecutorMethods {
 public:
  // Runs f(args...) on a worker and gives a future of what it returns or throws. The callable and
  // the arguments are decayed copies, as for std::thread: std::ref gives a reference. A callable
  // that takes a std::stop_token first is given one; see Future::request_stop.
  template <NotOptions<TaskOptions> F, typename... Args>
  auto submit(F&& f, Args&&... args) {
    return submit(TaskOptions{}, std::forward<F>(f), std::forward<Args>(args)...);
  }
  template <typename F, typename... Args>
  auto submit(TaskOptions options, F&& f, Args&&... args) {
    Check(options);
    using Engine = std::remove_reference_t<decltype(*self().engine())>;
    if constexpr (HasOwnCalls<Engine>) {
      return Engine::Calls::Submit(*self().engine(), options, std::forward<F>(f),
                                   std::forward<Args>(args)...);
    } else {
      static_assert(kCanCall<std::decay_t<F>, std::decay_t<Args>...>,
                    "submit: the callable cannot be called with copies of these arguments");
      return internal::Submit(*self().engine(), options, std::forward<F>(f),
                              std::forward<Args>(args)...);
    }
  }

  // The same without a future. An exception goes to the unobserved-exception hook.
  template <typename F, typename... Args>
  void post(F&& f, Args&&... args) {
    using Engine = std::remove_reference_t<decltype(*self().engine())>;
    if constexpr (HasOwnCalls<Engine>) {
      Engine::Calls::Submit(*self().engine(), TaskOptions{}, std::forward<F>(f),
                            std::forward<Args>(args)...);
    } else {
      static_assert(kCanCall<std::decay_t<F>, std::decay_t<Args>...>,
                    "post: the callable cannot be called with copies of these arguments");
      internal::Post(*self().engine(), std::forward<F>(f), std::forward<Args>(args)...);
    }
  }

  // f of each element of the ranges, zipped to the shortest: see map.h.
  template <NotOptions<MapOptions> F, typename... Ranges>
  auto map(F&& f, Ranges&&... ranges) {
    return map(MapOptions{}, std::forward<F>(f), std::forward<Ranges>(ranges)...);
  }
  template <typename F, typename... Ranges>
  auto map(MapOptions options, F&& f, Ranges&&... ranges) {
    return internal::Map(self().engine(), options, std::forward<F>(f),
                         std::forward<Ranges>(ranges)...);
  }

  // The same of lists in braces, map(f, {1, 2, 3}), which have no type by themselves.
  template <NotOptions<MapOptions> F, typename T, typename... More>
  auto map(F&& f, std::initializer_list<T> list, std::initializer_list<More>... more) {
    return map(MapOptions{}, std::forward<F>(f), list, more...);
  }
  template <typename F, typename T, typename... More>
  auto map(MapOptions options, F&& f, std::initializer_list<T> list,
           std::initializer_list<More>... more) {
    return internal::Map(self().engine(), options, std::forward<F>(f), list, more...);
  }

 private:
  friend struct ExecutorAccess;

  const Derived& self() const { return static_cast<const Derived&>(*this); }
  const auto& EngineOfSelf() const { return self().engine(); }
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_EXECUTOR_METHODS_H_
