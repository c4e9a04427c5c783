#include "apps/api_fetcher/options.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/field.h"
#include "apps/api_fetcher/url.h"
#include "apps/api_fetcher/values.h"
#include "apps/common/command_line.h"
#include "apps/common/terminal.h"

namespace cohort::api_fetcher {
namespace {

constexpr char kDescription[] =
    "Fetches many URLs at once, with limits, retries and a record of each.";

constexpr char kExamples[] = R"(Examples:
  api_fetcher https://example.com https://example.org       two URLs; a JSON record of each
  api_fetcher 'https://api.example.com/posts/{id}' --ids 1-500,7 -o posts
                                          posts 1 to 500 and 7, bodies in posts/1, posts/2 ...
  api_fetcher 'https://example.com/{01..12}.csv' -o months       01.csv to 12.csv
  api_fetcher -i urls.txt --rate 10/s --per-host 2 > results.jsonl
                                          politely: 10 a second in all, 2 at once for each host
  api_fetcher -i urls.txt --resume results.jsonl >> results.jsonl
                                          later: only what is not yet done
  generate_urls | api_fetcher - --format text                    URLs as they come
  api_fetcher 'https://api.example.com/users/{id}' --ids-file users.txt --field /email \
      --bearer-env API_TOKEN              one value of each JSON answer, with a token
  api_fetcher https://api.example.com/events -X POST --data '{"user": "{id}"}' --ids 1-20
  api_fetcher -i links.txt --head --accept 200-399 --summary json   do the links still work?
  api_fetcher 'https://example.com/{id}' --ids 1-3 --dry-run     only print the URLs

URLs: {id} stands for each id, {1..500}, {001..500}, {0..100..10} and {a..e} for each of the range.
--ids takes 7, 1-500, 001-500, 1-500/5, a..e and words, with commas. Lists have one item a line;
blank lines and lines that begin with # are skipped, and wrong ones cost only themselves.
Times are 30s, 500ms, 2m or 1h30m; sizes 64k, 10M or 2G; rates 10/s, 600/m or 100/h.

A failure is an answer that --accept does not have, or none. Tried again are, after a random time
that doubles, failed connections, timeouts and 408, 425, 429, 500, 502, 503, 504; Retry-After is
kept to. The wait holds up no other request, until 8192 wait for the same host.

Exit status: 0 all were ok; 1 some were not; 2 the command line or an input is wrong; 3 there was
nothing to fetch; 4 the results could not be written; 130 interrupted, and what was done until
then has been written.)";

const std::map<std::string, Format> kFormats = {
    {"jsonl", Format::kJsonLines}, {"tsv", Format::kTsv}, {"text", Format::kText}};
const std::map<std::string, Progress> kProgresses = {
    {"auto", Progress::kAuto}, {"plain", Progress::kPlain}, {"none", Progress::kNone}};
const std::map<std::string, SummaryFormat> kSummaries = {
    {"text", SummaryFormat::kText}, {"json", SummaryFormat::kJson}, {"none", SummaryFormat::kNone}};

constexpr char kStdin[] = "-";

// What the command line has, before all of it is known.
struct Words {
  std::string data = "";
  bool head = false;
  bool fail_fast = false;
  bool no_compression = false;
  bool no_proxy = false;
};

// An error of this value as CLI11 has them: it names the option.
template <typename F>
void TakeNamed(const std::string& option, const std::string& text, const F& take) {
  try {
    take(text);
  } catch (const std::runtime_error& error) {
    throw CLI::ValidationError(option, error.what());
  }
}

// An option whose value is for `take`.
template <typename F>
CLI::Option* AddValue(CLI::App& app, const std::string& name, const std::string& type, F take,
                      const std::string& description) {
  const std::string shown = name.substr(name.rfind(',') == name.npos ? 0 : name.rfind(',') + 1);
  const auto taken = [take, shown](const std::string& text) { TakeNamed(shown, text, take); };
  return app.add_option_function<std::string>(name, taken, description)->type_name(type);
}

std::uint64_t ParseCount(const std::string& text, std::uint64_t low, std::uint64_t high) {
  std::uint64_t count = 0;
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c >= '0' && c <= '9';
  });
  if (!digits || !absl::SimpleAtoi(text, &count) || count < low || count > high) {
    throw ValueError(
        absl::StrCat("\"", apps::Printable(text), "\" is no number from ", low, " to ", high));
  }
  return count;
}

// An option whose value is a whole number.
template <typename T>
CLI::Option* AddCount(CLI::App& app, const std::string& name, T& value, std::uint64_t low,
                      std::uint64_t high, const std::string& description) {
  const auto take = [&value, low, high](const std::string& text) {
    value = static_cast<T>(ParseCount(text, low, high));
  };
  return AddValue(app, name, "N", take, description);
}

CLI::Option* AddDuration(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                         const std::string& description) {
  const auto take = [&value](const std::string& text) { value = ParseDuration(text); };
  return AddValue(app, name, "TIME", take, description);
}

// A duration that may be "none".
CLI::Option* AddTimeout(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                        const std::string& description) {
  const auto take = [&value](const std::string& text) {
    value = text == "none" ? std::chrono::milliseconds(0) : ParseDuration(text);
  };
  return AddValue(app, name, "TIME", take, description);
}

void AddInputOptions(CLI::App& app, Options& options) {
  SourceOptions& source = options.source;
  app.add_option("URL", source.urls,
                 "URLs, also with {id} and ranges; - for a list on standard input")
      ->type_name("");
  app.add_option("-i,--input", source.files, "A list of URLs; - for standard input")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group("Input");
  app.add_option("--ids", source.ids, "What {id} stands for: 1-500,7,x")
      ->type_name("IDS")
      ->allow_extra_args(false)
      ->group("Input");
  app.add_option("--ids-file", source.ids_file, "A list of ids; - for standard input")
      ->type_name("FILE")
      ->group("Input");
  app.add_flag("--literal", source.literal, "Braces in URLs mean themselves")->group("Input");
}

void AddPaceOptions(CLI::App& app, PaceOptions& pace) {
  AddCount(app, "-c,--concurrency", pace.concurrency, 1, 4096, "Requests at once; default 20")
      ->group("Pace");
  AddValue(
      app, "--rate", "RATE", [&](const std::string& text) { pace.rate = ParseRate(text); },
      "Starts in a time, retries included; default no limit")
      ->group("Pace");
  AddCount(app, "--burst", pace.burst, 1, 1'000'000,
           "Starts at once after a pause, of all and of each host; 1")
      ->group("Pace");
  AddCount(app, "--per-host", pace.per_host, 1, 4096, "Requests at once to each host")
      ->group("Pace");
  AddValue(
      app, "--per-host-rate", "RATE",
      [&](const std::string& text) { pace.per_host_rate = ParseRate(text); },
      "Starts in a time to each host")
      ->group("Pace");
}

void AddTimeoutOptions(CLI::App& app, TimeoutOptions& timeouts) {
  AddTimeout(app, "--connect-timeout", timeouts.connect, "For a connection; default 10s")
      ->group("Timeouts, or none");
  AddTimeout(app, "--read-timeout", timeouts.read, "Without a byte of the answer; default 30s")
      ->group("Timeouts, or none");
  AddTimeout(app, "--timeout", timeouts.total, "For one attempt as a whole; default 60s")
      ->group("Timeouts, or none");
  AddTimeout(app, "--deadline", timeouts.deadline, "For the whole run; default none")
      ->group("Timeouts, or none");
}

void AddRetryOptions(CLI::App& app, RetryOptions& retry) {
  AddCount(app, "--retries", retry.retries, 0, 1000, "After the first attempt; default 3")
      ->group("Retries");
  AddDuration(app, "--retry-delay", retry.base, "At most, the first time; then it doubles; 250ms")
      ->group("Retries");
  AddDuration(app, "--retry-max-delay", retry.cap, "At most, ever; default 10s")->group("Retries");
  AddDuration(app, "--max-retry-after", retry.after_cap,
              "Longest Retry-After to wait for; default 2m")
      ->group("Retries");
  app.add_flag("--retry-all-methods", retry.all_methods,
               "POST and PATCH too, which may then happen twice")
      ->group("Retries");
}

CLI::Option* AddHeader(CLI::App& app, SendOptions& send) {
  const auto take = [&send](const std::string& text) {
    for (Header& header : ParseHeaders(text)) send.headers.push_back(std::move(header));
  };
  const auto take_all = [take](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) TakeNamed("--header", text, take);
  };
  return app
      .add_option_function<std::vector<std::string>>(
          "-H,--header", take_all,
          "\"Name: value\", or @FILE, kept from other origins; {id} is replaced")
      ->type_name("HEADER")
      ->allow_extra_args(false);
}

void AddRequestOptions(CLI::App& app, SendOptions& send, Words& words) {
  const std::string group = "Request";
  AddValue(
      app, "-X,--method", "METHOD",
      [&](const std::string& text) { send.method = ParseMethod(text); },
      "Default GET, with --data POST")
      ->group(group);
  app.add_flag("--head", words.head, "Ask for the head alone: HEAD")->group(group);
  AddHeader(app, send)->group(group);
  AddValue(
      app, "-d,--data", "DATA", [&](const std::string& text) { words.data = text; },
      "The body, or @FILE; {id} is replaced")
      ->group(group);
  app.add_flag("--no-compressed", words.no_compression, "Do not ask for gzip and br")->group(group);
  AddCount(app, "--max-redirects", send.max_redirects, 0, 100, "To follow; default 10")
      ->group(group);
}

void AddSecretOptions(CLI::App& app, SendOptions& send) {
  const std::string group = "Secrets, never on the command line";
  const auto add = [&](const char* name, const char* type, std::string& value,
                       std::string (*read)(const std::string&), const char* description) {
    AddValue(
        app, name, type, [&value, read](const std::string& text) { value = read(text); },
        description)
        ->group(group);
  };
  add("--bearer-env", "NAME", send.bearer, SecretOfVariable,
      "A token from this environment variable");
  add("--bearer-file", "FILE", send.bearer, SecretOfFile, "A token from this file");
  add("--cookie-env", "NAME", send.cookie, SecretOfVariable, "Cookies: a=1; b=2");
  add("--cookie-file", "FILE", send.cookie, SecretOfFile, "Cookies: a=1; b=2");
}

std::string CheckFile(const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) return path;
  throw ValueError(absl::StrCat("cannot open ", apps::Printable(path), ": ", std::strerror(errno)));
}

std::string CheckSocket(const std::string& path) {
  struct stat status = {};
  if (path.size() >= sizeof sockaddr_un::sun_path) {
    throw ValueError(absl::StrCat(apps::Printable(path), " is too long for a socket: ",
                                  sizeof sockaddr_un::sun_path - 1, " bytes are the most"));
  }
  if (stat(path.c_str(), &status) != 0) {
    throw ValueError(
        absl::StrCat("cannot find ", apps::Printable(path), ": ", std::strerror(errno)));
  }
  if (S_ISSOCK(status.st_mode)) return path;
  throw ValueError(absl::StrCat(apps::Printable(path), " is no socket"));
}

void AddConnectionOptions(CLI::App& app, SendOptions& send, Words& words) {
  const std::string group = "Connection";
  AddValue(
      app, "--cacert", "FILE", [&](const std::string& text) { send.ca_file = CheckFile(text); },
      "Trust these certificates (PEM), not the system's")
      ->group(group);
  app.add_flag("-k,--insecure", send.insecure, "Do not verify certificates")->group(group);
  AddValue(
      app, "--unix-socket", "PATH",
      [&](const std::string& text) { send.unix_socket = CheckSocket(text); },
      "Connect to this instead of the host")
      ->group(group);
  app.add_flag("--no-proxy", words.no_proxy,
               "Not by http_proxy, https_proxy, all_proxy of the environment")
      ->group(group);
}

void AddAnswerOptions(CLI::App& app, AnswerOptions& answers) {
  const std::string group = "Answers";
  AddValue(
      app, "--accept", "STATUSES",
      [&](const std::string& text) { answers.accept = StatusSet(text); },
      "Which are ok; default 200-299; 200-299,404; any")
      ->group(group);
  AddValue(
      app, "--max-body", "SIZE",
      [&](const std::string& text) {
        answers.max_body =
            text == "none" ? std::numeric_limits<std::uint64_t>::max() : ParseSize(text);
      },
      "Longer ones fail; default 1G; or none")
      ->group(group);
  AddValue(
      app, "--field", "POINTER",
      [&](const std::string& text) {
        CheckFieldPointer(text);
        answers.field = text;
      },
      "This value of the JSON body: /user/name; up to 8 MiB")
      ->group(group);
  app.add_option("-o,--output-dir", answers.directory, "Save bodies there, named by id or URL")
      ->type_name("DIR")
      ->group(group);
  app.add_flag("--overwrite", answers.overwrite,
               "Replace files that are there; each id has one URL then")
      ->group(group);
}

void AddRunOptions(CLI::App& app, Options& options, Words& words) {
  const std::string group = "Run";
  app.add_option("--resume", options.resume_file,
                 "Leave out what was ok in these records of an earlier run")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--fail-fast", words.fail_fast, "Stop after the first failure")->group(group);
  AddCount(app, "--max-failures", options.max_failures, 1,
           std::numeric_limits<std::uint32_t>::max(), "Stop after that many")
      ->group(group);
  app.add_flag("--dry-run", options.dry_run, "Only print the URLs")->group(group);
}

void AddOutputOptions(CLI::App& app, OutputOptions& output) {
  const std::string group = "Output";
  apps::AddChoice(app, "-f,--format", output.format, kFormats, "Of records; default jsonl")
      ->group(group);
  app.add_flag("--ordered", output.ordered, "Records in the order of the input")->group(group);
  apps::AddChoice(app, "--progress", output.progress, kProgresses,
                  "A line on a terminal, or lines now and then")
      ->group(group);
  apps::AddChoice(app, "--summary", output.summary, kSummaries, "At the end, to standard error")
      ->group(group);
  app.add_flag("-q,--quiet", output.quiet, "No progress, notes and summary, only errors")
      ->group(group);
}

[[noreturn]] void Fail(std::string_view what) { throw ValueError(std::string(what)); }

// Standard input can be used once.
void CheckStdin(const SourceOptions& source, const Words& words) {
  const auto uses = std::count(source.urls.begin(), source.urls.end(), kStdin) +
                    std::count(source.files.begin(), source.files.end(), kStdin) +
                    (source.ids_file == kStdin ? 1 : 0) + (words.data == "@-" ? 1 : 0);
  if (uses > 1) Fail("standard input is used more than once: put one of the lists into a file");
}

// {id} and ids belong together.
void CheckIds(const SourceOptions& source) {
  const bool has_ids = !source.ids.empty() || !source.ids_file.empty();
  const auto has = [](std::string_view text) {
    return [text](const std::string& url) { return absl::StrContains(url, text) || url == kStdin; };
  };
  const std::vector<std::string>& urls = source.urls;
  const bool lists = !source.files.empty();
  if (has_ids && !source.for_each_id && !lists &&
      (source.literal || std::none_of(urls.begin(), urls.end(), has("{id}")))) {
    Fail("there are ids, and {id} is nowhere: write http://host/{id}");
  }
  if (source.for_each_id && !has_ids && !lists &&
      std::none_of(urls.begin(), urls.end(), has(".."))) {
    Fail("{id} is in a header or in the body, and there are no ids: give them with --ids 1-500");
  }
}

void TakeHead(Options& options) {
  if (options.send.method != "GET" && options.send.method != "HEAD") {
    Fail(absl::StrCat("--head is for HEAD, and --method is ", options.send.method));
  }
  if (options.send.body) Fail("--head and --data do not go together: HEAD has no body");
  options.send.method = "HEAD";
}

void CheckAnswers(const Options& options) {
  const AnswerOptions& answers = options.answers;
  if (answers.overwrite && answers.directory.empty()) Fail("--overwrite needs --output-dir");
  if (options.send.method != "HEAD") return;
  if (!answers.field.empty()) Fail("--field needs a body, and HEAD gives none");
  if (!answers.directory.empty()) Fail("--output-dir needs bodies, and HEAD gives none");
}

void CheckPace(const CLI::App& app, const PaceOptions& pace) {
  if (app.count("--burst") > 0 && pace.rate == 0 && pace.per_host_rate == 0) {
    Fail("--burst needs --rate or --per-host-rate");
  }
}

void CheckPairs(const CLI::App& app) {
  constexpr std::array<std::pair<const char*, const char*>, 3> kEitherOr = {
      {{"--bearer-env", "--bearer-file"},
       {"--cookie-env", "--cookie-file"},
       {"--fail-fast", "--max-failures"}}};
  for (const auto& [one, other] : kEitherOr) {
    if (app.count(one) > 0 && app.count(other) > 0) {
      Fail(absl::StrCat(one, " and ", other, " do not go together"));
    }
  }
}

// No two of a header of which there can be only one.
void CheckHeaders(SendOptions& send) {
  const auto has = [&](const char* name) {
    return std::any_of(send.headers.begin(), send.headers.end(), [&](const Header& header) {
      return absl::EqualsIgnoreCase(header.name, name);
    });
  };
  if (!send.bearer.empty() && has("Authorization")) {
    Fail("there is an Authorization header, and a bearer token as well");
  }
  if (!send.cookie.empty() && has("Cookie")) Fail("there is a Cookie header, and --cookie as well");
  if (has("User-Agent")) send.user_agent.clear();
}

void TakeBody(const CLI::App& app, const Words& words, SendOptions& send) {
  if (app.count("--data") == 0) return;
  try {
    SetBody(ReadData(words.data), send);
  } catch (const ValueError& error) {
    Fail(absl::StrCat("--data: ", error.what()));
  }
  if (app.count("--method") == 0 && !words.head) send.method = "POST";
}

// What depends on several options.
void Complete(const CLI::App& app, const Words& words, Options& options) {
  SourceOptions& source = options.source;
  if (source.urls.empty() && source.files.empty()) {
    Fail("there is nothing to fetch: give a URL, -i FILE, or - for a list on standard input");
  }
  CheckPairs(app);
  CheckStdin(source, words);
  TakeBody(app, words, options.send);
  if (words.head) TakeHead(options);
  source.for_each_id = UsesId(options.send);
  CheckIds(source);
  CheckHeaders(options.send);
  CheckAnswers(options);
  CheckPace(app, options.pace);
  if (!words.no_proxy) options.send.proxy = ProxySettings::FromEnvironment();
  options.send.compressed = !words.no_compression;
  if (words.fail_fast) options.max_failures = 1;
  if (options.output.quiet && app.count("--summary") == 0) {
    options.output.summary = SummaryFormat::kNone;
  }
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  Options options;
  Words words;
  CLI::App app(kDescription, "api_fetcher");
  app.footer(kExamples);
  app.get_formatter()->column_width(32);
  AddInputOptions(app, options);
  AddPaceOptions(app, options.pace);
  AddTimeoutOptions(app, options.timeouts);
  AddRetryOptions(app, options.retry);
  AddRequestOptions(app, options.send, words);
  AddSecretOptions(app, options.send);
  AddConnectionOptions(app, options.send, words);
  AddAnswerOptions(app, options.answers);
  AddRunOptions(app, options, words);
  AddOutputOptions(app, options.output);
  if (const auto status = apps::ParseCommandLine(app, argc, argv)) return {{}, *status};
  try {
    Complete(app, words, options);
  } catch (const std::runtime_error& error) {
    return {{}, apps::SayUsageError(app, error.what())};
  }
  return {std::move(options)};
}

}  // namespace cohort::api_fetcher
