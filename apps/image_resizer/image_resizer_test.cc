// The program as its users meet it: names, targets, options, reports.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/image_resizer/test_program.h"

namespace cohort::image_resizer::testing {
namespace {

namespace fs = std::filesystem;
using apps::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Names = std::set<std::string>;

class ImageResizerTest : public ProgramTest {};

TEST_F(ImageResizerTest, AFolderWithItsTree) {
  WriteJpeg("in/a.jpg");
  WritePng("in/sub/deep/b.PNG");
  WriteJpeg("in/sub/c.JPEG");
  const Ended ended = RunProgram({Path("in"), "-o", Path("out"), "--size=32x32"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(ended.out, StartsWith("3 resized in "));
  EXPECT_EQ(FilesIn("out"), (Names{"a.jpg", "sub/deep/b.PNG", "sub/c.JPEG"}));
  EXPECT_THAT(Read("out/a.jpg"), StartsWith("\xff\xd8\xff"));
  EXPECT_THAT(Read("out/sub/deep/b.PNG"), StartsWith("\x89PNG"));
}

TEST_F(ImageResizerTest, AReportOfEachFile) {
  WriteJpeg("in/a.jpg", 640, 480);
  WritePng("in/b.png", 48, 64);
  const auto json = RunJson({Path("in"), "-o", Path("out"), "--size=32x32", "--workers=2"});
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["complete"], true);
  const auto& jpeg = json["files"][0];
  EXPECT_EQ(jpeg["file"], Path("in/a.jpg"));
  EXPECT_EQ(jpeg["target"], Path("out/a.jpg"));
  EXPECT_EQ(jpeg["outcome"], "resized");
  EXPECT_EQ(jpeg["bytes"], fs::file_size(Path("in/a.jpg")));
  EXPECT_EQ(jpeg["target_bytes"], fs::file_size(Path("out/a.jpg")));
  EXPECT_EQ(jpeg["format"], "jpeg");
  EXPECT_EQ(jpeg["width"], 640);
  EXPECT_EQ(jpeg["target_width"], 32);
  EXPECT_EQ(jpeg["target_height"], 24);
  EXPECT_GT(jpeg["seconds"], 0);
  EXPECT_NE(jpeg["worker"], 0);
  EXPECT_EQ(json["files"][1]["target_format"], "png");
  EXPECT_EQ(json["files"][1]["target_width"], 24);
  EXPECT_EQ(json["summary"]["resized"], 2);
  EXPECT_EQ(json["summary"]["sandbox"], true);
}

TEST_F(ImageResizerTest, SizesAndModes) {
  const std::string in = WriteJpeg("a.jpg", 640, 480);
  const std::vector<std::pair<std::vector<std::string>, std::pair<int, int>>> cases = {
      {{"--size=320x"}, {320, 240}},
      {{"--size=x120"}, {160, 120}},
      {{"--size=100"}, {100, 75}},
      {{"--size=100x100", "--mode=fill"}, {100, 100}},
      {{"--size=100x30", "--mode=exact"}, {100, 30}},
      {{"--size=2000x2000"}, {640, 480}},
      {{"--size=1280x1280", "--enlarge"}, {1280, 960}},
  };
  for (auto [arguments, size] : cases) {
    arguments.insert(arguments.end(), {in, "--force", "-o", Path("out")});
    const auto file = RunJson(arguments)["files"][0];
    EXPECT_EQ(std::pair(file["target_width"].get<int>(), file["target_height"].get<int>()), size);
  }
}

TEST_F(ImageResizerTest, SeveralInputsKeepTheNamesOfTheirFolders) {
  WriteJpeg("x/a.jpg");
  WriteJpeg("y/a.jpg");
  const std::string single = WriteJpeg("z/b.jpg");
  const Ended ended =
      RunProgram({Path("x"), Path("y/"), single, "-o", Path("out"), "--size=32x32"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(FilesIn("out"), (Names{"x/a.jpg", "y/a.jpg", "b.jpg"}));
}

TEST_F(ImageResizerTest, BaseKeepsFolders) {
  const std::string a = WriteJpeg("in/x/a.jpg");
  const std::string b = WriteJpeg("in/y/a.jpg");
  EXPECT_EQ(RunProgram({a, b, "-o", Path("o"), "--base", Path("in"), "--size=32"}).status, 0);
  EXPECT_EQ(FilesIn("o"), (Names{"x/a.jpg", "y/a.jpg"}));
  const Ended outside = RunProgram({a, "-o", Path("o"), "--base", Path("in/y"), "--size=32"});
  EXPECT_EQ(outside.status, 1);
  EXPECT_THAT(outside.err, HasSubstr("not below the folder of --base"));
}

TEST_F(ImageResizerTest, TwoWithOneNameAreTold) {
  const Ended ended =
      RunProgram({WriteJpeg("x/a.jpg"), WriteJpeg("y/a.jpg"), "-o", Path("out"), "--size=32"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, AllOf(HasSubstr(Path("y/a.jpg") + ": target: " + Path("x/a.jpg") +
                                         " is written to " + Path("out/a.jpg") + " as well"),
                               HasSubstr("--base")));
  EXPECT_EQ(FilesIn("out"), Names{"a.jpg"});
}

TEST_F(ImageResizerTest, AnotherFormatHasAnotherExtension) {
  WritePng("in/a.png");
  WriteJpeg("in/a.jpg");
  WritePng("in/b.PNG");
  WriteJpeg("in/c.jpeg");
  EXPECT_EQ(RunProgram({Path("in"), "-o", Path("out"), "--size=32", "--format=jpeg"}).status, 0);
  EXPECT_EQ(FilesIn("out"), (Names{"a.jpg", "a.png.jpg", "b.PNG.jpg", "c.jpeg"}));
  for (const std::string& name : FilesIn("out")) {
    EXPECT_THAT(Read("out/" + name), StartsWith("\xff\xd8\xff"));
  }
}

TEST_F(ImageResizerTest, AListWithNuls) {
  WriteJpeg("in/two\nlines.jpg");
  WriteJpeg("in/sub/b.jpg");
  Process process({"-", "-o", Path("out"), "--size=32", "--base", Path("in")});
  process.Write(Path("in/two\nlines.jpg") + std::string(1, '\0') + Path("in/sub/b.jpg"));
  EXPECT_EQ(process.End().status, 0);
  EXPECT_EQ(FilesIn("out"), (Names{"two\nlines.jpg", "sub/b.jpg"}));
}

TEST_F(ImageResizerTest, AListWithoutNuls) {
  Process process({"-", "-o", Path("out"), "--size=32"});
  process.Write("a.jpg\nb.jpg\n");
  const Ended ended = process.End();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("find -print0"));
}

TEST_F(ImageResizerTest, WhatExistsIsNotReplacedUnlessToldTo) {
  WriteJpeg("in/a.jpg");
  Write("out/a.jpg", {});
  const std::vector<std::string> arguments = {Path("in"), "-o", Path("out"), "--size=32"};
  const Ended refused = RunProgram(arguments);
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("out/a.jpg exists"), HasSubstr("--force")));
  EXPECT_EQ(Read("out/a.jpg"), "");
  std::vector<std::string> force = arguments;
  force.emplace_back("--force");
  EXPECT_EQ(RunProgram(force).status, 0);
  EXPECT_THAT(Read("out/a.jpg"), StartsWith("\xff\xd8\xff"));
  EXPECT_EQ(FilesIn("out"), Names{"a.jpg"});
}

TEST_F(ImageResizerTest, UpdateReplacesWhatIsOlder) {
  WriteJpeg("in/new.jpg");
  WriteJpeg("in/old.jpg");
  WriteJpeg("in/first.jpg");
  const std::byte one_byte[1] = {};
  Write("out/new.jpg", one_byte);
  Write("out/old.jpg", one_byte);
  const auto now = fs::last_write_time(Path("in/old.jpg"));
  fs::last_write_time(Path("out/old.jpg"), now + std::chrono::seconds(1));
  fs::last_write_time(Path("out/new.jpg"), now - std::chrono::hours(1));
  const auto json = RunJson({Path("in"), "-o", Path("out"), "--size=32", "--update"});
  EXPECT_EQ(json["summary"]["resized"], 2);
  EXPECT_EQ(json["summary"]["up_to_date"], 1);
  EXPECT_EQ(json["files"][2]["outcome"], "up to date");
  EXPECT_EQ(Read("out/old.jpg").size(), 1);
  EXPECT_GT(Read("out/new.jpg").size(), 1);
  const auto again = RunJson({Path("in"), "-o", Path("out"), "--size=32", "--update"});
  EXPECT_EQ(again["summary"]["up_to_date"], 3);
  EXPECT_EQ(again["complete"], true);
}

TEST_F(ImageResizerTest, TimesOfTheSources) {
  const std::string in = WriteJpeg("a.jpg");
  const auto time = fs::last_write_time(in) - std::chrono::hours(1000);
  fs::last_write_time(in, time);
  EXPECT_EQ(RunProgram({in, "-o", Path("out"), "--size=32", "--times"}).status, 0);
  EXPECT_EQ(fs::last_write_time(Path("out/a.jpg")), time);
}

TEST_F(ImageResizerTest, APrivateImageHasAPrivateCopy) {
  for (const mode_t mode : {0600, 0400, 0640, 0666}) {
    const std::string in = WriteJpeg("a.jpg");
    ASSERT_EQ(chmod(in.c_str(), mode), 0);
    EXPECT_EQ(RunProgram({in, "-o", Path("out"), "--size=32", "--force"}).status, 0);
    struct stat copy = {};
    stat(Path("out/a.jpg").c_str(), &copy);
    EXPECT_EQ(copy.st_mode & 0777 & ~(mode | 0600), 0);
    EXPECT_EQ(copy.st_mode & 0600, 0600);
    fs::remove(in);
  }
}

TEST_F(ImageResizerTest, TimesOfOtherCenturies) {
  const std::string in = WriteJpeg("a.jpg");
  // The first fraction is counted from the second before; the second time overflows nanoseconds.
  for (const timespec time : {timespec{-5, 500'000'000}, timespec{10'000'000'000, 0}}) {
    const timespec times[] = {time, time};
    ASSERT_EQ(utimensat(AT_FDCWD, in.c_str(), times, 0), 0);
    EXPECT_EQ(RunProgram({in, "-o", Path("out"), "--size=32", "--times", "--force"}).status, 0);
    struct stat source = {};
    struct stat copy = {};
    stat(in.c_str(), &source);
    stat(Path("out/a.jpg").c_str(), &copy);
    EXPECT_EQ(copy.st_mtim.tv_sec, source.st_mtim.tv_sec);
    EXPECT_EQ(copy.st_mtim.tv_nsec, source.st_mtim.tv_nsec);
  }
}

TEST_F(ImageResizerTest, ASourceIsNeverWrittenTo) {
  WriteJpeg("in/a.jpg");
  WriteJpeg("in/sub/a.jpg");
  const std::string before = Read("in/a.jpg");
  const Ended itself = RunProgram({Path("in"), "-o", Path("in"), "--size=32", "--force"});
  EXPECT_EQ(itself.status, 1);
  EXPECT_THAT(itself.err, HasSubstr("it is the output folder"));
  // Each of them would be written to the other one's place, or its own.
  const Ended other = RunProgram({Path("in/a.jpg"), "-o", Path("in"), "--size=32", "--force"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("is a source, which is never written to"));
  const Ended upwards = RunProgram(
      {Path("in/sub/a.jpg"), Path("in/a.jpg"), "-o", Path("in"), "--size=32", "--force"});
  EXPECT_EQ(upwards.status, 1);
  EXPECT_EQ(Read("in/a.jpg"), before);
}

// One that is refused may still be what another one would be written to.
TEST_F(ImageResizerTest, ASourceThatIsRefusedIsNotWrittenTo) {
  WriteJpeg("photos/a.jpg");
  WriteJpeg("out/a.jpg");
  const std::string before = Read("out/a.jpg");
  const auto json = RunJson({Path("out/a.jpg"), Path("photos/a.jpg"), "-o", Path("out"), "--base",
                             Path("photos"), "--force", "--size=10"});
  EXPECT_EQ(json["files"][1]["kind"], "target");
  EXPECT_EQ(Read("out/a.jpg"), before);
}

TEST_F(ImageResizerTest, TwoNamesForOneTargetAreTold) {
  WriteJpeg("in/a/x.jpg", 64, 64);
  WriteJpeg("in/b/x.jpg", 32, 64);
  fs::create_directories(Path("out/a"));
  fs::create_directory_symlink("a", Path("out/b"));
  for (const char* option : {"--force", "--update"}) {
    fs::remove(Path("out/a/x.jpg"));
    const auto json = RunJson({Path("in"), "-o", Path("out"), option, "--size=10"});
    EXPECT_EQ(json["summary"]["resized"], 1);
    EXPECT_EQ(json["summary"]["failed"], 1);
  }
  // A second time: it is up to date for one of them, and nothing has the other one's copy.
  const auto again = RunJson({Path("in"), "-o", Path("out"), "--update", "--size=10"});
  EXPECT_EQ(again["summary"]["up_to_date"], 1);
  EXPECT_EQ(again["summary"]["failed"], 1);
  EXPECT_THAT(RunProgram({Path("in"), "-o", Path("out"), "--update", "--dry-run", "--size=10"}).err,
              HasSubstr("one file with two names"));
}

// Equal copies, made one to save room.
TEST_F(ImageResizerTest, HardLinksInTheOutputAreUpToDate) {
  WriteJpeg("in/a.jpg");
  WriteJpeg("in/b.jpg");
  RunJson({Path("in"), "-o", Path("out"), "--size=10"});
  fs::remove(Path("out/b.jpg"));
  fs::create_hard_link(Path("out/a.jpg"), Path("out/b.jpg"));
  const auto json = RunJson({Path("in"), "-o", Path("out"), "--update", "--size=10"});
  EXPECT_EQ(json["summary"]["up_to_date"], 2);
}

TEST_F(ImageResizerTest, LinksToSourcesAreSources) {
  WriteJpeg("in/a.jpg");
  WriteJpeg("in/b.jpg");
  fs::create_directories(Path("out"));
  fs::create_symlink("../in/a.jpg", Path("out/a.jpg"));
  fs::create_hard_link(Path("in/b.jpg"), Path("out/b.jpg"));
  const std::string before = Read("in/b.jpg");
  const auto json = RunJson({Path("in"), "-o", Path("out"), "--size=32", "--force"});
  EXPECT_EQ(json["summary"]["failed"], 2);
  EXPECT_EQ(json["files"][0]["kind"], "target");
  EXPECT_EQ(Read("in/b.jpg"), before);
}

TEST_F(ImageResizerTest, TheOutputFolderIsNoInput) {
  WriteJpeg("in/a.jpg");
  const std::vector<std::string> arguments = {Path("in"), "-o", Path("in/small"), "--size=32",
                                              "--force"};
  EXPECT_EQ(RunProgram(arguments).status, 0);
  EXPECT_EQ(RunProgram(arguments).status, 0);
  EXPECT_EQ(FilesIn("in"), (Names{"a.jpg", "small/a.jpg"}));
}

TEST_F(ImageResizerTest, LinksInFolders) {
  WriteJpeg("in/a.jpg");
  fs::create_symlink("a.jpg", Path("in/b.jpg"));
  fs::create_symlink("loop.jpg", Path("in/loop.jpg"));
  fs::create_symlink(".", Path("in/again"));
  EXPECT_EQ(RunJson({Path("in"), "-o", Path("o1"), "--size=32"})["summary"]["files"], 1);
  const auto followed = RunJson({Path("in"), "-o", Path("o2"), "--size=32", "-L"});
  EXPECT_EQ(FilesIn("o2"), (Names{"a.jpg", "b.jpg"}));
  EXPECT_EQ(followed["summary"]["failed"], 1);
}

TEST_F(ImageResizerTest, ADryRunWritesNothing) {
  const std::string a = WriteJpeg("in/a.jpg");
  WriteJpeg("in/b.jpg");
  Write("out/b.jpg", {});
  const Ended ended = RunProgram({Path("in"), "-o", Path("out"), "--size=32", "--dry-run"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, a + " -> " + Path("out/a.jpg") + "\n");
  EXPECT_THAT(ended.err, HasSubstr("out/b.jpg exists"));
  EXPECT_EQ(FilesIn("out"), Names{"b.jpg"});
}

TEST_F(ImageResizerTest, FailFast) {
  Write("in/large_and_bad.jpg", std::vector<std::byte>(100'000));
  for (int i = 0; i < 50; ++i) WriteJpeg("in/" + std::to_string(i) + ".jpg");
  const auto json = RunJson({Path("in"), "-o", Path("out"), "--size=32", "--fail-fast", "-j1"});
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["summary"]["failed"], 1);
  EXPECT_GT(json["summary"]["not_done"], 0);
  EXPECT_THAT(json["stopped"], HasSubstr("--fail-fast"));
}

TEST_F(ImageResizerTest, NothingToDo) {
  fs::create_directories(Path("in"));
  const Ended ended = RunProgram({Path("in"), "-o", Path("out"), "--size=32"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.err, HasSubstr("no image in this folder"));
}

TEST_F(ImageResizerTest, WhatIsNotThere) {
  const std::string good = WriteJpeg("a.jpg");
  const Ended ended = RunProgram({Path("missing.jpg"), good, "-o", Path("out"), "--size=32"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("missing.jpg: not read: No such file or directory"));
  EXPECT_EQ(FilesIn("out"), Names{"a.jpg"});
}

TEST_F(ImageResizerTest, AFileThatIsTooLarge) {
  const std::string in = WriteJpeg("a.jpg");
  EXPECT_THAT(RunProgram({in, "-o", Path("out"), "--size=32", "--max-file-size=100"}).err,
              HasSubstr("--max-file-size allows 100 B"));
}

TEST_F(ImageResizerTest, TooManyPixels) {
  const std::string in = WriteJpeg("a.jpg");
  EXPECT_THAT(RunProgram({in, "-o", Path("out"), "--size=32", "--max-pixels=1000"}).err,
              HasSubstr("too large: "));
}

TEST_F(ImageResizerTest, AnOutputFolderThatCannotBe) {
  const std::string in = WriteJpeg("a.jpg");
  for (const std::string& out : {in, in + "/out", std::string("/proc/out")}) {
    const Ended ended = RunProgram({in, "-o", out, "--size=32"});
    EXPECT_EQ(ended.status, 4) << out;
    EXPECT_THAT(ended.err, StartsWith("image_resizer: " + out + ": "));
  }
}

TEST_F(ImageResizerTest, ATargetThatCannotBeWrittenCostsNoOther) {
  WriteJpeg("in/sub/a.jpg");
  WriteJpeg("in/b.jpg");
  Write("out/sub", {});  // where a folder should be
  const auto json = RunJson({Path("in"), "-o", Path("out"), "--size=32"});
  EXPECT_EQ(json["summary"]["resized"], 1);
  EXPECT_EQ(json["files"][1]["kind"], "not written");
  EXPECT_EQ(FilesIn("out"), (Names{"b.jpg", "sub"}));
}

TEST_F(ImageResizerTest, AFullDiskForTheReport) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  const Ended ended = Process({WriteJpeg("a.jpg"), "-o", Path("out"), "--size=32"}, full).End();
  close(full);
  EXPECT_EQ(ended.status, 4);
  EXPECT_EQ(ended.err, "image_resizer: the report cannot be written: No space left on device\n");
}

TEST_F(ImageResizerTest, AReaderThatHasGone) {
  Process process({WriteJpeg("a.jpg"), "-o", Path("out"), "--size=32"});
  process.CloseOut();
  const Ended ended = process.End();
  EXPECT_EQ(ended.status, 4);
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(FilesIn("out"), Names{"a.jpg"});
}

TEST_F(ImageResizerTest, Quiet) {
  const Ended ended = RunProgram({WriteJpeg("a.jpg"), "-o", Path("out"), "--size=32", "-q"});
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err, "");
}

TEST_F(ImageResizerTest, AWrongCommandLine) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"a", "-o", "b"}, "--size"},
      {{"a", "--size=3"}, "--out"},
      {{"-o", "b", "--size=3"}, "IN"},
      {{"a", "-o", "b", "--size=3xx"}, "\"3xx\" is no size"},
      {{"a", "-o", "b", "--size=x"}, "\"x\" is no size"},
      {{"a", "-o", "b", "--size=0x5"}, "\"0x5\" is no size"},
      {{"a", "-o", "b", "--size=5x", "--mode=fill"}, "need both sides"},
      {{"a", "-o", "b", "--size=5", "--quality=101"}, "--quality"},
      {{"a", "-o", "b", "--size=5", "--background=#12345"}, "is no colour"},
      {{"a", "-o", "b", "--size=5", "--background=#12345x"}, "is no colour"},
      {{"a", "-o", "b", "--size=5", "--keep=gps"}, "--keep"},
      {{"a", "-o", "b", "--size=5", "--update", "--force"}, "exclude each other"},
      {{"a", "-o", "b", "--size=5", "--strict", "--lenient"}, "exclude each other"},
      {{"a", "-o", "b", "--size=5", "-j0"}, "--workers"},
      {{"a", "-o", "b", "--size=5", "--timeout=-1"}, "--timeout"},
      {{"a", "-o", "", "--size=5"}, "--out"},
  };
  for (const auto& [arguments, message] : cases) {
    const Ended ended = RunProgram(arguments);
    EXPECT_EQ(ended.status, 2) << message;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err,
                AllOf(StartsWith("image_resizer: "), HasSubstr(message), HasSubstr("--help")));
  }
}

TEST_F(ImageResizerTest, Help) {
  const Ended ended = RunProgram({"--help"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, HasSubstr("Examples:"));
}

// Makes this thread, and what it starts, believe that the kernel has no Landlock.
void HideLandlock() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_landlock_create_ruleset, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {4, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

TEST_F(ImageResizerTest, WithoutTheSandboxItDoesNotStartUnlessToldTo) {
  const std::string in = WriteJpeg("a.jpg");
  Ended refused;
  Ended allowed;
  std::thread([&] {
    HideLandlock();
    refused = RunProgram({in, "-o", Path("out"), "--size=32"});
    allowed = RunProgram({in, "-o", Path("out"), "--size=32", "--no-sandbox"});
  }).join();
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("Landlock"), HasSubstr("--no-sandbox")));
  EXPECT_EQ(allowed.status, 0);
  EXPECT_THAT(allowed.err, HasSubstr("without a sandbox"));
  EXPECT_EQ(FilesIn("out"), Names{"a.jpg"});
}

}  // namespace
}  // namespace cohort::image_resizer::testing

int main(int argc, char** argv) {
  return cohort::image_resizer::testing::RunProgramTests(argc, argv);
}
