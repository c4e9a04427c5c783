// The program on a disk that gets full: a small file system in memory, which only this test sees.
// Where none can be mounted, the tests are skipped.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "apps/image_resizer/resize.h"
#include "apps/image_resizer/test_images.h"
#include "apps/image_resizer/test_program.h"
#include "nlohmann/json.hpp"

namespace cohort::image_resizer::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kImages = 20;

bool WriteTo(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

// A name space of users in which this one may mount. Whom it does not know cannot own a file.
bool BecomeMounter() {
  const std::string user = std::to_string(geteuid());
  const std::string group = std::to_string(getegid());
  return unshare(CLONE_NEWUSER) == 0 && WriteTo("/proc/self/uid_map", user + " " + user + " 1") &&
         WriteTo("/proc/self/setgroups", "deny") &&
         WriteTo("/proc/self/gid_map", group + " " + group + " 1");
}

// From then on, what this process mounts is its own. A root may do so, and most users in a name
// space of theirs.
bool HideMounts() {
  static const bool hidden = (geteuid() == 0 || BecomeMounter()) && unshare(CLONE_NEWNS) == 0 &&
                             mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return hidden;
}

class FullDiskTest : public ProgramTest {
 protected:
  void SetUp() override {
    fs::create_directories(Path("out"));
    is_mounted_ =
        HideMounts() && mount("none", Path("out").c_str(), "tmpfs", MS_NOSUID, "size=64k") == 0;
    if (!is_mounted_) GTEST_SKIP() << "no file system can be mounted: " << std::strerror(errno);
    for (int i = 0; i < kImages; ++i) {
      Write("in/" + std::to_string(100 + i) + ".jpg", MakeJpeg(Photo(200, 200, 3)));
    }
  }
  void TearDown() override {
    if (is_mounted_) umount(Path("out").c_str());
  }

  nlohmann::json Resize(const std::string& option) {
    ended_ = RunProgram({Path("in"), "-o", Path("out"), "--size=200", option, "--json"});
    return nlohmann::json::parse(ended_.out);
  }

  // No half ones, nor what was begun.
  void ExpectWholeFiles(int count) const {
    int files = 0;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(Path("out"))) {
      ++files;
      EXPECT_EQ(entry.path().extension(), ".jpg");
      const std::string content = Read("out/" + entry.path().filename().string());
      EXPECT_NO_THROW(image_resizer::Resize(std::as_bytes(std::span(content)), {.width = 10}));
    }
    EXPECT_EQ(files, count);
  }

  apps::Ended ended_;

 private:
  bool is_mounted_ = false;
};

TEST_F(FullDiskTest, EndsTheRunAndLeavesNoHalfFile) {
  const auto json = Resize("--quality=85");
  EXPECT_EQ(ended_.status, 4);
  EXPECT_THAT(ended_.err, HasSubstr("nothing more can be written: No space left on device"));
  EXPECT_EQ(json["complete"], false);
  const int resized = json["summary"]["resized"];
  EXPECT_GT(resized, 0);
  EXPECT_EQ(json["summary"]["failed"], 1);
  EXPECT_EQ(json["summary"]["not_done"], kImages - 1 - resized);
  ExpectWholeFiles(resized);
}

// What an earlier run has written stays as it was.
TEST_F(FullDiskTest, DoesNotCostWhatIsThere) {
  const int before = Resize("--quality=85")["summary"]["resized"];
  EXPECT_EQ(Resize("--force")["summary"]["failed"], 1);
  EXPECT_EQ(ended_.status, 4);
  ExpectWholeFiles(before);
}

// With room again, the rest is done.
TEST_F(FullDiskTest, UpdateGoesOnWhereItEnded) {
  const int before = Resize("--quality=85")["summary"]["resized"];
  ASSERT_EQ(mount("none", Path("out").c_str(), "tmpfs", MS_REMOUNT | MS_NOSUID, "size=8m"), 0);
  const auto json = Resize("--update");
  EXPECT_EQ(ended_.status, 0);
  EXPECT_EQ(json["summary"]["up_to_date"], before);
  EXPECT_EQ(json["summary"]["resized"], kImages - before);
  ExpectWholeFiles(kImages);
}

}  // namespace
}  // namespace cohort::image_resizer::testing

int main(int argc, char** argv) {
  return cohort::image_resizer::testing::RunProgramTests(argc, argv);
}
