// Reads a JPEG, some rows at a time: either its channels, as they are stored, with no colour
// converted and none of them made larger; or rows of pixels.

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

  // As the channels are stored.
  Model model() const;

  // The one way: by channels. With a divisor of 2, 4 or 8 the picture comes that much smaller, from
  // a part of each block's frequencies, which is less work.
  Layout StartChannels(int divisor);

  // How many rows of a channel come at a time, and how far each of them is written.
  struct Step {
    int rows = 0;
    int padded_width = 0;
  };
  Step StepOf(int channel) const;

  // Reads the next step. `rows`: for each channel, where each row of it goes. What comes behind the
  // last row of a channel, in the last step, is of no use.
  using RowPointers = std::vector<JSAMPROW>;
  void ReadStep(std::vector<RowPointers>& rows);

  // The other way: gray or RGB, the channels side by side in each pixel. For kGray, kRgb and kYcc.
  Layout StartPixels();
  void ReadRow(std::byte* to);

  // Whether all rows have been read.
  bool AtEnd() const { return decoder_.output_scanline >= decoder_.output_height; }

  // After all rows.
  void Finish();

  std::vector<std::string> warnings() const { return errors_.warnings(); }

 private:
  struct ScanCounter {
    jpeg_progress_mgr manager;  // the library's pointer to it is one to all of this
    int limit;
  };

  static void CountScans(j_common_ptr decoder);

  void ReadMetadata();
  void ReadIcc();
  void Start();
  Channel ChannelAt(int index) const;

  JpegErrors errors_;
  ScanCounter scans_ = {};
  jpeg_decompress_struct decoder_ = {};
  Metadata metadata_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_JPEG_READER_H_
