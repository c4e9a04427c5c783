// image_resizer: makes smaller copies of images. See --help and docs/apps/image_resizer.md.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "apps/common/exit_code.h"
#include "apps/common/interrupt.h"
#include "apps/common/output.h"
#include "apps/common/progress.h"
#include "apps/common/stopwatch.h"
#include "apps/common/terminal.h"
#include "apps/common/users_directory.h"
#include "apps/image_resizer/batch.h"
#include "apps/image_resizer/find_images.h"
#include "apps/image_resizer/name_list.h"
#include "apps/image_resizer/options.h"
#include "apps/image_resizer/report.h"
#include "apps/image_resizer/resize_files.h"
#include "ipc/exception.h"
#include "ipc/shared_buffer.h"
#include "pools/process_pool_executor.h"
#include "pools/usable_cpus.h"

namespace cohort::image_resizer {
namespace {

constexpr char kName[] = "image_resizer";

void Say(const std::string& message) { apps::Say(kName, message); }

Found FindInputs(const Options& options) {
  std::vector<std::string> listed;
  if (options.read_list) listed = SplitNameList(ReadToEnd(STDIN_FILENO));
  return FindImages(options.inputs, listed, options.find);
}

// For a worker: what a decoder that was taken over writes must not be taken for the report, nor for
// commands by the terminal. Writing fails then; /dev/null for writing is not in the sandbox.
void LoseStandardStreams() {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (nothing < 0 || dup2(nothing, stream) < 0) {
      throw std::system_error(errno, std::generic_category(), "/dev/null for a worker");
    }
  }
  if (nothing > STDERR_FILENO) close(nothing);
}

ProcessPoolOptions PoolOptions(const Options& options, std::size_t images) {
  ProcessPoolOptions pool;
  const int wanted = options.workers > 0 ? options.workers : usable_cpus();
  pool.max_workers = std::clamp(static_cast<int>(std::min<std::size_t>(images, 1024)), 1, wanted);
  pool.max_tasks_per_child = options.files_per_worker;
  pool.worker_memory_limit = options.max_memory;
  // Where a file is made, it is there twice: as the encoder has written it, and in the answer.
  pool.max_answer_bytes = options.max_memory / 2;
  pool.initializer = initializer(LoseStandardStreams);
  if (options.sandbox) pool.sandbox = Sandbox::compute();
  return pool;
}

Timeout TimeoutOf(const Options& options) {
  if (options.timeout <= 0) return Timeout::forever();
  return std::chrono::microseconds(static_cast<std::int64_t>(options.timeout * 1e6));
}

// What runs is of no interest any more, and must not be reported as lost.
void Abandon(ProcessPoolExecutor& pool) {
  set_unobserved_exception_hook([](const std::exception_ptr&) {});
  pool.kill_workers();
}

bool IsComplete(const Batch& batch) { return batch.done() == batch.results().size(); }

RunReport ResizeAll(Batch& batch, const Options& options) {
  RunReport report = {.files = batch.results(), .sandbox = options.sandbox};
  const apps::Stopwatch time;
  // A worker that was taken over must not see what comes later in memory that it has had.
  SharedBuffer::set_idle_limit(0);
  ProcessPoolExecutor pool(PoolOptions(options, batch.results().size()));
  apps::ProgressLine line(!options.quiet);
  ResizeFiles(pool, batch, {options.spec, TimeoutOf(options)}, [&](const Batch& so_far) {
    if (line.Due()) line.Show(ProgressText(so_far, time.Seconds()));
    return !apps::InterruptRequested();
  });
  report.interrupted = apps::InterruptRequested() && !batch.stopped() && !IsComplete(batch);
  report.stopped = batch.why_stopped();
  report.seconds = time.Seconds();
  report.workers = pool.max_workers();
  report.worker_deaths = pool.stats().worker_deaths;
  if (!IsComplete(batch)) Abandon(pool);
  return report;
}

void SayWhatFailed(const RunReport& report, const Options& options) {
  if (!options.quiet) {
    for (const std::string& line : WarningLines(report.files)) Say(line);
  }
  for (const std::string& line : FailureLines(report.files)) Say(line);
  if (!report.stopped.empty()) Say(report.stopped);
  if (options.sandbox && absl::StrContains(report.stopped, "sandbox")) {
    Say("--no-sandbox does without it; that is for images you trust");
  }
}

void SayNotes(const Found& found, const Options& options) {
  if (options.quiet) return;
  for (const std::string& note : found.notes) Say(apps::Printable(note));
  if (!options.sandbox) Say("images are decoded without a sandbox");
}

int ExitStatus(const RunReport& report, const Batch& batch) {
  const Totals totals = TotalsOf(report.files);
  if (report.interrupted) return apps::kInterrupted;
  if (batch.disk_full()) return apps::kNotWritten;
  return totals.failed + totals.not_done > 0 ? apps::kSomeFailed : apps::kSuccess;
}

std::string Report(const RunReport& report, const Options& options) {
  if (options.json) return JsonReport(report);
  return options.quiet ? "" : SummaryLine(report);
}

int DryRun(Batch& batch, const Options& options) {
  batch.Preview();
  const RunReport report = {.files = batch.results(), .sandbox = options.sandbox};
  SayWhatFailed(report, options);
  const std::string text = options.json ? JsonReport(report) : DryRunLines(report.files);
  if (!apps::WriteReport(kName, text)) return apps::kNotWritten;
  return TotalsOf(report.files).failed > 0 ? apps::kSomeFailed : apps::kSuccess;
}

bool MakeOutputFolder(const std::string& out) {
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (!error && !std::filesystem::is_directory(out, error))
    error = {ENOTDIR, std::generic_category()};
  if (error) Say(absl::StrCat(apps::Printable(out), ": ", error.message()));
  return !error;
}

int Run(const Options& options) try {
  Found found = FindInputs(options);
  if (apps::InterruptRequested()) {
    Say("interrupted; nothing was done");
    return apps::kInterrupted;
  }
  SayNotes(found, options);
  Batch batch(std::move(found.images), options.batch);
  if (options.dry_run) return DryRun(batch, options);
  if (!MakeOutputFolder(options.batch.out)) return apps::kNotWritten;
  const RunReport report = ResizeAll(batch, options);
  SayWhatFailed(report, options);
  if (!apps::WriteReport(kName, Report(report, options))) return apps::kNotWritten;
  return ExitStatus(report, batch);
} catch (const std::exception& error) {
  Say(error.what());
  return apps::kSomeFailed;
}

}  // namespace
}  // namespace cohort::image_resizer

int main(int argc, char** argv) {
  namespace apps = cohort::apps;
  namespace image_resizer = cohort::image_resizer;
  apps::IgnoreBrokenPipes();
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like any other
  const image_resizer::ParsedOptions parsed = image_resizer::ParseOptions(argc, argv);
  if (!parsed.options) return parsed.exit_status;
  apps::EnterUsersDirectory();
  apps::CatchInterrupts();
  cohort::ipc::register_exception<image_resizer::ImageError>();
  return image_resizer::Run(*parsed.options);
}
