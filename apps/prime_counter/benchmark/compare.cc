// Compares the prime counter with primesieve's own command and its threads.
//
//   ./bazelw run //apps/prime_counter/benchmark:compare -- [--repetitions=5] [RANGE...]
//
// A RANGE is START,STOP; both programs write numbers alike (0,1e10). The programs run in turn,
// again and again, so that what else the machine does hits all alike. The command is in Debian's
// package primesieve; without it, only the counter is measured.

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "apps/common/measure.h"

namespace cohort::prime_counter::benchmark {
namespace {

using apps::Cost;
using Command = std::vector<std::string>;

struct Options {
  std::string counter;
  std::vector<std::string> ranges = {"0,1e9", "0,1e10", "0,1e11"};
  std::vector<std::string> executors = {"process", "thread"};
  int repetitions = 5;
};

struct Contender {
  std::string name;
  Command command;
  std::vector<Cost> costs = {};
  std::string count = {};
};

std::vector<Contender> Contenders(const Options& options, const std::string& range) {
  const std::vector<std::string> ends = absl::StrSplit(range, ',');
  std::vector<Contender> all;
  for (const std::string& executor : options.executors) {
    all.push_back({"prime_counter, " + executor,
                   {options.counter, "--plain", "--executor=" + executor, "--from=" + ends.front(),
                    ends.back()}});
  }
  if (apps::IsInstalled("primesieve")) {
    all.push_back({"primesieve", {"primesieve", "-q", ends.front(), ends.back()}});
  }
  return all;
}

// The ratios are of medians, to the last contender.
void Print(const std::vector<Contender>& contenders) {
  absl::PrintF("%-24s %8s %8s %8s %7s %7s  %s\n", "median of all runs", "wall s", "CPU s", "RSS MB",
               "wall x", "CPU x", "count");
  const Cost last = apps::MedianOf(contenders.back().costs);
  for (const Contender& contender : contenders) {
    const Cost cost = apps::MedianOf(contender.costs);
    absl::PrintF("%-24s %8.3f %8.3f %8.1f %7.3f %7.3f  %s\n", contender.name, cost.wall,
                 cost.processor, cost.memory / 1e6, cost.wall / last.wall,
                 cost.processor / last.processor, contender.count);
  }
}

bool Agree(const std::vector<Contender>& contenders) {
  for (const Contender& contender : contenders) {
    if (contender.count != contenders.front().count) return false;
  }
  return true;
}

// Returns whether the counts are the same.
bool Compare(const Options& options, const std::string& range) {
  std::vector<Contender> contenders = Contenders(options, range);
  for (Contender& contender : contenders) {
    contender.count = absl::StripAsciiWhitespace(apps::OutputOf(contender.command));
  }
  for (int i = 0; i < options.repetitions; ++i) {
    for (Contender& contender : contenders) {
      contender.costs.push_back(apps::Measure(contender.command));
    }
  }
  std::cout << '\n' << range << std::endl;
  Print(contenders);
  return Agree(contenders);
}

int CompareAll(const Options& options) {
  bool agree = true;
  for (const std::string& range : options.ranges) agree = Compare(options, range) && agree;
  if (!agree) std::cerr << "compare: the counts differ\n";
  return agree ? 0 : 1;
}

}  // namespace
}  // namespace cohort::prime_counter::benchmark

int main(int argc, char** argv) {
  namespace benchmark = cohort::prime_counter::benchmark;
  benchmark::Options options;
  CLI::App app("Compares the prime counter with primesieve.");
  app.add_option("RANGE", options.ranges, "START,STOP")->capture_default_str();
  app.add_option("--counter", options.counter, "The program prime_counter")->required();
  app.add_option("--executors", options.executors)->delimiter(',')->capture_default_str();
  app.add_option("--repetitions", options.repetitions)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return benchmark::CompareAll(options);
}
