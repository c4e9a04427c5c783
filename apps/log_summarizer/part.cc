#include "apps/log_summarizer/part.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "apps/common/interrupt.h"

namespace cohort::log_summarizer {
namespace {

// How much is read at a time to complete the last line of a part.
constexpr std::size_t kTail = 4096;

bool BeginsWithinLine(const File& file, std::uint64_t begin) {
  if (begin == 0) return false;
  char before = '\n';
  file.ReadAt({&before, 1}, begin - 1);
  return before != '\n';
}

// Gives the scanner what follows the part, up to the end of the part's last line.
void CompleteLine(const File& file, std::uint64_t offset, LineScanner& scanner) {
  while (scanner.needs_more() && !apps::InterruptRequested()) {
    const std::size_t n = file.ReadAt(scanner.space().first(kTail), offset);
    if (n == 0) return;
    const void* newline = std::memchr(scanner.space().data(), '\n', n);
    if (newline != nullptr) {
      return scanner.Take(static_cast<const char*>(newline) + 1 - scanner.space().data());
    }
    scanner.Take(n);
    offset += n;
  }
}

void CountRange(const Part& part, LineScanner& scanner, PartResult& result) {
  const File& file = part.source->Get();
  scanner.Start(BeginsWithinLine(file, part.begin));
  std::uint64_t offset = part.begin;
  while (offset < part.end) {
    if (apps::InterruptRequested()) throw InputInterrupted();
    const std::size_t wanted = std::min<std::uint64_t>(LineScanner::kBlock, part.end - offset);
    const std::size_t n = file.ReadAt(scanner.space().first(wanted), offset);
    if (n == 0) break;
    scanner.Take(n);
    offset += n;
    result.bytes += n;
  }
  CompleteLine(file, offset, scanner);
}

void CountWhole(const Part& part, LineScanner& scanner, PartResult& result) {
  scanner.Start();
  OpenedContent opened = OpenContent(std::make_unique<FileSource>(part.source->Get()));
  result.content = opened.content;
  while (const std::size_t n = opened.source->Read(scanner.space())) {
    scanner.Take(n);
    result.bytes += n;
  }
}

}  // namespace

const File& LazyFile::Get() {
  const std::lock_guard lock(mutex_);
  if (!file_) file_.emplace(path_);
  return *file_;
}

PartResult CountPart(const Part& part, LineScanner& scanner) {
  PartResult result = {.file = part.file};
  scanner.Start();
  if (apps::InterruptRequested()) {
    result.outcome = Outcome::kInterrupted;
    return result;
  }
  try {
    part.whole ? CountWhole(part, scanner, result) : CountRange(part, scanner, result);
  } catch (const InputInterrupted&) {
    result.outcome = Outcome::kInterrupted;
  } catch (const InputError& error) {
    result.outcome = Outcome::kFailed;
    result.error = error.what();
  }
  result.counts = scanner.Finish();
  return result;
}

}  // namespace cohort::log_summarizer
