// RateLimitedExecutor<E>: lets so many calls per second begin on another executor, or so many at a
// time.
//
//   ThreadPoolExecutor pool(20);
//   RateLimitedExecutor<ThreadPoolExecutor> polite(pool, {.calls_per_second = 5});
//   for (const Page& page : polite.map({.buffersize = 100}, fetch, urls)) store(page);
//
// It has the calls of every executor and can stand where one does, on top of another one of its
// kind, too: a limit for each host, and one for all of them together.
//
// A call waits for its turn in a queue of its own, without a worker. Calls start in the order of
// submission, higher priorities first. To start is to be submitted to the executor below: a call
// begins at once where that has a free worker. Starts are 1 / calls_per_second apart, by the
// monotonic clock and never early, whatever the executor below does; `burst` may be at once after a
// pause (a token bucket). A timer can be late: a start that is late by up to a millisecond does not
// put off those after it, so that the rate is reached.
//
// A future is running() once the executor below has begun the call; until then cancel() takes it
// back, and where it still waited, takes nothing from the rate. TaskOptions and stop tokens mean
// what they mean below; request_stop() cancels a call that still waits. The callable and its
// arguments are kept as decayed copies until the start; for processes, they are encoded then: what
// a view looks at must last that long. map() makes each element a call of its own, whatever
// MapOptions::chunksize says. A call that waits for others, by waits of this library, lends its
// place under `max_concurrent` meanwhile, so that it never waits for ever; afterwards there may be
// more under way than that. An executor of another kind has a part in this, and in a shutdown()
// from one of its calls, if it has `static constexpr bool runs_in_this_process = true`.
//
// Lifetime: the destructor is shutdown(): it waits for all calls, at the pace that the rate allows.
// The executor below is not shut down. If it was one of this library and is destroyed or shut down
// first, calls that start later fail with its error; one of another kind must outlive this.
//
// Thread safety: all members may be called from any thread at the same time, but the destructor.
// submit() never blocks: the queue here has no bound, and one of a bounded pool below does not
// hold. Use map() with a buffersize, or count what is under way.
//
// Errors: std::invalid_argument for an option that cannot be, with its name and value; after
// shutdown, submit, post and map throw `Error`.

#ifndef COHORT_POOLS_RATE_LIMITED_EXECUTOR_H_
#define COHORT_POOLS_RATE_LIMITED_EXECUTOR_H_

#include <chrono>
#include <memory>

#include "pools/executor.h"
#include "pools/internal/executor_methods.h"
#include "pools/internal/rate_limited_calls.h"
#include "pools/internal/rate_limiter.h"
#include "pools/map.h"
#include "pools/rate_limit_options.h"  // IWYU pragma: export
#include "pools/timer.h"

namespace cohort {

template <typename E>
class RateLimitedExecutor : public internal::ExecutorMethods<RateLimitedExecutor<E>> {
 public:
  explicit RateLimitedExecutor(E& executor, RateLimitOptions options = {})
      : engine_(std::make_shared<Engine>(executor, options)) {}
  RateLimitedExecutor(const RateLimitedExecutor&) = delete;
  RateLimitedExecutor& operator=(const RateLimitedExecutor&) = delete;
  ~RateLimitedExecutor() { shutdown(); }

  // From ExecutorMethods, the same for every executor:
  //
  //   Future<R> submit(F f, Args... args);
  //   Future<R> submit(TaskOptions options, F f, Args... args);
  //   void post(F f, Args... args);
  //   MapResult<R> map(F f, Ranges&&... ranges);
  //   MapResult<R> map(MapOptions options, F f, Ranges&&... ranges);

  // Starts nothing before that moment, as when a server has said "Retry-After". A later call takes
  // the place of an earlier one, and may so end a pause. What has started goes on.
  void pause_until(Timer::TimePoint when) { engine_->limiter->PauseUntil(when); }

  // Accepts nothing more. Waits for all calls to end, or not; cancels what has not begun, and asks
  // calls that run and take a stop token to end, as request_stop() does, or not. In one of its own
  // calls or callbacks it does not wait. In a forked child it does nothing.
  void shutdown(ShutdownOptions options = {.wait = true, .cancel_futures = false}) {
    engine_->limiter->Shutdown(options);
  }

  // Of the executor below, or `max_concurrent` where that is less.
  int max_workers() const { return engine_->max_workers(); }

  // Of the calls that were submitted here: those that wait are `queued`, those that were started
  // and have not ended are `running`. Workers are those of the executor below.
  PoolStats stats() const { return engine_->Stats(); }

 private:
  using Engine = internal::RateLimitedEngine<E>;
  friend class internal::ExecutorMethods<RateLimitedExecutor>;

  const std::shared_ptr<Engine>& engine() const { return engine_; }

  const std::shared_ptr<Engine> engine_;
};

template <typename E>
RateLimitedExecutor(E&, RateLimitOptions) -> RateLimitedExecutor<E>;

}  // namespace cohort

#endif  // COHORT_POOLS_RATE_LIMITED_EXECUTOR_H_
