#include "apps/log_summarizer/plan.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>

namespace cohort::log_summarizer {
namespace {

// A small file costs about as much as this many bytes, for opening it.
constexpr std::uint64_t kFileCost = 32 * 1024;

// About how much larger logs are than they are compressed, and how much slower to read.
constexpr std::uint64_t kCompressedCost = 32;

constexpr std::uint64_t kMinBatch = 512 * 1024;

// What reading a part costs, in bytes of a plain file.
struct PricedPart {
  Part part;
  std::uint64_t cost;
};

Content ContentOf(const File& file) {
  std::array<char, kMagicSize> start;
  return Recognise({start.data(), file.ReadAt(start, 0)});
}

class Planner {
 public:
  void Add(std::size_t index, const FoundFile& found) {
    auto source = std::make_shared<LazyFile>(found.path);
    const Part whole = {index, std::move(source), true, 0, found.size};
    if (!found.regular) {
      parts_.push_back({whole, std::numeric_limits<std::uint64_t>::max()});
    } else if (found.size <= kPieceSize) {
      parts_.push_back({whole, found.size + kFileCost});
    } else {
      AddLarge(whole, found.path);
    }
  }

  std::vector<Batch> Batches(int workers) {
    std::stable_sort(parts_.begin(), parts_.end(),
                     [](const auto& a, const auto& b) { return a.cost > b.cost; });
    const std::uint64_t limit = BatchLimit(workers);
    std::vector<Batch> batches;
    std::uint64_t cost = limit;
    for (PricedPart& priced : parts_) {
      if (cost >= limit) {
        batches.emplace_back();
        cost = 0;
      }
      batches.back().push_back(std::move(priced.part));
      cost = priced.cost >= limit - cost ? limit : cost + priced.cost;
    }
    return batches;
  }

 private:
  void AddLarge(const Part& whole, const std::string& path) {
    Content content;
    try {
      content = ContentOf(File(path));
    } catch (const InputError&) {
      // The task that reads it will say so.
      content.compression = Compression::kGzip;
    }
    content.plain() ? AddPieces(whole) : parts_.push_back({whole, whole.end * kCompressedCost});
  }

  void AddPieces(const Part& whole) {
    for (std::uint64_t begin = 0; begin < whole.end; begin += kPieceSize) {
      const std::uint64_t end = std::min(begin + kPieceSize, whole.end);
      parts_.push_back({{whole.file, whole.source, false, begin, end}, end - begin});
    }
  }

  // Small work is shared by all workers too.
  std::uint64_t BatchLimit(int workers) const {
    std::uint64_t total = 0;
    for (const PricedPart& priced : parts_) total += std::min(priced.cost, kPieceSize);
    return std::clamp(total / (4 * static_cast<std::uint64_t>(workers)), kMinBatch, kPieceSize);
  }

  std::vector<PricedPart> parts_;
};

}  // namespace

std::vector<Batch> Plan(const std::vector<FoundFile>& files, int workers) {
  Planner planner;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].error.empty()) planner.Add(i, files[i]);
  }
  return planner.Batches(workers);
}

}  // namespace cohort::log_summarizer
