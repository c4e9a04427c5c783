// One of zimg's graphs of filters, for one plane: an object for what its C interface calls a graph.

#ifndef COHORT_APPS_IMAGE_RESIZER_ZIMG_GRAPH_H_
#define COHORT_APPS_IMAGE_RESIZER_ZIMG_GRAPH_H_

#include <zimg.h>

#include <cstddef>
#include <memory>

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

// Rows in memory, aligned as a Plane's are. Owns nothing.
struct Rows {
  std::byte* first = nullptr;
  std::size_t stride = 0;
};

// Of a sample in floating point, which can be below black and above white.
inline constexpr int kFloatBytes = 4;

// It does not change: any number of threads may use it, each with working memory of its own.
class ZimgGraph {
 public:
  struct Side {
    Size size;
    int sample_bytes = 1;  // or 2, or kFloatBytes
  };

  // From what `from` has in `region` to all of `to`. Beyond the edges, `from` is taken to go on as
  // its mirror image. Throws std::bad_alloc.
  ZimgGraph(const Side& from, const Region& region, const Side& to, Filter filter);

  std::size_t working_bytes() const;

  // `memory`: working_bytes(), aligned as a Plane is.
  void Process(const Rows& from, const Rows& to, std::byte* memory) const;

 private:
  struct Free {
    void operator()(zimg_filter_graph* graph) const { zimg_filter_graph_free(graph); }
  };

  std::unique_ptr<zimg_filter_graph, Free> graph_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_ZIMG_GRAPH_H_
