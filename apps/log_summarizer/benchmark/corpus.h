// Logs as programs write them, made up: the same for the same seed on every machine, with counts
// that are known because each line was written as what it is.

#ifndef COHORT_APPS_LOG_SUMMARIZER_BENCHMARK_CORPUS_H_
#define COHORT_APPS_LOG_SUMMARIZER_BENCHMARK_CORPUS_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace cohort::log_summarizer::benchmark {

// What is true of some generated text.
struct Truth {
  std::uint64_t lines = 0;
  std::uint64_t errors = 0;
  std::uint64_t warnings = 0;
};

enum class Format { kApplication, kJson, kLogfmt, kSyslog, kWebError, kAccess, kGlog, kPython };
inline constexpr int kFormats = 8;

// Writes one log.
class LogText {
 public:
  // `dirty`: with NULs, bytes that are no UTF-8, CRLF and very long lines.
  LogText(Format format, std::uint64_t seed, bool dirty);

  // Appends the next event, of one line or several.
  void AppendEvent(std::string& out);

  const Truth& truth() const { return truth_; }

 private:
  enum class Severity { kInfo, kDebug, kWarning, kError };

  std::uint64_t Random(std::uint64_t below);
  Severity RandomSeverity();
  void EndLine(std::string& out);
  void AppendNumber(std::string& out, std::uint64_t number, int width);
  void AppendDate(std::string& out, char separator);
  void AppendMessage(std::string& out, Severity severity);
  void AppendDirt(std::string& out);
  void AppendJavaTrace(std::string& out);
  void AppendPythonTrace(std::string& out);
  void AppendHeader(std::string& out, Severity severity);
  void AppendApplication(std::string& out, Severity severity);
  void AppendJson(std::string& out, Severity severity);
  void AppendLogfmt(std::string& out, Severity severity);
  void AppendSyslog(std::string& out, Severity severity);
  void AppendWebError(std::string& out, Severity severity);
  void AppendAccess(std::string& out);
  void AppendGlog(std::string& out, Severity severity);
  void AppendPython(std::string& out, Severity severity);

  Format format_;
  bool dirty_;
  bool crlf_;
  std::uint64_t state_;
  std::uint64_t milliseconds_ = 0;
  Truth truth_;
};

}  // namespace cohort::log_summarizer::benchmark

#endif  // COHORT_APPS_LOG_SUMMARIZER_BENCHMARK_CORPUS_H_
