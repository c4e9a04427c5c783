// The command line.

#ifndef COHORT_APPS_API_FETCHER_OPTIONS_H_
#define COHORT_APPS_API_FETCHER_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "apps/api_fetcher/record.h"
#include "apps/api_fetcher/request_source.h"
#include "apps/api_fetcher/retry_policy.h"
#include "apps/api_fetcher/send_options.h"
#include "apps/api_fetcher/status_set.h"

namespace cohort::api_fetcher {

enum class Progress { kAuto, kPlain, kNone };  // a line on a terminal; a line now and then; nothing
enum class SummaryFormat { kText, kJson, kNone };

// How many requests, how fast. 0: no limit.
struct PaceOptions {
  int concurrency = 20;  // never 0
  double rate = 0;       // starts a second, of all hosts; retries count
  int burst = 1;         // starts at once, after a pause
  int per_host = 0;      // concurrency
  double per_host_rate = 0;
};

// 0: none.
struct TimeoutOptions {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds read{30'000};   // without a byte
  std::chrono::milliseconds total{60'000};  // of one attempt, from start to last byte
  std::chrono::milliseconds deadline{0};    // of the run
};

// What is made of answers.
struct AnswerOptions {
  StatusSet accept = {};
  std::uint64_t max_body = std::uint64_t{1} << 30;  // in bytes, decompressed
  std::string field = "";                           // a JSON pointer; empty: none
  std::string directory = "";                       // for bodies; empty: they are not kept
  bool overwrite = false;                           // files that are there
};

struct OutputOptions {
  Format format = Format::kJsonLines;
  bool ordered = false;
  Progress progress = Progress::kAuto;
  SummaryFormat summary = SummaryFormat::kText;
  bool quiet = false;  // no progress, no notes, and no summary unless asked for
};

struct Options {
  SourceOptions source = {};
  PaceOptions pace = {};
  TimeoutOptions timeouts = {};
  RetryOptions retry = {};
  SendOptions send = {};
  AnswerOptions answers = {};
  OutputOptions output = {};
  std::string resume_file = "";    // empty: none
  std::uint64_t max_failures = 0;  // stop after that many; 0: never
  bool dry_run = false;            // only print the URLs
};

// The options, or the exit status where there is nothing more to do: after --help, and after a
// message on standard error about a command line that is wrong. Reads the files and environment
// variables that options name, save the lists of URLs and ids.
struct ParsedOptions {
  std::optional<Options> options = {};
  int exit_status = 0;
};
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_OPTIONS_H_
