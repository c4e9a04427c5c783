#include "pools/internal/executor_registry.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>

#include "futures/internal/test_util.h"
#include "gtest/gtest.h"

namespace cohort::internal {
namespace {

class FakeExecutor final : public RegisteredExecutor {
 public:
  explicit FakeExecutor(std::atomic<int>& cancelled) : cancelled_(cancelled) {}
  ~FakeExecutor() { Unregister(); }

 private:
  void OnCancelled() noexcept override { ++cancelled_; }

  std::atomic<int>& cancelled_;
};

TEST(ExecutorRegistry, TellsTheOneWithThatNumber) {
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  const FakeExecutor one(first);
  const FakeExecutor two(second);
  EXPECT_NE(one.id(), 0);
  EXPECT_NE(one.id(), two.id());
  RegisteredExecutor::NotifyCancelled(two.id());
  RegisteredExecutor::NotifyCancelled(0);
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST(ExecutorRegistry, ForgetsOneThatIsGone) {
  std::atomic<int> cancelled{0};
  auto executor = std::make_unique<FakeExecutor>(cancelled);
  const uint32_t id = executor->id();
  executor.reset();
  RegisteredExecutor::NotifyCancelled(id);
  EXPECT_EQ(cancelled, 0);
  EXPECT_NE(FakeExecutor(cancelled).id(), id);
}

TEST(ExecutorRegistry, NobodyIsToldAfterUnregistering) {
  std::atomic<uint32_t> current{0};
  std::atomic<bool> stop{false};
  RunThreads(3, [&](int index) {
    if (index > 0) {
      while (!stop) RegisteredExecutor::NotifyCancelled(current);
      return;
    }
    for (int i = 0; i < 2'000; ++i) {
      auto cancelled = std::make_unique<std::atomic<int>>(0);
      const FakeExecutor executor(*cancelled);
      current = executor.id();
    }
    stop = true;
  });
}

// CPython: test_thread_pool.test_hang_global_shutdown_lock
TEST(ExecutorRegistry, AForkedChildFindsItUnlocked) {
  std::atomic<bool> stop{false};
  std::jthread busy([&] {
    while (!stop) RegisteredExecutor::NotifyCancelled(1);
  });
  for (int i = 0; i < 50; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      RegisteredExecutor::NotifyCancelled(1);
      _exit(0);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  stop = true;
}

}  // namespace
}  // namespace cohort::internal
