// Ctrl-C.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "apps/api_fetcher/program_tests/program_test.h"
#include "testing/http_server/bodies.h"

namespace cohort::api_fetcher {
namespace {

using apps::Ended;
using apps::ProgramRun;
using testing::AnyOf;
using testing::EndsWith;
using testing::HasSubstr;

class InterruptTest : public ServerTest {
 protected:
  // Interrupts the run when its first record is there.
  Ended Interrupted(Arguments arguments, int signal = SIGINT) const {
    ProgramRun run(program, With(std::move(arguments)));
    const std::string first = run.ReadSome();
    run.Signal(signal);
    Ended ended = run.End();
    ended.out = first + ended.out;
    return ended;
  }
};
INSTANTIATE_TEST_SUITE_P(All, InterruptTest, testing::Values(Transport::kHttp, Transport::kHttps),
                         NameOfTransport);

TEST_P(InterruptTest, WritesWhatThereIs) {
  for (int signal : {SIGINT, SIGTERM}) {
    const Ended ended = Interrupted(
        {Url("/posts/{id}?delay=5"), "--ids", "1-10000000", "-c", "4", "-o", Path("out")}, signal);
    EXPECT_EQ(ended.status, 130);
    EXPECT_THAT(ended.out, EndsWith("}\n"));
    EXPECT_THAT(ended.err, HasSubstr("not started"));
    for (const Json& record : ToFetched(ended).records) {
      EXPECT_THAT(record["ok"].get<bool>() ? "" : record["error"]["kind"].get<std::string>(),
                  AnyOf("", "interrupted"));
    }
  }
}

TEST_P(InterruptTest, LeavesNoHalfFile) {
  const Ended ended = Interrupted(
      {Url("/posts/1"), Url("/slow-body/100000/1"), Url("/slow-body/200000/1"), "-o", Path("out")});
  EXPECT_EQ(ended.status, 130);
  const auto files = FilesIn(Path("out"));
  ASSERT_EQ(files.size(), 1);
  EXPECT_EQ(files.begin()->second, http_server::Post(1));
}

TEST_P(InterruptTest, WaitsForNothing) {
  for (const char* target : {"/hang", "/stall", "/retry-after/k/seconds/60", "/delay/100000"}) {
    const Ended ended = Interrupted({Url("/posts/1"), Url(target)});
    EXPECT_EQ(ended.status, 130) << target;
    EXPECT_EQ(ToFetched(ended).records.size(), 2) << target;
  }
}

TEST_P(InterruptTest, ADryRunToo) {
  const Ended ended = Interrupted({"http://host/{1..3000000}", "--dry-run"});
  EXPECT_EQ(ended.status, 130);
  EXPECT_EQ(ended.out.find("http://host/3000000\n"), ended.out.npos);
}

TEST_P(InterruptTest, WhileItWaitsForInput) {
  ProgramRun run(program, With({"-"}));
  run.Write(Url("/posts/1") + "\n");
  EXPECT_THAT(run.ReadSome(), HasSubstr("/posts/1"));
  run.Signal(SIGINT);
  EXPECT_EQ(run.End(/*close_in=*/false).status, 130);
}

}  // namespace
}  // namespace cohort::api_fetcher
