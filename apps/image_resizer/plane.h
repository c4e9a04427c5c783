// One channel of a picture: rows of samples, laid out as the resampler wants them.

#ifndef COHORT_APPS_IMAGE_RESIZER_PLANE_H_
#define COHORT_APPS_IMAGE_RESIZER_PLANE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace cohort::image_resizer {

// Rows begin at multiples of 64 bytes, and so does the first; the bytes up to there may be written.
// What is in a new plane is unspecified. For one thread; moves, does not copy.
class Plane {
 public:
  static constexpr std::size_t kAlignment = 64;

  Plane() = default;

  // `sample_bytes` is 1 or 2, or 4 for what no row_of() gives. With `padded_height` there is memory
  // for more rows than are shown. Throws std::bad_alloc.
  Plane(int width, int height, int sample_bytes, int padded_width = 0, int padded_height = 0);

  int width() const { return width_; }
  int height() const { return height_; }
  int sample_bytes() const { return sample_bytes_; }
  std::size_t stride() const { return stride_; }  // in bytes

  std::byte* row(int y) { return data_.get() + static_cast<std::size_t>(y) * stride_; }
  const std::byte* row(int y) const { return data_.get() + static_cast<std::size_t>(y) * stride_; }

  // T: uint8_t or uint16_t, as sample_bytes() says.
  template <typename T>
  std::span<T> row_of(int y) {
    return {reinterpret_cast<T*>(row(y)), static_cast<std::size_t>(width_)};
  }
  template <typename T>
  std::span<const T> row_of(int y) const {
    return {reinterpret_cast<const T*>(row(y)), static_cast<std::size_t>(width_)};
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };

  int width_ = 0;
  int height_ = 0;
  int sample_bytes_ = 1;
  std::size_t stride_ = 0;
  std::unique_ptr<std::byte[], Free> data_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_PLANE_H_
