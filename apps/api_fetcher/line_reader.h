// Lines of a list: a file, a pipe or standard input.

#ifndef COHORT_APPS_API_FETCHER_LINE_READER_H_
#define COHORT_APPS_API_FETCHER_LINE_READER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cohort::api_fetcher {

// what() names the file and says what is wrong with it.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Gives the lines that are neither blank nor begin with "#", without blanks at both ends, carriage
// returns and a byte order mark. Each as soon as it has come. For one thread.
class LineReader {
 public:
  static constexpr char kStdin[] = "-";
  static constexpr std::size_t kLongest = 64 * 1024 + 1;  // only the beginning of longer ones

  // Opens the file; kStdin is standard input. Throws FileError.
  explicit LineReader(const std::string& path);
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader();

  // Moves on; false at the end and when interrupted (apps/common/interrupt.h). Waits for a pipe.
  // Throws FileError.
  bool Next();

  std::string_view line() const { return line_; }    // until Next()
  std::uint64_t number() const { return number_; }   // from 1 on, all lines counted
  const std::string& name() const { return name_; }  // for messages
  bool can_rewind() const { return start_ >= 0; }    // a file, and not a pipe

  // Back to the first line.
  void Rewind();

 private:
  bool NextRaw();
  bool Take(std::size_t size);
  bool ReadMore();
  void CheckEncoding();

  std::string name_;
  int fd_;
  off_t start_;
  std::string buffer_;
  std::size_t at_ = 0;        // what is before has been given
  std::size_t searched_ = 0;  // no line end between at_ and here
  std::string_view line_;
  std::uint64_t number_ = 0;
  bool in_long_ = false;  // the rest of a line that is too long comes next
  bool ended_ = false;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_LINE_READER_H_
