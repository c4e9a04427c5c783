// demo: runs the four tools, one after the other, on sample data that it makes.
//
//   ./bazelw run //apps:demo
//
// It needs no input and no network: the API is a server of its own on 127.0.0.1. Each tool runs
// twice, first as its users run it, with its output shown, then with one worker.

#include <stdlib.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "apps/common/command_line.h"
#include "apps/common/exit_code.h"
#include "apps/common/interrupt.h"
#include "apps/common/output.h"
#include "apps/common/stopwatch.h"
#include "apps/common/table.h"
#include "apps/demo/samples.h"
#include "apps/demo/steps.h"
#include "apps/demo/temporary_directory.h"
#include "apps/demo/tool.h"
#include "pools/usable_cpus.h"
#include "testing/http_server/http_server.h"

namespace cohort::demo {
namespace {

namespace fs = std::filesystem;

constexpr char kName[] = "demo";
constexpr int kShownLines = 2;

// A step that was run.
struct Result {
  Step step;
  double seconds;
  double serial_seconds;
};

class Interrupted : public std::exception {};

class ToolFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Returns how long it took.
double RunOrThrow(const ToolCall& call, const fs::path& directory) {
  const Run run = RunTool(call, directory);
  if (apps::InterruptRequested() || run.status == apps::kInterrupted) throw Interrupted();
  if (run.status != 0) {
    throw ToolFailed(absl::StrCat(call.name, " ended with status ", run.status));
  }
  return run.seconds;
}

void ShowBeginning(const fs::path& file) {
  std::cout << "$ head -n " << kShownLines << " " << file.filename().string() << "\n";
  std::ifstream in(file);
  std::string line;
  for (int i = 0; i < kShownLines && std::getline(in, line); ++i) std::cout << line << "\n";
}

Result RunStep(const Step& step, const fs::path& directory) {
  std::cout << "\n" << step.title << ":\n\n$ " << CommandLine(step.call) << std::endl;
  Result result = {.step = step, .seconds = RunOrThrow(step.call, directory), .serial_seconds = 0};
  if (!step.to_show.empty()) ShowBeginning(directory / step.to_show);
  std::cout.flush();
  result.serial_seconds = RunOrThrow(step.serial, directory);
  return result;
}

std::string SummaryTable(const std::vector<Result>& results) {
  using enum apps::Table::Align;
  apps::Table table({kLeft, kLeft, kLeft, kRight, kRight, kRight});
  table.AddRow({{"tool"}, {"work"}, {"pool"}, {"time"}, {"1 worker"}, {"faster"}});
  table.AddRule();
  for (const Result& result : results) {
    table.AddRow({{result.step.call.name},
                  {result.step.what},
                  {result.step.pool},
                  {absl::StrFormat("%.2f s", result.seconds)},
                  {absl::StrFormat("%.2f s", result.serial_seconds)},
                  {absl::StrFormat("%.1f x", result.serial_seconds / result.seconds)}});
  }
  return table.ToString();
}

void MakeSamplesAloud(const fs::path& directory, const SampleSizes& sizes) {
  const apps::Stopwatch watch;
  std::cout << "Making " << sizes.logs << " log files and " << sizes.photos << " photos in "
            << directory.string() << " ..." << std::flush;
  MakeSamples(directory, sizes);
  std::cout << absl::StrFormat(" %.1f s\n", watch.Seconds());
  if (apps::InterruptRequested()) throw Interrupted();
}

void RunAll(const Plan& plan) {
  const apps::Stopwatch watch;
  const TemporaryDirectory directory("cohort_demo");
  MakeSamplesAloud(directory.path(), plan.samples);
  const http_server::HttpServer server;
  std::vector<Result> results;
  for (const Step& step : StepsOf(plan, server.Url(""))) {
    results.push_back(RunStep(step, directory.path()));
  }
  std::cout << "\nEach once more with one worker, and compared:\n\n"
            << SummaryTable(results)
            << absl::StrFormat("\n%.0f s in all, samples included; they are removed again.\n",
                               watch.Seconds());
}

int RunAndReport(const Plan& plan) {
  try {
    RunAll(plan);
    return apps::kSuccess;
  } catch (const Interrupted&) {
    apps::Say(kName, "interrupted; the samples are removed");
    return apps::kInterrupted;
  } catch (const std::exception& error) {
    apps::Say(kName, error.what());
    return apps::kSomeFailed;
  }
}

}  // namespace
}  // namespace cohort::demo

int main(int argc, char** argv) {
  namespace apps = cohort::apps;
  namespace demo = cohort::demo;
  CLI::App app(
      "Runs the four tools on sample data that it makes, and shows what their pools are worth.\n"
      "Needs no input and no network; takes about half a minute.\n\n"
      "Exit status: 0 all went well; 1 a tool failed; 2 the command line is wrong; 130 "
      "interrupted.",
      "demo");
  bool small = false;
  app.add_flag("--small", small, "Less of everything: a few seconds");
  if (const auto status = apps::ParseCommandLine(app, argc, argv)) return *status;
  apps::IgnoreBrokenPipes();
  apps::CatchInterrupts();
  // The tools are to take relative paths as the demo means them.
  unsetenv("BUILD_WORKING_DIRECTORY");
  const int processors = cohort::usable_cpus();
  return demo::RunAndReport(small ? demo::SmallPlan(processors) : demo::FullPlan(processors));
}
