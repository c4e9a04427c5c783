// What an earlier run has done already.
//
//   const Resume resume("results.jsonl");
//   if (!resume.IsDone(request)) ...

#ifndef COHORT_APPS_API_FETCHER_RESUME_H_
#define COHORT_APPS_API_FETCHER_RESUME_H_

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "apps/api_fetcher/request.h"

namespace cohort::api_fetcher {

// what() names the file and says what is wrong with it.
class ResumeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Keeps a hash of 128 bits of URL and id for each request that is done: 17 to 39 bytes. Any thread
// may ask once it is constructed.
class Resume {
 public:
  Resume() = default;  // nothing is done

  // Reads the JSON Lines that the earlier run has written. Lines that are none of its records are
  // skipped, as is the last one where the run was cut off in it. A file that does not exist yet is
  // an empty one: the same command line then does for the first run and all later ones. Throws
  // ResumeError where the file cannot be read.
  explicit Resume(const std::string& path);

  // Whether there is no such file yet.
  bool is_missing() const { return is_missing_; }

  // Whether a request of that URL and id was ok.
  bool IsDone(const Request& request) const;

  // Whether `fd` is that file, and its last line has no end: something that is appended would
  // become a part of it.
  bool IsTornFile(int fd) const;

  std::uint64_t done() const { return done_.size(); }
  std::uint64_t skipped_lines() const { return skipped_lines_; }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;

  void TakeLine(const std::string& line);

  std::string path_;
  bool is_missing_ = false;
  bool is_torn_ = false;  // the last line has no end
  absl::flat_hash_set<Key> done_;
  std::uint64_t skipped_lines_ = 0;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_RESUME_H_
