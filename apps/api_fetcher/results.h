// What comes out of a run: records as they are done, and the summary of all.
//
// Workers add, one thread writes: many records at a time, so that a record costs a worker no system
// call and a lock that is held for less than a microsecond.

#ifndef COHORT_APPS_API_FETCHER_RESULTS_H_
#define COHORT_APPS_API_FETCHER_RESULTS_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "apps/api_fetcher/record.h"
#include "apps/api_fetcher/summary.h"

namespace cohort::api_fetcher {

// Thread-safe.
class Results {
 public:
  // `ordered`: records come out in the order of their numbers, which have no gaps; those that wait
  // for an earlier one are kept, and whoever adds bounds how many these are.
  Results(Format format, bool ordered, int fd)
      : format_(format), ordered_(ordered), fd_(fd), text_(HeaderOf(format)) {}

  // `number`: from 0 on. Waits while more than four megabytes have not been written.
  void Add(std::uint64_t number, const Record& record);

  // From now on nobody waits, so that the thread that writes can add as well.
  void EndWaits();

  // Writes what there is, or what its reader takes of it in 50 ms. For one thread. False after an
  // error, which error() then has; all later records are dropped.
  bool Flush();

  // Whether the reader has not taken all of that. For the same thread.
  bool is_behind() const { return !rest_.empty(); }

  // How many records have come out and have not been written as a whole. For the same thread.
  std::uint64_t unwritten() const;

  // Bytes that the reader has taken. For the same thread.
  std::uint64_t written() const { return written_; }

  // How many records have come out, to be written or on the way.
  std::uint64_t released() const;

  // After gaps: those that wait for a number that will not come.
  void ReleaseAll();

  Summary summary() const;
  std::error_code error() const { return error_; }

 private:
  void TakeText();
  void Release(std::string_view line);
  void Reorder(std::uint64_t number, std::string line);

  const Format format_;
  const bool ordered_;
  const int fd_;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  Summary summary_;
  std::string text_;                             // to be written
  std::deque<std::optional<std::string>> kept_;  // from the number released_ on
  std::uint64_t released_ = 0;
  bool waits_ = true;
  bool broken_ = false;

  // The writer's.
  std::string writing_;
  std::string_view rest_;  // of writing_
  std::uint64_t written_ = 0;
  std::error_code error_;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_RESULTS_H_
