#include "futures/internal/core.h"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "futures/internal/blocking.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"

namespace cohort::internal {
namespace {

using namespace std::chrono_literals;

using IntCore = Core<int>;

CoreRef<IntCore> NewCore() { return CoreRef<IntCore>(new IntCore(1)); }

// A core that was brought to a state by the steps that lead there.
CoreRef<IntCore> CoreIn(CoreState state) {
  CoreRef<IntCore> core = NewCore();
  switch (state) {
    case CoreState::kPending:
      break;
    case CoreState::kOffered:
      EXPECT_TRUE(core->TryOffer());
      break;
    case CoreState::kRunning:
      EXPECT_TRUE(core->TryStart());
      break;
    case CoreState::kSetting:
      EXPECT_TRUE(core->TryClaim());
      break;
    case CoreState::kCancelled:
      EXPECT_TRUE(core->Cancel());
      break;
    case CoreState::kValue:
    case CoreState::kTaken:
      EXPECT_TRUE(core->TryClaim());
      core->Emplace(42);
      core->Finish(CoreState::kValue);
      if (state == CoreState::kTaken) {
        EXPECT_TRUE(core->TryTake());
        EXPECT_EQ(core->MoveOut(), 42);
      }
      break;
    case CoreState::kException:
      EXPECT_TRUE(core->TryStart());
      core->FinishWithError(ErrorOf<std::domain_error>("failed"));
      core->MarkObserved();
      break;
  }
  EXPECT_EQ(core->state(), state);
  return core;
}

constexpr CoreState kAllStates[] = {
    CoreState::kPending,   CoreState::kOffered, CoreState::kRunning,   CoreState::kSetting,
    CoreState::kCancelled, CoreState::kValue,   CoreState::kException, CoreState::kTaken};

// Writes its number down when it is told or run.
class Recorder final : public Continuation {
 public:
  Recorder(std::vector<int>& log, int number, bool is_waiter = false)
      : log_(log), number_(number), is_waiter_(is_waiter) {}

  bool Notify(CoreBase& /*done*/) noexcept override {
    if (is_waiter_) log_.push_back(number_);
    return is_waiter_;
  }
  CoreBase* Run(CoreBase& done) noexcept override {
    EXPECT_TRUE(done.done());
    log_.push_back(number_);
    return nullptr;
  }

 private:
  std::vector<int>& log_;
  const int number_;
  const bool is_waiter_;
};

TEST(CoreTest, EachStepIsAllowedInTheseStatesAlone) {
  using States = std::set<CoreState>;
  States can_start, can_cancel, can_claim, can_take, can_offer, can_take_back, can_start_offered;
  for (const CoreState state : kAllStates) {
    if (CoreIn(state)->TryStart()) can_start.insert(state);
    if (CoreIn(state)->Cancel()) can_cancel.insert(state);
    const CoreRef<IntCore> claimed = CoreIn(state);
    if (claimed->TryClaim()) can_claim.insert(state);
    const CoreRef<IntCore> taken = CoreIn(state);
    if (taken->TryTake()) can_take.insert(state);
    if (CoreIn(state)->TryOffer()) can_offer.insert(state);
    if (CoreIn(state)->TryTakeBack()) can_take_back.insert(state);
    if (CoreIn(state)->TryStartOffered()) can_start_offered.insert(state);
  }
  EXPECT_EQ(can_start, States{CoreState::kPending});
  EXPECT_EQ(can_cancel, (States{CoreState::kPending, CoreState::kCancelled}));
  EXPECT_EQ(can_claim, (States{CoreState::kPending, CoreState::kRunning}));
  EXPECT_EQ(can_take, States{CoreState::kValue});
  EXPECT_EQ(can_offer, States{CoreState::kPending});
  EXPECT_EQ(can_take_back, (States{CoreState::kOffered, CoreState::kRunning}));
  EXPECT_EQ(can_start_offered, States{CoreState::kOffered});
}

// A task in another process, which has begun it or not.
class OfferedCore final : public IntCore {
 public:
  explicit OfferedCore(bool has_begun) : IntCore(1), has_begun_(has_begun) {
    EXPECT_TRUE(TryOffer());
  }

 private:
  bool AskBack() noexcept override {
    AskWhetherBegun();
    return !has_begun_ && TryTakeBack();
  }
  void AskWhetherBegun() noexcept override {
    if (has_begun_) TryStartOffered();
  }

  const bool has_begun_;
};

TEST(CoreTest, AnOfferedTaskIsCancelledWhereItCanBeHadBack) {
  const CoreRef<OfferedCore> waiting(new OfferedCore(false));
  EXPECT_EQ(waiting->KnownState(), CoreState::kPending);
  EXPECT_EQ(waiting->state(), CoreState::kOffered);
  EXPECT_TRUE(waiting->Cancel());
  EXPECT_EQ(waiting->state(), CoreState::kCancelled);

  const CoreRef<OfferedCore> begun(new OfferedCore(true));
  EXPECT_FALSE(begun->Cancel());
  EXPECT_EQ(begun->state(), CoreState::kRunning);
}

TEST(CoreTest, WhetherAnOfferedTaskHasBegunIsAsked) {
  const CoreRef<OfferedCore> begun(new OfferedCore(true));
  EXPECT_EQ(begun->state(), CoreState::kOffered);
  EXPECT_EQ(begun->KnownState(), CoreState::kRunning);
}

TEST(CoreTest, ContinuationsAreAcceptedUntilDone) {
  std::vector<int> log;
  for (const CoreState state : kAllStates) {
    const CoreRef<IntCore> core = CoreIn(state);
    Recorder recorder(log, 1);
    EXPECT_EQ(core->Add(recorder), !IsFinal(state));
    EXPECT_EQ(core->HasContinuations(), !IsFinal(state));
    EXPECT_EQ(core->Remove(recorder), !IsFinal(state));
    EXPECT_FALSE(core->HasContinuations());
  }
  EXPECT_TRUE(log.empty());
}

TEST(CoreTest, WaitersAreToldBeforeAnythingRunsAndTheRestRunsInOrder) {
  std::vector<int> log;
  const CoreRef<IntCore> core = NewCore();
  Recorder first(log, 1), waiter(log, 2, true), second(log, 3), other_waiter(log, 4, true);
  for (Recorder* each : {&first, &waiter, &second, &other_waiter}) EXPECT_TRUE(core->Add(*each));
  ASSERT_TRUE(core->TryStart());
  core->Emplace(42);
  EXPECT_TRUE(core->Publish(CoreState::kValue));
  EXPECT_EQ(std::set<int>(log.begin(), log.end()), (std::set<int>{2, 4}));
  core->RunContinuations();
  ASSERT_EQ(log.size(), 4U);
  EXPECT_EQ(log[2], 1);
  EXPECT_EQ(log[3], 3);
}

TEST(CoreTest, NothingIsOwedWhereOnlyWaitersWereThere) {
  std::vector<int> log;
  const CoreRef<IntCore> core = NewCore();
  Recorder waiter(log, 1, true);
  EXPECT_TRUE(core->Add(waiter));
  ASSERT_TRUE(core->TryStart());
  core->Emplace(42);
  EXPECT_FALSE(core->Publish(CoreState::kValue));
  EXPECT_EQ(log, std::vector<int>{1});
}

TEST(CoreTest, RemovingFromEachPlaceLeavesTheOthers) {
  // All ways to remove two of four, in both orders.
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) {
      if (a == b) continue;
      std::vector<int> log;
      Recorder all[] = {{log, 0}, {log, 1}, {log, 2}, {log, 3}};
      const CoreRef<IntCore> core = NewCore();
      for (Recorder& each : all) EXPECT_TRUE(core->Add(each));
      EXPECT_TRUE(core->Remove(all[a]));
      EXPECT_TRUE(core->Remove(all[b]));
      EXPECT_TRUE(core->Cancel());
      std::vector<int> expected;
      for (int i = 0; i < 4; ++i) {
        if (i != a && i != b) expected.push_back(i);
      }
      EXPECT_EQ(log, expected);
      EXPECT_FALSE(core->Remove(all[a]));
    }
  }
}

TEST(CoreTest, TheSlotIsTakenOnce) {
  const CoreRef<IntCore> core = NewCore();
  void* const slot = core->TryTakeSlot();
  EXPECT_NE(slot, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(slot) % alignof(Continuation), 0U);
  EXPECT_EQ(core->TryTakeSlot(), nullptr);
  EXPECT_EQ(core->state(), CoreState::kPending);
  EXPECT_TRUE(core->Cancel());
  EXPECT_EQ(core->TryTakeSlot(), nullptr);
}

TEST(CoreTest, FlagsDoNotDisturbTheState) {
  const CoreRef<IntCore> core = NewCore();
  core->TryTakeSlot();
  EXPECT_FALSE(core->Wait(Deadline::after(1ms)));  // leaves the flag of a sleeper
  EXPECT_EQ(core->state(), CoreState::kPending);
  std::vector<int> log;
  Recorder recorder(log, 1);
  EXPECT_TRUE(core->Add(recorder));
  EXPECT_TRUE(core->TryStart());
  EXPECT_EQ(core->state(), CoreState::kRunning);
  core->FinishWithError(ErrorOf<std::domain_error>("failed"));
  core->MarkObserved();
  EXPECT_EQ(core->state(), CoreState::kException);
  EXPECT_EQ(log, std::vector<int>{1});
}

TEST(CoreTest, ReferencesKeepItAlive) {
  CoreRef<Core<Counted>> core(new Core<Counted>(1));
  core->TryStart();
  core->Emplace();
  core->Finish(CoreState::kValue);
  EXPECT_TRUE(core->IsOnlyReference());
  CoreRef<Core<Counted>> other = core;
  EXPECT_FALSE(core->IsOnlyReference());
  core = {};
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_TRUE(other->IsOnlyReference());
  CoreRef<Core<Counted>> shared = CoreRef<Core<Counted>>::Share(*other);
  CoreRef<Core<Counted>> adopted(other.release());
  EXPECT_EQ(shared, adopted);
  adopted = std::move(shared);
  EXPECT_EQ(Counted::alive, 1);
  adopted = {};
  EXPECT_EQ(Counted::alive, 0);
}

TEST(CoreTest, AResultThatWasTakenIsNotDestroyedAgain) {
  CoreRef<Core<Counted>> core(new Core<Counted>(1));
  core->TryClaim();
  core->Emplace();
  core->Finish(CoreState::kValue);
  EXPECT_TRUE(core->TryTake());
  { const Counted taken = core->MoveOut(); }
  EXPECT_EQ(Counted::alive, 0);
  core = {};
  EXPECT_EQ(Counted::alive, 0);
}

TEST(CoreTest, EmplaceResultOfKeepsWhatACallThrows) {
  const CoreRef<IntCore> core = NewCore();
  core->TryStart();
  core->Finish(core->EmplaceResultOf([]() -> int { throw std::length_error("call"); }));
  EXPECT_EQ(core->state(), CoreState::kException);
  EXPECT_THROW(std::rethrow_exception(core->error()), std::length_error);
  core->MarkObserved();
}

// Finishes another core when run, and hands that one's continuations back to the loop.
class FinishNext final : public Continuation {
 public:
  explicit FinishNext(CoreRef<IntCore> next) : next_(std::move(next)) {}
  CoreBase* Run(CoreBase& /*done*/) noexcept override {
    CoreRef<IntCore> next = std::move(next_);
    next->Emplace(1);
    return next->Publish(CoreState::kValue) ? next.release() : nullptr;
  }

 private:
  CoreRef<IntCore> next_;
};

TEST(CoreTest, ChainsAreRunByOneLoop) {
  const int length = kMany / 10;
  std::vector<CoreRef<IntCore>> cores;
  std::vector<std::unique_ptr<FinishNext>> links;
  for (int i = 0; i < length; ++i) {
    cores.push_back(NewCore());
    cores[i]->TryStart();
    // A link that an executor's queue has left behind must not matter.
    cores[i]->link = cores[0].get();
    if (i == 0) continue;
    links.push_back(std::make_unique<FinishNext>(cores[i]));
    EXPECT_TRUE(cores[i - 1]->Add(*links.back()));
  }
  cores[0]->Emplace(1);
  cores[0]->Finish(CoreState::kValue);
  for (const CoreRef<IntCore>& core : cores) {
    EXPECT_TRUE(core->done());
    EXPECT_TRUE(core->IsOnlyReference());
  }
}

// --- what a wait tells the executor of its thread

class FakeScheduler final : public WaitScheduler {
 public:
  FakeScheduler() { Current() = this; }
  ~FakeScheduler() { Current() = nullptr; }

  bool RunAwaited(CoreBase& awaited) override {
    ++asked;
    return runs && static_cast<IntCore&>(awaited).Cancel();
  }
  void BeginBlocking(Deadline deadline) override {
    last_deadline_is_never = deadline.is_never();
    if (refuses) throw std::runtime_error("no thread");
    ++began;
  }
  void EndBlocking() noexcept override { ++ended; }

  bool runs = false;
  bool refuses = false;
  bool last_deadline_is_never = false;
  int asked = 0;
  int began = 0;
  int ended = 0;
};

TEST(WaitSchedulerTest, IsNotToldOfWhatIsDoneOrOnlyPolled) {
  FakeScheduler scheduler;
  EXPECT_TRUE(CoreIn(CoreState::kValue)->Wait(Deadline::never()));
  EXPECT_FALSE(NewCore()->Wait(Deadline::after(0s)));
  EXPECT_EQ(scheduler.asked, 0);
  EXPECT_EQ(scheduler.began, 0);
}

TEST(WaitSchedulerTest, MayRunWhatIsAwaited) {
  FakeScheduler scheduler;
  scheduler.runs = true;
  EXPECT_TRUE(NewCore()->Wait(Deadline::never()));
  EXPECT_EQ(scheduler.asked, 1);
  EXPECT_EQ(scheduler.began, 0);
}

TEST(WaitSchedulerTest, IsToldOfASleepAndNotAskedToRunWhereThereIsADeadline) {
  FakeScheduler scheduler;
  scheduler.runs = true;
  EXPECT_FALSE(NewCore()->Wait(Deadline::after(1ms)));
  EXPECT_EQ(scheduler.asked, 0);
  EXPECT_FALSE(scheduler.last_deadline_is_never);
  EXPECT_EQ(scheduler.began, 1);
  EXPECT_EQ(scheduler.ended, 1);
}

TEST(WaitSchedulerTest, MayRefuseASleep) {
  FakeScheduler scheduler;
  scheduler.refuses = true;
  const CoreRef<IntCore> core = NewCore();
  EXPECT_THROW(core->Wait(Deadline::never()), std::runtime_error);
  EXPECT_TRUE(scheduler.last_deadline_is_never);
  EXPECT_EQ(scheduler.asked, 1);
  EXPECT_EQ(scheduler.ended, 0);
  EXPECT_TRUE(core->Cancel());
}

}  // namespace
}  // namespace cohort::internal
