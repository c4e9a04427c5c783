// A call that an executor is to be given later, and whose future is known now.
//
// There are then two futures: the one that the user has, which is this node, and from Start() on
// the executor's own, `inner_`, which tells what becomes of the call. The states of this node:
//
//   kPending    waits for its Start(); cancel() ends it
//   kOffered    Claim() has come, and with Start() the call is the executor's: cancel() and
//               running() ask inner_
//   kRunning    begun, as far as somebody has asked
//   final       what inner_ had is here
//
// `Owner` decides when Start() comes, and is told of the end:
//
//   void OnCancelled(Deferred&);         // instead of Claim(), which is false from then on
//   void OnEnded(Deferred&, CoreState);  // after Start(), once, before the result is public
//   void AfterEnded();                   // when it is
//   Scope AroundCallbacks();             // kept while callbacks run; gone when nothing is left

#ifndef COHORT_POOLS_INTERNAL_DEFERRED_TASK_H_
#define COHORT_POOLS_INTERNAL_DEFERRED_TASK_H_

#include <atomic>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "futures/errors.h"
#include "futures/future.h"
#include "futures/internal/core.h"
#include "pools/executor.h"
#include "pools/internal/delegate.h"
#include "pools/internal/executor_ref.h"
#include "pools/internal/no_room_wait.h"

namespace cohort::internal {

// What an owner needs to know of it, whatever the call returns.
class Deferred {
 public:
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;

  virtual CoreBase& core() noexcept = 0;

  // False: it was cancelled. Else Start() must follow: nobody else can end it any more.
  virtual bool Claim() noexcept = 0;

  // Gives the call to the executor. What that throws is the future's error.
  virtual void Start() noexcept = 0;

  // After Claim(): signals the stop token of a call that takes one.
  virtual void SignalStop() noexcept = 0;

  // For the owner's own list.
  Deferred* before = nullptr;
  Deferred* after = nullptr;

 protected:
  Deferred() = default;
  ~Deferred() = default;
};

// Submits to an executor: its Submit() makes the call, once.
template <typename E, typename F, typename... Args>
class DeferredCall {
 public:
  static constexpr bool kTakesToken = kTakesStopToken<F, Args...>;
  // Executors of this library give each future away, and keep no handle.
  static constexpr bool kOwnsFuture = HasEngine<E>;

  template <typename G, typename... Given>
  DeferredCall(ExecutorRef<E> executor, TaskOptions options, G&& function, Given&&... arguments)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        function_(std::forward<G>(function)),
        arguments_(std::forward<Given>(arguments)...) {}

  auto Submit() {
    // The memory of what has waited is taken already, and many may count on this thread: a bounded
    // queue has no say in it.
    const NoRoomWait unbounded;
    return std::apply(
        [this](Args&... arguments) {
          return executor_.submit(options_, std::move(function_), std::move(arguments)...);
        },
        arguments_);
  }

 private:
  ExecutorRef<E> executor_;
  TaskOptions options_;
  [[no_unique_address]] F function_;
  [[no_unique_address]] std::tuple<Args...> arguments_;
};

template <typename Call>
using DeferredResult = typename decltype(std::declval<Call&>().Submit())::value_type;

template <typename Call, typename Owner>
class DeferredTask final : public Core<DeferredResult<Call>>,
                           public Deferred,
                           public Delegate,
                           private Continuation {
  using R = DeferredResult<Call>;
  static_assert(std::is_void_v<R> || std::is_reference_v<R> || std::is_move_constructible_v<R>,
                "a call that waits for its turn gives its result on: it must be one that can be "
                "moved; return a std::unique_ptr of it");

 public:
  // One reference for the handle, one for the owner.
  template <typename... Parts>
  explicit DeferredTask(Owner owner, Parts&&... parts)
      : Core<R>(2, kDelegatesId),
        owner_(std::move(owner)),
        call_(std::in_place, std::forward<Parts>(parts)...) {}

  Owner& owner() noexcept { return owner_; }

  CoreBase& core() noexcept override { return *this; }
  CoreBase* behind() noexcept override { return IsSubmitted() ? inner_.get() : nullptr; }

  bool Claim() noexcept override { return this->TryOffer(); }

  void Start() noexcept override {
    try {
      inner_ = FutureAccess::Release(call_->Submit());
      if (!inner_) throw InvalidStateError("the executor's submit() gave an empty future");
      call_.reset();
    } catch (...) {
      call_.reset();
      this->TryStartOffered();
      this->EmplaceError(std::current_exception());
      return End(CoreState::kException);
    }
    // Who reads true sees inner_, which never changes again. Sequentially consistent with
    // stop_wanted_: of this thread and one that wants a stop, at least one sees the other.
    is_submitted_.store(true, std::memory_order_seq_cst);
    if (stop_wanted_.load(std::memory_order_seq_cst)) PassOnStop();
    this->AddReference();  // of inner_'s list of continuations
    if (!inner_->Add(*this)) Run(*inner_);
  }

  void SignalStop() noexcept override {
    if (Call::kTakesToken) WantStop();
  }

  // A call that still waits is not begun for somebody who wants its end.
  bool RequestStop() noexcept override {
    const CoreRef<CoreBase> self = CoreRef<CoreBase>::Share(*this);  // a callback may drop others
    if (this->done()) return false;
    return (!IsSubmitted() && this->Cancel()) || WantStop();
  }

 private:
  bool IsSubmitted() const noexcept { return is_submitted_.load(std::memory_order_seq_cst); }

  bool WantStop() noexcept {
    stop_wanted_.store(true, std::memory_order_seq_cst);
    return IsSubmitted() ? PassOnStop() : !this->done();
  }
  bool PassOnStop() noexcept { return inner_->RequestStop() || inner_->Cancel(); }

  // The inner future is done.
  CoreBase* Run(CoreBase& /*done*/) noexcept override {
    const CoreRef<Core<R>> self(this);  // the list's reference
    if (inner_->state() == CoreState::kCancelled) {
      owner_.OnEnded(*this, CoreState::kCancelled);
      owner_.AfterEnded();
      [[maybe_unused]] const auto scope = owner_.AroundCallbacks();
      this->TryTakeBack();
      this->Cancel();
    } else {
      this->TryStartOffered();
      const bool is_last_user = Call::kOwnsFuture || inner_->IsOnlyReference();
      End(PassOn(*inner_, is_last_user, static_cast<Core<R>&>(*this)));
    }
    return nullptr;
  }

  void End(CoreState state) noexcept {
    owner_.OnEnded(*this, state);
    const bool has_callbacks = this->Publish(state);
    owner_.AfterEnded();
    [[maybe_unused]] const auto scope = owner_.AroundCallbacks();
    if (has_callbacks) this->RunContinuations();
  }

  bool AskBack() noexcept override {
    if (!IsSubmitted()) return false;  // being given to the executor at this moment
    // Its Run() comes meanwhile, and completes this, unless another thread is at that.
    if (!inner_->Cancel()) return false;
    this->TryTakeBack();
    return true;
  }

  void AskWhetherBegun() noexcept override {
    if (!IsSubmitted()) return;
    const CoreState state = inner_->KnownState();
    if (state != CoreState::kPending && state != CoreState::kCancelled) this->TryStartOffered();
  }

  void OnCancelled() noexcept override {
    // First: what the call holds may be a handle whose end waits for the owner's calls.
    if (!IsSubmitted()) owner_.OnCancelled(*this);
    call_.reset();
  }

  Owner owner_;
  std::optional<Call> call_;  // until Start() or the end
  CoreRef<Core<R>> inner_;
  std::atomic<bool> is_submitted_{false};
  std::atomic<bool> stop_wanted_{false};
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_DEFERRED_TASK_H_
