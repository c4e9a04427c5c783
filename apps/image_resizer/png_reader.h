// Reads a PNG, row by row: gray or RGB, 8 or 16 bits, with or without alpha.

#ifndef COHORT_APPS_IMAGE_RESIZER_PNG_READER_H_
#define COHORT_APPS_IMAGE_RESIZER_PNG_READER_H_

#include <png.h>

#include <array>
#include <csetjmp>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/plane.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

// All of it throws ImageError and std::bad_alloc. For one thread. `file` must outlive it.
class PngReader {
 public:
  // Reads what is before the pixels.
  PngReader(std::span<const std::byte> file, const ResizeSpec& spec);
  ~PngReader();

  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Size size() const { return size_; }
  const Metadata& metadata() const { return metadata_; }

  // Once. With `to_8_bits`, 16 become 8.
  Layout Start(bool to_8_bits);

  // The next row, from above, with the channels side by side in each pixel. Rows that are missing,
  // where that is tolerated, are black, or transparent.
  //
  // The rows of an interlaced picture come from a buffer of all of them: the last one is known only
  // when nearly all of the file has been read.
  void ReadRow(std::byte* to);

  // After all rows: reads what is behind them.
  void Finish();

  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  static constexpr std::size_t kTextBytes = 160;

  // For the library's callbacks. They run in its frames, which a jump may skip: nothing here owns
  // anything.
  struct Callbacks {
    std::span<const std::byte> rest;  // of the file
    std::jmp_buf jump = {};
    std::array<char, kTextBytes> error = {};
    std::array<char, kTextBytes> first_warning = {};
    int warning_count = 0;
    bool has_pixels = false;  // of one row at least
  };

  static void OnError(png_structp png, png_const_charp message);
  static void OnWarning(png_structp png, png_const_charp message);
  static void OnRead(png_structp png, png_bytep to, std::size_t size);
  static void OnRow(png_structp png, png_uint_32 row, int pass);

  // False when the library gave up within `call`, which is left in the middle then: it must own
  // nothing.
  template <typename Call>
  bool Try(Call call) {
    static_assert(std::is_trivially_destructible_v<Call>, "a jump skips destructors");
    if (setjmp(callbacks_.jump) != 0) return false;
    call();
    return true;
  }
  template <typename Call>
  void Run(Call call) {
    if (!Try(call)) ThrowError();
  }

  [[noreturn]] void ThrowError() const;
  void Open();
  void ReadHeader();
  void ReadMetadata();
  void ReadXmp();
  Layout LayoutOfRows() const;
  void ReadInterlaced();
  void Tolerate();

  Callbacks callbacks_;
  const ResizeSpec& spec_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  Size size_;
  Metadata metadata_;
  std::size_t row_bytes_ = 0;
  bool is_complete_ = true;  // so far
  Plane interlaced_;         // all rows, where they come in passes
  int next_row_ = 0;
  std::vector<std::string> warnings_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_PNG_READER_H_
