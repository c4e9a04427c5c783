#include "futures/internal/completion_set.h"

#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "futures/internal/core.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"

namespace cohort::internal {
namespace {

using namespace std::chrono_literals;

using IntCore = Core<int>;

CoreRef<IntCore> NewCore() { return CoreRef<IntCore>(new IntCore(1)); }

CoreRef<CoreBase> Share(const CoreRef<IntCore>& core) { return CoreRef<CoreBase>::Share(*core); }

void Finish(const CoreRef<IntCore>& core) {
  core->TryStart();
  core->Emplace(1);
  core->Finish(CoreState::kValue);
}

TEST(CompletionSetTest, GivesInTheOrderOfCompletion) {
  std::vector<CoreRef<IntCore>> cores;
  CompletionSet set;
  for (int i = 0; i < 5; ++i) {
    cores.push_back(NewCore());
    set.Add(Share(cores.back()));
  }
  EXPECT_EQ(set.size(), 5U);
  EXPECT_FALSE(set.Take());
  for (const int i : {3, 0, 4}) Finish(cores[i]);
  for (const int i : {3, 0}) EXPECT_EQ(set.Take().get(), cores[i].get());
  for (const int i : {2, 1}) Finish(cores[i]);
  for (const int i : {4, 2, 1}) EXPECT_EQ(set.Take().get(), cores[i].get());
  EXPECT_FALSE(set.Take());
  EXPECT_EQ(set.size(), 0U);
}

TEST(CompletionSetTest, WhatIsDoneArrivesAtOnce) {
  const CoreRef<IntCore> core = NewCore();
  Finish(core);
  CompletionSet set;
  set.Add(Share(core));
  EXPECT_TRUE(set.WaitForArrival(Deadline::after(0s)));
  EXPECT_EQ(set.Take().get(), core.get());
}

TEST(CompletionSetTest, WhatIsAddedWhenDoneComesAfterWhatWasDoneBefore) {
  const CoreRef<IntCore> first = NewCore();
  const CoreRef<IntCore> second = NewCore();
  CompletionSet set;
  set.AddUnwatched(Share(first));
  Finish(first);
  Finish(second);
  set.AddUnwatched(Share(second));
  EXPECT_EQ(set.Take().get(), first.get());
  EXPECT_EQ(set.Take().get(), second.get());
}

TEST(CompletionSetTest, WaitsAndTimesOut) {
  const CoreRef<IntCore> core = NewCore();
  CompletionSet set;
  set.Add(Share(core));
  EXPECT_FALSE(set.WaitForArrival(Deadline::after(0s)));
  EXPECT_FALSE(set.WaitForArrival(Deadline::after(1ms)));
  BlockedThread waiter([&] { EXPECT_TRUE(set.WaitForArrival(Deadline::never())); });
  Finish(core);
  waiter.Join();
  EXPECT_TRUE(set.WaitForArrival(Deadline::never()));
  EXPECT_TRUE(set.Take());
}

TEST(CompletionSetTest, HoldsAReferenceUntilTaken) {
  const CoreRef<IntCore> core = NewCore();
  {
    CompletionSet set;
    set.Add(Share(core));
    EXPECT_FALSE(core->IsOnlyReference());
    Finish(core);
    { const CoreRef<CoreBase> taken = set.Take(); }
    EXPECT_TRUE(core->IsOnlyReference());
    set.Add(Share(core));
    EXPECT_FALSE(core->IsOnlyReference());
  }
  EXPECT_TRUE(core->IsOnlyReference());
}

TEST(CompletionSetTest, DroppedItTakesBackItsNodes) {
  std::vector<CoreRef<IntCore>> cores;
  {
    CompletionSet set;
    for (int i = 0; i < 100; ++i) {
      cores.push_back(NewCore());
      set.Add(Share(cores.back()));
    }
    Finish(cores[7]);
  }
  for (const CoreRef<IntCore>& core : cores) {
    EXPECT_TRUE(core->IsOnlyReference());
    EXPECT_FALSE(core->HasContinuations());
  }
  Finish(cores[8]);
}

TEST(CompletionSetTest, NodesAreUsedAgain) {
  const CoreRef<IntCore> done = NewCore();
  Finish(done);
  CompletionSet set;
  for (int i = 0; i < 10'000; ++i) {
    set.Add(Share(done));
    EXPECT_TRUE(set.Take());
  }
}

TEST(CompletionSetTest, GrowsWithoutBeingAskedTo) {
  std::vector<CoreRef<IntCore>> cores;
  CompletionSet set;
  set.Reserve(3);
  set.Reserve(0);
  for (int i = 0; i < 20'000; ++i) {
    cores.push_back(NewCore());
    set.Add(Share(cores.back()));
  }
  for (const CoreRef<IntCore>& core : cores) Finish(core);
  for (const CoreRef<IntCore>& core : cores) EXPECT_EQ(set.Take().get(), core.get());
}

TEST(CompletionSetTest, CanBeMoved) {
  const CoreRef<IntCore> core = NewCore();
  CompletionSet from;
  from.Add(Share(core));
  CompletionSet to = std::move(from);
  Finish(core);
  EXPECT_TRUE(to.Take());
  CompletionSet assigned;
  assigned = std::move(to);
  EXPECT_EQ(assigned.size(), 0U);
}

// A waiter that holds the completing thread up between the state's last step and its notification:
// the moment in which a set that is dropped cannot take its node back.
class Gate final : public Continuation {
 public:
  bool Notify(CoreBase& /*done*/) noexcept override {
    reached_.store(true);
    while (!open_.load()) sched_yield();
    return true;
  }
  void WaitUntilReached() const {
    while (!reached_.load()) sched_yield();
  }
  void Open() { open_.store(true); }

 private:
  std::atomic<bool> reached_{false};
  std::atomic<bool> open_{false};
};

TEST(CompletionSetTest, AStrayFindsTheSetsMemory) {
  const CoreRef<IntCore> core = NewCore();
  auto set = std::make_unique<CompletionSet>();
  set->Add(Share(core));
  set->Add(Share(core));
  Gate gate;  // newest, and so told first
  ASSERT_TRUE(core->Add(gate));
  std::thread completing([&] { Finish(core); });
  gate.WaitUntilReached();
  set = nullptr;
  gate.Open();
  completing.join();
  EXPECT_TRUE(core->IsOnlyReference());
}

TEST(CompletionSetTest, AStrayArrivesBeforeTheSetIsDropped) {
  const CoreRef<IntCore> core = NewCore();
  CompletionSet set;
  set.Add(Share(core));
  Gate gate;
  ASSERT_TRUE(core->Add(gate));
  std::thread completing([&] { Finish(core); });
  gate.WaitUntilReached();
  EXPECT_TRUE(core->done());
  EXPECT_FALSE(set.Take());  // done, but not arrived
  gate.Open();
  EXPECT_TRUE(set.WaitForArrival(Deadline::never()));
  EXPECT_TRUE(set.Take());
  completing.join();
}

}  // namespace
}  // namespace cohort::internal
