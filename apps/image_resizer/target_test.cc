#include "apps/image_resizer/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace cohort::image_resizer {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

std::vector<std::string> Assigned(const std::vector<std::string>& names, OutputFormat format) {
  std::vector<FoundImage> images;
  for (const std::string& name : names) images.push_back({.path = "in/" + name, .name = name});
  std::vector<std::string> paths;
  for (const Target& target : AssignTargets(images, "out", format)) {
    paths.push_back(target.error.empty() ? target.path : "! " + target.error);
  }
  return paths;
}

TEST(AssignTargetsTest, NamesAreKept) {
  EXPECT_THAT(Assigned({"a.jpg", "b/a.JPG", "c.png", "photo"}, OutputFormat::kAsInput),
              ElementsAre("out/a.jpg", "out/b/a.JPG", "out/c.png", "out/photo"));
}

TEST(AssignTargetsTest, ExtensionsFollowTheFormat) {
  EXPECT_THAT(Assigned({"a.JPEG", "b.PNG", "c.d/e", "f.v1"}, OutputFormat::kJpeg),
              ElementsAre("out/a.JPEG", "out/b.PNG.jpg", "out/c.d/e.jpg", "out/f.v1.jpg"));
  EXPECT_THAT(Assigned({"a.jpeg", "b.PNG"}, OutputFormat::kPng),
              ElementsAre("out/a.jpeg.png", "out/b.PNG"));
}

TEST(AssignTargetsTest, OneStemWithTwoExtensions) {
  EXPECT_THAT(Assigned({"a.png", "a.jpg"}, OutputFormat::kJpeg),
              ElementsAre("out/a.png.jpg", "out/a.jpg"));
  EXPECT_THAT(Assigned({"a.jpeg", "a.jpg"}, OutputFormat::kPng),
              ElementsAre("out/a.jpeg.png", "out/a.jpg.png"));
}

TEST(AssignTargetsTest, ANameDoesNotDependOnWhatElseThereIs) {
  EXPECT_THAT(Assigned({"a.png"}, OutputFormat::kJpeg), ElementsAre("out/a.png.jpg"));
}

TEST(AssignTargetsTest, TheLongestNames) {
  const std::string in_folder = "in_a_folder/";
  const std::string n247(247, 'n');
  EXPECT_THAT(Assigned({in_folder + n247 + ".png", n247 + "n.png"}, OutputFormat::kJpeg),
              ElementsAre("out/in_a_folder/" + n247 + ".png.jpg", "out/" + n247 + "n.jpg"));
}

TEST(AssignTargetsTest, OneNameForTwo) {
  EXPECT_THAT(Assigned({"a.jpg", "a.jpg"}, OutputFormat::kAsInput),
              ElementsAre("out/a.jpg",
                          "! in/a.jpg is written to out/a.jpg as well; with --base, files keep "
                          "their folders"));
}

TEST(AssignTargetsTest, WhatCannotBeReadTakesNoName) {
  const std::vector<FoundImage> images = {{.path = "x", .name = "a", .error = "no"}, {"y", "a"}};
  const std::vector<Target> targets = AssignTargets(images, "out", OutputFormat::kAsInput);
  EXPECT_EQ(targets[0].path, "");
  EXPECT_EQ(targets[1].path, "out/a");
  EXPECT_EQ(targets[1].error, "");
}

class JudgeTest : public testing::Test {
 protected:
  JudgeTest() {
    std::string pattern = testing::TempDir() + "/judge_test.XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~JudgeTest() override { fs::remove_all(root_); }

  std::string Write(const std::string& name) {
    std::ofstream(root_ / name) << name;
    return root_ / name;
  }

  static struct stat StatusOf(const std::string& path) {
    struct stat status = {};
    stat(path.c_str(), &status);
    return status;
  }

  static FileId IdOf(const std::string& path) {
    const struct stat status = StatusOf(path);
    return {status.st_dev, status.st_ino};
  }

  Verdict JudgeFor(const std::string& target, Existing existing, timespec modified = {}) const {
    return Judge(target, {.modified = modified}, sources_, taken_, existing);
  }

  fs::path root_;
  Sources sources_;
  std::set<FileId> taken_;
};

TEST_F(JudgeTest, WhatIsThere) {
  const std::string file = Write("file");
  EXPECT_EQ(JudgeFor(root_ / "new", Existing::kRefuse), Verdict::kCreate);
  EXPECT_EQ(JudgeFor(file, Existing::kRefuse), Verdict::kExists);
  EXPECT_EQ(JudgeFor(file, Existing::kReplace), Verdict::kReplace);
  EXPECT_EQ(JudgeFor(root_, Existing::kReplace), Verdict::kIsFolder);
}

TEST_F(JudgeTest, UpdateComparesTimes) {
  const std::string file = Write("file");
  EXPECT_EQ(JudgeFor(file, Existing::kUpdate), Verdict::kUpToDate);
  timespec time = StatusOf(file).st_mtim;
  EXPECT_EQ(JudgeFor(file, Existing::kUpdate, time), Verdict::kUpToDate);
  ++time.tv_nsec;
  EXPECT_EQ(JudgeFor(file, Existing::kUpdate, time), Verdict::kReplace);
  EXPECT_EQ(JudgeFor(file, Existing::kUpdate, {-1, 999'999'999}), Verdict::kUpToDate);
  EXPECT_EQ(JudgeFor(file, Existing::kUpdate, {std::int64_t{1} << 40, 0}), Verdict::kReplace);
}

TEST_F(JudgeTest, WhatIsEmptyIsNotUpToDate) {
  std::ofstream(root_ / "empty");
  EXPECT_EQ(JudgeFor(root_ / "empty", Existing::kUpdate), Verdict::kReplace);
  EXPECT_EQ(JudgeFor(root_ / "empty", Existing::kRefuse), Verdict::kExists);
}

TEST_F(JudgeTest, TwoNamesForOneFile) {
  taken_ = {IdOf(Write("file"))};
  fs::create_directory_symlink(".", root_ / "link");
  for (const Existing existing : {Existing::kRefuse, Existing::kUpdate, Existing::kReplace}) {
    EXPECT_EQ(JudgeFor(root_ / "link/file", existing), Verdict::kIsACopy);
  }
}

// The source is not among those that were found.
TEST_F(JudgeTest, ItselfByWhateverName) {
  const std::string file = Write("file");
  fs::create_hard_link(file, root_ / "hard");
  EXPECT_EQ(Judge(root_ / "hard", {.path = file}, {}, {}, Existing::kReplace), Verdict::kIsASource);
}

TEST_F(JudgeTest, SourcesByWhateverName) {
  const std::string file = Write("file");
  sources_ = Sources({{.path = file, .id = IdOf(file)}});
  fs::create_hard_link(file, root_ / "hard");
  fs::create_symlink("file", root_ / "soft");
  for (const char* name : {"file", "hard", "soft"}) {
    for (const Existing existing : {Existing::kRefuse, Existing::kUpdate, Existing::kReplace}) {
      EXPECT_EQ(JudgeFor(root_ / name, existing), Verdict::kIsASource);
    }
  }
}

TEST_F(JudgeTest, ALinkToNothingExists) {
  fs::create_symlink("nowhere", root_ / "link");
  EXPECT_EQ(JudgeFor(root_ / "link", Existing::kRefuse), Verdict::kExists);
  EXPECT_EQ(JudgeFor(root_ / "link", Existing::kReplace), Verdict::kReplace);
}

}  // namespace
}  // namespace cohort::image_resizer
