// Words from bytes that come in blocks.

#ifndef COHORT_APPS_PRIME_COUNTER_TOKEN_READER_H_
#define COHORT_APPS_PRIME_COUNTER_TOKEN_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::prime_counter {

// Words are separated by white space. Of one that is very long, which is no number, only the
// beginning is given, so that memory is bounded whatever comes in. For one thread.
class TokenReader {
 public:
  // The next bytes. Ends the life of what Next() gave.
  void Append(std::string_view bytes);

  // No more bytes will come: what there is at the end is a word.
  void End() { ended_ = true; }

  // The next complete word.
  std::optional<std::string_view> Next();

  // That of the last word, from 1 on.
  std::uint64_t line() const { return line_; }

 private:
  static constexpr std::size_t kLongest = 4096;

  void SkipRestOfLong();
  void SkipBlanks();

  std::string bytes_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;
  bool in_long_ = false;  // within a word whose beginning has been given
  bool ended_ = false;
};

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_TOKEN_READER_H_
