// Runs the program as its users do.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/common/processes.h"
#include "apps/common/program_run.h"
#include "futures/internal/test_util.h"
#include "nlohmann/json.hpp"

namespace cohort::prime_counter {
namespace {

using apps::Ended;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// Set by main.
std::string program;

class Process : public apps::ProgramRun {
 public:
  explicit Process(std::vector<std::string> arguments, int out_instead = -1)
      : ProgramRun(program, std::move(arguments), out_instead) {}
};

Ended RunProgram(std::vector<std::string> arguments) { return Process(std::move(arguments)).End(); }

std::string Out(std::vector<std::string> arguments) { return RunProgram(std::move(arguments)).out; }

TEST(PrimeCounterTest, Counts) {
  const Ended ended = RunProgram({"1e6", "2e6", "10**7"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(ended.out,
            "   up to  primes\n"
            " 1000000   78498\n"
            " 2000000  148933\n"
            "10000000  664579\n");
}

TEST(PrimeCounterTest, InTheOrderGivenAndTwiceIfAsked) {
  EXPECT_EQ(Out({"--plain", "100", "10", "100", "0", "1", "2"}), "25\n4\n25\n0\n0\n1\n");
}

TEST(PrimeCounterTest, Ranges) {
  EXPECT_EQ(Out({"--from", "3", "7"}),
            "from  up to  primes\n"
            "   3      7       3\n");
  EXPECT_EQ(Out({"--plain", "--from=2^64-59", "2^64-1"}), "1\n");
  EXPECT_EQ(Out({"--plain", "--from=1e12", "1e12+1e9", "-j", "3"}), "36190991\n");
}

TEST(PrimeCounterTest, Tuplets) {
  EXPECT_EQ(Out({"--plain", "1e9", "-c", "twins"}), "3424506\n");
  EXPECT_EQ(Out({"--plain", "1e8", "--count=quadruplets"}), "4768\n");
}

TEST(PrimeCounterTest, Json) {
  const auto json = nlohmann::json::parse(Out({"1e9", "--json", "--verify", "--workers=2"}));
  EXPECT_EQ(json["counts"][0]["count"], 50847534);
  EXPECT_EQ(json["counts"][0]["verified"], true);
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["workers"], 2);
}

// What runs on both executors.
class ExecutorTest : public testing::TestWithParam<const char*> {
 protected:
  static std::vector<std::string> With(std::vector<std::string> arguments) {
    arguments.push_back(std::string("--executor=") + GetParam());
    return arguments;
  }
};
INSTANTIATE_TEST_SUITE_P(All, ExecutorTest, testing::Values("process", "thread"),
                         [](const auto& info) { return info.param; });

TEST_P(ExecutorTest, SmallRuns) {
  EXPECT_EQ(Out(With({"--plain", "0", "1", "2", "100"})), "0\n0\n1\n25\n");
  EXPECT_EQ(Out(With({"--plain", "1e6", "2e6", "3e6", "4e6"})), "78498\n148933\n216816\n283146\n");
  EXPECT_EQ(Out(With({"--plain", "1e8", "-j7"})), "5761455\n");
}

TEST_P(ExecutorTest, VerifyAsJson) {
  const Ended ended = RunProgram(With({"1e6", "1e8", "--verify", "--json", "-j2"}));
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.err, "");
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["workers"], 2);
  EXPECT_EQ(json["worker_deaths"], 0);
  for (const auto& count : json["counts"]) EXPECT_EQ(count["verified"], true);
}

TEST_P(ExecutorTest, IsOfManyNumbers) {
  std::string numbers;
  std::string expected;
  for (int i = 0; i < 5'000; ++i) {
    numbers += "18446744073709551557 91\n";
    expected += "18446744073709551557 prime\n91 composite = 7 * 13\n";
  }
  Process process(With({"is", "--why", "-j3"}));
  // A pipe may not take all of it at once, nor the other all of the answers.
  std::jthread writer([&] { process.Write(numbers); });
  std::string out;
  while (out.size() < expected.size()) {
    const std::string more = process.ReadSome();
    if (more.empty()) break;
    out += more;
  }
  writer.join();
  EXPECT_EQ(out, expected);
  EXPECT_EQ(process.End().status, 1);
}

using std::chrono::milliseconds;

// More than a worker needs to start.
constexpr milliseconds kAtWork(kSanitized ? 200 : 40);

TEST(PrimeCounterTest, AKilledWorkerCostsNothing) {
  Process process({"1e10", "--json", "-j2"});
  const std::vector<pid_t> workers = apps::BusyChildrenOf(process.pid(), 2, kAtWork);
  ASSERT_EQ(workers.size(), 2u);
  for (const pid_t worker : workers) kill(worker, SIGKILL);
  const Ended ended = process.End();
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.err, HasSubstr("worker(s) died; what they were at was counted again"));
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json["counts"][0]["count"], 455052511);
  EXPECT_EQ(json["complete"], true);
  EXPECT_GT(json["worker_deaths"], 0);
}

TEST(PrimeCounterTest, KilledItLeavesNoWorker) {
  Process process({"2^64-1", "-j2"});
  const std::vector<pid_t> workers = apps::BusyChildrenOf(process.pid(), 2, kAtWork);
  ASSERT_EQ(workers.size(), 2u);
  process.Signal(SIGKILL);
  EXPECT_EQ(process.End().status, -SIGKILL);
  EXPECT_TRUE(apps::HaveEnded(workers));
}

TEST(PrimeCounterTest, Is) {
  const Ended ended = RunProgram({"is", "3825123056546413051", "2^64-59", "1"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(ended.out, "3825123056546413051 composite\n18446744073709551557 prime\n1 neither\n");
  EXPECT_EQ(RunProgram({"is", "2", "2^61-1"}).status, 0);
  EXPECT_EQ(Out({"is", "--why", "3825123056546413051"}),
            "3825123056546413051 composite = 149491 * 747451 * 34233211\n");
  EXPECT_EQ(Out({"--json", "is", "91", "--why"}),
            "{\"number\":91,\"prime\":false,\"factors\":[7,13]}\n");
}

TEST(PrimeCounterTest, IsOfStandardInput) {
  Process process({"is", "5", "-"});
  process.Write("7 9\n\n2^4+1");
  EXPECT_EQ(process.End().out, "5 prime\n7 prime\n9 composite\n17 prime\n");
}

TEST(PrimeCounterTest, WhoTypesANumberGetsAnAnswer) {
  Process process({"is"});
  process.Write("7\n");
  EXPECT_EQ(process.ReadSome(), "7 prime\n");
  process.Write("8\n");
  EXPECT_EQ(process.ReadSome(), "8 composite\n");
  EXPECT_EQ(process.End().status, 1);
}

TEST(PrimeCounterTest, WhatIsNoNumberDoesNotStopTheOthers) {
  Process process({"is"});
  process.Write("7\nseven -1\n11\n");
  const Ended ended = process.End();
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.out, "7 prime\n11 prime\n");
  EXPECT_THAT(ended.err, AllOf(HasSubstr("prime_counter: line 2: \"seven\" is not a number"),
                               HasSubstr("line 2: \"-1\" is out of range")));
}

TEST(PrimeCounterTest, AWrongCommandLine) {
  using Words = std::vector<std::string>;
  const std::vector<std::pair<Words, std::string>> cases = {
      {{}, "there is no LIMIT"},
      {{"abc"}, "\"abc\" is not a number"},
      {{""}, "\"\" is not a number: it is empty"},
      {{"-5"}, "\"-5\" is out of range: numbers go from 0 to 2^64-1"},
      {{"1e30"}, "\"1e30\" is out of range"},
      {{"1.5"}, "\"1.5\" is not a whole number"},
      {{"10", "--from", "20"}, "the range from 20 to 10 is reversed"},
      {{"10", "--from", "x"}, "\"x\" is not a number"},
      {{"10", "--from", "3", "--verify"}, "--verify"},
      {{"10", "--bogus"}, "--bogus"},
      {{"10", "-j0"}, "--workers"},
      {{"10", "-c", "pairs"}, "pairs"},
      {{"10", "--executor=gpu"}, "gpu"},
      {{"10", "is", "7"}, "\"10\" stands before 'is'"},
      {{"is", "7", "x"}, "\"x\" is not a number"}};
  for (const auto& [arguments, message] : cases) {
    const Ended ended = RunProgram(arguments);
    EXPECT_EQ(ended.status, 2) << message;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err,
                AllOf(StartsWith("prime_counter: "), HasSubstr(message), HasSubstr("--help")));
  }
}

TEST(PrimeCounterTest, Help) {
  const Ended ended = RunProgram({"--help"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, HasSubstr("Examples:"));
  EXPECT_THAT(Out({"is", "--help"}), HasSubstr("prime_counter is --why"));
}

void ExpectPartial(const Ended& ended) {
  EXPECT_EQ(ended.status, 130);
  EXPECT_EQ(ended.err, "");
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["counts"][0]["complete"], false);
}

TEST_P(ExecutorTest, InterruptedItReportsWhatItHas) {
  // A count that would take hours, and one whose single pieces take half a minute.
  for (const char* range : {"--from=0", "--from=1e19"}) {
    for (const int signal : {SIGINT, SIGTERM}) {
      Process process(With({range, "2^64-1", "--json"}));
      ASSERT_TRUE(process.Catches(signal));
      process.Signal(signal);
      ExpectPartial(process.End());
    }
  }
}

TEST(PrimeCounterTest, InterruptedAtWorkItIsExactAndLeavesNoProcess) {
  Process process({"2^64-1", "--json", "-j2"});
  const std::vector<pid_t> workers = apps::BusyChildrenOf(process.pid(), 2, milliseconds(100));
  ASSERT_EQ(workers.size(), 2u);
  process.Signal(SIGINT);
  const Ended ended = process.End();
  // The program has waited for them: not even a zombie is left.
  for (const pid_t worker : workers) EXPECT_EQ(kill(worker, 0), -1);
  ExpectPartial(ended);
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json["worker_deaths"], 0);
  const auto& count = json["counts"][0];
  EXPECT_EQ(Out({"--plain", count["counted_to"].dump()}), count["count"].dump() + "\n");
}

// As timeout(1) does.
TEST_P(ExecutorTest, InterruptedTwiceAtOnce) {
  for (int i = 0; i < 20; ++i) {
    Process process(With({"2^64-1", "--json"}));
    ASSERT_TRUE(process.Catches(SIGINT));
    process.Signal(SIGINT);
    sched_yield();
    process.Signal(SIGINT);
    ExpectPartial(process.End());
  }
}

TEST(PrimeCounterTest, InterruptedTheTableSaysSo) {
  Process process({"1e19"});
  ASSERT_TRUE(process.Catches(SIGINT));
  process.Signal(SIGINT);
  EXPECT_THAT(process.End().out, HasSubstr("INTERRUPTED: "));
}

TEST(PrimeCounterTest, InterruptedWhileItWaitsForNumbers) {
  Process process({"is"});
  process.Write("7\n");
  EXPECT_EQ(process.ReadSome(), "7 prime\n");
  process.Signal(SIGINT);
  const Ended ended = process.End(false);
  EXPECT_EQ(ended.status, 130);
  EXPECT_THAT(ended.err, HasSubstr("INTERRUPTED"));
}

TEST(PrimeCounterTest, AFullDisk) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"100"}, {"is", "7"}}) {
    const Ended ended = Process(arguments, full).End();
    EXPECT_EQ(ended.status, 4);
    EXPECT_EQ(ended.err, "prime_counter: the report cannot be written: No space left on device\n");
  }
  close(full);
}

TEST(PrimeCounterTest, AReaderThatHasGone) {
  Process count({"1e8"});
  count.CloseOut();
  const Ended ended = count.End();
  EXPECT_EQ(ended.status, 4);
  EXPECT_EQ(ended.err, "");
  Process is({"is"});
  is.CloseOut();
  is.Write("7\n");
  EXPECT_EQ(is.End().status, 4);
}

}  // namespace
}  // namespace cohort::prime_counter

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) return 2;
  cohort::prime_counter::program = argv[1];
  return RUN_ALL_TESTS();
}
