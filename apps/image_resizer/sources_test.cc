#include "apps/image_resizer/sources.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace cohort::image_resizer {
namespace {

namespace fs = std::filesystem;

class SourcesTest : public testing::Test {
 protected:
  SourcesTest() {
    std::string pattern = testing::TempDir() + "/sources_test.XXXXXX";
    root_ = mkdtemp(pattern.data());
    fs::create_directories(root_ / "in");
    fs::create_directory_symlink("in", root_ / "link");
    Write("in/a.jpg");
  }
  ~SourcesTest() override { fs::remove_all(root_); }

  void Write(const std::string& name) { std::ofstream(root_ / name) << name; }

  // Another file of that name, as programs do that write a new one and rename it.
  void Replace(const std::string& name) {
    Write("new");
    fs::rename(root_ / "new", root_ / name);
  }

  Sources Of(const std::string& name) {
    return Sources(FindImages({root_ / name}, {}, {.out = root_ / "out"}).images);
  }

  fs::path root_;
};

TEST_F(SourcesTest, ByWhateverName) {
  Write("in/b.txt");
  fs::create_hard_link(root_ / "in/a.jpg", root_ / "hard");
  fs::create_symlink("in/a.jpg", root_ / "soft");
  const Sources sources = Of("in");
  for (const char* name : {"in/a.jpg", "in/../in/a.jpg", "link/a.jpg", "hard", "soft"}) {
    EXPECT_TRUE(sources.Contains(root_ / name)) << name;
  }
  for (const char* name : {"in/b.txt", "in/new.jpg", "a.jpg", "no/a.jpg"}) {
    EXPECT_FALSE(sources.Contains(root_ / name)) << name;
  }
}

TEST_F(SourcesTest, ReplacedByAnotherFileInTheMeantime) {
  fs::create_symlink("in/a.jpg", root_ / "soft");
  for (const char* named : {"in", "link/a.jpg", "soft"}) {
    const Sources sources = Of(named);
    Replace("in/a.jpg");
    for (const char* name : {"in/a.jpg", "link/a.jpg", "soft"}) {
      EXPECT_TRUE(sources.Contains(root_ / name)) << named << " " << name;
    }
  }
}

TEST_F(SourcesTest, WhatIsRefusedIsOneAsWell) {
  fs::create_hard_link(root_ / "in/a.jpg", root_ / "hard");
  const FindOptions options = {.base = root_ / "other", .out = root_ / "out"};
  const Found found = FindImages({root_ / "in/a.jpg"}, {}, options);
  ASSERT_NE(found.images.at(0).error, "");
  const Sources sources(found.images);
  EXPECT_TRUE(sources.Contains(root_ / "in/a.jpg"));
  EXPECT_TRUE(sources.Contains(root_ / "hard"));
}

}  // namespace
}  // namespace cohort::image_resizer
