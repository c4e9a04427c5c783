// Writes generated logs and what is true of them:
//
//   generate_logs --directory=DIR [--size=1073741824] [--files=64] [--dirty] [--seed=1]
//
// DIR/logs/NN.log, and DIR/truth.tsv with file, lines, errors and warnings. With --files=1 the one
// file has the same bytes as the 64 have together, in eight formats.

#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "apps/log_summarizer/benchmark/corpus.h"

namespace cohort::log_summarizer::benchmark {
namespace {

constexpr int kParts = 64;

struct Options {
  std::string directory;
  std::uint64_t size = 1 << 30;
  int files = kParts;
  bool dirty = false;
  std::uint64_t seed = 1;
};

// Appends one of the parts to `out`, and returns what is true of it.
Truth WritePart(int part, const Options& options, std::ostream& out) {
  const std::uint64_t size = options.size / kParts;
  LogText log(static_cast<Format>(part % kFormats), options.seed * 1000 + part, options.dirty);
  std::string text;
  for (std::uint64_t written = 0; written < size; written += text.size()) {
    text.clear();
    while (text.size() < 65536 && written + text.size() < size) log.AppendEvent(text);
    out << text;
  }
  return log.truth();
}

void WriteTruth(std::ostream& out, const std::string& name, const Truth& truth) {
  out << name << '\t' << truth.lines << '\t' << truth.errors << '\t' << truth.warnings << '\n';
}

void WriteFiles(const Options& options) {
  const std::string& directory = options.directory;
  std::ofstream truths(directory + "/truth.tsv");
  mkdir((directory + "/logs").c_str(), 0777);
  for (int file = 0; file < options.files; ++file) {
    const std::string name = absl::StrFormat("%02d.log", file);
    std::ofstream out(directory + "/logs/" + name, std::ios::binary);
    Truth truth;
    for (int part = file; part < kParts; part += options.files) {
      const Truth more = WritePart(part, options, out);
      truth.lines += more.lines;
      truth.errors += more.errors;
      truth.warnings += more.warnings;
    }
    if (!out.flush()) {
      std::cerr << "generate_logs: cannot write " << directory << "/logs/" << name << "\n";
      std::exit(1);
    }
    WriteTruth(truths, name, truth);
  }
}

}  // namespace
}  // namespace cohort::log_summarizer::benchmark

int main(int argc, char** argv) {
  namespace benchmark = cohort::log_summarizer::benchmark;
  benchmark::Options options;
  CLI::App app("Writes generated logs, and what is true of them.");
  app.add_option("--directory", options.directory, "Where to write; must exist")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--size", options.size, "Bytes in all, to within an event for each part")
      ->capture_default_str();
  app.add_option("--files", options.files)->check(CLI::IsMember({1, 64}))->capture_default_str();
  app.add_flag("--dirty", options.dirty, "NULs, bytes that are no UTF-8, CRLF, very long lines");
  app.add_option("--seed", options.seed, "Another seed, other logs")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  benchmark::WriteFiles(options);
}
