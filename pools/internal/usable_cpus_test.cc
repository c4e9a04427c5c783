#include "pools/internal/usable_cpus.h"

#include <sched.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace cohort::internal {
namespace {

class CgroupQuotaTest : public testing::Test {
 protected:
  CgroupQuotaTest()
      : root_(testing::TempDir() + "/" +
              testing::UnitTest::GetInstance()->current_test_info()->name() + "/") {
    std::filesystem::remove_all(root_);
  }
  ~CgroupQuotaTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file(root_ + path);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::optional<int> Quota() const { return CgroupQuota(root_); }

  const std::string root_;
};

TEST_F(CgroupQuotaTest, NoFiles) { EXPECT_EQ(Quota(), std::nullopt); }

TEST_F(CgroupQuotaTest, Version2) {
  Write("proc/self/cgroup", "0::/service\n");
  Write("sys/fs/cgroup/service/cpu.max", "200000 100000\n");
  EXPECT_EQ(Quota(), 2);
  Write("sys/fs/cgroup/service/cpu.max", "150000 100000\n");
  EXPECT_EQ(Quota(), 2);  // rounded up
  Write("sys/fs/cgroup/service/cpu.max", "1000 100000\n");
  EXPECT_EQ(Quota(), 1);
  Write("sys/fs/cgroup/service/cpu.max", "max 100000\n");
  EXPECT_EQ(Quota(), std::nullopt);
}

TEST_F(CgroupQuotaTest, Version2InAContainer) {  // where the group is the root of what one sees
  Write("proc/self/cgroup", "0::/\n");
  Write("sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(Quota(), 3);
}

TEST_F(CgroupQuotaTest, TheLeastOfTheGroupsAround) {
  Write("proc/self/cgroup", "0::/a/b/c\n");
  Write("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  Write("sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
  Write("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  EXPECT_EQ(Quota(), 2);
  Write("sys/fs/cgroup/a/b/c/cpu.max", "100000 100000\n");
  EXPECT_EQ(Quota(), 1);
}

TEST_F(CgroupQuotaTest, Version1) {
  Write("proc/self/cgroup", "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n");
  Write("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "250000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota(), 3);
  Write("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(Quota(), std::nullopt);
}

TEST_F(CgroupQuotaTest, Version1UnderItsShortName) {
  Write("proc/self/cgroup", "4:cpuacct,cpu:/x\n");
  Write("sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "400000\n");
  Write("sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "200000\n");
  EXPECT_EQ(Quota(), 2);
}

TEST_F(CgroupQuotaTest, Version1InAContainer) {  // the group's name is the host's
  Write("proc/self/cgroup", "4:cpu,cpuacct:/docker/0123456789\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota(), 2);
}

TEST_F(CgroupQuotaTest, Garbage) {
  Write("proc/self/cgroup", "\n:\n::\nnonsense\n4:cpu\n0::/x\n7:cpuset:/x\n");
  for (const char* text : {"", "max", "x y", "100000", "100000 0", "-5 100000", "0 100000", "\n"}) {
    Write("sys/fs/cgroup/x/cpu.max", text);
    EXPECT_EQ(Quota(), std::nullopt) << text;
  }
}

TEST(UsableCpus, FollowsTheAffinityMask) {
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  EXPECT_GE(UsableCpus(), 1);
  EXPECT_LE(UsableCpus(), CPU_COUNT(&all));
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(UsableCpus(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
}

}  // namespace
}  // namespace cohort::internal
