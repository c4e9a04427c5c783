// The shared state behind a Future: one node, one atomic word.
//
// States and who makes each step (every step is one compare-and-swap of the word):
//
//             TryStart()                     Publish()
//   kPending ────────────▶ kRunning ──────────────────────▶ kValue or kException
//    │ ▲  │ └──────────┐        │ TryClaim()                     │        (final)
//    │ │  │            ▼        ▼                     Publish()  │ TryTake()
//    │ │  │ Cancel()  kSetting (a promise stores its result) ────┘    ▼
//    │ │  ▼                                                       kTaken (final)
//    │ │ kCancelled (final)
//    │ │TryTakeBack()
//    ▼ │TryOffer()             TryStartOffered()
//   kOffered ────────────────────────────────────▶ kRunning ──TryTakeBack()──▶ kPending, where the
//                                                              process died and it is run again
//
// kOffered is a task that lies in another process, which may begin it at any moment. Its executor
// alone can tell whether that has happened: Cancel() and others ask it (AskBack, AskWhetherBegun).
//
// The word, from its low end:
//
//   bits 0-2    the state
//   bits 3-47   the continuations: a stack of nodes, newest first
//   bits 60-63  kParked: a thread sleeps on the word's low half (a futex); kObserved, kSlotUsed,
//               kLocked
//
// Invariants:
//   1. A final state never changes, but kValue to kTaken, once. Whoever makes the state final
//      (the finisher) is unique, and takes the whole stack of continuations afterwards.
//   2. A continuation that Add() accepted is either handed to the finisher, exactly once, or
//      unlinked by Remove(), exactly once.
//   3. The result is written before the word says kValue or kException and by one thread only: by
//      the one that made it kRunning (a task) or kSetting (a promise).
//   4. While kLocked is set, nobody but its holder changes the word. It is held for the few
//      instructions in which Remove() unlinks a node from the middle of the stack, by waiters that
//      give up; no other path takes it.
//
// Memory order: every step that others act upon is a compare-and-swap with release (what was
// written before it, a result or a continuation, is seen by who reads the word) and acquire (the
// finisher sees the continuations); every look at the word is an acquire load. The other writes
// need less: the end of kLocked is a release store by its holder; and after the final state, the
// flag kObserved and the finisher's own use of the list's bits are relaxed read-modify-writes,
// which leave what the last compare-and-swap has released in place for who reads them. No fences,
// which ThreadSanitizer could not follow.
//
// What a finisher does, in this order: publishes the state, wakes sleepers, tells those
// continuations that are waiters, and runs the others, first added first. So no waiter is held up
// by a slow callback.

#ifndef COHORT_FUTURES_INTERNAL_CORE_H_
#define COHORT_FUTURES_INTERNAL_CORE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

#include "futures/internal/node_memory.h"
#include "futures/timeout.h"

namespace cohort::internal {

class CoreBase;
struct TaskRecord;  // belongs to the executors

// Something to be told when a future is done. A node of an intrusive list: it belongs to whoever
// made it until a future's Add() accepts it, then to the future until Notify() or Run() is called
// or Remove() returns true.
class Continuation {
 public:
  Continuation() = default;
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;

  // Called first, for all. A waiter wakes its thread and returns true: it is gone then, and so may
  // its memory be. Anything else returns false and is run later.
  virtual bool Notify(CoreBase& /*done*/) noexcept { return false; }

  // Does its work. Where that made another core final, it returns that core instead of running the
  // core's continuations itself, with a reference that the caller then owns: the stack that a chain
  // needs does not grow with its length. Such a core must be in no executor's queue.
  virtual CoreBase* Run(CoreBase& /*done*/) noexcept { return nullptr; }

  Continuation* next = nullptr;

 protected:
  ~Continuation() = default;
};

enum class CoreState : uint8_t {
  kPending,
  kOffered,
  kRunning,
  kSetting,
  kCancelled,
  kValue,
  kException,
  kTaken,
};

constexpr bool IsFinal(CoreState state) noexcept { return state >= CoreState::kCancelled; }

// Something that an executor can queue and run, once. The executor goes through
//
//   Begin() ─▶ Invoke() ─▶ Complete() ─▶ Settle(), where Complete() asked for it ─▶ Drop()
//
// or, for what it will never run, Discard() or Abandon() and then Drop().
class Runnable {
 public:
  Runnable() = default;
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;

  static void* operator new(std::size_t size) {
    return kRecyclesNodes ? NodeMemory::Allocate(size) : ::operator new(size);
  }
  static void operator delete(void* node, std::size_t size) noexcept {
    kRecyclesNodes ? NodeMemory::Free(node, size) : ::operator delete(node);
  }
  // Nodes that are aligned as a callable in them wants to be.
  static void* operator new(std::size_t size, std::align_val_t alignment) {
    return ::operator new(size, alignment);
  }
  static void operator delete(void* node, std::size_t /*size*/,
                              std::align_val_t alignment) noexcept {
    ::operator delete(node, alignment);
  }

  // Claims the right to run it. False: it was cancelled, or somebody else has begun it.
  virtual bool Begin() noexcept = 0;

  // Calls what is to be called, keeps the result to itself, and frees the callable. Returns kValue
  // or kException.
  virtual CoreState Invoke() noexcept = 0;

  // Whether somebody would be called back by a Complete() at this moment.
  virtual bool HasListeners() const noexcept = 0;

  // Makes the outcome public. True: Settle() is owed, which calls back.
  virtual bool Complete(CoreState outcome) noexcept = 0;
  virtual void Settle() noexcept = 0;

  // It will never run: cancels it; or ends it with that error (false: it was begun or cancelled
  // before).
  virtual void Discard() noexcept = 0;
  virtual bool Abandon(const std::exception_ptr& error) noexcept = 0;

  // The queue lets go of it.
  virtual void Drop() noexcept = 0;

  // What observers hear of it; null where nobody asked when it was made.
  virtual const TaskRecord* record() const noexcept { return nullptr; }

  // The queue's link. Whoever holds the node at the moment owns it.
  std::atomic<Runnable*> link{nullptr};

 protected:
  virtual ~Runnable() = default;
};

// All that does not depend on the type of the result.
class CoreBase : public Runnable {
 public:
  CoreState state() const noexcept { return StateOf(word_.load(std::memory_order_acquire)); }
  bool done() const noexcept { return IsFinal(state()); }

  // The steps of the state machine. Each returns false where the state does not allow it.
  bool TryStart() noexcept;
  bool Cancel() noexcept;  // finishes, and runs the continuations; true also when cancelled before
  bool TryClaim() noexcept;
  bool TryTake() noexcept;
  bool TryOffer() noexcept;
  bool TryTakeBack() noexcept;
  bool TryStartOffered() noexcept;

  // The state, where that of an offered task is kRunning once it has begun, else kPending.
  CoreState KnownState() noexcept;

  // Makes the state final and wakes or tells all who wait. Returns true when continuations are
  // left: RunContinuations() is then owed. From the moment that the state is final, others may drop
  // their references: the caller needs one of its own for as long as it uses the core.
  bool Publish(CoreState final_state) noexcept;
  void RunContinuations() noexcept;
  void Finish(CoreState final_state) noexcept {
    if (Publish(final_state)) RunContinuations();
  }

  // True when a Publish() at this moment would leave work to RunContinuations().
  bool HasContinuations() const noexcept {
    return (word_.load(std::memory_order_acquire) & kListMask) != 0;
  }

  // False when the future is done: the continuation remains the caller's.
  bool Add(Continuation& continuation) noexcept;

  // Takes back a continuation that Add() accepted. False when the finisher has it.
  bool Remove(Continuation& continuation) noexcept;

  // Blocks until done, or until the deadline: then false. May run the task itself (see
  // WaitScheduler). Throws only where a pool cannot put a thread in the place of this one.
  bool Wait(Deadline deadline);

  // Somebody looked at the exception, or passed it on.
  void MarkObserved() noexcept;

  // Asks a running task to end. False where it cannot be asked, or is over.
  virtual bool RequestStop() noexcept { return false; }

  void AddReference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void Release() noexcept {
    // The last owner needs no read-modify-write: nobody else is left to race with.
    if (references_.load(std::memory_order_acquire) == 1 ||
        references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }
  bool IsOnlyReference() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

  bool Begin() noexcept final { return TryStart(); }
  CoreState Invoke() noexcept override { std::terminate(); }  // only tasks are run
  bool HasListeners() const noexcept final { return HasContinuations(); }
  bool Complete(CoreState outcome) noexcept final { return Publish(outcome); }
  void Settle() noexcept final { RunContinuations(); }
  void Discard() noexcept final { Cancel(); }
  void Drop() noexcept final { Release(); }

  // Room for one continuation inside the node, so that the first small callback needs no
  // allocation. Whoever gets the slot may build there what fits; null when it is taken.
  static constexpr std::size_t kSlotSize = 24;
  void* TryTakeSlot() noexcept;

  // Which executor's task it is; 0: none's.
  uint32_t executor_id() const noexcept { return executor_id_; }

 protected:
  explicit CoreBase(uint32_t references, uint32_t executor_id = 0) noexcept
      : references_(references), executor_id_(executor_id) {}
  ~CoreBase() override = default;

  // In state kOffered. Whether the task was got back before it began: then it is kPending again;
  // else it is kRunning, or done.
  virtual bool AskBack() noexcept { return false; }

  // In state kOffered. Makes the task kRunning where it has begun.
  virtual void AskWhetherBegun() noexcept {}

  // Looks for some microseconds whether this is done, before the calling thread gives up its place
  // and sleeps.
  virtual bool SpinUntilDone() const noexcept;

  // The calling thread is about to sleep until this is done. An executor whose results must be
  // fetched may let it do that meanwhile, and then without a spin before, in which nobody fetches.
  // Returns when this is done, at the deadline, or at once.
  virtual void HelpUntilDone(Deadline /*deadline*/) noexcept {}

  // Called once, where Abandon() succeeds: what the task holds can be freed.
  virtual void AbandonCall() noexcept {}

  // Called once, by the thread whose Cancel() succeeded, before the continuations: what the task
  // holds can be freed, for it will never run.
  virtual void OnCancelled() noexcept {}

  bool WasObserved() const noexcept {
    return (word_.load(std::memory_order_acquire) & kObserved) != 0;
  }

 private:
  static constexpr uint64_t kStateMask = 7;
  static constexpr uint64_t kListMask = (uint64_t{1} << 48) - 8;
  static constexpr uint64_t kParked = uint64_t{1} << 60;
  static constexpr uint64_t kObserved = uint64_t{1} << 61;
  static constexpr uint64_t kSlotUsed = uint64_t{1} << 62;
  static constexpr uint64_t kLocked = uint64_t{1} << 63;

  static CoreState StateOf(uint64_t word) noexcept {
    return static_cast<CoreState>(word & kStateMask);
  }
  static uint64_t WithState(uint64_t word, CoreState state) noexcept {
    return (word & ~kStateMask) | static_cast<uint64_t>(state);
  }
  static Continuation* ListOf(uint64_t word) noexcept {
    return reinterpret_cast<Continuation*>(word & kListMask);
  }

  uint64_t LoadUnlocked() const noexcept;
  bool Change(CoreState from, CoreState to) noexcept;
  bool Replace(uint64_t& expected, uint64_t desired) noexcept;
  bool Park(Deadline deadline);
  void Unlink(Continuation& continuation, uint64_t word) noexcept;
  Continuation* NotifyWaiters(Continuation* newest) noexcept;
  class FinishedList;
  void RunOwn(FinishedList& finished, int depth) noexcept;

  std::atomic<uint64_t> word_{0};
  std::atomic<uint32_t> references_;
  const uint32_t executor_id_;
  alignas(Continuation) std::byte slot_[kSlotSize];
};

static_assert(sizeof(CoreBase) == 56, "with one pointer more, a task's fixed part is a cache line");

// A counted reference to a core.
template <typename C>
class CoreRef {
 public:
  CoreRef() noexcept = default;
  explicit CoreRef(C* adopted) noexcept : core_(adopted) {}
  CoreRef(const CoreRef& other) noexcept : core_(other.core_) {
    if (core_ != nullptr) core_->AddReference();
  }
  CoreRef(CoreRef&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  CoreRef& operator=(CoreRef other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~CoreRef() {
    if (core_ != nullptr) core_->Release();
  }

  static CoreRef Share(C& core) noexcept {
    core.AddReference();
    return CoreRef(&core);
  }

  C* get() const noexcept { return core_; }
  C* release() noexcept { return std::exchange(core_, nullptr); }
  C& operator*() const noexcept { return *core_; }
  C* operator->() const noexcept { return core_; }
  explicit operator bool() const noexcept { return core_ != nullptr; }
  friend bool operator==(const CoreRef&, const CoreRef&) noexcept = default;

 private:
  C* core_ = nullptr;
};

// How a result of type T is kept: a reference as a pointer, nothing as a monostate.
template <typename T>
struct Stored {
  using type = T;
};
template <typename T>
struct Stored<T&> {
  using type = T*;
};
template <>
struct Stored<void> {
  using type = std::monostate;
};

// Calls the unobserved-exception hook (see future.h).
void ReportUnobserved(const std::exception_ptr& error) noexcept;

// Ends the reference. By itself this would do what std::destroy_at does; but libstdc++ counts the
// references to an exception in code that ThreadSanitizer does not see. Where a thread that has
// looked at the exception dropped its reference just before, the freeing here looks like a race.
void DestroyException(std::exception_ptr& error) noexcept;

// A core with a result of type T. A promise's is just this; tasks derive from it.
template <typename T>
class Core : public CoreBase {
 public:
  using StoredType = typename Stored<T>::type;

  explicit Core(uint32_t references, uint32_t executor_id = 0) noexcept
      : CoreBase(references, executor_id) {}

  ~Core() override {
    switch (state()) {
      case CoreState::kValue:
        std::destroy_at(&value_);
        break;
      case CoreState::kException:
        if (!WasObserved()) ReportUnobserved(error_);
        DestroyException(error_);
        break;
      default:
        break;
    }
  }

  // The result, for the thread that may write it (invariant 3). Published by Finish().
  template <typename... A>
  void Emplace(A&&... arguments) {
    ::new (static_cast<void*>(&value_)) StoredType(std::forward<A>(arguments)...);
  }
  // What a call returns, built in place, or the exception that it throws. Returns the state to
  // publish.
  template <typename Call>
  CoreState EmplaceResultOf(Call&& call) noexcept {
    try {
      if constexpr (std::is_void_v<T>) {
        std::forward<Call>(call)();
        Emplace();
      } else if constexpr (std::is_reference_v<T>) {
        Emplace(std::addressof(std::forward<Call>(call)()));
      } else {
        ::new (static_cast<void*>(&value_)) StoredType(std::forward<Call>(call)());
      }
      return CoreState::kValue;
    } catch (...) {
      EmplaceError(std::current_exception());
      return CoreState::kException;
    }
  }
  void EmplaceError(std::exception_ptr error) noexcept {
    ::new (static_cast<void*>(&error_)) std::exception_ptr(std::move(error));
  }

  // The same and the end of it.
  void FinishWithError(std::exception_ptr error) noexcept {
    EmplaceError(std::move(error));
    Finish(CoreState::kException);
  }

  bool Abandon(const std::exception_ptr& error) noexcept final {
    if (!this->Begin()) return false;
    AbandonCall();
    FinishWithError(error);
    return true;
  }

  // Only in state kValue, and kException.
  StoredType& value() noexcept { return value_; }
  const std::exception_ptr& error() const noexcept { return error_; }

  // Only for who succeeded in TryTake().
  StoredType MoveOut() noexcept(std::is_nothrow_move_constructible_v<StoredType>) {
    struct Destroy {
      StoredType& value;
      ~Destroy() { std::destroy_at(&value); }
    } destroy{value_};
    return std::move(value_);
  }

 private:
  union {
    StoredType value_;
    std::exception_ptr error_;
  };
};

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_CORE_H_
