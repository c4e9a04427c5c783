#include "apps/demo/samples.h"

#include <zlib.h>

#include <cstdint>
#include <ranges>
#include <stdexcept>
#include <string>

#include "absl/strings/str_format.h"
#include "apps/common/interrupt.h"
#include "apps/demo/sample_images.h"
#include "apps/log_summarizer/benchmark/corpus.h"
#include "pools/thread_pool_executor.h"
#include "pools/usable_cpus.h"

namespace cohort::demo {
namespace {

namespace fs = std::filesystem;
namespace logs = log_summarizer::benchmark;

// What zlib compresses on its way to a file, or passes on as it is.
void WriteFile(const fs::path& path, const std::string& text, bool compressed) {
  gzFile file = gzopen(path.c_str(), compressed ? "wb1" : "wbT");
  const bool written =
      file != nullptr && gzwrite(file, text.data(), static_cast<unsigned>(text.size())) > 0;
  if (gzclose(file) != Z_OK || !written) {
    throw std::runtime_error(path.string() + ": cannot be written");
  }
}

// Every second one is compressed, as rotated logs are.
void WriteLog(const fs::path& directory, int index, std::uint64_t size) {
  static constexpr const char* kNames[] = {"shop",  "orders", "cart",     "syslog",
                                           "nginx", "access", "recorder", "jobs"};
  const int format = index % logs::kFormats;
  const int number = index / logs::kFormats + 1;
  const bool compressed = number % 2 == 0;
  logs::LogText log(static_cast<logs::Format>(format), index, /*dirty=*/false);
  std::string text;
  while (text.size() < size) log.AppendEvent(text);
  const std::string name = absl::StrFormat("%s-%d.log", kNames[format], number);
  WriteFile(directory / (name + (compressed ? ".gz" : "")), text, compressed);
}

// Every eighth one is a PNG.
void WritePhoto(const fs::path& directory, int index, const SampleSizes& sizes) {
  const Image image = Landscape(sizes.photo_width, sizes.photo_height, index);
  if (index % 8 == 3) {
    WritePng(image, directory / absl::StrFormat("%02d.png", index + 1));
  } else {
    WriteJpeg(image, directory / absl::StrFormat("%02d.jpg", index + 1));
  }
}

// The photos come first: they take longer.
void WriteSample(const fs::path& directory, int index, const SampleSizes& sizes) {
  if (apps::InterruptRequested()) return;
  if (index < sizes.photos) return WritePhoto(directory / "photos", index, sizes);
  WriteLog(directory / "logs", index - sizes.photos, sizes.log_size);
}

}  // namespace

void MakeSamples(const fs::path& directory, const SampleSizes& sizes) {
  fs::create_directory(directory / "logs");
  fs::create_directory(directory / "photos");
  ThreadPoolExecutor pool(usable_cpus());
  const auto write = [&](int index) {
    WriteSample(directory, index, sizes);
    return index;
  };
  for ([[maybe_unused]] int done :
       pool.map(write, std::views::iota(0, sizes.photos + sizes.logs))) {
  }
}

}  // namespace cohort::demo
