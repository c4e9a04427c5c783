// What the public interface promises of futures, a check for each sentence, in the spellings that
// users may choose: a line here that no longer compiles breaks somebody's code. What the calls do
// under stress and in corner cases is tested beside each header. contract_executors_test.cc is the
// same for executors.

#include <array>
#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "futures/combinators.h"
#include "futures/errors.h"
#include "futures/future.h"
#include "futures/wait.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

using namespace std::chrono_literals;

using cohort::ALL_COMPLETED;
using cohort::as_completed;
using cohort::FIRST_COMPLETED;
using cohort::FIRST_EXCEPTION;
using cohort::Future;
using cohort::Promise;
using cohort::ReturnWhen;
using cohort::wait;
using cohort::WaitOptions;
using cohort::when_all;
using cohort::when_any;
using cohort::WhenAny;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

using Ints = std::vector<Future<int>>;

template <typename T>
Future<T> Ready(T value) {
  Promise<T> promise;
  promise.set_result(std::move(value));
  return promise.future();
}

Future<void> ReadyVoid() {
  Promise<void> promise;
  promise.set_result();
  return promise.future();
}

template <typename T, typename E = std::domain_error>
Future<T> Failed(const char* text = "failed") {
  Promise<T> promise;
  promise.set_exception(std::make_exception_ptr(E(text)));
  Future<T> future = promise.future();
  EXPECT_NE(future.exception(), nullptr);
  return future;
}

template <typename T>
Future<T> Cancelled() {
  const Promise<T> promise;
  Future<T> future = promise.future();
  EXPECT_TRUE(future.cancel());
  return future;
}

template <typename F>
std::string TextOf(F f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "nothing was thrown";
}

// Future.

template <typename F>
using ResultOf = decltype(std::declval<F>().result());
template <typename F>
using TimedResultOf = decltype(std::declval<F>().result(1s));

static_assert(std::same_as<Future<int>::value_type, int>);
static_assert(std::same_as<Future<int&>::value_type, int&>);
static_assert(std::same_as<ResultOf<const Future<int>&>, const int&>);
static_assert(std::same_as<ResultOf<Future<int>>, int>);
static_assert(std::same_as<TimedResultOf<const Future<int>&>, const int&>);
static_assert(std::same_as<TimedResultOf<Future<int>>, int>);
static_assert(std::is_void_v<ResultOf<Future<void>&>> && std::is_void_v<ResultOf<Future<void>>>);
static_assert(std::same_as<ResultOf<Future<int&>&>, int&>);
static_assert(std::same_as<ResultOf<Future<int&>>, int&>);
static_assert(noexcept(std::declval<const Future<int>&>().valid()));
static_assert(std::regular<Future<int>> && std::regular<Future<void>> &&
              std::regular<Future<int&>>);
static_assert(std::regular<Future<std::unique_ptr<int>>>);
static_assert(sizeof(Future<std::string>) == sizeof(void*), "cheap to copy");

TEST(FutureContract, EmptyWhenDefaultMade) {
  const Future<int> future;
  EXPECT_FALSE(future.valid());
  EXPECT_EQ(future, Future<int>{});
  EXPECT_THROW(future.result(), cohort::InvalidStateError);
  EXPECT_THROW(future.exception(0s), cohort::InvalidStateError);
  EXPECT_THROW((void)future.done(), cohort::InvalidStateError);
  EXPECT_THROW(future.cancel(), cohort::InvalidStateError);
  EXPECT_THROW(future.request_stop(), cohort::InvalidStateError);
  EXPECT_THROW(future.add_done_callback([](auto) {}), cohort::InvalidStateError);
  EXPECT_THROW(future.then([](auto) {}), cohort::InvalidStateError);
}

TEST(FutureContract, FromPendingToDone) {
  Promise<int> promise;
  const Future<int> future = promise.future();
  EXPECT_TRUE(future.valid());
  EXPECT_FALSE(future.running() || future.done() || future.cancelled());
  EXPECT_TRUE(promise.set_running_or_notify_cancel());
  EXPECT_TRUE(future.running());
  EXPECT_FALSE(future.cancel());
  promise.set_result(1);
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.running() || future.cancelled() || future.cancel());
  EXPECT_THROW(promise.set_result(2), cohort::InvalidStateError);
  EXPECT_THROW(promise.set_exception(std::make_exception_ptr(1)), cohort::InvalidStateError);
  EXPECT_EQ(future.exception(), nullptr);
  const Future<int> copy = promise.future();
  EXPECT_EQ(&future.result(), &copy.result()) << "one value, for all handles";
}

TEST(FutureContract, CancelledIsDoneForEverybody) {
  Promise<int> promise;
  const Future<int> future = promise.future();
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancelled() && future.done());
  EXPECT_THROW(future.result(), cohort::CancelledError);
  EXPECT_THROW(future.result(1s), cohort::CancelledError);
  EXPECT_THROW(future.exception(), cohort::CancelledError);
  EXPECT_THROW(future.exception(1s), cohort::CancelledError);
  EXPECT_FALSE(promise.set_running_or_notify_cancel());
  EXPECT_THROW(promise.set_result(1), cohort::InvalidStateError);
}

TEST(FutureContract, AMovedOutValueIsGone) {
  Future<std::string> future = Ready<std::string>("text");
  const Future<std::string> other = future;
  EXPECT_EQ(std::move(future).result(), "text");
  EXPECT_THROW(other.result(), cohort::InvalidStateError);
  EXPECT_THROW(other.result(1s), cohort::InvalidStateError);
  EXPECT_THROW(Future<std::string>(other).result(), cohort::InvalidStateError);
  EXPECT_TRUE(other.done());
  const std::unique_ptr<int> owned = Ready(std::make_unique<int>(5)).result(absl::Seconds(1));
  EXPECT_EQ(*owned, 5);
}

TEST(FutureContract, RethrowsTheTasksException) {
  const auto future = Failed<int>("no such file");
  EXPECT_EQ(TextOf([&] { future.result(); }), "no such file");
  EXPECT_THROW(future.result(1s), std::domain_error);
  EXPECT_THROW(Future<int>(future).result(), std::domain_error);
  EXPECT_THROW(std::rethrow_exception(future.exception()), std::domain_error);
}

TEST(FutureContract, TimeoutsInEveryDuration) {
  const Promise<int> promise;
  const Future<int> pending = promise.future();
  const Future<int> ready = Ready(1);
  const auto check = [&](auto timeout) {
    EXPECT_THROW(pending.result(timeout), cohort::TimeoutError);
    EXPECT_THROW(Future<int>(pending).result(timeout), cohort::TimeoutError);
    EXPECT_THROW(pending.exception(timeout), cohort::TimeoutError);
    EXPECT_EQ(ready.result(timeout), 1);
  };
  check(0s);
  check(1ns);
  check(-1h);
  check(0.5ms);
  check(std::chrono::duration<float, std::milli>(0.1F));
  check(absl::Milliseconds(1));
  check(-absl::InfiniteDuration());
  EXPECT_FALSE(pending.done()) << "the task goes on";
  EXPECT_EQ(ready.result(std::chrono::hours::max()), 1);
  EXPECT_EQ(ready.exception(absl::InfiniteDuration()), nullptr);
}

TEST(FutureContract, CallbacksOfEveryKindInTheOrderTheyWereAdded) {
  Promise<int> promise;
  const Future<int> future = promise.future();
  std::vector<int> calls;
  struct Observer {
    std::vector<int>& calls;
    void on_done(const Future<int>& done) { calls.push_back(done.result()); }
  } observer{calls};
  future.add_done_callback([&](Future<int> done) { calls.push_back(done.result() + 1); });
  future.add_done_callback([&](const auto& done) { calls.push_back(done.result() + 2); });
  future.add_done_callback([&](Future<int>&& done) { calls.push_back(done.result() + 3); });
  future.add_done_callback(
      [n = std::make_unique<int>(4), &calls](auto) mutable { calls.push_back((*n)++); });
  const std::function<int(Future<int>)> returns = [&](auto) { return calls.emplace_back(5); };
  future.add_done_callback(returns);
  future.add_done_callback(std::bind_front(&Observer::on_done, &observer));
  future.add_done_callback(&Future<int>::done);
  EXPECT_THAT(calls, ElementsAre());
  promise.set_result(0);
  EXPECT_THAT(calls, ElementsAre(1, 2, 3, 4, 5, 0));
  future.add_done_callback([&](auto) { calls.clear(); });
  EXPECT_THAT(calls, ElementsAre()) << "done already: called here";
}

TEST(FutureContract, ACallbackThatThrowsIsLoggedAndTheRestRun) {
  Promise<int> promise;
  std::vector<int> order;
  const auto future = promise.future();
  future.add_done_callback([&](auto) { order.push_back(1); });
  future.add_done_callback([](auto) { throw std::runtime_error("from a callback"); });
  future.add_done_callback([](auto) { throw 42; });
  future.add_done_callback([&](auto) { order.push_back(2); });
  testing::internal::CaptureStderr();
  promise.set_result(1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("from a callback"));
  EXPECT_THAT(order, ElementsAre(1, 2));
  EXPECT_EQ(future.result(), 1);
}

TEST(FutureContract, KeysOfEveryContainer) {
  const Ints futures = {Ready(0), Ready(1), Ready(2)};
  EXPECT_THAT(std::set<Future<int>>(futures.begin(), futures.end()), SizeIs(3));
  EXPECT_THAT(absl::flat_hash_set<Future<int>>(futures.begin(), futures.end()), SizeIs(3));
  std::unordered_map<Future<int>, std::string> name_of = {{futures[0], "a"}, {futures[1], "b"}};
  EXPECT_EQ(name_of.at(Future<int>(futures[1])), "b");
  EXPECT_EQ(absl::HashOf(futures[0]), absl::HashOf(Future<int>(futures[0])));
  EXPECT_NE(futures[0], futures[1]);
  std::string seen;  // the idiom of Python's documentation
  for (const Future<int>& f : as_completed(name_of | std::views::keys)) seen += name_of[f];
  EXPECT_THAT(seen, testing::AnyOf("ab", "ba"));
}

// Promise.

template <typename T>
Future<T> Fulfilled(auto fulfil) {
  Promise<T> promise;
  fulfil(promise);
  return promise.future();
}

TEST(PromiseContract, ResultsGivenInEveryWay) {
  std::string text = "lvalue";
  EXPECT_EQ(Fulfilled<double>([](auto& p) { p.set_result(3); }).result(), 3.0);
  EXPECT_EQ(Fulfilled<std::string>([](auto& p) { p.set_result("a"); }).result(), "a");
  EXPECT_EQ(Fulfilled<std::string>([&](auto& p) { p.set_result(text); }).result(), text);
  EXPECT_EQ(Fulfilled<std::string>([](auto& p) { p.set_result({}); }).result(), "");
  EXPECT_THAT(Fulfilled<std::vector<int>>([](auto& p) {
                p.set_result({1, 2});
              }).result(),
              ElementsAre(1, 2));
  EXPECT_FALSE(Fulfilled<std::optional<int>>([](auto& p) { p.set_result(std::nullopt); }).result());
  EXPECT_EQ(&Fulfilled<std::string&>([&](auto& p) { p.set_result(text); }).result(), &text);
  EXPECT_EQ(&Fulfilled<const std::string&>([&](auto& p) { p.set_result(text); }).result(), &text);
  EXPECT_NO_THROW(Fulfilled<void>([](auto& p) { p.set_result(); }).result());
}

TEST(PromiseContract, DroppedUnfulfilledItBreaks) {
  const Future<int> pending = Promise<int>().future();
  EXPECT_THROW(pending.result(), cohort::BrokenPromise);
  Promise<int> overwritten;
  const Future<int> running = overwritten.future();
  overwritten.set_running_or_notify_cancel();
  overwritten = Promise<int>();
  EXPECT_THROW(running.result(), cohort::BrokenPromise);
  Promise<int> moved;
  const Future<int> kept = moved.future();
  Promise<int>(std::move(moved)).set_result(1);
  EXPECT_EQ(kept.result(), 1);
}

// Errors.

template <typename... E>
constexpr bool kAreErrors = (std::derived_from<E, cohort::Error> && ...);
static_assert(std::derived_from<cohort::Error, std::runtime_error>);
static_assert(kAreErrors<cohort::CancelledError, cohort::TimeoutError, cohort::InvalidStateError,
                         cohort::BrokenPromise, cohort::BrokenExecutor, cohort::BrokenThreadPool,
                         cohort::BrokenProcessPool, cohort::WorkerDied, cohort::RemoteError>);
static_assert(std::derived_from<cohort::BrokenThreadPool, cohort::BrokenExecutor>);
static_assert(std::derived_from<cohort::BrokenProcessPool, cohort::BrokenExecutor>);

// then.

TEST(ThenContract, CallablesOfEveryKind) {
  const Future<int> future = Ready(20);
  Future<int> plus = future.then([](Future<int> done) { return done.result() + 1; });
  EXPECT_EQ(plus.result(), 21);
  Future<std::string> text = future.then([](auto&& d) { return std::to_string(d.result()); });
  EXPECT_EQ(text.result(), "20");
  Future<void> nothing = future.then([](const Future<int>&) {});
  EXPECT_EQ(nothing.then([](Future<void> done) { return done.result(), 1; }).result(), 1);
  EXPECT_EQ(
      *future.then([n = std::make_unique<int>(3)](auto) mutable { return std::move(n); }).result(),
      3);
  EXPECT_TRUE(future.then(&Future<int>::done).result());
  static std::string target = "referred to";
  Future<std::string&> reference = future.then([](auto) -> std::string& { return target; });
  EXPECT_EQ(&reference.result(), &target);
}

TEST(ThenContract, ExceptionsTravelDownTheChain) {
  const auto result = [](auto done) { return done.result(); };
  Promise<int> promise;
  auto last = promise.future().then(result).then(result);
  promise.set_exception(std::make_exception_ptr(std::domain_error("first")));
  EXPECT_THROW(last.result(), std::domain_error);
  EXPECT_THROW(Cancelled<int>().then(result).result(), cohort::CancelledError);
  const auto throws = [](Future<int>) -> int { throw std::out_of_range("thrown"); };
  EXPECT_THROW(Ready(1).then(throws).result(), std::out_of_range);
  const auto recovers = [](const Future<int>& done) { return done.exception() ? -1 : 1; };
  EXPECT_EQ(Failed<int>().then(recovers).result(), -1);
}

TEST(ThenContract, AFutureIsFlattened) {
  Future<int> flat = Ready(1).then([](auto done) { return Ready(done.result() + 1); });
  EXPECT_EQ(flat.result(), 2);
  Future<void> nothing = Ready(1).then([](auto) { return ReadyVoid(); });
  EXPECT_NO_THROW(nothing.result());
  Promise<int> inner;
  const Future<int> by_reference = inner.future();
  Future<int> later = Ready(1).then([&](auto) -> const Future<int>& { return by_reference; });
  EXPECT_FALSE(later.done());
  inner.set_result(5);
  EXPECT_EQ(later.result(), 5);
  EXPECT_THROW(Ready(1).then([](auto) { return Failed<int>(); }).result(), std::domain_error);
}

// wait, as_completed, when_all and when_any of every range.

template <typename R>
concept Waitable = requires(R&& range) {
  wait(std::forward<R>(range));
  as_completed(std::forward<R>(range));
  when_all(std::forward<R>(range));
  when_any(std::forward<R>(range));
};
static_assert(Waitable<Ints&> && Waitable<const Ints&> && Waitable<Ints>);
static_assert(Waitable<std::list<Future<int>>&> && Waitable<std::set<Future<int>>&>);
static_assert(Waitable<const std::unordered_set<Future<int>>&>);
static_assert(Waitable<std::array<Future<int>, 3>&> && Waitable<const Future<int> (&)[3]>);
static_assert(Waitable<std::span<Future<int>>> && Waitable<absl::Span<const Future<int>>>);
static_assert(Waitable<std::initializer_list<Future<int>>>);
static_assert(Waitable<std::vector<Future<void>>&> && Waitable<std::vector<Future<int&>>&>);
static_assert(Waitable<std::vector<Future<std::unique_ptr<int>>>&>);
static_assert(!Waitable<std::vector<int>&> && !Waitable<int>);

TEST(WaitContract, DoneAndNotDone) {
  const Promise<int> never;
  const Ints futures = {Ready(1), never.future(), Ready(3)};
  auto [done, not_done] = wait(futures, WaitOptions{.timeout = 0s, .return_when = ALL_COMPLETED});
  static_assert(std::same_as<decltype(done), Ints> && std::same_as<decltype(not_done), Ints>);
  EXPECT_THAT(done, ElementsAre(futures[0], futures[2]));
  EXPECT_THAT(not_done, ElementsAre(futures[1]));
  EXPECT_THAT(wait(futures, {.return_when = FIRST_COMPLETED}).done, testing::Not(SizeIs(0)));
  EXPECT_THAT(wait(futures, {.timeout = 1ms}).not_done, SizeIs(1));
  EXPECT_THAT(wait(futures, {absl::ZeroDuration(), ReturnWhen::kAllCompleted}).done, SizeIs(2));
  EXPECT_THAT(wait({Failed<int>(), never.future()}, {.return_when = FIRST_EXCEPTION}).done,
              SizeIs(1));
  EXPECT_THAT(wait({futures[0], futures[0]}).done, SizeIs(1)) << "each once";
  EXPECT_THAT(wait(std::map<int, Future<int>>{{1, Ready(1)}} | std::views::values).done, SizeIs(1));
  EXPECT_THAT(wait(Ints()).done, SizeIs(0));
  EXPECT_EQ(WaitOptions().return_when, ALL_COMPLETED);
}

TEST(AsCompletedContract, InTheOrderOfCompletionAndDuplicatesOnce) {
  std::vector<Promise<int>> promises(3);
  Ints futures;
  for (const auto& each : promises) futures.push_back(each.future());
  futures.push_back(futures[0]);
  promises[1].set_result(1);
  auto completed = as_completed(futures);
  auto it = completed.begin();
  EXPECT_EQ(it->result(), 1);
  promises[2].set_result(2);
  EXPECT_EQ((++it)->result(), 2);
  futures[0].cancel();
  ++it;
  EXPECT_TRUE((*it).cancelled());
  EXPECT_EQ(++it, completed.end());
}

TEST(AsCompletedContract, LoopsInEverySpelling) {
  static_assert(std::ranges::input_range<decltype(as_completed(std::declval<Ints&>()))>);
  Ints futures = {Ready(1), Ready(2), Ready(3)};
  int sum = 0;
  for (Future<int> f : as_completed(futures, 1s)) sum += f.result();
  for (auto&& f : as_completed(futures, absl::Seconds(1))) sum += f.result();
  for (const auto& f : as_completed({futures[0], futures[0], futures[1]})) sum += f.result();
  for (int n : as_completed(futures) | std::views::transform([](auto f) { return f.result(); })) {
    sum += n;
  }
  for (auto& f : as_completed(std::move(futures))) sum += std::move(f).result();
  EXPECT_EQ(sum, 6 + 6 + 3 + 6 + 6);
}

TEST(AsCompletedContract, TimeoutTellsHowManyAreLeft) {
  const Promise<int> never;
  const Promise<int> neither;
  const Ints futures = {Ready(1), never.future(), Ready(3), neither.future(), Ready(5)};
  int seen = 0;
  const auto go_through = [&] {
    for (const Future<int>& f : as_completed(futures, 1ms)) seen += f.result();
  };
  EXPECT_EQ(TextOf(go_through), "2 (of 5) futures unfinished");
  EXPECT_THROW(go_through(), cohort::TimeoutError);
  EXPECT_EQ(seen, 2 * 9);
}

TEST(WhenAllContract, OfARange) {
  const auto ready = [](int n) { return Ready(n); };
  Future<std::vector<int>> all = when_all(Ints{Ready(1), Ready(2)});
  EXPECT_THAT(all.result(), ElementsAre(1, 2));
  EXPECT_THAT(when_all({Ready(3), Ready(4)}).result(), ElementsAre(3, 4));
  EXPECT_THAT(when_all(Ints()).result(), ElementsAre());
  EXPECT_THAT(when_all(std::views::iota(0, 3) | std::views::transform(ready)).result(),
              ElementsAre(0, 1, 2));
  Future<void> nothing = when_all(std::vector<Future<void>>{ReadyVoid(), ReadyVoid()});
  EXPECT_NO_THROW(nothing.result());
  std::vector<Future<std::unique_ptr<int>>> pointers = {Ready(std::make_unique<int>(1))};
  EXPECT_EQ(*when_all(pointers).result()[0], 1);
}

TEST(WhenAllContract, OfSeveral) {
  const Future<int> fa = Ready(1);
  Future<std::string> fb = Ready<std::string>("b");
  Future<std::tuple<int, std::string>> all = when_all(fa, fb);
  const auto& [a, b] = all.result();
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, "b");
  Future<std::tuple<int>> one = when_all(fa);
  EXPECT_EQ(std::get<0>(one.result()), 1);
  EXPECT_EQ(std::get<1>(when_all(ReadyVoid(), fa).result()), 1);
}

TEST(WhenAllContract, FailsWithTheFirstFailure) {
  const Promise<int> never;
  const auto all = when_all({never.future(), Failed<int>("the first"), Ready(1)});
  EXPECT_TRUE(all.done());
  EXPECT_EQ(TextOf([&] { all.result(); }), "the first");
  EXPECT_THROW(when_all(Ready(1), Cancelled<int>()).result(), cohort::CancelledError);
}

TEST(WhenAnyContract, GivesIndexAndFuture) {
  const Promise<int> never;
  const Ints futures = {never.future(), Ready(5)};
  Future<WhenAny<int>> any = when_any(futures);
  EXPECT_EQ(any.result().index, 1U);
  EXPECT_EQ(any.result().future, futures[1]);
  auto [index, future] = when_any(never.future(), futures[1]).result();
  EXPECT_EQ(index, 1U);
  EXPECT_EQ(future.result(), 5);
  EXPECT_EQ(when_any({never.future(), Failed<int>()}).result().index, 1U);
  EXPECT_TRUE(when_any(Ints{Cancelled<int>()}).result().future.cancelled());
}

// CompletionQueue.

TEST(CompletionQueueContract, TakesMoreWhileItIsDrained) {
  cohort::CompletionQueue<int> queue;
  EXPECT_TRUE(queue.empty());
  Promise<int> later;
  queue.add(Ready(1));
  queue.add(later.future());
  EXPECT_FALSE(queue.empty());
  Future<int> first = queue.next();
  EXPECT_EQ(first.result(), 1);
  EXPECT_THROW(queue.next(1ms), cohort::TimeoutError);
  EXPECT_THROW(queue.next(absl::ZeroDuration()), cohort::TimeoutError);
  queue.add(Ready(2));
  EXPECT_EQ(queue.next(1s).result(), 2);
  later.set_result(3);
  EXPECT_EQ(queue.next().result(), 3);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
