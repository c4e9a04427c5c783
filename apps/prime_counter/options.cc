#include "apps/prime_counter/options.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "apps/common/command_line.h"
#include "apps/prime_counter/number.h"

namespace cohort::prime_counter {
namespace {

constexpr char kDescription[] = "Counts primes, on all processors, and says whether numbers are.";

constexpr char kExamples[] = R"(Examples:
  prime_counter 1e10                       how many primes there are up to 10,000,000,000
  prime_counter 1e6 1e7 1e8                several limits in one pass
  prime_counter --from 1e15 1e15+1e9       from 1e15 to 1e15+1e9
  prime_counter 1e9 --count twins          twins, triplets ... sextuplets
  prime_counter 1e9 1e10 --verify          compare with the published counts
  prime_counter is 2^61-1 2^64-59          are these prime?
  prime_counter is --why < numbers.txt     with factors; one number or many on a line

Numbers: 1000000, 1_000_000, 1e6, 10^6, 10**6, 2^40+15; from 0 to 2^64-1. Both ends of a range are
in it, as in pi(x): 'prime_counter 7' counts 2, 3, 5 and 7.
Above 1e16 a worker needs up to 0.5 GB of memory. Workers are processes: one that is killed, say for
want of memory, costs only time, as what it was counting is counted again.

Exit status: 0 done; 1 something failed, or a count is not the known one, or, with 'is', some number
is not prime; 2 the command line or a number is wrong; 4 the result could not be written; 130
interrupted, and what was counted until then is written and marked as partial.)";

constexpr char kIsExamples[] =
    R"(Exact for every number: a deterministic Miller-Rabin test. One answer a line, in the order of the
numbers: '97 prime', '91 composite', '1 neither'; with --why '91 composite = 7 * 13'.

Examples:
  prime_counter is 3825123056546413051
  prime_counter is --why 2^64-1
  seq 1e9 1000000100 | prime_counter is - --json

Exit status: 0 all are prime; 1 some are not; 2 some are no numbers; 4 and 130 as above.)";

const std::map<std::string, Kind> kKinds = {
    {"primes", Kind::kPrimes},           {"twins", Kind::kTwins},
    {"triplets", Kind::kTriplets},       {"quadruplets", Kind::kQuadruplets},
    {"quintuplets", Kind::kQuintuplets}, {"sextuplets", Kind::kSextuplets}};
const std::map<std::string, ExecutorKind> kExecutors = {{"process", ExecutorKind::kProcess},
                                                        {"thread", ExecutorKind::kThread}};

// What the command line has, as text.
struct Words {
  std::string from = "0";
  std::vector<std::string> limits = {};
  std::vector<std::string> numbers = {};
};

void AddCountOptions(CLI::App& app, Options& options, Words& words) {
  app.add_option("LIMIT", words.limits, "Count up to here; several are counted in one pass")
      ->type_name("");
  app.add_option("--from", words.from, "Count from here; default 0")->type_name("NUMBER");
  apps::AddChoice(app, "-c,--count", options.kind, kKinds, "What to count; default primes");
  app.add_flag("--verify", options.verify,
               "Compare with the published counts; without LIMIT, up to 1e10");
  app.add_flag("--plain", options.plain, "Only the counts, one a line");
}

void AddRunOptions(CLI::App& app, Options& options) {
  app.add_flag("--json", options.json, "JSON; with 'is', an object a line");
  app.add_option("-j,--workers", options.workers, "Default one for each processor")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  apps::AddChoice(app, "--executor", options.executor, kExecutors,
                  "What a worker is; default process");
  app.add_flag("-q,--quiet", options.quiet, "No progress and no notes, only errors");
}

CLI::App* AddIs(CLI::App& app, Options& options, Words& words) {
  CLI::App* is = app.add_subcommand("is", "Say of each number whether it is prime")->fallthrough();
  is->footer(kIsExamples);
  is->add_option("NUMBER", words.numbers, "What to test; none or -: standard input")->type_name("");
  is->add_flag("--why", options.why, "With the factors");
  return is;
}

// To CLI11, "-5" is an option.
std::string NegativeNumber(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.size() > 1 && word[0] == '-' && absl::ascii_isdigit(word[1])) return std::string(word);
  }
  return "";
}

Limit ParseLimit(const std::string& text, std::uint64_t from) {
  const Limit limit = {text, ParseNumber(text)};
  if (limit.number < from) {
    throw NumberError(absl::StrCat("the range from ", from, " to ", limit.number,
                                   " is reversed: --from must not be above a LIMIT"));
  }
  return limit;
}

void TakeLimits(Words& words, Options& options) {
  if (words.limits.empty() && options.verify) {
    for (int exponent = 1; exponent <= 10; ++exponent) {
      words.limits.push_back(absl::StrCat("1e", exponent));
    }
  }
  if (words.limits.empty()) throw NumberError("there is no LIMIT to count up to");
  options.from = ParseNumber(words.from);
  if (options.verify && options.from > 2) {
    throw NumberError("--verify needs counts from 0 on: there are no published ones of ranges");
  }
  for (const std::string& text : words.limits) {
    options.limits.push_back(ParseLimit(text, options.from));
  }
}

void TakeNumbers(const Words& words, Options& options) {
  options.command = Command::kIs;
  if (!words.limits.empty()) {
    throw NumberError(absl::StrCat("\"", words.limits[0], "\" stands before 'is'"));
  }
  options.read_input = words.numbers.empty();
  for (const std::string& text : words.numbers) {
    if (text == "-") {
      options.read_input = true;
    } else {
      options.numbers.push_back(ParseNumber(text));
    }
  }
}

void TakeWords(bool is, Words& words, Options& options) {
  is ? TakeNumbers(words, options) : TakeLimits(words, options);
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  Options options;
  Words words;
  CLI::App app(kDescription, "prime_counter");
  app.footer(kExamples);
  app.get_formatter()->column_width(30);
  AddCountOptions(app, options, words);
  AddRunOptions(app, options);
  const CLI::App* is = AddIs(app, options, words);
  try {
    if (const std::string text = NegativeNumber(argc, argv); !text.empty()) ParseNumber(text);
    if (const auto status = apps::ParseCommandLine(app, argc, argv)) return {{}, *status};
    TakeWords(is->parsed(), words, options);
  } catch (const NumberError& error) {
    return {{}, apps::SayUsageError(app, error.what())};
  }
  return {std::move(options)};
}

}  // namespace cohort::prime_counter
