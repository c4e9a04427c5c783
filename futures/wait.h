// Waiting for many futures: wait, as_completed, CompletionQueue.
//
//   auto [done, not_done] = wait(futures, {.timeout = 1s, .return_when = FIRST_COMPLETED});
//
//   for (Future<int> f : as_completed(futures)) total += f.result();
//
//   CompletionQueue<Page> queue;                     // as_completed that takes more on the way
//   queue.add(pool.submit(fetch, start));
//   while (!queue.empty()) {
//     for (const Url& url : queue.next().result().links) queue.add(pool.submit(fetch, url));
//   }
//
// wait and as_completed take any range of Future<T>, of whatever executors; there the same future
// given twice counts once.
// A cancelled future is done. Each costs a constant per future. An empty handle among them:
// InvalidStateError.
//
// Inside a task of a Cohort pool these waits never deadlock the pool (docs/design/thread_pool.md).

#ifndef COHORT_FUTURES_WAIT_H_
#define COHORT_FUTURES_WAIT_H_

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <mutex>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "futures/internal/completion_set.h"
#include "futures/internal/distinct.h"
#include "futures/internal/future_range.h"
#include "futures/internal/owning_range.h"
#include "futures/timeout.h"

namespace cohort {

enum class ReturnWhen {
  kFirstCompleted,  // at least one is done
  kFirstException,  // one has failed (being cancelled is no failure), or all are done
  kAllCompleted,    // all are done
};

inline constexpr ReturnWhen FIRST_COMPLETED = ReturnWhen::kFirstCompleted;
inline constexpr ReturnWhen FIRST_EXCEPTION = ReturnWhen::kFirstException;
inline constexpr ReturnWhen ALL_COMPLETED = ReturnWhen::kAllCompleted;

struct WaitOptions {
  Timeout timeout = Timeout::forever();
  ReturnWhen return_when = ReturnWhen::kAllCompleted;
};

// What wait() found, each in the order in which it was given.
template <typename T>
struct DoneAndNotDone {
  std::vector<Future<T>> done;
  std::vector<Future<T>> not_done;
};

namespace internal {

// What a wait knows of its futures afterwards.
enum class Waited { kAllAreDone, kLookAtEach };

// Blocks until `return_when` holds of them or the deadline has passed.
Waited WaitFor(const std::vector<CoreBase*>& cores, ReturnWhen return_when, Deadline deadline);

// "2 (of 5) futures unfinished"
[[noreturn]] void ThrowUnfinished(std::size_t unfinished, std::size_t total);
[[noreturn]] void ThrowNothingToWaitFor();

}  // namespace internal

// Blocks until what `options.return_when` says, or until the time is over: that is no error, look
// at `not_done`. An empty range returns at once.
template <internal::FutureRange R>
DoneAndNotDone<internal::RangeResult<R>> wait(R&& futures, WaitOptions options = {});
template <typename T>
DoneAndNotDone<T> wait(std::initializer_list<Future<T>> futures, WaitOptions options = {}) {
  return wait(std::vector<Future<T>>(futures), options);
}

// The range that as_completed() gives: its futures in the order of their completion, those that
// are done already first. Can be gone through once, by one thread. Dropping it early is fine.
template <typename T>
class AsCompleted {
 public:
  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = Future<T>;
    using difference_type = std::ptrdiff_t;
    using reference = Future<T>&;
    using pointer = Future<T>*;

    iterator() = default;

    // Good until the next increment; the range then lets go of it.
    Future<T>& operator*() const { return range_->current_; }
    Future<T>* operator->() const { return &range_->current_; }

    // Blocks for the next one. TimeoutError when the time that as_completed() was given, counted
    // from its call, is over.
    iterator& operator++() {
      range_->Advance();
      return *this;
    }
    void operator++(int) { ++*this; }

    friend bool operator==(const iterator& a, const iterator& b) { return a.AtEnd() == b.AtEnd(); }

   private:
    friend class AsCompleted;
    explicit iterator(AsCompleted* range) : range_(range) {}
    bool AtEnd() const { return range_ == nullptr || !range_->current_.valid(); }

    AsCompleted* range_ = nullptr;
  };

  template <internal::FutureRange R>
  AsCompleted(R&& futures, Timeout timeout);

  // Blocks for the first one, as incrementing does.
  iterator begin() {
    if (!current_.valid()) Advance();
    return iterator(this);
  }
  iterator end() { return iterator(); }

 private:
  void Add(Future<T> future);
  void Advance();

  Deadline deadline_;
  std::vector<Future<T>> done_;  // those before the first that was pending when it was added
  std::size_t next_done_ = 0;
  internal::CompletionSet set_;  // that one, and all after it
  std::size_t total_ = 0;
  Future<T> current_;
};

// Gives each future as it is done: `for (Future<T> f : as_completed(futures, timeout))`. The time
// counts from this call. When it is over the loop throws TimeoutError, "2 (of 5) futures
// unfinished"; the tasks go on.
template <internal::FutureRange R>
AsCompleted<internal::RangeResult<R>> as_completed(R&& futures,
                                                   Timeout timeout = Timeout::forever()) {
  return {std::forward<R>(futures), timeout};
}
template <typename T>
AsCompleted<T> as_completed(std::initializer_list<Future<T>> futures,
                            Timeout timeout = Timeout::forever()) {
  return as_completed(std::vector<Future<T>>(futures), timeout);
}

// A live as_completed: futures can be added while others are taken out, by any thread. One thread
// at a time takes them out. A future added twice comes out twice. What is left in it when it is
// dropped goes on as it would have.
template <typename T>
class CompletionQueue {
 public:
  void add(Future<T> future);

  // Blocks for the next future that is done, and takes it out. TimeoutError when the time is over.
  // InvalidStateError when the queue is empty(): nothing would ever come.
  Future<T> next(Timeout timeout = Timeout::forever());

  // Nothing was added that has not been taken out.
  bool empty() const { return size() == 0; }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return set_.size();
  }

 private:
  internal::CoreRef<internal::CoreBase> Take();

  mutable std::mutex mutex_;  // guards set_, but for WaitForArrival
  internal::CompletionSet set_;
};

namespace internal {

template <typename T>
Future<T> AdoptFuture(CoreRef<CoreBase> core) noexcept {
  return FutureAccess::Make(CoreRef<Core<T>>(static_cast<Core<T>*>(core.release())));
}

// A million futures are more than the processor's cache has room for: each is asked for so many
// steps before its turn.
inline constexpr std::size_t kPrefetchAhead = 8;

template <std::ranges::range R>
std::size_t SizeIfKnown(R&& range) {
  if constexpr (std::ranges::sized_range<R>) {
    return std::ranges::size(range);
  } else {
    return 0;
  }
}

// Gives each future once to `take`, moved where the range was given away.
template <FutureRange R, typename Take>
void ForEachDistinct(R&& range, const char* what, Take take) {
  SeenObjects seen(SizeIfKnown(range));
  const auto add = [&]<typename F>(F&& future) {
    if (!seen.Insert(&FutureAccess::CoreOf(future, what))) return;
    if constexpr (OwningRvalue<R>) {
      take(std::move(future));
    } else {
      take(std::forward<F>(future));
    }
  };
  // Elsewhere, to look at an element may do who knows what.
  if constexpr (std::ranges::contiguous_range<R> && std::ranges::sized_range<R>) {
    const std::size_t size = std::ranges::size(range);
    auto* const elements = std::ranges::data(range);
    for (std::size_t i = 0; i < size; ++i) {
      if (i + kPrefetchAhead < size) FutureAccess::Prefetch(elements[i + kPrefetchAhead]);
      add(elements[i]);
    }
  } else {
    for (auto&& future : range) add(std::forward<decltype(future)>(future));
  }
}

template <FutureRange R>
std::vector<Future<RangeResult<R>>> Distinct(R&& range, const char* what) {
  std::vector<Future<RangeResult<R>>> futures;
  futures.reserve(SizeIfKnown(range));
  ForEachDistinct(std::forward<R>(range), what,
                  [&]<typename F>(F&& future) { futures.push_back(std::forward<F>(future)); });
  return futures;
}

template <typename T>
void PrefetchAhead(const std::vector<Future<T>>& futures, std::size_t at) noexcept {
  if (at + kPrefetchAhead < futures.size()) FutureAccess::Prefetch(futures[at + kPrefetchAhead]);
}

}  // namespace internal

template <internal::FutureRange R>
DoneAndNotDone<internal::RangeResult<R>> wait(R&& futures, WaitOptions options) {
  const Deadline deadline = Deadline::after(options.timeout);
  auto distinct = internal::Distinct(std::forward<R>(futures), "wait");
  std::vector<internal::CoreBase*> cores;
  cores.reserve(distinct.size());
  for (auto& future : distinct) cores.push_back(&internal::FutureAccess::CoreOf(future, "wait"));

  DoneAndNotDone<internal::RangeResult<R>> result;
  if (internal::WaitFor(cores, options.return_when, deadline) == internal::Waited::kAllAreDone) {
    result.done = std::move(distinct);
    return result;
  }
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    internal::PrefetchAhead(distinct, i);
    (distinct[i].done() ? result.done : result.not_done).push_back(std::move(distinct[i]));
  }
  return result;
}

template <typename T>
template <internal::FutureRange R>
AsCompleted<T>::AsCompleted(R&& futures, Timeout timeout) : deadline_(Deadline::after(timeout)) {
  done_.reserve(internal::SizeIfKnown(futures));
  internal::ForEachDistinct(std::forward<R>(futures), "as_completed",
                            [this]<typename F>(F&& future) { Add(std::forward<F>(future)); });
}

template <typename T>
void AsCompleted<T>::Add(Future<T> future) {
  ++total_;
  // Not any more once there is a pending one: it might be done by now, and earlier than this one.
  if (set_.size() == 0 && future.done()) {
    done_.push_back(std::move(future));
  } else {
    set_.AddUnwatched(internal::CoreRef<internal::CoreBase>(
        internal::FutureAccess::Release(std::move(future)).release()));
  }
}

template <typename T>
void AsCompleted<T>::Advance() {
  current_ = {};  // let go of it before waiting for another
  if (next_done_ < done_.size()) {
    internal::PrefetchAhead(done_, next_done_);
    current_ = std::move(done_[next_done_++]);
    return;
  }
  if (set_.size() == 0) return;
  internal::CoreRef<internal::CoreBase> core = set_.Take();
  if (!core) {
    if (!set_.WaitForArrival(deadline_)) internal::ThrowUnfinished(set_.size(), total_);
    core = set_.Take();
  }
  current_ = internal::AdoptFuture<T>(std::move(core));
}

template <typename T>
void CompletionQueue<T>::add(Future<T> future) {
  internal::FutureAccess::CoreOf(future, "CompletionQueue::add");
  const std::lock_guard lock(mutex_);
  set_.Add(internal::CoreRef<internal::CoreBase>(
      internal::FutureAccess::Release(std::move(future)).release()));
}

template <typename T>
internal::CoreRef<internal::CoreBase> CompletionQueue<T>::Take() {
  const std::lock_guard lock(mutex_);
  if (set_.size() == 0) internal::ThrowNothingToWaitFor();
  return set_.Take();
}

template <typename T>
Future<T> CompletionQueue<T>::next(Timeout timeout) {
  const Deadline deadline = Deadline::after(timeout);
  internal::CoreRef<internal::CoreBase> core = Take();
  while (!core) {
    if (!set_.WaitForArrival(deadline)) {
      throw TimeoutError("no future of the queue was done in time");
    }
    core = Take();
  }
  return internal::AdoptFuture<T>(std::move(core));
}

}  // namespace cohort

#endif  // COHORT_FUTURES_WAIT_H_
