// Compares the API fetcher with `curl -Z` and with a bare loop over its HTTP library.
//
//   ./bazelw run //apps/api_fetcher/benchmark:compare -- [--repetitions=5] [CASE...]
//
// A CASE is small, large, delayed, rate or memory. Small and large answers come from an nginx with
// one worker process (Debian's package nginx-light), delayed ones and those that are counted from
// testing/http_server. The fetcher writes a record of each request, with its rate limiter and its
// retries switched on. The programs run in turn, again and again, so that what else the machine
// does hits all alike.

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "apps/api_fetcher/benchmark/nginx.h"
#include "apps/common/measure.h"
#include "testing/http_server/http_server.h"

namespace cohort::api_fetcher::benchmark {
namespace {

namespace fs = std::filesystem;
using apps::Cost;
using Command = std::vector<std::string>;
using http_server::HttpServer;

struct Options {
  std::string fetcher;
  std::string bare;
  std::vector<std::string> cases = {"small", "large", "delayed", "rate", "memory"};
  int repetitions = 5;
};

// So many requests to `origin`/`path`1, 2, ..., so many at a time.
struct Load {
  std::string title;
  std::string origin;
  std::string path;
  int requests;
  int concurrency;
};

struct Contender {
  std::string name;
  Command command;
  std::vector<Cost> costs = {};
};

Command FetcherCommand(const Options& options, const Load& load) {
  return {options.fetcher,
          load.origin + load.path + "{id}",
          "--ids",
          absl::StrCat("1-", load.requests),
          "--concurrency",
          absl::StrCat(load.concurrency),
          "--rate=1000000/s",
          "--burst=1000000",
          "--quiet"};
}

// `list`: where the file for curl goes.
Command CurlCommand(const Load& load, const std::string& list) {
  std::ofstream out(list);
  for (int i = 1; i <= load.requests; ++i) {
    out << "url = \"" << load.origin << load.path << i << "\"\noutput = \"/dev/null\"\n";
  }
  // Its meter is not to be silenced.
  return {"sh", "-c",
          absl::StrCat("exec curl -s -Z --parallel-immediate --parallel-max ", load.concurrency,
                       " -K ", list, " 2> /dev/null")};
}

Command BareCommand(const Options& options, const Load& load) {
  return {options.bare, load.origin, load.path, absl::StrCat(load.requests),
          absl::StrCat(load.concurrency)};
}

void Print(const Load& load, const std::vector<Contender>& contenders) {
  absl::PrintF("\n%s\n%-22s %8s %9s %8s %8s %7s %7s\n", load.title, "median of all runs", "wall s",
               "a second", "CPU s", "RSS MB", "wall x", "CPU x");
  const Cost own = apps::MedianOf(contenders.front().costs);
  for (const Contender& contender : contenders) {
    const Cost cost = apps::MedianOf(contender.costs);
    absl::PrintF("%-22s %8.3f %9.0f %8.3f %8.1f %7.2f %7.2f\n", contender.name, cost.wall,
                 load.requests / cost.wall, cost.processor, cost.memory / 1e6, cost.wall / own.wall,
                 cost.processor / own.processor);
  }
  std::cout.flush();
}

void Compare(const Options& options, const Load& load, const fs::path& directory) {
  std::vector<Contender> contenders = {
      {"api_fetcher", FetcherCommand(options, load)},
      {"bare cpp-httplib", BareCommand(options, load)},
  };
  if (apps::IsInstalled("curl")) {
    contenders.push_back({"curl -Z", CurlCommand(load, directory / "list")});
  }
  for (int i = 0; i < options.repetitions; ++i) {
    for (Contender& contender : contenders) {
      contender.costs.push_back(apps::Measure(contender.command));
    }
  }
  Print(load, contenders);
}

void CompareSmall(const Options& options, const fs::path& directory) {
  const Nginx nginx(directory);
  for (int concurrency : {20, 64}) {
    Compare(options,
            {absl::StrCat("20,000 answers of 1 KB, ", concurrency, " at a time"), nginx.Url(""),
             "/small/", 20'000, concurrency},
            directory);
  }
}

void CompareLarge(const Options& options, const fs::path& directory) {
  const Nginx nginx(directory);
  Compare(options, {"2,000 answers of 100 KiB, 20 at a time", nginx.Url(""), "/large/", 2'000, 20},
          directory);
}

void CompareDelayed(const Options& options, const fs::path& directory) {
  const HttpServer server;
  for (int concurrency : {20, 64}) {
    const int rounds = (2'000 + concurrency - 1) / concurrency;
    Compare(options,
            {absl::StrFormat("2,000 answers after 50 ms, %d at a time; %.2f s at the least",
                             concurrency, rounds * 0.05),
             server.Url(""), "/delay/50?", 2'000, concurrency},
            directory);
  }
}

// What the server says of a rate.
void CountRate(const Options& options) {
  HttpServer server;
  for (int concurrency : {20, 64}) {
    server.Reset();
    const Cost cost =
        apps::Measure({options.fetcher, server.Url("/posts/{id}"), "--ids", "1-2000",
                       "--rate=200/s", absl::StrCat("--concurrency=", concurrency), "--quiet"});
    const auto counted = server.statistics().Take();
    absl::PrintF(
        "\n2,000 requests with --rate 200/s, %d at a time: %.2f s, %.3f s CPU; the server "
        "counts %d, and %d in the busiest second\n",
        concurrency, cost.wall, cost.processor, counted.requests, counted.busiest_second);
  }
}

void MeasureMemory(const Options& options, const fs::path& directory) {
  const Nginx nginx(directory);
  const Load load = {"", nginx.Url(""), "/small/", 1'000'000, 64};
  const Cost cost = apps::Measure(FetcherCommand(options, load));
  absl::PrintF("\na million ids: %.1f s, %.1f s CPU, %.1f MB\n", cost.wall, cost.processor,
               cost.memory / 1e6);
}

// In a directory of its own, which is removed.
template <typename F>
void InDirectory(F f) {
  std::string pattern = (fs::temp_directory_path() / "compare_fetch.XXXXXX").string();
  const fs::path directory = mkdtemp(pattern.data());
  f(directory);
  fs::remove_all(directory);
}

bool Has(const Options& options, const std::string& name) {
  return std::count(options.cases.begin(), options.cases.end(), name) > 0;
}

int CompareAll(const Options& options) {
  const auto run = [&](const char* name, auto compare) {
    if (!Has(options, name)) return;
    InDirectory([&](const fs::path& directory) { compare(options, directory); });
  };
  const auto run_with_nginx = [&](const char* name, auto compare) {
    if (Nginx::IsInstalled()) return run(name, compare);
    std::cout << "\n" << name << ": skipped, there is no nginx (package nginx-light)\n";
  };
  run_with_nginx("small", CompareSmall);
  run_with_nginx("large", CompareLarge);
  run("delayed", CompareDelayed);
  if (Has(options, "rate")) CountRate(options);
  run_with_nginx("memory", MeasureMemory);
  return 0;
}

}  // namespace
}  // namespace cohort::api_fetcher::benchmark

int main(int argc, char** argv) {
  namespace benchmark = cohort::api_fetcher::benchmark;
  benchmark::Options options;
  CLI::App app("Compares the API fetcher with curl -Z and with bare cpp-httplib.");
  app.add_option("CASE", options.cases)
      ->check(CLI::IsMember({"small", "large", "delayed", "rate", "memory"}))
      ->capture_default_str();
  app.add_option("--fetcher", options.fetcher, "The program api_fetcher")->required();
  app.add_option("--bare", options.bare, "The program bare_fetch")->required();
  app.add_option("--repetitions", options.repetitions)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return benchmark::CompareAll(options);
}
