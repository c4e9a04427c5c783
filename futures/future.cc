#include "futures/future.h"

#include <array>
#include <mutex>
#include <ostream>
#include <string>

#include "futures/internal/log.h"

namespace cohort {
namespace {

constexpr std::array<const char*, 4> kStateNames = {"pending", "running", "cancelled", "finished"};

// Never destroyed: futures of static storage duration may report after main.
struct Hook {
  std::mutex mutex;
  UnobservedExceptionHook function;

  static Hook& Get() {
    static Hook* const hook = new Hook;
    return *hook;
  }
};

}  // namespace

std::ostream& operator<<(std::ostream& out, FutureState state) {
  return out << kStateNames[static_cast<std::size_t>(state)];
}

UnobservedExceptionHook set_unobserved_exception_hook(UnobservedExceptionHook hook) {
  Hook& current = Hook::Get();
  const std::lock_guard lock(current.mutex);
  return std::exchange(current.function, std::move(hook));
}

namespace internal {

void ReportUnobserved(const std::exception_ptr& error) noexcept {
  try {
    UnobservedExceptionHook function;
    {
      Hook& hook = Hook::Get();
      const std::lock_guard lock(hook.mutex);
      function = hook.function;
    }
    if (function) return function(error);
    LogException("a task failed, and nobody asked for its result", error);
  } catch (...) {
    LogException("the unobserved-exception hook threw", std::current_exception());
  }
}

void ThrowEmpty(const char* what) {
  throw InvalidStateError(std::string(what) + ": the handle is empty (default-made or moved from)");
}

void ThrowTimeout(Timeout timeout) {
  const std::chrono::duration<double> seconds = timeout.duration();
  throw TimeoutError("the future was not done within " + std::to_string(seconds.count()) +
                     " s; its task goes on");
}

void ThrowTaken() {
  throw InvalidStateError(
      "the result is gone: it was moved out by result() of an rvalue future before");
}

FutureState PublicState(CoreState state) noexcept {
  switch (state) {
    case CoreState::kPending:
    case CoreState::kOffered:
      return FutureState::kPending;
    case CoreState::kRunning:
    case CoreState::kSetting:
      return FutureState::kRunning;
    case CoreState::kCancelled:
      return FutureState::kCancelled;
    default:
      return FutureState::kFinished;
  }
}

void Print(std::ostream& out, const CoreBase* core) {
  if (core == nullptr) {
    out << "<Future empty>";
  } else {
    out << "<Future state=" << PublicState(core->state()) << ">";
  }
}

}  // namespace internal
}  // namespace cohort
