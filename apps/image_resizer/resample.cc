#include "apps/image_resizer/resample.h"

#include <zimg.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

namespace cohort::image_resizer {
namespace {

struct FreeGraph {
  void operator()(zimg_filter_graph* graph) const { zimg_filter_graph_free(graph); }
};
using Graph = std::unique_ptr<zimg_filter_graph, FreeGraph>;

[[noreturn]] void ThrowZimgError() {
  char text[256] = "";
  const zimg_error_code_e code = zimg_get_last_error(text, sizeof(text));
  if (code == ZIMG_ERROR_OUT_OF_MEMORY) throw std::bad_alloc();
  throw std::runtime_error("zimg cannot resize this: " + std::string(text));
}

zimg_image_format FormatOf(Size size, int sample_bytes) {
  zimg_image_format format;
  zimg_image_format_default(&format, ZIMG_API_VERSION);
  format.width = static_cast<unsigned>(size.width);
  format.height = static_cast<unsigned>(size.height);
  format.pixel_type = sample_bytes == 1 ? ZIMG_PIXEL_BYTE : ZIMG_PIXEL_WORD;
  format.depth = static_cast<unsigned>(8 * sample_bytes);
  format.pixel_range = ZIMG_RANGE_FULL;
  return format;
}

void SetFilter(zimg_graph_builder_params& params, Filter filter) {
  switch (filter) {
    case Filter::kLanczos3:
    case Filter::kLanczos2:
      params.resample_filter = ZIMG_RESIZE_LANCZOS;
      params.filter_param_a = filter == Filter::kLanczos3 ? 3 : 2;
      break;
    case Filter::kCubic:  // Catmull and Rom's
      params.resample_filter = ZIMG_RESIZE_BICUBIC;
      params.filter_param_a = 0;
      params.filter_param_b = 0.5;
      break;
    case Filter::kLinear:
      params.resample_filter = ZIMG_RESIZE_BILINEAR;
      break;
    case Filter::kNearest:
      params.resample_filter = ZIMG_RESIZE_POINT;
      break;
  }
}

// All that a graph depends on.
struct Task {
  Size from;
  Region region;
  Size to;
  int sample_bytes;
  Filter filter;

  friend bool operator==(const Task&, const Task&) = default;
};

Graph BuildGraph(const Task& task) {
  zimg_image_format in = FormatOf(task.from, task.sample_bytes);
  const Region& region = task.region;
  in.active_region = {region.left, region.top, region.width, region.height};
  const zimg_image_format out = FormatOf(task.to, task.sample_bytes);

  zimg_graph_builder_params params;
  zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
  SetFilter(params, task.filter);
  Graph graph(zimg_filter_graph_build(&in, &out, &params));
  if (graph == nullptr) ThrowZimgError();
  return graph;
}

// Building takes longer than resampling a small plane. Cb's is Cr's as well, and a batch often has
// pictures of one size.
class GraphCache {
 public:
  const Graph& Get(const Task& task) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&task](const Entry& entry) { return entry.task == task; });
    if (found == entries_.end()) {
      entries_.back() = {task, BuildGraph(task)};
      std::rotate(entries_.begin(), entries_.end() - 1, entries_.end());
    } else {
      std::rotate(entries_.begin(), found, found + 1);
    }
    return entries_.front().graph;
  }

 private:
  struct Entry {
    Task task = {};
    Graph graph;
  };

  std::array<Entry, 8> entries_;  // the latest first
};

// As a plane, so that it is aligned.
Plane WorkingMemory(const Graph& graph) {
  std::size_t bytes = 0;
  if (zimg_filter_graph_get_tmp_size(graph.get(), &bytes) != ZIMG_ERROR_SUCCESS) ThrowZimgError();
  constexpr std::size_t kRow = 1 << 16;
  return Plane(kRow, static_cast<int>(bytes / kRow + 1), 1);
}

}  // namespace

Plane Resample(const Plane& source, const Region& region, Size size, Filter filter) {
  thread_local GraphCache cache;
  const Graph& graph = cache.Get({.from = {source.width(), source.height()},
                                  .region = region,
                                  .to = size,
                                  .sample_bytes = source.sample_bytes(),
                                  .filter = filter});
  Plane memory = WorkingMemory(graph);
  Plane result(size.width, size.height, source.sample_bytes());

  zimg_image_buffer_const in = {.version = ZIMG_API_VERSION, .plane = {}};
  in.plane[0] = {source.row(0), static_cast<std::ptrdiff_t>(source.stride()), ZIMG_BUFFER_MAX};
  zimg_image_buffer out = {.version = ZIMG_API_VERSION, .plane = {}};
  out.plane[0] = {result.row(0), static_cast<std::ptrdiff_t>(result.stride()), ZIMG_BUFFER_MAX};
  if (zimg_filter_graph_process(graph.get(), &in, &out, memory.row(0), nullptr, nullptr, nullptr,
                                nullptr) != ZIMG_ERROR_SUCCESS) {
    ThrowZimgError();
  }
  return result;
}

}  // namespace cohort::image_resizer
