#include "apps/log_summarizer/benchmark/corpus.h"

#include <array>
#include <string_view>

namespace cohort::log_summarizer::benchmark {
namespace {

constexpr std::array<std::string_view, 8> kLoggers = {
    "c.e.shop.OrderService",       "c.e.shop.PaymentGateway",  "c.e.auth.SessionFilter",
    "o.a.k.clients.NetworkClient", "c.e.stock.Inventory",      "c.e.mail.Outbox",
    "c.e.search.IndexWriter",      "o.h.engine.jdbc.SqlHelper"};

// None of these says how bad the event is; some try to.
constexpr std::array<std::string_view, 12> kMessages = {
    "request served",
    "cache refreshed, 0 errors",
    "retry scheduled after ERROR_TIMEOUT from upstream",
    "session closed by peer",
    "batch written, errors=0 warnings=0",
    "handler for ERROR pages registered",
    "user signed in",
    "health check passed: no WARN or ERROR since start",
    "connection returned to the pool",
    "configuration reloaded",
    "job finished in time",
    "metrics pushed",
};

constexpr std::array<std::string_view, 6> kProblems = {
    "upstream did not answer",          "could not write to disk",     "quota nearly used up",
    "certificate ends within the week", "deadlock found, retry later", "queue is full",
};

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

LogText::LogText(Format format, std::uint64_t seed, bool dirty)
    : format_(format), dirty_(dirty), crlf_(dirty && seed % 2 == 1), state_(seed) {}

// splitmix64, by Sebastiano Vigna's description of it.
std::uint64_t LogText::Random(std::uint64_t below) {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return (mixed ^ (mixed >> 31)) % below;
}

LogText::Severity LogText::RandomSeverity() {
  const std::uint64_t roll = Random(100);
  if (roll < 3) return Severity::kError;
  if (roll < 8) return Severity::kWarning;
  return roll < 25 ? Severity::kDebug : Severity::kInfo;
}

void LogText::EndLine(std::string& out) {
  if (dirty_ && Random(16) == 0) AppendDirt(out);
  out += crlf_ ? "\r\n" : "\n";
  ++truth_.lines;
}

void LogText::AppendNumber(std::string& out, std::uint64_t number, int width) {
  char digits[20];
  int n = 0;
  for (; number > 0 || n < width; number /= 10) digits[n++] = static_cast<char>('0' + number % 10);
  while (n > 0) out += digits[--n];
}

void LogText::AppendDate(std::string& out, char separator) {
  milliseconds_ += Random(40);
  const std::uint64_t seconds = milliseconds_ / 1000;
  out += "2026-03-";
  AppendNumber(out, 1 + seconds / 86400 % 28, 2);
  out += separator;
  AppendNumber(out, seconds / 3600 % 24, 2);
  out += ':';
  AppendNumber(out, seconds / 60 % 60, 2);
  out += ':';
  AppendNumber(out, seconds % 60, 2);
}

void LogText::AppendMessage(std::string& out, Severity severity) {
  const bool problem = severity == Severity::kError || severity == Severity::kWarning;
  out += problem ? kProblems[Random(kProblems.size())] : kMessages[Random(kMessages.size())];
  out += " id=";
  AppendNumber(out, Random(1'000'000'000), 1);
}

void LogText::AppendDirt(std::string& out) {
  switch (Random(200)) {
    case 0:
      out.append(100'000, 'x');
      break;
    case 1:
      out.append(700, '\0');
      break;
    default:
      for (std::uint64_t n = 1 + Random(8); n > 0; --n) {
        const char byte = static_cast<char>(Random(2) == 0 ? 0 : 128 + Random(128));
        out += byte;
      }
  }
}

void LogText::AppendJavaTrace(std::string& out) {
  out += "java.lang.IllegalStateException: ERROR while WARN was expected";
  EndLine(out);
  for (std::uint64_t frames = 2 + Random(12); frames > 0; --frames) {
    out += "\tat com.example.shop.ERROR.handle(Handler.java:";
    AppendNumber(out, Random(900), 1);
    out += ')';
    EndLine(out);
  }
  out += "Caused by: java.io.IOException: FATAL ERROR on socket";
  EndLine(out);
  out += "\t... 12 more";
  EndLine(out);
}

void LogText::AppendPythonTrace(std::string& out) {
  out += "Traceback (most recent call last):";
  EndLine(out);
  out += "  File \"/srv/app/worker.py\", line 112, in run";
  EndLine(out);
  out += "    raise ValueError(\"ERROR\")";
  EndLine(out);
  out += "ValueError: ERROR";
  EndLine(out);
}

void LogText::AppendApplication(std::string& out, Severity severity) {
  static constexpr std::array<std::string_view, 4> kNames = {"INFO ", "DEBUG", "WARN ", "ERROR"};
  AppendDate(out, ' ');
  out += ',';
  AppendNumber(out, Random(1000), 3);
  out += ' ';
  out += kNames[static_cast<int>(severity)];
  out += " [http-nio-8080-exec-";
  AppendNumber(out, Random(40), 1);
  out += "] ";
  out += kLoggers[Random(kLoggers.size())];
  out += " - ";
  AppendMessage(out, severity);
  EndLine(out);
  if (severity == Severity::kError && Random(4) == 0) AppendJavaTrace(out);
}

void LogText::AppendJson(std::string& out, Severity severity) {
  static constexpr std::array<std::string_view, 4> kNames = {"info", "debug", "warn", "error"};
  static constexpr std::array<std::string_view, 4> kNumbers = {"30", "20", "40", "50"};
  out += "{\"time\":\"";
  AppendDate(out, 'T');
  out += "Z\",";
  const bool number = Random(4) == 0;
  const bool late = Random(4) == 0;
  std::string level = number ? "\"level\":" : "\"level\":\"";
  level += (number ? kNumbers : kNames)[static_cast<int>(severity)];
  if (!number) level += '"';
  if (!late) out += level + ",";
  out += "\"logger\":\"";
  out += kLoggers[Random(kLoggers.size())];
  out += "\",\"msg\":\"said \\\"level\\\":\\\"error\\\" and ";
  AppendMessage(out, severity);
  out += late ? "\"," + level + "}" : "\"}";
  EndLine(out);
}

void LogText::AppendLogfmt(std::string& out, Severity severity) {
  static constexpr std::array<std::string_view, 4> kNames = {"info", "debug", "warning", "error"};
  out += "ts=";
  AppendDate(out, 'T');
  out += "Z caller=main.go:";
  AppendNumber(out, Random(2000), 1);
  out += " level=";
  out += kNames[static_cast<int>(severity)];
  out += " msg=\"level=error or not, ";
  AppendMessage(out, severity);
  out += '"';
  EndLine(out);
}

void LogText::AppendSyslog(std::string& out, Severity severity) {
  static constexpr std::array<int, 4> kSeverities = {6, 7, 4, 3};
  out += '<';
  AppendNumber(out, Random(24) * 8 + kSeverities[static_cast<int>(severity)], 1);
  out += '>';
  out += kMonths[Random(kMonths.size())];
  out += " 12 03:04:";
  AppendNumber(out, Random(60), 2);
  out += " web01 shop[";
  AppendNumber(out, Random(30000), 1);
  out += "]: ";
  AppendMessage(out, severity);
  EndLine(out);
}

void LogText::AppendWebError(std::string& out, Severity severity) {
  static constexpr std::array<std::string_view, 4> kNames = {"info", "debug", "warn", "error"};
  AppendDate(out, ' ');
  out += " [";
  out += kNames[static_cast<int>(severity)];
  out += "] 31#31: *";
  AppendNumber(out, Random(100000), 1);
  out += ' ';
  AppendMessage(out, severity);
  out += ", client: 10.0.0.";
  AppendNumber(out, Random(255), 1);
  EndLine(out);
}

void LogText::AppendAccess(std::string& out) {
  out += "10.0.";
  AppendNumber(out, Random(255), 1);
  out += '.';
  AppendNumber(out, Random(255), 1);
  out += " - - [12/Mar/2026:03:04:05 +0000] \"GET /static/error.html?id=";
  AppendNumber(out, Random(1'000'000), 1);
  out += " HTTP/1.1\" 200 5120 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"";
  EndLine(out);
}

void LogText::AppendGlog(std::string& out, Severity severity) {
  static constexpr std::array<char, 4> kLetters = {'I', 'I', 'W', 'E'};
  out += kLetters[static_cast<int>(severity)];
  out += "0312 03:04:";
  AppendNumber(out, Random(60), 2);
  out += '.';
  AppendNumber(out, Random(1'000'000), 6);
  out += "  4242 server.cc:";
  AppendNumber(out, Random(2000), 1);
  out += "] ";
  AppendMessage(out, severity);
  EndLine(out);
}

void LogText::AppendPython(std::string& out, Severity severity) {
  static constexpr std::array<std::string_view, 4> kNames = {"INFO", "DEBUG", "WARNING",
                                                             "CRITICAL"};
  AppendDate(out, ' ');
  out += " - worker - ";
  out += kNames[static_cast<int>(severity)];
  out += " - ";
  AppendMessage(out, severity);
  EndLine(out);
  if (severity == Severity::kError && Random(3) == 0) AppendPythonTrace(out);
}

void LogText::AppendHeader(std::string& out, Severity severity) {
  switch (format_) {
    case Format::kApplication:
      return AppendApplication(out, severity);
    case Format::kJson:
      return AppendJson(out, severity);
    case Format::kLogfmt:
      return AppendLogfmt(out, severity);
    case Format::kSyslog:
      return AppendSyslog(out, severity);
    case Format::kWebError:
      return AppendWebError(out, severity);
    case Format::kAccess:
      return AppendAccess(out);
    case Format::kGlog:
      return AppendGlog(out, severity);
    case Format::kPython:
      return AppendPython(out, severity);
  }
}

void LogText::AppendEvent(std::string& out) {
  const Severity severity = RandomSeverity();
  if (format_ != Format::kAccess) {
    truth_.errors += severity == Severity::kError ? 1 : 0;
    truth_.warnings += severity == Severity::kWarning ? 1 : 0;
  }
  AppendHeader(out, severity);
}

}  // namespace cohort::log_summarizer::benchmark
