// What became of all requests.
//
//   Summary summary;
//   summary.Add(record);  // each
//   std::cerr << TextOf(summary, {.seconds = 12.5});

#ifndef COHORT_APPS_API_FETCHER_SUMMARY_H_
#define COHORT_APPS_API_FETCHER_SUMMARY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "apps/api_fetcher/histogram.h"
#include "apps/api_fetcher/record.h"

namespace cohort::api_fetcher {

// Of constant size. For one thread.
class Summary {
 public:
  // Allocates nothing, but for the first of each status.
  void Add(const Record& record);

  std::uint64_t done() const { return ok_ + failed_; }  // those that were given up included
  std::uint64_t ok() const { return ok_; }
  std::uint64_t failed() const { return failed_; }
  std::uint64_t interrupted() const { return of_kind(ErrorKind::kInterrupted); }
  std::uint64_t of_kind(ErrorKind kind) const { return kinds_[static_cast<std::size_t>(kind)]; }
  const std::map<int, std::uint64_t>& statuses() const { return statuses_; }  // 0 is not in it
  std::uint64_t attempts() const { return attempts_; }
  std::uint64_t retries() const { return retries_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t wire_bytes() const { return wire_bytes_; }
  const Histogram& service() const { return service_; }  // Times::total, of those with an answer
  const Histogram& wait() const { return wait_; }        // Times::wait, of all

 private:
  std::uint64_t ok_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t attempts_ = 0;
  std::uint64_t retries_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t wire_bytes_ = 0;
  std::array<std::uint64_t, kErrorKinds> kinds_ = {};
  std::map<int, std::uint64_t> statuses_;
  Histogram service_;
  Histogram wait_;
};

// What the requests themselves do not tell.
struct RunFacts {
  double seconds = 0;           // from the first start to the last end
  bool complete = true;         // false: it ended before its end
  std::string stopped_by = "";  // then why: "interrupted", "--deadline 60s", "--max-failures 10"
  std::optional<std::uint64_t> not_started = 0;  // nothing: not known
  std::uint64_t skipped = 0;                     // done last time (--resume)
  std::uint64_t rejected = 0;                    // lines of the input that were wrong
};

// Some lines for people; one line of JSON. Both end in a newline.
std::string TextOf(const Summary& summary, const RunFacts& facts);
std::string JsonOf(const Summary& summary, const RunFacts& facts);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_SUMMARY_H_
