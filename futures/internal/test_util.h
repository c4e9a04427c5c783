// What the tests of this folder share.

#ifndef COHORT_FUTURES_INTERNAL_TEST_UTIL_H_
#define COHORT_FUTURES_INTERNAL_TEST_UTIL_H_

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "gtest/gtest.h"

namespace cohort {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Long enough to overflow the stack where something recurses once per item.
inline constexpr int kMany = kSanitized ? 100'000 : 1'000'000;

template <typename E>
std::exception_ptr ErrorOf(const char* text) {
  return std::make_exception_ptr(E(text));
}

// A result of each kind that a future may have: how to set it and what to expect.
template <typename T>
struct Sample;

template <>
struct Sample<int> {
  static void Set(Promise<int>& promise) { promise.set_result(42); }
  static void Expect(const Future<int>& future) { EXPECT_EQ(future.result(), 42); }
};

template <>
struct Sample<std::string> {
  static constexpr const char* kText = "a text too long to be kept within the string itself";
  static void Set(Promise<std::string>& promise) { promise.set_result(kText); }
  static void Expect(const Future<std::string>& future) { EXPECT_EQ(future.result(), kText); }
};

template <>
struct Sample<void> {
  static void Set(Promise<void>& promise) { promise.set_result(); }
  static void Expect(const Future<void>& future) { EXPECT_NO_THROW(future.result()); }
};

template <>
struct Sample<int&> {
  static inline int target = 0;
  static void Set(Promise<int&>& promise) { promise.set_result(target); }
  static void Expect(const Future<int&>& future) { EXPECT_EQ(&future.result(), &target); }
};

template <>
struct Sample<std::unique_ptr<int>> {
  static void Set(Promise<std::unique_ptr<int>>& promise) {
    promise.set_result(std::make_unique<int>(42));
  }
  static void Expect(const Future<std::unique_ptr<int>>& future) {
    EXPECT_EQ(*future.result(), 42);
  }
};

using AllKinds = testing::Types<int, std::string, void, int&, std::unique_ptr<int>>;

template <typename T>
Future<T> SucceededFuture() {
  Promise<T> promise;
  Sample<T>::Set(promise);
  return promise.future();
}

template <typename T>
Future<T> FailedFuture() {
  Promise<T> promise;
  promise.set_exception(ErrorOf<std::domain_error>("failed"));
  const Future<T> future = promise.future();
  (void)future.exception();  // looked at, so that no test prints a line for it
  return future;
}

template <typename T>
Future<T> CancelledFuture() {
  const Promise<T> promise;
  EXPECT_TRUE(promise.future().cancel());
  return promise.future();
}

// Counts the objects that are alive.
class Counted {
 public:
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }

  static inline std::atomic<int> alive{0};
};

// A thread that runs `f`, which blocks: constructed when it sleeps, as far as the kernel can tell.
class BlockedThread {
 public:
  template <typename F>
  explicit BlockedThread(F f)
      : thread_([this, f = std::move(f)]() mutable {
          thread_id_.store(gettid());
          f();
        }) {
    while (thread_id_.load() == 0) sched_yield();
    const std::string path = "/proc/self/task/" + std::to_string(thread_id_.load()) + "/stat";
    for (int i = 0; i < kPolls && !Sleeps(path); ++i) sched_yield();
  }
  void Join() { thread_.join(); }

 private:
  static constexpr int kPolls = 100'000;

  static bool Sleeps(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line)) return true;  // it has ended
    const std::size_t name_end = line.rfind(')');
    return name_end != std::string::npos && line.size() > name_end + 2 && line[name_end + 2] == 'S';
  }

  std::atomic<pid_t> thread_id_{0};
  std::thread thread_;
};

// Runs f(0) ... f(count - 1), each on a thread of its own.
template <typename F>
void RunThreads(int count, F f) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&f, i] { f(i); });
}

// Gives way now and then, to shuffle the order in which threads get on.
class RandomYield {
 public:
  explicit RandomYield(uint32_t seed) : random_(seed) {}
  void operator()() {
    const uint32_t dice = random_() % 16;
    if (dice == 0) sched_yield();
    for (uint32_t i = 0; i < dice * 8; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  uint32_t Below(uint32_t limit) { return random_() % limit; }

 private:
  std::minstd_rand random_;
};

}  // namespace cohort

#endif  // COHORT_FUTURES_INTERNAL_TEST_UTIL_H_
