// What future.h promises. Included by future.h alone.

#ifndef COHORT_FUTURES_INTERNAL_FUTURE_IMPL_H_
#define COHORT_FUTURES_INTERNAL_FUTURE_IMPL_H_

#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "futures/future.h"
#include "futures/internal/core.h"
#include "futures/internal/log.h"

namespace cohort {
namespace internal {

// The way from a handle to its core and back, for the parts of this library that need it.
struct FutureAccess {
  template <typename T>
  static Future<T> Make(CoreRef<Core<T>> core) noexcept {
    return Future<T>(std::move(core));
  }
  template <typename T>
  static Core<T>& CoreOf(const Future<T>& future, const char* what) {
    return future.core(what);
  }
  template <typename T>
  static CoreRef<Core<T>> Release(Future<T>&& future) noexcept {
    return std::move(future.core_);
  }
};

template <typename T>
Future<T> FutureOf(CoreBase& core) noexcept {
  return FutureAccess::Make(CoreRef<Core<T>>::Share(static_cast<Core<T>&>(core)));
}

// The type that a future of a call's result has: a value without const, void, or an lvalue
// reference.
template <typename R>
using ResultOf =
    std::conditional_t<std::is_lvalue_reference_v<R> || std::is_void_v<R>,
                       std::conditional_t<std::is_void_v<R>, void, R>, std::remove_cvref_t<R>>;

template <typename T>
struct FutureTraits {
  static constexpr bool kIsFuture = false;
  using Flat = T;
};
template <typename T>
struct FutureTraits<Future<T>> {
  static constexpr bool kIsFuture = true;
  using Flat = T;
};

template <typename F, typename T>
void CallDoneCallback(F& callback, Future<T> future) noexcept {
  try {
    std::invoke(callback, std::move(future));
  } catch (...) {
    LogException("a done callback threw", std::current_exception());
  }
}

enum class Place { kHeap, kSlot };

// A done callback, on the heap or in the slot of its future's core.
template <typename T, typename F, Place kPlace>
class DoneCallback final : public Continuation {
 public:
  explicit DoneCallback(F&& callback) : callback_(std::move(callback)) {}

  CoreBase* Run(CoreBase& done) noexcept override {
    CallDoneCallback(callback_, FutureOf<T>(done));
    if constexpr (kPlace == Place::kHeap) {
      delete this;
    } else {
      std::destroy_at(this);
    }
    return nullptr;
  }

 private:
  F callback_;
};

// Builds the callback where there is room for it.
template <typename T, typename F>
Continuation* NewDoneCallback(CoreBase& core, F&& callback) {
  using InSlot = DoneCallback<T, std::decay_t<F>, Place::kSlot>;
  if constexpr (sizeof(InSlot) <= CoreBase::kSlotSize && alignof(InSlot) <= alignof(Continuation) &&
                std::is_nothrow_move_constructible_v<std::decay_t<F>>) {
    if (void* const slot = core.TryTakeSlot()) return ::new (slot) InSlot(std::move(callback));
  }
  return new DoneCallback<T, std::decay_t<F>, Place::kHeap>(std::move(callback));
}

// Gives `to` what `from`, which is done, has. Copies the value where it can be copied, for others
// may hold `from`; else moves it out. Returns the state to publish.
template <typename T>
CoreState CopyOutcome(Core<T>& from, Core<T>& to) noexcept {
  switch (from.state()) {
    case CoreState::kException:
      from.MarkObserved();
      to.EmplaceError(from.error());
      return CoreState::kException;
    case CoreState::kCancelled:
      to.EmplaceError(std::make_exception_ptr(CancelledError()));
      return CoreState::kException;
    default:
      break;
  }
  if constexpr (std::is_copy_constructible_v<typename Core<T>::StoredType>) {
    if (from.state() == CoreState::kValue) {
      try {
        to.Emplace(from.value());
        return CoreState::kValue;
      } catch (...) {
        to.EmplaceError(std::current_exception());
        return CoreState::kException;
      }
    }
  } else if (from.TryTake()) {
    try {
      to.Emplace(from.MoveOut());
      return CoreState::kValue;
    } catch (...) {
      to.EmplaceError(std::current_exception());
      return CoreState::kException;
    }
  }
  to.EmplaceError(std::make_exception_ptr(
      InvalidStateError("the result was moved out before it could be passed on")));
  return CoreState::kException;
}

// Passes the outcome of one core on to another that is running.
template <typename T>
class Forward final : public Continuation {
 public:
  static void Connect(CoreRef<Core<T>> from, CoreRef<Core<T>> to) {
    auto* const forward = new Forward(std::move(to));
    if (from->Add(*forward)) return;
    if (CoreBase* const finished = forward->Run(*from)) {
      finished->RunContinuations();
      finished->Release();
    }
  }

  CoreBase* Run(CoreBase& done) noexcept override {
    const std::unique_ptr<Forward> self(this);
    const bool owed = to_->Publish(CopyOutcome(static_cast<Core<T>&>(done), *to_));
    return owed ? to_.release() : nullptr;
  }

 private:
  explicit Forward(CoreRef<Core<T>> to) : to_(std::move(to)) {}

  CoreRef<Core<T>> to_;
};

// The future that then() gives: its core and the continuation of the one before in one node.
template <typename R, typename T, typename F>
class ThenCore final : public Core<R>, public Continuation {
 public:
  // One reference for the handle, one for the list that the continuation is in.
  explicit ThenCore(F&& f) : Core<R>(2) { ::new (static_cast<void*>(&f_)) F(std::move(f)); }
  ~ThenCore() override {}

  CoreBase* Run(CoreBase& done) noexcept override {
    CoreRef<Core<R>> self(this);
    if (!this->TryStart()) return nullptr;
    Future<T> before = FutureOf<T>(done);
    if constexpr (FutureTraits<std::invoke_result_t<F, Future<T>>>::kIsFuture) {
      return RunAndFlatten(std::move(self), std::move(before));
    } else {
      const CoreState state = this->EmplaceResultOf(
          [&]() -> decltype(auto) { return std::invoke(std::move(f_), std::move(before)); });
      std::destroy_at(&f_);
      return this->Publish(state) ? self.release() : nullptr;
    }
  }

 private:
  CoreBase* RunAndFlatten(CoreRef<Core<R>> self, Future<T> before) noexcept {
    try {
      Future<R> inner = std::invoke(std::move(f_), std::move(before));
      FutureAccess::CoreOf(inner, "then");
      std::destroy_at(&f_);
      Forward<R>::Connect(FutureAccess::Release(std::move(inner)), std::move(self));
      return nullptr;
    } catch (...) {
      this->EmplaceError(std::current_exception());
    }
    std::destroy_at(&f_);
    return this->Publish(CoreState::kException) ? self.release() : nullptr;
  }

  void OnCancelled() noexcept override { std::destroy_at(&f_); }

  // Destroyed as soon as it has run or never will.
  union {
    F f_;
  };
};

}  // namespace internal

template <typename T>
typename Future<T>::const_result Future<T>::Get(Timeout timeout) const {
  CoreType& core = Await("result", timeout);
  switch (core.state()) {
    case internal::CoreState::kValue:
      if constexpr (kIsVoid) {
        return;
      } else if constexpr (kIsReference) {
        return *core.value();
      } else {
        return core.value();
      }
    case internal::CoreState::kException:
      core.MarkObserved();
      std::rethrow_exception(core.error());
    case internal::CoreState::kCancelled:
      throw CancelledError();
    default:
      internal::ThrowTaken();
  }
}

template <typename T>
T Future<T>::Take(Timeout timeout) const {
  if constexpr (kIsVoid || kIsReference) {
    return Get(timeout);
  } else {
    CoreType& core = Await("result", timeout);
    if (core.TryTake()) return core.MoveOut();
    Get(timeout);  // throws what there is instead of a value
    internal::ThrowTaken();
  }
}

template <typename T>
std::exception_ptr Future<T>::exception(Timeout timeout) const {
  CoreType& core = Await("exception", timeout);
  if (core.state() == internal::CoreState::kCancelled) throw CancelledError();
  if (core.state() != internal::CoreState::kException) return nullptr;
  core.MarkObserved();
  return core.error();
}

template <typename T>
template <typename F>
void Future<T>::add_done_callback(F f) const {
  static_assert(std::is_invocable_v<F&, Future<T>>, "a done callback is called with the Future<T>");
  CoreType& core = this->core("add_done_callback");
  if (core.done()) return internal::CallDoneCallback(f, *this);
  internal::Continuation* const callback = internal::NewDoneCallback<T>(core, std::move(f));
  if (!core.Add(*callback)) callback->Run(core);
}

template <typename T>
template <typename F>
auto Future<T>::then(F f) const {
  static_assert(std::is_invocable_v<F, Future<T>>, "then() calls f with the Future<T>");
  using Returned = internal::ResultOf<std::invoke_result_t<F, Future<T>>>;
  using R = typename internal::FutureTraits<Returned>::Flat;

  CoreType& core = this->core("then");
  auto* const next = new internal::ThenCore<R, T, F>(std::move(f));
  Future<R> future = internal::FutureAccess::Make(internal::CoreRef<internal::Core<R>>(next));
  if (!core.Add(*next)) {
    if (internal::CoreBase* const finished = next->Run(core)) {
      finished->RunContinuations();
      finished->Release();
    }
  }
  return future;
}

template <typename T>
Future<T> Promise<T>::future() const {
  if (!core_) internal::ThrowEmpty("future");
  return internal::FutureAccess::Make(core_);
}

template <typename T>
bool Promise<T>::set_running_or_notify_cancel() {
  if (!core_) internal::ThrowEmpty("set_running_or_notify_cancel");
  if (core_->TryStart()) return true;
  if (core_->state() == internal::CoreState::kCancelled) return false;
  throw InvalidStateError("set_running_or_notify_cancel: the future is running or has ended");
}

template <typename T>
void Promise<T>::set_result(internal::ResultParameter<T> value) requires(!std::is_void_v<T>) {
  internal::Core<T>& core = Claim("set_result");
  core.Finish(core.EmplaceResultOf([&]() -> decltype(auto) { return std::forward<T>(value); }));
}

template <typename T>
void Promise<T>::set_result() requires std::is_void_v<T> {
  internal::Core<T>& core = Claim("set_result");
  core.Emplace();
  core.Finish(internal::CoreState::kValue);
}

template <typename T>
void Promise<T>::set_exception(std::exception_ptr error) {
  if (error == nullptr) {
    throw InvalidStateError("set_exception: a null exception_ptr is no exception");
  }
  Claim("set_exception").FinishWithError(std::move(error));
}

template <typename T>
internal::Core<T>& Promise<T>::Claim(const char* what) {
  if (!core_) internal::ThrowEmpty(what);
  if (!core_->TryClaim()) {
    throw InvalidStateError(std::string(what) + ": the future has ended already");
  }
  return *core_;
}

template <typename T>
void Promise<T>::Break() noexcept {
  if (!core_) return;
  // Where nobody holds the future and nothing waits for it, nobody is to be told.
  if (core_->IsOnlyReference() && !core_->HasContinuations()) return;
  if (core_->TryClaim()) core_->FinishWithError(std::make_exception_ptr(BrokenPromise()));
}

}  // namespace cohort

template <typename T>
struct std::hash<cohort::Future<T>> {
  std::size_t operator()(const cohort::Future<T>& future) const noexcept {
    return std::hash<const void*>()(
        future.valid() ? &cohort::internal::FutureAccess::CoreOf(future, "hash") : nullptr);
  }
};

#endif  // COHORT_FUTURES_INTERNAL_FUTURE_IMPL_H_
