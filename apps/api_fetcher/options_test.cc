#include "apps/api_fetcher/options.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace cohort::api_fetcher {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Words = std::vector<std::string>;

ParsedOptions Parse(const Words& words) {
  std::vector<const char*> argv = {"api_fetcher"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return ParseOptions(static_cast<int>(argv.size()), argv.data());
}

// With a URL.
Options Given(Words words) {
  words.push_back("http://h/");
  ParsedOptions parsed = Parse(words);
  EXPECT_TRUE(parsed.options) << words[0];
  return parsed.options ? *std::move(parsed.options) : Options();
}

std::string WhyNot(const Words& words) {
  testing::internal::CaptureStderr();
  const ParsedOptions parsed = Parse(words);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_FALSE(parsed.options) << words[0];
  EXPECT_EQ(parsed.exit_status, 2) << words[0];
  return said;
}

std::string FileWith(const std::string& text) {
  std::string path = testing::TempDir() + "optionXXXXXX";
  close(mkstemp(path.data()));
  std::ofstream(path) << text;
  return path;
}

TEST(OptionsTest, Defaults) {
  const Options options = Given({});
  EXPECT_EQ(options.source.urls, Words{"http://h/"});
  EXPECT_EQ(options.pace.concurrency, 20);
  EXPECT_EQ(options.pace.rate, 0);
  EXPECT_EQ(options.timeouts.connect, seconds(10));
  EXPECT_EQ(options.timeouts.read, seconds(30));
  EXPECT_EQ(options.timeouts.total, seconds(60));
  EXPECT_EQ(options.timeouts.deadline, seconds(0));
  EXPECT_EQ(options.retry.retries, 3);
  EXPECT_EQ(options.send.method, "GET");
  EXPECT_TRUE(options.send.compressed);
  EXPECT_FALSE(options.send.insecure);
  EXPECT_TRUE(options.answers.accept.Has(204));
  EXPECT_EQ(options.output.format, Format::kJsonLines);
  EXPECT_EQ(options.output.summary, SummaryFormat::kText);
  EXPECT_EQ(options.max_failures, 0u);
}

TEST(OptionsTest, Inputs) {
  const Options options = Given(
      {"http://a/{id}", "-i", "x", "-i", "y", "--ids", "1-5", "--ids", "7", "--ids-file", "z"});
  EXPECT_EQ(options.source.urls, (Words{"http://a/{id}", "http://h/"}));
  EXPECT_EQ(options.source.files, (Words{"x", "y"}));
  EXPECT_EQ(options.source.ids, (Words{"1-5", "7"}));
  EXPECT_EQ(options.source.ids_file, "z");
  EXPECT_FALSE(options.source.for_each_id);
}

TEST(OptionsTest, Pace) {
  const Options options = Given(
      {"-c", "64", "--rate", "600/m", "--burst", "5", "--per-host", "2", "--per-host-rate", "3/s"});
  EXPECT_EQ(options.pace.concurrency, 64);
  EXPECT_EQ(options.pace.rate, 10);
  EXPECT_EQ(options.pace.burst, 5);
  EXPECT_EQ(options.pace.per_host, 2);
  EXPECT_EQ(options.pace.per_host_rate, 3);
}

TEST(OptionsTest, Times) {
  const Options options =
      Given({"--connect-timeout", "500ms", "--read-timeout", "none", "--timeout", "2m",
             "--deadline", "1h", "--retries", "0", "--retry-delay", "1", "--retry-max-delay", "20s",
             "--max-retry-after", "5m"});
  EXPECT_EQ(options.timeouts.connect, milliseconds(500));
  EXPECT_EQ(options.timeouts.read, seconds(0));
  EXPECT_EQ(options.timeouts.total, seconds(120));
  EXPECT_EQ(options.timeouts.deadline, seconds(3600));
  EXPECT_EQ(options.retry.retries, 0);
  EXPECT_EQ(options.retry.base, seconds(1));
  EXPECT_EQ(options.retry.cap, seconds(20));
  EXPECT_EQ(options.retry.after_cap, seconds(300));
}

TEST(OptionsTest, Request) {
  setenv("OPTIONS_TEST_TOKEN", " secret \n", 1);
  const Options options =
      Given({"-H", "Accept: text/plain", "-H", "@" + FileWith("X-Key: k1\n# no\n\nCookie: a=1\n"),
             "--data", "{\"user\": \"{id}\"}", "--ids", "1-5", "--bearer-env", "OPTIONS_TEST_TOKEN",
             "--no-compressed", "--max-redirects", "0", "-k"});
  EXPECT_EQ(options.send.method, "POST");
  ASSERT_EQ(options.send.headers.size(), 4u);
  EXPECT_EQ(options.send.headers[0].value, "text/plain");
  EXPECT_EQ(options.send.headers[1].name, "X-Key");
  EXPECT_EQ(options.send.headers[2].value, "a=1");
  EXPECT_EQ(options.send.headers[3].value, "application/json");
  EXPECT_EQ(options.send.bearer, "secret");
  EXPECT_TRUE(options.source.for_each_id);
  EXPECT_FALSE(options.send.compressed);
  EXPECT_EQ(options.send.max_redirects, 0);
  EXPECT_TRUE(options.send.insecure);
}

TEST(OptionsTest, Methods) {
  EXPECT_EQ(Given({"-X", "DELETE"}).send.method, "DELETE");
  EXPECT_EQ(Given({"-X", "PUT", "-d", "x"}).send.method, "PUT");
  EXPECT_EQ(Given({"--head"}).send.method, "HEAD");
  EXPECT_EQ(Given({"-d", ""}).send.body, "");
  EXPECT_EQ(Given({"-d", "@" + FileWith("a\nb\n")}).send.body, "a\nb\n");
  EXPECT_EQ(Given({"-H", "user-agent: me"}).send.user_agent, "");
}

TEST(OptionsTest, Answers) {
  const Options options =
      Given({"--accept", "200,404", "--max-body", "10M", "--field", "/a/0", "-o", "dir",
             "--overwrite", "--fail-fast", "--resume", "r.jsonl", "--dry-run"});
  EXPECT_TRUE(options.answers.accept.Has(404));
  EXPECT_FALSE(options.answers.accept.Has(201));
  EXPECT_EQ(options.answers.max_body, 10u << 20);
  EXPECT_EQ(options.answers.field, "/a/0");
  EXPECT_EQ(options.answers.directory, "dir");
  EXPECT_TRUE(options.answers.overwrite);
  EXPECT_EQ(options.max_failures, 1u);
  EXPECT_EQ(options.resume_file, "r.jsonl");
  EXPECT_TRUE(options.dry_run);
  EXPECT_EQ(Given({"--max-body", "none"}).answers.max_body,
            std::numeric_limits<std::uint64_t>::max());
}

TEST(OptionsTest, Output) {
  const Options options =
      Given({"-f", "tsv", "--ordered", "--progress", "plain", "--summary", "json", "-q"});
  EXPECT_EQ(options.output.format, Format::kTsv);
  EXPECT_TRUE(options.output.ordered);
  EXPECT_EQ(options.output.progress, Progress::kPlain);
  EXPECT_EQ(options.output.summary, SummaryFormat::kJson);
  EXPECT_TRUE(options.output.quiet);
  EXPECT_EQ(Given({"-q"}).output.summary, SummaryFormat::kNone);
}

TEST(OptionsTest, Help) {
  testing::internal::CaptureStdout();
  const ParsedOptions parsed = Parse({"--help"});
  const std::string help = testing::internal::GetCapturedStdout();
  EXPECT_FALSE(parsed.options);
  EXPECT_EQ(parsed.exit_status, 0);
  for (const char* text : {"Examples:", "--ids 1-500,7", "Exit status:", "--per-host-rate"}) {
    EXPECT_NE(help.find(text), std::string::npos) << text;
  }
}

TEST(OptionsTest, ErrorsNameOptionValueAndRemedy) {
  const std::string many_lines = FileWith("a\nb\n");
  const std::string empty = FileWith(" \n");
  const struct {
    Words words;
    const char* expected;
  } kCases[] = {
      {{}, "there is nothing to fetch: give a URL, -i FILE, or -"},
      {{"u", "-c", "0"}, "--concurrency: \"0\" is no number from 1 to 4096"},
      {{"u", "-c", "many"}, "--concurrency: \"many\" is no number from 1 to 4096"},
      {{"u", "--per-host", "-1"}, "--per-host"},
      {{"u", "--rate", "fast"}, "--rate: \"fast\" is no rate: write 10/s, 600/m or 100/h"},
      {{"u", "--rate", "0"}, "--rate: \"0\" is out of range"},
      {{"u", "--timeout", "soon"}, "--timeout: \"soon\" is no duration: write 30s"},
      {{"u", "--timeout", "0"}, "--timeout: \"0\" is out of range: durations go from 1ms"},
      {{"u", "--retries", "x"}, "--retries: \"x\" is no number from 0 to 1000"},
      {{"u", "--accept", "ok"}, "--accept: \"ok\" is no status: write 200-299, 404 or 2xx"},
      {{"u", "--max-body", "big"}, "--max-body: \"big\" is no size: write 4096, 64k"},
      {{"u", "--field", "a.b"}, "--field: \"a.b\" is no JSON pointer: write /user/name"},
      {{"u", "--format", "xml"}, "--format: xml not in"},
      {{"u", "-X", "post"}, "--method: \"post\" is not in upper case, as methods are: write POST"},
      {{"u", "-X", "G T"}, "--method: \"G T\" is no method: write GET or POST"},
      {{"u", "-H", "Accept"}, "--header: a header is a name, a colon and a value"},
      {{"u", "-H", "A: b\r\nC: d"}, "--header: the header A has control characters"},
      {{"u", "-H", "Content-Length: 5"}, "the header Content-Length is set by this program"},
      {{"u", "-H", "authorization: Bearer x"}, "use --bearer-env, --bearer-file"},
      {{"u", "-H", "@/no/such"}, "--header: cannot open /no/such: No such file"},
      {{"u", "--data", "@/no/such"}, "--data: cannot open /no/such: No such file"},
      {{"u", "--bearer-env", "NO_SUCH"},
       "--bearer-env: the environment variable NO_SUCH is not set"},
      {{"u", "--bearer-file", "/no/such"}, "--bearer-file: cannot open /no/such"},
      {{"u", "--bearer-file", empty}, " is empty"},
      {{"u", "--cookie-file", many_lines}, " has control characters or several lines"},
      {{"u", "--cacert", "/no/such"}, "--cacert: cannot open /no/such: No such file"},
      {{"u", "--unix-socket", "/no/such"}, "--unix-socket: cannot find /no/such: No such file"},
      {{"u", "--unix-socket", "/dev/null"}, "--unix-socket: /dev/null is no socket"},
      {{"u", "--unix-socket", std::string(108, 'x')}, "is too long for a socket: 107 bytes"},
      {{"u", "--burst", "5"}, "--burst needs --rate or --per-host-rate"},
      {{"u", "--overwrite"}, "--overwrite needs --output-dir"},
      {{"u", "--head", "-d", "x"}, "--head and --data do not go together"},
      {{"u", "--head", "-X", "POST"}, "--head is for HEAD, and --method is POST"},
      {{"u", "--head", "--field", "/a"}, "--field needs a body, and HEAD gives none"},
      {{"u", "--head", "-o", "d"}, "--output-dir needs bodies, and HEAD gives none"},
      {{"u", "--fail-fast", "--max-failures", "2"}, "--fail-fast and --max-failures do not go"},
      {{"u", "--ids", "1-5"}, "there are ids, and {id} is nowhere: write http://host/{id}"},
      {{"u", "-d", "{id}"}, "{id} is in a header or in the body, and there are no ids"},
      {{"-", "-i", "-"}, "standard input is used more than once"},
      {{"-", "-d", "@-"}, "standard input is used more than once"},
      {{"u", "--no-such"}, "--no-such"},
  };
  for (const auto& [words, expected] : kCases) {
    const std::string why = WhyNot(words);
    EXPECT_NE(why.find(expected), std::string::npos) << expected << ": " << why;
    EXPECT_EQ(why.find("api_fetcher: "), 0u) << why;
  }
}

TEST(OptionsTest, ErrorsDoNotShowSecrets) {
  for (const Words& words :
       std::vector<Words>{{"u", "-H", "Authorization: Bearer s3cret"},
                          {"u", "-H", "Cookie: s3cret"},
                          {"u", "-H", "X Key: s3cret"},
                          {"u", "-H", "X-Key: s3cret\x01"},
                          {"u", "-H", "@" + FileWith("s3cret\n")},
                          {"u", "--bearer-file", FileWith("s3cret\ns3cret")}}) {
    EXPECT_EQ(WhyNot(words).find("s3cret"), std::string::npos) << words[2];
  }
}

TEST(OptionsTest, TheProxyOfTheEnvironment) {
  setenv("http_proxy", "http://proxy:3128", 1);
  EXPECT_FALSE(Given({}).send.proxy.empty());
  EXPECT_TRUE(Given({"--no-proxy"}).send.proxy.empty());
  setenv("http_proxy", "socks5://proxy", 1);
  EXPECT_NE(WhyNot({"u"}).find("the environment variable http_proxy: "), std::string::npos);
  unsetenv("http_proxy");
}

}  // namespace
}  // namespace cohort::api_fetcher
