#include "apps/log_summarizer/level.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "apps/log_summarizer/reference.h"

namespace cohort::log_summarizer {

std::ostream& operator<<(std::ostream& out, Verdict verdict) {
  static constexpr std::string_view kNames[] = {"none", "other", "warning", "error"};
  return out << kNames[static_cast<int>(verdict.level)]
             << (verdict.footing == Footing::kLoose ? ", loose" : "");
}

namespace {

using namespace std::string_view_literals;

constexpr Verdict kNone{};
constexpr Verdict kOther{Level::kOther};
constexpr Verdict kWarning{Level::kWarning};
constexpr Verdict kError{Level::kError};
constexpr Verdict kLooseError{Level::kError, Footing::kLoose};
constexpr Verdict kLooseWarning{Level::kWarning, Footing::kLoose};

void ExpectAll(Verdict expected, const std::vector<std::string_view>& lines) {
  for (std::string_view line : lines) {
    EXPECT_EQ(LevelOf(line), expected) << line;
    EXPECT_EQ(ReferenceLevelOf(line), expected) << line;
  }
}

TEST(LevelTest, FirstStandingWordAfterATimestamp) {
  ExpectAll(kError, {
                        "2026-03-12 08:15:00,123 ERROR [main] c.e.Shop - no stock",
                        "2026-03-12 08:15:00 FATAL out of memory, INFO follows",
                        "2026/03/12 08:15:00 [error] 31#31: *1 open() failed",
                        "[2026-03-12 08:15:00.123] [shop] [critical] disk full",
                        "[2026-03-12 08:15:00,123: ERROR/MainProcess] task failed",
                        "2026-03-12 08:15:00.123 UTC [71] ERROR:  relation does not exist",
                        "2026-03-12T08:15:00.1Z 0 [Error] [MY-010119] [Server] Aborting",
                        "[Thu Mar 12 08:15:00 2026] [core:error] [pid 3] AH00126",
                        "Mar 12 08:15:00 web01 shop[71]: error: cannot bind",
                        "Thu Mar 12 08:15:00 2026 daemon.err dnsmasq[71]: failed",
                        "2026-03-12T08:15:00Z stderr F panic: nil map",
                        "08:15:00 ERR queue is full",
                        "E, [2026-03-12T08:15:00.123 #71] ERROR -- : no route",
                        "2026-03-12 08:15:00|ERROR|Shop|no stock",
                        "2026-03-12 08:15:00\terror\tshop\tno stock",
                        "1773303300.123 emerg kernel died",
                    });
  ExpectAll(kWarning, {
                          "2026-03-12 08:15:00,123 WARN  [main] c.e.Shop - ERROR pages are off",
                          "2026-03-12 08:15:00 Warning: low space",
                          "[Fri Mar 13 08:15:00 2026] [warn] mod_x",
                          "2026-03-12T08:15:00Z WRN slow",
                      });
  ExpectAll(kOther, {
                        "2026-03-12 08:15:00,123 INFO [main] c.e.Shop - handles ERROR",
                        "2026-03-12 08:15:00 DEBUG fatal is what it is not",
                        "2026-03-12 08:15:00 UTC [71] LOG:  statement: SELECT 'x' ERROR",
                        "[2026-03-12 08:15:00] [notice] ERROR log reopened",
                    });
}

TEST(LevelTest, WordsThatAreNoLevels) {
  ExpectAll(kNone, {
                       "2026-03-12 08:15:00 finished with 0 errors",
                       "2026-03-12 08:15:00 finished with 1 error",
                       "2026-03-12 08:15:00 code=ERROR_TIMEOUT",
                       "2026-03-12 08:15:00 done errors=0 warnings=3",
                       "2026-03-12 08:15:00 ended without error",
                       "2026-03-12 08:15:00 all went fine",
                       R"(10.0.0.1 - - [12/Mar/2026:08:15:00 +0000] "GET /error HTTP/1.1" 200 1)",
                       R"(10.0.0.1 - - [12/Mar/2026:08:15:00 +0000] "GET /a?error=1 HTTP/1.1" 200)",
                       "2026-03-12 08:15:00 terror and errand",
                       "",
                       "\r",
                       "no level here",
                   });
}

TEST(LevelTest, TheWindowEnds) {
  const std::string start = "2026-03-12 08:15:00 " + std::string(kLevelWindow - 21, 'x') + " ";
  EXPECT_EQ(LevelOf(start.substr(0, kLevelWindow - 2) + " ERROR"), kError);
  EXPECT_EQ(LevelOf(start + "ERROR"), kNone);
}

TEST(LevelTest, Json) {
  ExpectAll(kError, {
                        R"({"level":"error","msg":"x"})",
                        R"({"time":"2026","msg":"a \"level\":\"info\" b","level":"FATAL"})",
                        R"({ "severity" : "CRITICAL" })",
                        R"({"lvl":"err"})",
                        R"({"log.level":"Error","message":"x"})",
                        R"({"log":{"logger":"x","level":"error"},"message":"x"})",
                        R"({"name":"bunyan","level":50,"msg":"x"})",
                        R"({"level":60})",
                        R"({"version":"1.1","level":3,"short_message":"gelf"})",
                        R"({"t":{"$date":"2026"},"s":"E","c":"NETWORK"})",
                        R"({"PRIORITY":"3","MESSAGE":"x"})",
                        R"({"a":{"level":"info"},"level":"error"})",
                        R"({"tags":["level","info"],"level":"error"})",
                        R"({"levelno":40})",
                        R"({"log":"2026-03-12 08:15:00 ERROR x\n","stream":"stderr"})",
                        R"({"log":"{\"level\":\"error\"}\n","stream":"stderr"})",
                    });
  ExpectAll(kWarning, {R"({"level":"warn"})", R"({"level":40})", R"({"levelno":30})",
                       R"({"level":4})", R"({"severityText":"WARN2"})"});
  ExpectAll(kOther, {R"({"level":"info","msg":"ERROR"})", R"({"level":30,"msg":"error"})",
                     R"({"level":"http"})", R"({"level":"audit","severity":"error"})"});
  ExpectAll(kNone, {R"({"msg":"\"level\":\"error\""})", R"({"a":{"level":"error"}})", "{", "{\"",
                    R"({"level)", R"({"level":)", R"({"level":"error)", R"({"errors":3})"});
}

TEST(LevelTest, JsonBehindAPrefix) {
  EXPECT_EQ(LevelOf(R"(2026-03-12T08:15:00Z stdout F {"msg":"INFO","level":"error"})"), kError);
  EXPECT_EQ(LevelOf(R"(shop-1 | {"level":"error"})"), kLooseError);
}

TEST(LevelTest, Logfmt) {
  ExpectAll(kError,
            {
                "level=error msg=x",
                "ts=2026-03-12T08:15:00Z caller=main.go:12 level=error msg=\"x\"",
                "time=\"2026-03-12 level=info\" level=fatal",
                "msg=\"says \\\"level=info\" lvl=crit",
                "a=b severity=\"ERROR\"",
                "at=info2 level=50",
                "a=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx level=error",
            });
  ExpectAll(kWarning, {"ts=1 level=warning", "level=WARN\r"});
  ExpectAll(kOther, {"level=info msg=\"level=error\"", "level=info err=\"ERROR x\""});
  ExpectAll(kNone, {"msg=\"level=error\"", "msg=\"ERROR x\" error=1", "xlevel=error",
                    "a=\"b level=error"});
  EXPECT_EQ(LevelOf("2026-03-12 08:15:00 app level=error msg=x"), kError);
}

TEST(LevelTest, SyslogPriority) {
  ExpectAll(kError,
            {"<11>Mar 12 08:15:00 web01 shop[7]: x", "<0>1 2026-03-12T08:15:00Z INFO", "<3>"});
  ExpectAll(kWarning, {"<12>x ERROR", "<188>1 -"});
  ExpectAll(kOther, {"<14>Mar 12 08:15:00 web01 shop[7]: ERROR x", "<191>x"});
  ExpectAll(kNone, {"<192>x", "<>x", "<1x>", "<", "<12"});
}

TEST(LevelTest, LettersOfGlogAndLogcat) {
  ExpectAll(kError, {
                        "E0312 08:15:00.000001  71 server.cc:12] x",
                        "F20260312 08:15:00.000001 71 server.cc:12] x",
                        "2026-03-12T08:15:00Z stderr F E0312 08:15:00.000001 1 x.go:1] x",
                        "03-12 08:15:00.123  1234  5678 E Tag: x",
                        "03-12 08:15:00.123 E/Tag( 1234): x",
                        "[E 2026-03-12 08:15:00.123 ServerApp] x",
                        "[E] x",
                    });
  ExpectAll(kWarning,
            {"W0312 08:15:00.000001 71 a.cc:1] ERROR", "W/Tag( 1234): x", "W (123) wifi: x"});
  ExpectAll(kOther,
            {"I0312 08:15:00.000001 71 a.cc:1] ERROR", "03-12 08:15:00.1  1  5 D Tag: ERROR"});
  ExpectAll(kNone, {"E 12 x", "Error-prone", "E/path/to", "E0312"});
}

TEST(LevelTest, ContinuationsHaveNoLevel) {
  ExpectAll(kNone, {
                       "\tat com.example.ERROR.run(Error.java:1)",
                       "    raise ValueError(\"ERROR\")",
                       "  ERROR in the middle",
                       "java.lang.IllegalStateException: ERROR x",
                       "ValueError: ERROR",
                       "Caused by: java.io.IOException: FATAL ERROR",
                       "Traceback (most recent call last): ERROR",
                       "... 12 more ERROR",
                   });
  EXPECT_EQ(LevelOf(" WARN [main] right-justified"), kWarning);
  EXPECT_EQ(LevelOf(" INFO [main] ERROR"), kOther);
}

TEST(LevelTest, LooseLines) {
  EXPECT_EQ(LevelOf("shop-1 | ERROR x"), kLooseError);
  EXPECT_EQ(LevelOf("query failed: ERROR x"), kLooseError);
  EXPECT_EQ(LevelOf("warning: unused variable"), kLooseWarning);
  EXPECT_EQ(LevelOf("Error: ENOENT"), kLooseError);
  EXPECT_EQ(LevelOf("ERROR: x"), kError);
  EXPECT_EQ(LevelOf("[error] x"), kError);
}

TEST(LevelTest, AnyBytes) {
  ExpectAll(kError, {
                        "\0\0\0\0002026-03-12 08:15:00 ERROR x"sv,
                        "\xef\xbb\xbf"
                        "2026-03-12 08:15:00 ERROR x"sv,
                        "2026-03-12 08:15:00 \xff\xfe\0 ERROR x"sv,
                        "\x1b[31mERROR\x1b[0m x"sv,
                        "2026-03-12 08:15:00 \x1b[1;31merror\x1b[0m: x"sv,
                        "2026-03-12 08:15:00 ERROR\r"sv,
                    });
}

TEST(LevelTest, LongHeads) {
  const std::string json = R"({"msg":")" + std::string(60'000, 'x') + R"(","level":"error"})";
  EXPECT_EQ(LevelOf(json), kError);
  const std::string longer = R"({"msg":")" + std::string(kMaxHead, 'x') + R"(","level":"error"})";
  EXPECT_EQ(LevelOf(longer), kNone);
}

TEST(LevelTest, SameAsTheReference) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string log = RandomLog(random, 1 + random() % 400);
    for (std::string_view rest = log; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      ASSERT_EQ(LevelOf(line), ReferenceLevelOf(line)) << testing::PrintToString(std::string(line));
    }
  }
}

}  // namespace
}  // namespace cohort::log_summarizer
