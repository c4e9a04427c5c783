// Reads a JPEG to planes, as they are stored: no colour is converted, no channel made larger.

#ifndef COHORT_APPS_IMAGE_RESIZER_JPEG_READER_H_
#define COHORT_APPS_IMAGE_RESIZER_JPEG_READER_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/jpeg_errors.h"
#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

// All of it throws ImageError and std::bad_alloc. For one thread. `file` must outlive it.
class JpegReader {
 public:
  // Reads the header.
  JpegReader(std::span<const std::byte> file, Damage damage, const Limits& limits);
  ~JpegReader();

  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  Size size() const;
  const Metadata& metadata() const { return metadata_; }

  // Once. With a divisor of 2, 4 or 8 the picture comes that much smaller, from a part of each
  // block's frequencies, which is less work.
  Picture Read(int divisor);

  std::vector<std::string> warnings() const { return errors_.warnings(); }

 private:
  struct ScanCounter {
    jpeg_progress_mgr manager;  // the library's pointer to it is one to all of this
    int limit;
  };

  static void CountScans(j_common_ptr decoder);

  Model ModelOfFile() const;
  void ReadMetadata();
  void ReadIcc();
  Picture EmptyPicture();

  JpegErrors errors_;
  ScanCounter scans_ = {};
  jpeg_decompress_struct decoder_ = {};
  Metadata metadata_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_JPEG_READER_H_
