#include "apps/image_resizer/find_images.h"

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
using testing::HasSubstr;
using testing::IsEmpty;

class FindImagesTest : public testing::Test {
 protected:
  FindImagesTest() {
    std::string pattern = testing::TempDir() + "/find_images_test.XXXXXX";
    root_ = mkdtemp(pattern.data());
    options_.out = root_ / "out";
  }
  ~FindImagesTest() override { fs::remove_all(root_); }

  std::string Write(const std::string& name) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << name;
    return root_ / name;
  }

  std::string Path(const std::string& name) const { return root_ / name; }

  std::vector<std::string> Names(const std::vector<std::string>& named,
                                 const std::vector<std::string>& listed = {}) {
    std::vector<std::string> names;
    for (const FoundImage& image : FindImages(named, listed, options_).images) {
      names.push_back(image.error.empty() ? image.name : "! " + image.error);
    }
    return names;
  }

  fs::path root_;
  FindOptions options_;
};

TEST_F(FindImagesTest, AFolderInOrder) {
  for (const char* name : {"in/b.jpg", "in/a/z.PNG", "in/a.jpeg", "in/c.txt", "in/jpg", "in/.d.jpg",
                           "in/.git/e.jpg"}) {
    Write(name);
  }
  EXPECT_THAT(Names({Path("in")}), ElementsAre("a/z.PNG", "a.jpeg", "b.jpg"));
  EXPECT_THAT(Names({Path("in") + "/"}), ElementsAre("a/z.PNG", "a.jpeg", "b.jpg"));
  options_.hidden = true;
  EXPECT_THAT(Names({Path("in")}),
              ElementsAre(".d.jpg", ".git/e.jpg", "a/z.PNG", "a.jpeg", "b.jpg"));
}

TEST_F(FindImagesTest, WhatIsNamedIsTakenWhateverItsName) {
  EXPECT_THAT(Names({Write("x/photo"), Write("y/b.jpg")}), ElementsAre("photo", "b.jpg"));
}

TEST_F(FindImagesTest, SeveralFolders) {
  Write("x/a.jpg");
  Write("y/z/a.jpg");
  EXPECT_THAT(Names({Path("x"), Path("y/z/")}), ElementsAre("x/a.jpg", "z/a.jpg"));
}

TEST_F(FindImagesTest, AFileTwice) {
  const std::string a = Write("a.jpg");
  EXPECT_THAT(Names({a, a, Path("./a.jpg")}), ElementsAre("a.jpg"));
}

TEST_F(FindImagesTest, ListsKeepRelativePaths) {
  const fs::path before = fs::current_path();
  Write("x/a.jpg");
  Write("y/b.jpg");
  fs::current_path(root_ / "x");
  EXPECT_THAT(Names({}, {"./a.jpg", "../y/b.jpg", Path("y/b.jpg")}), ElementsAre("a.jpg", "b.jpg"));
  fs::current_path(root_);
  EXPECT_THAT(Names({}, {"x/a.jpg", "x/../y/b.jpg", "y"}), ElementsAre("x/a.jpg", "y/b.jpg"));
  fs::current_path(before);
}

TEST_F(FindImagesTest, Base) {
  Write("in/x/a.jpg");
  options_.base = Path("in");
  EXPECT_THAT(Names({Path("in/x")}), ElementsAre("x/a.jpg"));
  EXPECT_THAT(Names({Path("in")}), ElementsAre("x/a.jpg"));
  EXPECT_THAT(Names({Path("in/x/../x/a.jpg")}), ElementsAre("x/a.jpg"));
  EXPECT_THAT(Names({Write("inside.jpg")}), ElementsAre("! not below the folder of --base"));
}

TEST_F(FindImagesTest, TheOutputFolderIsLeftOut) {
  Write("in/a.jpg");
  Write("in/out/a.jpg");
  options_.out = Path("in/out/");
  EXPECT_THAT(Names({Path("in")}), ElementsAre("a.jpg"));
  EXPECT_THAT(Names({Path("in/out")}), ElementsAre("! it is the output folder"));
}

TEST_F(FindImagesTest, LinksOnlyIfTheyAreToBeFollowed) {
  Write("in/a.jpg");
  Write("other/b.jpg");
  fs::create_directory_symlink(Path("other"), Path("in/link"));
  fs::create_directory_symlink(Path("in"), Path("in/loop"));
  fs::create_symlink("nowhere", Path("in/c.jpg"));
  EXPECT_THAT(Names({Path("in")}), ElementsAre("a.jpg"));
  options_.follow_symlinks = true;
  EXPECT_THAT(Names({Path("in")}),
              ElementsAre("a.jpg", "! No such file or directory", "link/b.jpg"));
}

TEST_F(FindImagesTest, WhatIsNoFile) {
  fs::create_directory(Path("in"));
  ASSERT_EQ(mkfifo(Path("in/pipe.jpg").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo(Path("in/pipe").c_str(), 0600), 0);
  EXPECT_THAT(Names({Path("in")}), ElementsAre("! a named pipe, not a file"));
  EXPECT_THAT(Names({Path("in/pipe"), "/dev/null", Path("missing")}),
              ElementsAre("! a named pipe, not a file", "! a device, not a file",
                          "! No such file or directory"));
}

TEST_F(FindImagesTest, WhatIsRefusedIsKnown) {
  options_.base = Path("other");
  const std::string a = Write("in/a.jpg");
  struct stat status = {};
  stat(a.c_str(), &status);
  EXPECT_EQ(FindImages({a}, {}, options_).images.at(0).id, (FileId{status.st_dev, status.st_ino}));
}

TEST_F(FindImagesTest, AnEmptyFolderIsNoted) {
  fs::create_directory(Path("in"));
  const Found found = FindImages({Path("in")}, {}, options_);
  EXPECT_THAT(found.images, IsEmpty());
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("no image in this folder")));
}

}  // namespace
}  // namespace cohort::image_resizer
