#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "apps/common/exit_code.h"
#include "apps/common/interrupt.h"
#include "apps/common/output.h"
#include "apps/prime_counter/check_numbers.h"
#include "apps/prime_counter/command.h"
#include "apps/prime_counter/number.h"
#include "apps/prime_counter/report.h"
#include "apps/prime_counter/token_reader.h"
#include "apps/prime_counter/with_executor.h"
#include "pools/usable_cpus.h"

namespace cohort::prime_counter {
namespace {

// Takes the answers and writes them, many at a time.
class AnswerWriter {
 public:
  explicit AnswerWriter(bool json) : json_(json) {}

  void operator()(const std::vector<std::uint64_t>& numbers, const Answers& answers) {
    text_ += json_ ? AnswerJsonLines(numbers, answers) : AnswerLines(numbers, answers);
    all_prime_ = all_prime_ && std::count(answers.prime.begin(), answers.prime.end(), 0) == 0;
    if (text_.size() > kMany) Flush();
  }

  void Flush() {
    if (failed_) return;
    failed_ = !apps::WriteReport(kName, text_);
    text_.clear();
  }

  bool failed() const { return failed_; }
  bool all_prime() const { return all_prime_; }

 private:
  static constexpr std::size_t kMany = 1 << 16;

  bool json_;
  std::string text_;
  bool failed_ = false;
  bool all_prime_ = true;
};

bool HasInputReady() {
  pollfd polled = {STDIN_FILENO, POLLIN, 0};
  return poll(&polled, 1, 0) > 0;
}

// The numbers of standard input, one after the other.
template <typename Checker>
class InputCheck {
 public:
  InputCheck(Checker& checker, AnswerWriter& writer) : checker_(checker), writer_(writer) {}

  // False: it was told not to go on.
  bool Run() {
    std::array<char, 1 << 16> space;
    while (apps::WaitReadable(STDIN_FILENO)) {
      const ssize_t n = read(STDIN_FILENO, space.data(), space.size());
      if (n < 0) SayUnreadable();
      if (n <= 0) return End();
      reader_.Append({space.data(), static_cast<std::size_t>(n)});
      if (!TakeWords()) return false;
      if (!HasInputReady() && !AnswerAll()) return false;
    }
    return false;
  }

  bool failed() const { return failed_; }

 private:
  void SayUnreadable() {
    failed_ = true;
    const std::string why = std::generic_category().message(errno);
    apps::Say(kName, "standard input cannot be read: " + why);
  }

  bool TakeWords() {
    while (const auto word = reader_.Next()) {
      if (!Take(*word)) return false;
    }
    return true;
  }

  // What is no number is skipped, and the others go on.
  bool Take(std::string_view word) try {
    return checker_.Add(ParseNumber(word));
  } catch (const NumberError& error) {
    failed_ = true;
    apps::Say(kName, absl::StrCat("line ", reader_.line(), ": ", error.what()));
    return true;
  }

  bool End() {
    reader_.End();
    return TakeWords();
  }

  // Whoever types a number gets an answer before the next one.
  bool AnswerAll() {
    if (!checker_.Finish()) return false;
    writer_.Flush();
    return true;
  }

  Checker& checker_;
  AnswerWriter& writer_;
  TokenReader reader_;
  bool failed_ = false;
};

template <typename Checker>
bool AddAll(Checker& checker, const std::vector<std::uint64_t>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [&](std::uint64_t number) { return checker.Add(number); });
}

int ExitStatus(const AnswerWriter& writer, bool done, bool bad_input) {
  if (writer.failed()) return apps::kNotWritten;
  if (!done) return apps::kInterrupted;
  if (bad_input) return apps::kUsage;
  return writer.all_prime() ? apps::kSuccess : apps::kSomeFailed;
}

int WorkersFor(const Options& options) {
  if (!options.read_input && options.numbers.size() < 100) return 1;
  return options.workers > 0 ? options.workers : usable_cpus();
}

}  // namespace

Outcome RunIs(const Options& options) {
  AnswerWriter writer(options.json);
  bool done = false;
  bool bad_input = false;
  const auto go_on = [&] { return !apps::InterruptRequested() && !writer.failed(); };
  const auto write = [&](const auto& numbers, const auto& answers) { writer(numbers, answers); };
  const bool threads_left = WithExecutor(options.executor, WorkersFor(options), [&](auto& pool) {
    NumberChecker checker(pool, options.why, write, go_on);
    InputCheck input(checker, writer);
    done = AddAll(checker, options.numbers) && (!options.read_input || input.Run()) &&
           checker.Finish();
    bad_input = input.failed();
    return done ? Leave::kDone : Leave::kAbandon;
  });
  writer.Flush();
  const int status = ExitStatus(writer, done, bad_input);
  if (status == apps::kInterrupted) apps::Say(kName, "INTERRUPTED: not all numbers were tested");
  return {status, threads_left};
}

}  // namespace cohort::prime_counter
