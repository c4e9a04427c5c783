// The files of a run: which one is next, and what becomes of each.
//
// All that touches the disk is here, in the parent: a worker sees bytes and returns bytes. For one
// thread.

#ifndef COHORT_APPS_IMAGE_RESIZER_BATCH_H_
#define COHORT_APPS_IMAGE_RESIZER_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "apps/common/new_file.h"
#include "apps/image_resizer/file_result.h"
#include "apps/image_resizer/find_images.h"
#include "apps/image_resizer/resize.h"
#include "apps/image_resizer/sources.h"
#include "apps/image_resizer/target.h"
#include "apps/image_resizer/worker_call.h"
#include "ipc/shared_buffer.h"

namespace cohort::image_resizer {

struct BatchOptions {
  std::string out = {};
  OutputFormat format = OutputFormat::kAsInput;
  Existing existing = Existing::kRefuse;
  bool keep_times = false;  // targets get their sources' times
  bool fail_fast = false;
  std::uint64_t max_file_size = std::uint64_t{1} << 30;
};

class Batch {
 public:
  Batch(std::vector<FoundImage> images, BatchOptions options);

  struct Job {
    std::size_t file = 0;  // its place in results()
    SharedBuffer bytes = {};
  };

  // The next image that there is work to do for, largest first, as the last ones to end should be
  // small. What is no work (up to date, cannot be read) gets its result on the way. None: there are
  // no more, or the run has stopped; or, while others are in flight, this process has no descriptor
  // or no memory for one more, which will do when one of them has ended.
  std::optional<Job> Next(bool others_in_flight = false);

  // Gives a result to all that is no work, and reads nothing.
  void Preview();

  // Writes the target.
  void Done(std::size_t file, const Answer& answer);

  // The worker has failed. An image whose worker died comes again, once: what its worker did
  // before, or somebody who ended it, may be why.
  void Failed(std::size_t file, const std::exception_ptr& error);

  // Nothing more is begun. `why` is for people.
  void Stop(std::string why);

  bool stopped() const { return !why_stopped_.empty(); }
  const std::string& why_stopped() const { return why_stopped_; }

  // It stopped since nothing can be written any more.
  bool disk_full() const { return disk_full_; }

  // In the order of the images that the batch was given.
  const std::vector<FileResult>& results() const { return results_; }

  // How many have a result, and how many bytes their sources have of `all_bytes()`.
  std::size_t done() const { return done_; }
  std::uint64_t done_bytes() const { return done_bytes_; }
  std::uint64_t all_bytes() const { return all_bytes_; }

 private:
  // Whether there is work for it, as far as can be told without reading it. No: it has its result.
  bool IsWork(std::size_t file);

  // How the target may be written, as things are now. None: it may not, or need not, and the file
  // has its result.
  std::optional<apps::IfExists> Permission(std::size_t file);

  void TakeUpToDate(std::size_t file);
  void Write(std::size_t file, std::span<const std::byte> bytes, apps::IfExists if_exists);
  void MakeFolderOf(const std::string& target);
  void NotWritten(std::size_t file, const std::error_code& error);
  void End(std::size_t file, Outcome outcome);
  void Fail(std::size_t file, std::string_view kind, std::string_view reason);

  std::vector<FoundImage> images_;
  BatchOptions options_;
  std::vector<Target> targets_;
  std::vector<FileResult> results_;
  std::vector<std::size_t> order_;  // those that have not been begun; the next one is the last
  Sources sources_;
  std::set<FileId> taken_;  // targets that have been written, or found up to date
  std::set<std::size_t> second_tries_;
  std::set<std::string> folders_;  // that have been made
  std::size_t done_ = 0;
  std::uint64_t done_bytes_ = 0;
  std::uint64_t all_bytes_ = 0;
  std::string why_stopped_;
  bool disk_full_ = false;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_BATCH_H_
