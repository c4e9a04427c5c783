#include "ipc/oom.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace cohort::ipc {
namespace {

class OomKillsTest : public testing::Test {
 protected:
  OomKillsTest()
      : root_(testing::TempDir() + "/" +
              testing::UnitTest::GetInstance()->current_test_info()->name() + "/") {
    std::filesystem::remove_all(root_);
  }
  ~OomKillsTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file(root_ + path);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::optional<uint64_t> Kills() const { return oom_kills(root_); }

  const std::string root_;
};

TEST_F(OomKillsTest, NoFiles) { EXPECT_EQ(Kills(), std::nullopt); }

TEST_F(OomKillsTest, Version2) {
  Write("proc/self/cgroup", "0::/service\n");
  Write("sys/fs/cgroup/service/memory.events", "low 0\nhigh 7\noom 5\noom_kill 3\n");
  EXPECT_EQ(Kills(), 3U);
}

TEST_F(OomKillsTest, Version2InAContainer) {
  Write("proc/self/cgroup", "0::/\n");
  Write("sys/fs/cgroup/memory.events", "oom 5\noom_kill 4\n");
  EXPECT_EQ(Kills(), 4U);
}

TEST_F(OomKillsTest, Version1) {
  Write("proc/self/cgroup", "5:cpu:/docker/x\n4:memory:/docker/x\n0::/\n");
  Write("sys/fs/cgroup/memory/docker/x/memory.oom_control",
        "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  EXPECT_EQ(Kills(), 2U);
}

TEST_F(OomKillsTest, Version1InAContainer) {  // the group's name is the host's
  Write("proc/self/cgroup", "4:memory:/docker/0123456789\n");
  Write("sys/fs/cgroup/memory/memory.oom_control", "under_oom 0\noom_kill 6\n");
  EXPECT_EQ(Kills(), 6U);
}

TEST_F(OomKillsTest, OfTheWholeMachineWhereTheGroupHasNone) {
  Write("proc/self/cgroup", "0::/service\n");
  Write("proc/vmstat", "nr_free_pages 5\noom_kill 9\n");
  EXPECT_EQ(Kills(), 9U);
}

TEST_F(OomKillsTest, Garbage) {
  Write("proc/self/cgroup", "\n:\n::\nnonsense\n4:memory\n0::/x\n");
  for (const char* text : {"", "oom_kill", "oom_kill x", "oom_killer 3", "\n"}) {
    Write("sys/fs/cgroup/x/memory.events", text);
    EXPECT_EQ(Kills(), std::nullopt) << text;
  }
}

TEST(OomKills, OfThisMachine) { EXPECT_TRUE(oom_kills()); }

std::string Score() {
  std::ifstream file("/proc/self/oom_score_adj");
  std::string text;
  std::getline(file, text);
  return text;
}

// In children, for a process cannot always lower its score again.
template <typename F>
bool HoldsInChild(F condition) {
  const pid_t child = fork();
  if (child == 0) _exit(condition() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0;
}

TEST(RaiseOomScore, ByThreeHundredAtATime) {
  if (Score().empty() || std::stoi(Score()) > 400) GTEST_SKIP() << "the score is high already";
  const int before = std::stoi(Score());
  EXPECT_TRUE(HoldsInChild([before] {
    return raise_oom_score() && std::stoi(Score()) == before + 300;  //
  }));
}

TEST(RaiseOomScore, NoHigherThanTheHighest) {
  EXPECT_TRUE(HoldsInChild([] {
    for (int i = 0; i < 8; ++i) {
      if (!raise_oom_score()) return false;
    }
    return Score() == "1000";
  }));
}

}  // namespace
}  // namespace cohort::ipc
