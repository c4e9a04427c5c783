// Random sequences of calls on a few promises and their futures, held against a model so simple
// that it is plainly right. One byte is one call.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "futures/combinators.h"
#include "futures/future.h"
#include "futures/wait.h"

namespace cohort {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "the future and its model differ: %s\n", what);
  std::abort();
}

// What a future should be.
struct Model {
  FutureState state = FutureState::kPending;
  bool failed = false;
  bool taken = false;
  int value = 0;
  int callbacks_added = 0;
  int thens = 0;
};

// One promise, its future, and what was heard of it.
class Subject {
 public:
  Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  ~Subject() {
    DropPromise();
    CheckInvariants();
  }

  void Apply(uint8_t call) {
    switch (call % 12) {
      case 0:
        return Begin();
      case 1:
        return SetResult(call);
      case 2:
        return SetException();
      case 3:
        return Cancel();
      case 4:
        return AddCallback();
      case 5:
        return Then();
      case 6:
        return Look();
      case 7:
        return Take();
      case 8:
        return DropPromise();
      case 9:
        return Poll();
      case 10:
        return Race();
      default:
        return CheckInvariants();
    }
  }

  void CheckInvariants() const {
    Require(future_.state() == model_.state, "state");
    Require(future_.done() == IsDone(), "done");
    Require(future_.cancelled() == (model_.state == FutureState::kCancelled), "cancelled");
    const int expected = IsDone() ? model_.callbacks_added : 0;
    Require(static_cast<int>(heard_.size()) == expected, "callbacks called");
    for (std::size_t i = 0; i < heard_.size(); ++i) {
      Require(heard_[i] == static_cast<int>(i), "callbacks in order");
    }
    Require(then_runs_ == (IsDone() ? model_.thens : 0), "then() run");
  }

 private:
  bool IsDone() const {
    return model_.state == FutureState::kCancelled || model_.state == FutureState::kFinished;
  }

  // Whether the call throws InvalidStateError.
  template <typename Call>
  static bool Refuses(Call call) {
    try {
      call();
      return false;
    } catch (const InvalidStateError&) {
      return true;
    }
  }

  void Begin() {
    if (!promise_) return;
    bool begun = false;
    const bool refused = Refuses([&] { begun = promise_->set_running_or_notify_cancel(); });
    Require(begun == (model_.state == FutureState::kPending), "begun");
    Require(refused ==
                (model_.state == FutureState::kRunning || model_.state == FutureState::kFinished),
            "begin refused");
    if (begun) model_.state = FutureState::kRunning;
  }

  void SetResult(int value) {
    if (!promise_) return;
    const bool refused = Refuses([&] { promise_->set_result(value); });
    Require(refused == IsDone(), "set_result refused");
    if (refused) return;
    model_.state = FutureState::kFinished;
    model_.value = value;
  }

  void SetException() {
    if (!promise_) return;
    const bool refused = Refuses(
        [&] { promise_->set_exception(std::make_exception_ptr(std::range_error("fuzz"))); });
    Require(refused == IsDone(), "set_exception refused");
    if (refused) return;
    model_.state = FutureState::kFinished;
    model_.failed = true;
  }

  void Cancel() {
    const bool cancelled = future_.cancel();
    Require(cancelled ==
                (model_.state == FutureState::kPending || model_.state == FutureState::kCancelled),
            "cancel");
    if (cancelled) model_.state = FutureState::kCancelled;
  }

  void AddCallback() {
    const int number = model_.callbacks_added++;
    future_.add_done_callback([this, number](const Future<int>&) { heard_.push_back(number); });
  }

  void Then() {
    ++model_.thens;
    chained_.push_back(future_.then([this](const Future<int>&) { return ++then_runs_; }));
  }

  // Looks at the result without taking it.
  void Look() const {
    if (!IsDone()) return;
    try {
      Require(future_.result() == model_.value, "value");
      Require(!model_.failed && !model_.taken, "a value that should not be there");
    } catch (const std::range_error&) {
      Require(model_.failed, "the task's exception");
    } catch (const BrokenPromise&) {
      Require(model_.failed, "broken");
    } catch (const CancelledError&) {
      Require(model_.state == FutureState::kCancelled, "cancelled error");
    } catch (const InvalidStateError&) {
      Require(model_.taken, "taken");
    }
  }

  void Take() {
    if (!IsDone()) return;
    Future<int> handle = future_;
    try {
      Require(std::move(handle).result() == model_.value, "moved value");
      Require(!model_.failed && !model_.taken, "a value that should not be there");
      model_.taken = true;
    } catch (const std::exception&) {
      Require(model_.failed || model_.taken || model_.state == FutureState::kCancelled, "take");
    }
  }

  void DropPromise() {
    if (!promise_) return;
    promise_.reset();
    if (IsDone()) return;
    model_.state = FutureState::kFinished;
    model_.failed = true;
  }

  // Waits that give up at once leave nothing behind.
  void Poll() {
    const auto [done, not_done] =
        wait({future_, future_},
             {.timeout = Timeout(std::chrono::seconds(0)), .return_when = FIRST_COMPLETED});
    Require(done.size() == (IsDone() ? 1U : 0U), "wait's done");
    Require(done.size() + not_done.size() == 1U, "wait's duplicates");
    try {
      for (const Future<int>& each : as_completed({future_}, std::chrono::seconds(0))) {
        Require(each == future_ && IsDone(), "as_completed");
      }
    } catch (const TimeoutError&) {
      Require(!IsDone(), "as_completed in time");
    }
  }

  void Race() {
    races_.push_back(when_any({future_, never_.future()}));
    Require(races_.back().done() == IsDone(), "when_any");
  }

  Model model_;
  Promise<int> never_;
  std::optional<Promise<int>> promise_{std::in_place};
  Future<int> future_ = promise_->future();
  std::vector<int> heard_;
  int then_runs_ = 0;
  std::vector<Future<int>> chained_;
  std::vector<Future<WhenAny<int>>> races_;
};

}  // namespace
}  // namespace cohort

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cohort::set_unobserved_exception_hook([](std::exception_ptr) {});  // failures are wanted here
  cohort::Subject subject;
  for (const uint8_t call : std::span(data, size)) {
    subject.Apply(call);
    subject.CheckInvariants();
  }
  return 0;
}
