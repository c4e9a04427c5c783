#include "apps/demo/steps.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "apps/common/terminal.h"

namespace cohort::demo {
namespace {

// `call` with one worker, and its output out of sight.
ToolCall Serially(ToolCall call, const std::string& option, const std::string& output) {
  call.arguments.push_back(option);
  call.output = output;
  return call;
}

Step CountLines(const Plan& plan) {
  const ToolCall call = {"log_summarizer", {"logs", "--top", "5"}};
  const std::uint64_t bytes = plan.samples.log_size * plan.samples.logs;
  return {.title = "Errors and warnings of log files, counted by the level of each event",
          .what = absl::StrCat(plan.samples.logs, " files, ",
                               apps::WithByteUnit(static_cast<double>(bytes))),
          .pool = absl::StrCat(plan.processors, " threads"),
          .call = call,
          .serial = Serially(call, "--jobs=1", "/dev/null"),
          .to_show = ""};
}

Step CountPrimes(const Plan& plan) {
  const ToolCall call = {"prime_counter", {"1e6", "1e8", plan.primes_up_to, "--verify"}};
  return {.title = "Primes, counted in processes and compared with published counts",
          .what = absl::StrCat("primes up to ", plan.primes_up_to),
          .pool = absl::StrCat(plan.processors, " processes"),
          .call = call,
          .serial = Serially(call, "--workers=1", "/dev/null"),
          .to_show = ""};
}

Step FetchPosts(const Plan& plan, const std::string& api) {
  const std::string url = absl::StrCat(api, "/posts/{id}?delay=", plan.delay);
  ToolCall call = {"api_fetcher",
                   {url, "--ids", absl::StrCat("1-", plan.requests), "-c",
                    absl::StrCat(plan.concurrency), "--field", "/title"},
                   "posts.jsonl"};
  ToolCall serial = call;
  serial.arguments[4] = "1";
  serial.output = "/dev/null";
  serial.arguments.push_back("--quiet");
  return {.title = absl::StrCat("An API whose answers take ", plan.delay, " ms each"),
          .what = absl::StrCat(plan.requests, " requests"),
          .pool = absl::StrCat(plan.concurrency, " threads"),
          .call = call,
          .serial = serial,
          .to_show = call.output};
}

Step ResizePhotos(const Plan& plan) {
  const ToolCall call = {"image_resizer", {"photos", "--out", "small", "--size", "800x600"}};
  ToolCall serial = Serially(call, "--workers=1", "/dev/null");
  serial.arguments[2] = "small_again";
  return {.title = "Photos, decoded and resized in processes without disk and network",
          .what = absl::StrCat(plan.samples.photos, " photos of ", plan.samples.photo_width, "x",
                               plan.samples.photo_height),
          .pool = absl::StrCat(plan.processors, " sandboxed processes"),
          .call = call,
          .serial = serial,
          .to_show = ""};
}

}  // namespace

Plan FullPlan(int processors) {
  return {.samples = {.logs = 32,
                      .log_size = 8 << 20,
                      .photos = 24,
                      .photo_width = 1920,
                      .photo_height = 1280},
          .primes_up_to = "1e10",
          .requests = 200,
          .delay = 30,
          .concurrency = 20,
          .processors = processors};
}

Plan SmallPlan(int processors) {
  return {.samples = {.logs = 8,
                      .log_size = 100'000,
                      .photos = 4,
                      .photo_width = 600,
                      .photo_height = 400},
          .primes_up_to = "1e9",
          .requests = 20,
          .delay = 5,
          .concurrency = 20,
          .processors = processors};
}

std::vector<Step> StepsOf(const Plan& plan, const std::string& api) {
  return {CountLines(plan), CountPrimes(plan), FetchPosts(plan, api), ResizePhotos(plan)};
}

}  // namespace cohort::demo
