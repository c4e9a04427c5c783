// Compares the log summarizer with what else counts lines, on the same generated logs.
//
//   ./bazelw run //apps/log_summarizer/benchmark:compare -- [--size=BYTES] [--repetitions=5]
//
// The logs are generated into a temporary directory, as 64 files, as one, and dirty (NULs, bytes
// that are no UTF-8, CRLF, very long lines), and read once before the first measurement. Then all
// programs run in turn, again and again, so that what else the machine does hits all alike.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "apps/common/measure.h"

namespace cohort::log_summarizer::benchmark {
namespace {

namespace fs = std::filesystem;
using apps::Cost;
using apps::IsInstalled;
using apps::Measure;
using apps::MedianOf;
using apps::OutputOf;

struct Options {
  std::string generator;
  std::string summarizer;
  std::uint64_t size = 1 << 30;
  int repetitions = 5;
};

struct Contender {
  std::string name;
  std::vector<std::string> command;
  std::vector<Cost> costs = {};
};

using Counts = std::map<std::string, std::string>;  // file to "lines errors warnings"

Counts TruthOf(const fs::path& corpus) {
  std::ifstream in(corpus / "truth.tsv");
  Counts counts;
  for (std::string file, lines, errors, warnings; in >> file >> lines >> errors >> warnings;) {
    counts[file] = absl::StrCat(lines, " ", errors, " ", warnings);
  }
  return counts;
}

Counts CountsBySummarizer(const Options& options, const fs::path& corpus) {
  const std::string csv =
      OutputOf({options.summarizer, "--format=csv", (corpus / "logs").string()});
  Counts counts;
  for (absl::string_view line : absl::StrSplit(csv, "\r\n", absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, ',');
    if (fields[0] == "file") continue;
    counts[fs::path(fields[0]).filename()] =
        absl::StrCat(fields[1], " ", fields[2], " ", fields[3]);
  }
  return counts;
}

std::vector<Contender> Contenders(const Options& options, const fs::path& corpus) {
  const std::string logs = (corpus / "logs").string();
  const std::string glob = logs + "/*.log";
  const auto shell = [](const std::string& line) {
    return std::vector<std::string>{"sh", "-c", line};
  };
  std::vector<Contender> all = {
      {"log_summarizer", {options.summarizer, logs}},
      {"log_summarizer --rule substring", {options.summarizer, "--rule=substring", logs}},
      {"wc -l", shell("wc -l " + glob)},
      {"grep -c ERROR", shell("grep -ac ERROR " + glob)},
      {"wc -l; grep -c ERROR; grep -c WARN",
       shell(absl::StrCat("wc -l ", glob, "; grep -ac ERROR ", glob, "; grep -ac WARN ", glob))},
  };
  if (IsInstalled("rg")) {
    all.push_back({"rg -c ERROR", shell("rg -ac ERROR " + glob)});
    all.push_back({"rg -ci '\\b(error|fatal|warn|...)\\b'",
                   shell("rg -aci '\\b(error|fatal|critical|warn|warning)\\b' " + glob)});
  }
  if (IsInstalled("mawk")) {
    all.push_back({"mawk, ERROR and WARN",
                   shell("mawk '{n[FILENAME]++} /ERROR/{e[FILENAME]++;next} /WARN/{w[FILENAME]++} "
                         "END{for(f in n)print f,n[f],e[f],w[f]}' " +
                         glob)});
  }
  return all;
}

std::uint64_t SizeOf(const fs::path& corpus) {
  std::uint64_t size = 0;
  for (const auto& file : fs::directory_iterator(corpus / "logs")) size += file.file_size();
  return size;
}

void Print(const std::vector<Contender>& contenders, std::uint64_t size) {
  const Cost own = MedianOf(contenders[0].costs);
  absl::PrintF("%-36s %8s %8s %8s %8s %7s %7s\n", "median of all runs", "wall s", "MB/s", "CPU s",
               "RSS MB", "wall x", "CPU x");
  for (const Contender& contender : contenders) {
    const Cost cost = MedianOf(contender.costs);
    absl::PrintF("%-36s %8.3f %8.0f %8.3f %8.1f %7.2f %7.2f\n", contender.name, cost.wall,
                 static_cast<double>(size) / cost.wall / 1e6, cost.processor, cost.memory / 1e6,
                 cost.wall / own.wall, cost.processor / own.processor);
  }
}

// Returns whether the counts are right.
bool Compare(const Options& options, const fs::path& corpus, const std::string& title) {
  const std::uint64_t size = SizeOf(corpus);
  absl::PrintF("\n%s, %d bytes\n", title, size);
  const bool right = CountsBySummarizer(options, corpus) == TruthOf(corpus);
  absl::PrintF("counts of log_summarizer: %s\n", right ? "exact, in every file" : "WRONG");
  std::vector<Contender> contenders = Contenders(options, corpus);
  for (int i = 0; i < options.repetitions; ++i) {
    for (Contender& contender : contenders) contender.costs.push_back(Measure(contender.command));
  }
  Print(contenders, size);
  return right;
}

// Generates a corpus, compares on it, and removes it.
bool Run(const Options& options, const fs::path& root, const std::string& title,
         std::vector<std::string> flags) {
  const fs::path corpus = root / "corpus";
  fs::create_directories(corpus);
  std::vector<std::string> command = {options.generator, "--directory", corpus.string(), "--size",
                                      absl::StrCat(options.size)};
  command.insert(command.end(), flags.begin(), flags.end());
  OutputOf(command);
  const bool right = Compare(options, corpus, title);
  fs::remove_all(corpus);
  return right;
}

void CompareStartup(const Options& options, const fs::path& root) {
  const fs::path empty = root / "empty.log";
  std::ofstream(empty).flush();
  std::vector<Cost> costs;
  for (int i = 0; i < 50; ++i) costs.push_back(Measure({options.summarizer, empty.string()}));
  const Cost median = MedianOf(std::move(costs));
  absl::PrintF("\none empty file: %.2f ms, %.2f ms CPU\n", median.wall * 1e3,
               median.processor * 1e3);
}

int CompareAll(const Options& options) {
  std::string pattern = (fs::temp_directory_path() / "compare_logs.XXXXXX").string();
  const fs::path root = mkdtemp(pattern.data());
  CompareStartup(options, root);
  bool right = Run(options, root, "64 files", {"--files=64"});
  right &= Run(options, root, "one file", {"--files=1"});
  right &= Run(options, root, "64 dirty files", {"--files=64", "--dirty"});
  fs::remove_all(root);
  return right ? 0 : 1;
}

}  // namespace
}  // namespace cohort::log_summarizer::benchmark

int main(int argc, char** argv) {
  namespace benchmark = cohort::log_summarizer::benchmark;
  benchmark::Options options;
  CLI::App app("Compares the log summarizer with rg, grep, mawk and wc.");
  app.add_option("--generator", options.generator, "The program generate_logs")->required();
  app.add_option("--summarizer", options.summarizer, "The program log_summarizer")->required();
  app.add_option("--size", options.size, "Bytes of logs")->capture_default_str();
  app.add_option("--repetitions", options.repetitions)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return benchmark::CompareAll(options);
}
