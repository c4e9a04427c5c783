#include "apps/image_resizer/zimg_graph.h"

#include <new>
#include <stdexcept>
#include <string>

namespace cohort::image_resizer {
namespace {

[[noreturn]] void ThrowZimgError() {
  char text[256] = "";
  const zimg_error_code_e code = zimg_get_last_error(text, sizeof(text));
  if (code == ZIMG_ERROR_OUT_OF_MEMORY) throw std::bad_alloc();
  throw std::runtime_error("zimg cannot resize this: " + std::string(text));
}

zimg_pixel_type_e TypeOf(int sample_bytes) {
  if (sample_bytes == kFloatBytes) return ZIMG_PIXEL_FLOAT;
  return sample_bytes == 1 ? ZIMG_PIXEL_BYTE : ZIMG_PIXEL_WORD;
}

zimg_image_format FormatOf(const ZimgGraph::Side& side) {
  zimg_image_format format;
  zimg_image_format_default(&format, ZIMG_API_VERSION);
  format.width = static_cast<unsigned>(side.size.width);
  format.height = static_cast<unsigned>(side.size.height);
  format.pixel_type = TypeOf(side.sample_bytes);
  format.depth = static_cast<unsigned>(8 * side.sample_bytes);
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

}  // namespace

ZimgGraph::ZimgGraph(const Side& from, const Region& region, const Side& to, Filter filter) {
  zimg_image_format in = FormatOf(from);
  in.active_region = {region.left, region.top, region.width, region.height};
  const zimg_image_format out = FormatOf(to);
  zimg_graph_builder_params params;
  zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
  SetFilter(params, filter);
  graph_.reset(zimg_filter_graph_build(&in, &out, &params));
  if (graph_ == nullptr) ThrowZimgError();
}

std::size_t ZimgGraph::working_bytes() const {
  std::size_t bytes = 0;
  if (zimg_filter_graph_get_tmp_size(graph_.get(), &bytes) != ZIMG_ERROR_SUCCESS) ThrowZimgError();
  return bytes;
}

void ZimgGraph::Process(const Rows& from, const Rows& to, std::byte* memory) const {
  zimg_image_buffer_const in = {.version = ZIMG_API_VERSION, .plane = {}};
  in.plane[0] = {from.first, static_cast<std::ptrdiff_t>(from.stride), ZIMG_BUFFER_MAX};
  zimg_image_buffer out = {.version = ZIMG_API_VERSION, .plane = {}};
  out.plane[0] = {to.first, static_cast<std::ptrdiff_t>(to.stride), ZIMG_BUFFER_MAX};
  if (zimg_filter_graph_process(graph_.get(), &in, &out, memory, nullptr, nullptr, nullptr,
                                nullptr) != ZIMG_ERROR_SUCCESS) {
    ThrowZimgError();
  }
}

}  // namespace cohort::image_resizer
