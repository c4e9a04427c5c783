#include "apps/common/new_file.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>

namespace cohort::apps {
namespace {

namespace fs = std::filesystem;

class NewFileTest : public testing::Test {
 protected:
  NewFileTest() {
    std::string pattern = testing::TempDir() + "/new_file_test.XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~NewFileTest() override { fs::remove_all(root_); }

  std::size_t Files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(root_), {}));
  }

  static std::string Content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  void Put(const std::string& name, const std::string& text, IfExists if_exists) const {
    NewFile file(root_ / name);
    file.Write(text);
    file.Publish(if_exists);
  }

  fs::path root_;
};

int ErrorOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

TEST_F(NewFileTest, HasItsNameWhenItIsPublished) {
  NewFile file(root_ / "a");
  file.Write("one ");
  file.Write("two");
  EXPECT_FALSE(fs::exists(root_ / "a"));
  file.Publish(IfExists::kFail);
  EXPECT_EQ(Content(root_ / "a"), "one two");
  EXPECT_EQ(Files(), 1);
}

TEST_F(NewFileTest, LeavesNothingWhenItIsDropped) {
  {
    NewFile file(root_ / "a");
    file.Write("one");
    EXPECT_EQ(Files(), 1);
  }
  EXPECT_EQ(Files(), 0);
}

TEST_F(NewFileTest, ReplacesOnlyWhenItIsToldTo) {
  Put("a", "old", IfExists::kFail);
  EXPECT_EQ(ErrorOf([&] { Put("a", "new", IfExists::kFail); }), EEXIST);
  EXPECT_EQ(Content(root_ / "a"), "old");
  Put("a", "new", IfExists::kReplace);
  EXPECT_EQ(Content(root_ / "a"), "new");
  EXPECT_EQ(Files(), 1);
}

// Makes this thread believe that the file system cannot rename without replacing, and that no file
// is there when it looks.
void HideFilesAndRenameToNew() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_renameat2, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_faccessat, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_faccessat2, 2, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOENT),
  };
  const sock_fprog filter = {std::size(code), code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

TEST_F(NewFileTest, WithoutRenamingToNewItReplacesNothingEither) {
  int error = 0;
  std::thread([&] {
    HideFilesAndRenameToNew();
    Put("a", "old", IfExists::kFail);
    error = ErrorOf([&] { Put("a", "new", IfExists::kFail); });
  }).join();
  EXPECT_EQ(error, EEXIST);
  EXPECT_EQ(Content(root_ / "a"), "old");
  EXPECT_EQ(Files(), 1);
}

TEST_F(NewFileTest, ALinkIsReplacedAndNotFollowed) {
  Put("source", "source", IfExists::kFail);
  fs::create_symlink("source", root_ / "link");
  fs::create_symlink("nowhere", root_ / "dangling");
  Put("link", "new", IfExists::kReplace);
  EXPECT_EQ(Content(root_ / "source"), "source");
  EXPECT_EQ(ErrorOf([&] { Put("dangling", "new", IfExists::kFail); }), EEXIST);
}

TEST_F(NewFileTest, TheLongestNameThereCanBe) {
  Put(std::string(255, 'n'), "long", IfExists::kFail);
  EXPECT_EQ(ErrorOf([&] { Put(std::string(256, 'n'), "long", IfExists::kFail); }), ENAMETOOLONG);
  EXPECT_EQ(Files(), 1);
}

TEST_F(NewFileTest, AFolderThatIsNotThere) {
  EXPECT_EQ(ErrorOf([&] { Put("no/a", "text", IfExists::kFail); }), ENOENT);
}

TEST_F(NewFileTest, WhatCannotBeWrittenLeavesNothing) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit saved = {};
  getrlimit(RLIMIT_FSIZE, &saved);
  const rlimit small = {100, saved.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const int error = ErrorOf([&] { Put("a", std::string(1000, 'x'), IfExists::kFail); });
  setrlimit(RLIMIT_FSIZE, &saved);
  EXPECT_EQ(error, EFBIG);
  EXPECT_EQ(Files(), 0);
}

}  // namespace
}  // namespace cohort::apps
