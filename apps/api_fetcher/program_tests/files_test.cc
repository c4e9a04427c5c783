// What the program reads and writes: lists, bodies, results of earlier runs.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "apps/api_fetcher/program_tests/program_test.h"
#include "testing/http_server/bodies.h"

namespace cohort::api_fetcher {
namespace {

namespace fs = std::filesystem;
using apps::Ended;
using apps::ProgramRun;
using http_server::HttpServer;
using http_server::Post;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class FilesTest : public ProgramTest {
 protected:
  HttpServer server_;
};

// Lists.

TEST_F(FilesTest, ListWithAllThatListsHave) {
  const std::string list =
      WriteFile("urls", "\xef\xbb\xbf" + server_.Url("/posts/1") + "\r\n# comment\r\n\r\n  \n" +
                            server_.Url("/posts/2"));
  const Fetched fetched = Fetch({"-i", list});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_THAT(fetched.records, SizeIs(2));
}

TEST_F(FilesTest, WrongLineCostsOnlyItself) {
  const std::string list =
      WriteFile("urls", server_.Url("/posts/1") + "\nnot a url\n" + server_.Url("/posts/2") + "\n");
  const Fetched fetched = Fetch({"-i", list});
  EXPECT_EQ(fetched.status, 1);
  EXPECT_THAT(fetched.records, SizeIs(2));
  EXPECT_THAT(fetched.err, HasSubstr("urls:2:"));
}

TEST_F(FilesTest, UrlsAsTheyCome) {
  ProgramRun run(program, {"-"});
  run.Write(server_.Url("/posts/1") + "\n");
  EXPECT_THAT(run.ReadSome(), HasSubstr("/posts/1"));  // while the input is open
  run.Write(server_.Url("/posts/2") + "\n");
  EXPECT_THAT(run.ReadSome(), HasSubstr("/posts/2"));
  EXPECT_EQ(run.End().status, 0);
}

TEST_F(FilesTest, NothingToFetch) {
  EXPECT_EQ(Fetch({"-i", WriteFile("urls", "# nothing\n")}).status, 3);
  EXPECT_EQ(Fetch({"-i", "/dev/null"}).status, 3);
}

TEST_F(FilesTest, UsageErrors) {
  for (const Arguments& arguments :
       {Arguments{}, Arguments{"not a url"}, Arguments{"ftp://host/"},
        Arguments{"-i", Path("none")}, Arguments{"--none"}, Arguments{"http://h/{id}"},
        Arguments{"http://h/", "--rate", "fast"}, Arguments{"http://h/", "-c", "0"},
        Arguments{"http://h/", "-H", "a\r\nb: c"}}) {
    const Fetched fetched = Fetch(arguments);
    EXPECT_EQ(fetched.status, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(fetched.err, Not(IsEmpty()));
    EXPECT_THAT(fetched.records, IsEmpty());
  }
}

TEST_F(FilesTest, DryRunAsksNobody) {
  const Ended ended =
      ProgramRun(program, {server_.Url("/posts/{id}"), "--ids", "01-03", "--dry-run"}).End();
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, server_.Url("/posts/01") + "\n" + server_.Url("/posts/02") + "\n" +
                           server_.Url("/posts/03") + "\n");
  EXPECT_EQ(server_.statistics().Take().connections, 0);
}

// Bodies.

TEST_F(FilesTest, BodiesAreNamedById) {
  const Fetched fetched = Fetch({server_.Url("/posts/{id}"), "--ids", "1-3", "-o", Path("out")});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_THAT(FilesIn(Path("out")),
              UnorderedElementsAre(Pair("1", Post(1)), Pair("2", Post(2)), Pair("3", Post(3))));
}

TEST_F(FilesTest, NoNameLeadsElsewhere) {
  const std::string ids = WriteFile("ids", "../x\n/etc/x\n..\n.\nCON\na/b\nnul.txt\n-rf\n");
  const Fetched fetched =
      Fetch({server_.Url("/disposition?{id}"), "--ids-file", ids, "-o", Path("out/deep")});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_THAT(FilesIn(Path("out/deep")), SizeIs(8));
  EXPECT_THAT(FilesIn(Path("")), SizeIs(9));  // and the ids
  for (const auto& [name, content] : FilesIn(Path("out/deep"))) {
    EXPECT_EQ(fs::path(name).filename(), name);
    EXPECT_EQ(name.find_first_of("-."), name.find_first_of("-.", 1)) << name;
  }
}

TEST_F(FilesTest, SameUrlTwiceGivesTwoFiles) {
  const std::string url = server_.Url("/posts/1");
  const Fetched fetched = Fetch({url, url, url, "-o", Path("out")});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_THAT(FilesIn(Path("out")), SizeIs(3));
  std::set<std::string> files;
  for (const Json& record : fetched.records) files.insert(record["file"].get<std::string>());
  EXPECT_THAT(files, SizeIs(3));
}

TEST_F(FilesTest, FilesThatAreThereStay) {
  fs::create_directory(Path("out"));
  WriteFile("out/1", "old");
  const Arguments arguments = {server_.Url("/posts/{id}"), "--ids", "1", "-o", Path("out")};
  Fetch(arguments);
  EXPECT_EQ(ReadFile(Path("out/1")), "old");
  Arguments over = arguments;
  over.push_back("--overwrite");
  Fetch(over);
  EXPECT_EQ(ReadFile(Path("out/1")), Post(1));
}

TEST_F(FilesTest, NoFileOfARunReplacesAnother) {
  const Arguments two = {server_.Url("/posts/{id}"), server_.Url("/bytes/{id}")};
  const Arguments one_with_a_range = {server_.Url("/posts/{id}?{1..2}")};
  for (Arguments arguments : {two, one_with_a_range}) {
    arguments.insert(arguments.end(), {"--ids", "1-3", "-o", Path("out")});
    Arguments over = arguments;
    over.push_back("--overwrite");
    EXPECT_EQ(Fetch(over).status, 2);
    EXPECT_THAT(FilesIn(Path("out")), IsEmpty());
    EXPECT_EQ(Fetch(arguments).status, 0);
    EXPECT_THAT(FilesIn(Path("out")), SizeIs(6));
    fs::remove_all(Path("out"));
  }
  EXPECT_EQ(server_.statistics().Take().requests, 12);
}

TEST_F(FilesTest, RetryLeavesOneWholeFile) {
  const Fetched fetched = Fetch(
      {server_.Url("/flaky/{id}/1"), "--ids", "1-5", "-o", Path("out"), "--retry-delay", "1ms"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_THAT(FilesIn(Path("out")), SizeIs(5));
  EXPECT_EQ(ReadFile(Path("out/3")), "attempt 2\n");
}

TEST_F(FilesTest, DirectoryThatCannotBeIsNoRun) {
  const Fetched fetched = Fetch({server_.Url("/posts/1"), "-o", "/proc/none"});
  EXPECT_NE(fetched.status, 0);
  EXPECT_THAT(fetched.err, HasSubstr("/proc/none"));
}

TEST_F(FilesTest, FullDiskFailsTheRun) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  const Ended ended =
      ProgramRun(program, {server_.Url("/posts/{id}"), "--ids", "1-10"}, full).End();
  close(full);
  EXPECT_EQ(ended.status, 4);
  EXPECT_THAT(ended.err, HasSubstr("No space"));
}

TEST_F(FilesTest, ReaderThatLeavesEndsTheRun) {
  ProgramRun run(program, {server_.Url("/posts/{id}"), "--ids", "1-10000000"});
  EXPECT_THAT(run.ReadSome(), HasSubstr("/posts/"));
  run.CloseOut();
  EXPECT_EQ(run.End().status, 4);
}

// Resuming.

class ResumeTest : public FilesTest {
 protected:
  // The same command again and again: results are appended.
  Fetched Run() const {
    const Ended ended = ProgramRun(program, {server_.Url("/flaky/{id}/1"), "--ids", "1-9",
                                             "--retries", "0", "--resume", Path("results")})
                            .End();
    std::ofstream(Path("results"), std::ios::app) << ended.out;
    return ToFetched(ended);
  }
};

TEST_F(ResumeTest, OnlyWhatFailedIsDoneAgain) {
  EXPECT_EQ(Run().status, 1);
  const Fetched second = Run();
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_THAT(second.records, SizeIs(9));
  server_.Reset();
  const Fetched third = Run();
  EXPECT_EQ(third.status, 0);
  EXPECT_THAT(third.records, IsEmpty());
  EXPECT_EQ(server_.statistics().Take().requests, 0);
}

TEST_F(ResumeTest, TornLastLineIsDoneAgain) {
  Run();
  Run();
  const std::string results = ReadFile(Path("results"));
  WriteFile("results", results.substr(0, results.size() - 30));
  const Fetched third = Run();
  EXPECT_EQ(third.status, 0) << third.err;
  EXPECT_THAT(third.records, SizeIs(1));
}

TEST_F(ResumeTest, AFileThatIsNotThereIsSaid) {
  EXPECT_THAT(Run().err, HasSubstr("there is no such file yet"));
  EXPECT_THAT(Run().err, Not(HasSubstr("no such file")));
  EXPECT_EQ(Fetch({server_.Url("/posts/1"), "-q", "--resume", Path("none")}).err, "");
}

// As a shell does it: >> FILE.
TEST_F(ResumeTest, TornLastLineIsNotMixedWithTheNext) {
  const std::string url = server_.Url("/posts/{1..3}");
  const std::string results = WriteFile("results", "");
  const auto run = [&] {
    const int file = open(results.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    const Ended ended = ProgramRun(program, {url, "--resume", results}, file).End();
    close(file);
    EXPECT_EQ(ended.status, 0) << ended.err;
  };
  run();
  std::string text = ReadFile(results);
  text.resize(text.size() - 30);
  WriteFile("results", text);
  run();
  EXPECT_THAT(ReadFile(results), testing::StartsWith(text + "\n{"));
  server_.Reset();
  run();
  EXPECT_EQ(server_.statistics().Take().requests, 0);
}

// Messages.

TEST_F(FilesTest, QuietIsQuiet) { EXPECT_EQ(Fetch({server_.Url("/posts/1"), "-q"}).err, ""); }

TEST_F(FilesTest, ProgressIsOnlyForTerminals) {
  const Fetched fetched = Fetch({server_.Url("/delay/700"), "--summary", "none"});
  EXPECT_EQ(fetched.err, "");
}

TEST_F(FilesTest, SummaryAsJson) {
  const Fetched fetched =
      Fetch({server_.Url("/posts/{1..9}"), server_.Url("/status/404"), "--summary", "json"});
  const Json summary = Json::parse(fetched.err);
  EXPECT_EQ(summary["ok"], 9);
  EXPECT_EQ(summary["failed"], 1);
}

TEST_F(FilesTest, OtherFormats) {
  const std::string url = server_.Url("/posts/1");
  const Ended text = ProgramRun(program, {url, "-f", "text"}).End();
  EXPECT_THAT(text.out, testing::StartsWith("200 ok"));
  const Ended tsv = ProgramRun(program, {url, "-f", "tsv"}).End();
  EXPECT_THAT(tsv.out, HasSubstr("\n" + url + "\t"));
}

}  // namespace
}  // namespace cohort::api_fetcher
