// What future.h promises. Included by future.h alone.

#ifndef COHORT_FUTURES_INTERNAL_FUTURE_IMPL_H_
#define COHORT_FUTURES_INTERNAL_FUTURE_IMPL_H_

#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "futures/future.h"
#include "futures/internal/core.h"
#include "futures/internal/log.h"

namespace cohort {
namespace internal {

// The way from a handle to its core and back, for the parts of this library that need it.
struct FutureAccess {
  // Has the node on its way to the processor's cache.
  template <typename T>
  static void Prefetch(const Future<T>& future) noexcept {
    __builtin_prefetch(future.core_.get(), 1);
  }

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
// A callable may also give one by reference.
template <typename T>
struct FutureTraits<Future<T>&> : FutureTraits<Future<T>> {};
template <typename T>
struct FutureTraits<const Future<T>&> : FutureTraits<Future<T>> {};

// Calls f with the future that make() gives. Not by std::invoke where there is another way: the
// parameter is then built in its place, and not moved from a temporary. GCC 12 (-fipa-modref)
// forgets that move where f always throws, and would release the temporary's reference as well.
template <typename F, typename Make>
decltype(auto) CallWith(F&& f, const Make& make) {
  if constexpr (requires { std::forward<F>(f)(make()); }) {
    return std::forward<F>(f)(make());
  } else {
    return std::invoke(std::forward<F>(f), make());
  }
}

template <typename F, typename Make>
void CallDoneCallback(F& callback, const Make& make) noexcept {
  try {
    CallWith(callback, make);
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
    CallDoneCallback(callback_, [&] { return FutureOf<T>(done); });
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

// Gives `to` what `from`, which is done, has. Copies the value where it can be copied and others
// may want it; else moves it out. Returns the state to publish.
template <typename T>
CoreState PassOn(Core<T>& from, bool is_last_user, Core<T>& to) noexcept {
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
  constexpr bool kCanCopy = std::is_copy_constructible_v<typename Core<T>::StoredType>;
  return to.EmplaceResultOf([&]() -> decltype(auto) {
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(*from.value());
    } else {
      if ((is_last_user || !kCanCopy) && from.TryTake()) return T(from.MoveOut());
      if constexpr (kCanCopy) {
        if (from.state() == CoreState::kValue) return T(from.value());
      }
      throw InvalidStateError("the result was moved out before it could be passed on");
    }
  });
}

// The future that then() gives: its core and the continuation of the one before in one node. It
// is a continuation twice where it flattens: first of the one before, then of the future that the
// callable gave.
template <typename R, typename T, typename F>
class ThenCore final : public Core<R>, public Continuation {
  static constexpr bool kFlattens =
      FutureTraits<ResultOf<std::invoke_result_t<F, Future<T>>>>::kIsFuture;

 public:
  // One reference for the handle, one for the list that the continuation is in.
  ThenCore(CoreRef<Core<T>> before, F&& f) : Core<R>(2), before_(std::move(before)) {
    ::new (static_cast<void*>(&f_)) F(std::move(f));
  }
  ~ThenCore() override {}

  // Registers with the one before, or runs at once. Not to be called twice.
  void Connect() {
    Core<T>& before = *before_;
    if (before.Add(*this)) return;  // from then on before_ is another thread's
    if (CoreBase* const finished = Run(before)) {
      finished->RunContinuations();
      finished->Release();
    }
  }

  CoreBase* Run(CoreBase& done) noexcept override {
    CoreRef<Core<R>> self(this);
    if constexpr (kFlattens) {
      // It is running already: this is the second time.
      if (this->state() == CoreState::kRunning) return RunSecond(std::move(self), done);
    }
    if (!this->TryStart()) return nullptr;
    if constexpr (kFlattens) {
      return RunFirst(std::move(self));
    } else {
      const CoreState state = this->EmplaceResultOf([&]() -> decltype(auto) { return Call(); });
      std::destroy_at(&f_);
      return this->Publish(state) ? self.release() : nullptr;
    }
  }

 private:
  decltype(auto) Call() {
    Core<T>* const before = before_.release();
    return CallWith(std::move(f_), [&] { return FutureAccess::Make(CoreRef<Core<T>>(before)); });
  }

  CoreBase* RunFirst(CoreRef<Core<R>> self) noexcept {
    CoreRef<Core<R>> inner;
    try {
      Future<R> given = Call();
      if (!given.valid()) throw InvalidStateError("then: the callable returned an empty future");
      inner = FutureAccess::Release(std::move(given));
    } catch (...) {
      this->EmplaceError(std::current_exception());
    }
    std::destroy_at(&f_);
    if (!inner) return this->Publish(CoreState::kException) ? self.release() : nullptr;
    if (inner->Add(*this)) {
      (void)self.release();  // the inner future's list has it
      return nullptr;
    }
    next = nullptr;  // in no list
    return RunSecond(std::move(self), *inner);
  }

  CoreBase* RunSecond(CoreRef<Core<R>> self, CoreBase& done) noexcept {
    // Nobody is left to ask for the value where no continuation comes after this one and the one
    // reference is that of whoever runs this.
    const bool is_last_user = next == nullptr && done.IsOnlyReference();
    const CoreState state = PassOn(static_cast<Core<R>&>(done), is_last_user, *this);
    return this->Publish(state) ? self.release() : nullptr;
  }

  void OnCancelled() noexcept override {
    std::destroy_at(&f_);
    // A future that stays pending does not collect the links that were cancelled.
    const CoreRef<Core<T>> before = std::move(before_);
    if (before->Remove(*this)) this->Release();
  }

  // Whoever starts or cancels this may touch these, and nobody else. The callable is destroyed as
  // soon as it has run or never will.
  CoreRef<Core<T>> before_;
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
  if (core.done()) return internal::CallDoneCallback(f, [this] { return *this; });
  internal::Continuation* const callback = internal::NewDoneCallback<T>(core, std::move(f));
  if (core.Add(*callback)) return;
  const Future self = *this;  // the callback may drop this handle, and may be kept in the core
  callback->Run(core);
}

template <typename T>
template <typename F>
auto Future<T>::then(F f) const {
  static_assert(std::is_invocable_v<F, Future<T>>, "then() calls f with the Future<T>");
  using Returned = internal::ResultOf<std::invoke_result_t<F, Future<T>>>;
  using R = typename internal::FutureTraits<Returned>::Flat;

  this->core("then");  // throws where there is none
  auto* const next = new internal::ThenCore<R, T, F>(core_, std::move(f));
  Future<R> future = internal::FutureAccess::Make(internal::CoreRef<internal::Core<R>>(next));
  next->Connect();
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
  const internal::CoreRef<internal::Core<T>> core = Claim("set_result");
  core->Finish(core->EmplaceResultOf([&]() -> decltype(auto) { return std::forward<T>(value); }));
}

template <typename T>
void Promise<T>::set_result() requires std::is_void_v<T> {
  const internal::CoreRef<internal::Core<T>> core = Claim("set_result");
  core->Emplace();
  core->Finish(internal::CoreState::kValue);
}

template <typename T>
void Promise<T>::set_exception(std::exception_ptr error) {
  if (error == nullptr) {
    throw InvalidStateError("set_exception: a null exception_ptr is no exception");
  }
  Claim("set_exception")->FinishWithError(std::move(error));
}

template <typename T>
internal::CoreRef<internal::Core<T>> Promise<T>::Claim(const char* what) {
  if (!core_) internal::ThrowEmpty(what);
  if (!core_->TryClaim()) {
    throw InvalidStateError(std::string(what) + ": the future has ended already");
  }
  return core_;
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
