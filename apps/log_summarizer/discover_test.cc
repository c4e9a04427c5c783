#include "apps/log_summarizer/discover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace cohort::log_summarizer {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DiscoverTest : public testing::Test {
 protected:
  DiscoverTest() {
    std::string pattern = "/tmp/discover_test.XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~DiscoverTest() override { fs::remove_all(root_); }

  std::string Path(const std::string& name) const { return (root_ / name).string(); }

  void Write(const std::string& name, const std::string& text = "x\n") {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  // What is found, without the root.
  std::vector<std::string> Names(const std::vector<std::string>& paths,
                                 const DiscoverOptions& options = {}) {
    found_ = Discover(paths, options);
    std::vector<std::string> names;
    for (const FoundFile& file : found_.files) {
      names.push_back(fs::path(file.path).lexically_relative(root_).string());
    }
    return names;
  }

  fs::path root_;
  Discovery found_;
};

TEST_F(DiscoverTest, TakesLogsOfADirectoryRotatedAndCompressedOnesToo) {
  for (const char* name : {"b.log", "a.log", "a.log.1", "a.log.2.gz", "a.log-20260312.zst", "c.txt",
                           "log", "blog", "a.log.bak", "sub/d.log", ".hidden.log", "e.log.xz"}) {
    Write(name);
  }
  EXPECT_THAT(Names({root_.string()}), ElementsAre("a.log", "a.log-20260312.zst", "a.log.1",
                                                   "a.log.2.gz", "b.log", "e.log.xz"));
}

TEST_F(DiscoverTest, OptionsTakeMore) {
  for (const char* name : {"a.log", "b.txt", "sub/c.log", ".hidden/d.log", ".e.log"}) Write(name);
  EXPECT_THAT(Names({root_.string()}, {.recursive = true}), ElementsAre("a.log", "sub/c.log"));
  EXPECT_THAT(Names({root_.string()}, {.recursive = true, .hidden = true}),
              ElementsAre(".e.log", ".hidden/d.log", "a.log", "sub/c.log"));
  EXPECT_THAT(Names({root_.string()}, {.extensions = {"txt", "log"}}),
              ElementsAre("a.log", "b.txt"));
  EXPECT_THAT(Names({root_.string()}, {.extensions = {"*"}}), ElementsAre("a.log", "b.txt"));
}

TEST_F(DiscoverTest, NamedFilesAreTakenWhateverTheirName) {
  Write(".secret");
  EXPECT_THAT(Names({Path(".secret")}), ElementsAre(".secret"));
  EXPECT_EQ(found_.files[0].size, 2u);
  EXPECT_TRUE(found_.files[0].regular);
}

TEST_F(DiscoverTest, TheSameFileOnce) {
  Write("a.log");
  fs::create_hard_link(root_ / "a.log", root_ / "b.log");
  EXPECT_THAT(Names({root_.string(), Path("a.log")}), ElementsAre("a.log"));
  EXPECT_THAT(found_.notes,
              ElementsAre(HasSubstr("b.log: the same"), HasSubstr("a.log: the same")));
  EXPECT_EQ(Discover({"-", "-"}, {}).files.size(), 1u);
}

TEST_F(DiscoverTest, SymbolicLinksOnlyWhenAskedAndWithoutLoops) {
  Write("sub/a.log");
  fs::create_symlink("a.log", root_ / "sub/link.log");
  fs::create_directory_symlink("..", root_ / "sub/up");
  fs::create_symlink("nowhere", root_ / "sub/dangling.log");
  EXPECT_THAT(Names({root_.string()}, {.recursive = true}), ElementsAre("sub/a.log"));
  EXPECT_THAT(Names({root_.string()}, {.recursive = true, .follow_symlinks = true}),
              ElementsAre("sub/a.log", "sub/dangling.log"));
  EXPECT_EQ(found_.files[1].error, "No such file or directory");
  EXPECT_THAT(Names({Path("sub/link.log")}), ElementsAre("sub/link.log"));
}

TEST_F(DiscoverTest, PatternsThatTheShellLeft) {
  for (const char* name : {"a1.log", "a2.log", "b1.log", "[x].log"}) Write(name);
  EXPECT_THAT(Names({Path("a*.log")}), ElementsAre("a1.log", "a2.log"));
  EXPECT_THAT(Names({Path("[x].log")}), ElementsAre("[x].log"));
  EXPECT_THAT(Names({Path("c*.log")}), ElementsAre("c*.log"));
  EXPECT_EQ(found_.files[0].error, "no file matches the pattern");
}

TEST_F(DiscoverTest, WhatCannotBeReadIsFoundWithItsError) {
  EXPECT_THAT(Names({Path("missing.log")}), ElementsAre("missing.log"));
  EXPECT_EQ(found_.files[0].error, "No such file or directory");
}

TEST_F(DiscoverTest, SocketsAndPipes) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {AF_UNIX, {}};
  const std::string path = Path("s.log");
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(fd);
  EXPECT_THAT(Names({root_.string()}), IsEmpty());
  EXPECT_THAT(Names({path}), ElementsAre("s.log"));
  EXPECT_EQ(found_.files[0].error, "a socket cannot be read");
}

TEST_F(DiscoverTest, SaysThatADirectoryHasNoLogs) {
  Write("a.txt");
  EXPECT_THAT(Names({root_.string()}), IsEmpty());
  EXPECT_THAT(found_.notes, ElementsAre(HasSubstr("no log file in this directory")));
}

}  // namespace
}  // namespace cohort::log_summarizer
