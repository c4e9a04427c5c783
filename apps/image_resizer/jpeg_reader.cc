#include "apps/image_resizer/jpeg_reader.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "apps/image_resizer/exif.h"
#include "apps/image_resizer/jpeg_segments.h"
#include "apps/image_resizer/pixel_limit.h"

namespace cohort::image_resizer {
namespace {

constexpr int kMaxRows = MAX_SAMP_FACTOR * DCTSIZE;  // of a channel, in a row of MCUs

// Where a channel's samples go. Owns nothing.
struct Target {
  JSAMPLE* first = nullptr;
  std::size_t stride = 0;
  int rows_per_step = 0;
};

// One row of MCUs.
void ReadStep(jpeg_decompress_struct* decoder, const Target* targets, std::size_t step) {
  JSAMPROW rows[MAX_COMPS_IN_SCAN][kMaxRows];
  JSAMPARRAY channels[MAX_COMPS_IN_SCAN];
  for (int c = 0; c < decoder->num_components; ++c) {
    const Target& target = targets[c];
    for (int r = 0; r < target.rows_per_step; ++r) {
      rows[c][r] = target.first + (step * target.rows_per_step + r) * target.stride;
    }
    channels[c] = rows[c];
  }
  const int lines = decoder->max_v_samp_factor * decoder->min_DCT_scaled_size;
  jpeg_read_raw_data(decoder, channels, static_cast<JDIMENSION>(lines));
}

void ReadAll(jpeg_decompress_struct* decoder, const Target* targets) {
  std::size_t step = 0;
  while (decoder->output_scanline < decoder->output_height) ReadStep(decoder, targets, step++);
  jpeg_finish_decompress(decoder);
}

std::span<const std::byte> BytesOf(const jpeg_marker_struct& marker) {
  return std::as_bytes(std::span(marker.data, marker.data_length));
}

void KeepIfPrefixed(std::span<const std::byte> segment, std::string_view prefix,
                    std::vector<std::byte>& kept) {
  if (!kept.empty() || !HasPrefix(segment, prefix)) return;
  const std::span<const std::byte> rest = segment.subspan(prefix.size());
  kept.assign(rest.begin(), rest.end());
}

}  // namespace

JpegReader::JpegReader(std::span<const std::byte> file, Damage damage, const Limits& limits)
    : errors_(damage) {
  decoder_.err = errors_.manager();
  scans_.manager.progress_monitor = &JpegReader::CountScans;
  scans_.limit = limits.max_scans;
  try {
    errors_.Run([this, file] {
      jpeg_create_decompress(&decoder_);
      decoder_.progress = &scans_.manager;
      jpeg_mem_src(&decoder_, reinterpret_cast<const unsigned char*>(file.data()), file.size());
      jpeg_save_markers(&decoder_, kExifMarker, 0xFFFF);
      jpeg_save_markers(&decoder_, kIccMarker, 0xFFFF);
      jpeg_read_header(&decoder_, TRUE);
    });
    CheckPixels(size(), limits);
    ReadMetadata();
  } catch (...) {
    jpeg_destroy_decompress(&decoder_);
    throw;
  }
}

JpegReader::~JpegReader() { jpeg_destroy_decompress(&decoder_); }

Size JpegReader::size() const {
  return {static_cast<int>(decoder_.image_width), static_cast<int>(decoder_.image_height)};
}

void JpegReader::CountScans(j_common_ptr decoder) {
  const int limit = reinterpret_cast<ScanCounter*>(decoder->progress)->limit;
  if (reinterpret_cast<j_decompress_ptr>(decoder)->input_scan_number > limit) {
    JpegErrors::Fail(decoder, ErrorKind::kTooManyScans,
                     "the JPEG has more scans than the limit allows");
  }
}

Model JpegReader::ModelOfFile() const {
  switch (decoder_.jpeg_color_space) {
    case JCS_GRAYSCALE:
      return Model::kGray;
    case JCS_RGB:
      return Model::kRgb;
    case JCS_YCbCr:
      return Model::kYcc;
    case JCS_CMYK:
      return Model::kCmyk;
    case JCS_YCCK:
      return Model::kYcck;
    default:
      throw ImageError(ErrorKind::kUnsupported,
                       "the JPEG has " + std::to_string(decoder_.num_components) +
                           " channels, and nothing says which colours they are");
  }
}

void JpegReader::ReadMetadata() {
  for (const jpeg_marker_struct* m = decoder_.marker_list; m != nullptr; m = m->next) {
    if (m->marker != kExifMarker) continue;
    KeepIfPrefixed(BytesOf(*m), kExifPrefix, metadata_.exif);
    KeepIfPrefixed(BytesOf(*m), kXmpPrefix, metadata_.xmp);
  }
  metadata_.orientation = OrientationOf(metadata_.exif);
  ReadIcc();
}

void JpegReader::ReadIcc() {
  JOCTET* data = nullptr;
  unsigned size = 0;
  errors_.Run([this, &data, &size] { jpeg_read_icc_profile(&decoder_, &data, &size); });
  const std::unique_ptr<JOCTET, decltype(&std::free)> owner(data, &std::free);
  const auto bytes = std::as_bytes(std::span(data, data == nullptr ? 0 : size));
  metadata_.icc.assign(bytes.begin(), bytes.end());
}

// In the sizes that the started decoder has settled on.
Picture JpegReader::EmptyPicture() {
  Picture picture = {
      .model = ModelOfFile(), .width = size().width, .height = size().height, .channels = {}};
  for (int c = 0; c < decoder_.num_components; ++c) {
    const jpeg_component_info& info = decoder_.comp_info[c];
    const int padded_width = static_cast<int>(info.width_in_blocks) * info.DCT_scaled_size;
    const int rows_per_step = info.v_samp_factor * info.DCT_scaled_size;
    const int padded_height = static_cast<int>(decoder_.total_iMCU_rows) * rows_per_step;
    const double blocks = info.DCT_scaled_size / static_cast<double>(DCTSIZE);
    picture.channels.push_back(
        {.plane = Plane(static_cast<int>(info.downsampled_width),
                        static_cast<int>(info.downsampled_height), 1, padded_width, padded_height),
         .width = blocks * picture.width * info.h_samp_factor / decoder_.max_h_samp_factor,
         .height = blocks * picture.height * info.v_samp_factor / decoder_.max_v_samp_factor});
  }
  return picture;
}

Picture JpegReader::Read(int divisor) {
  ModelOfFile();
  errors_.Run([this, divisor] {
    decoder_.scale_num = 1;
    decoder_.scale_denom = static_cast<unsigned>(divisor);
    decoder_.out_color_space = decoder_.jpeg_color_space;
    decoder_.raw_data_out = TRUE;
    jpeg_start_decompress(&decoder_);
  });
  Picture picture = EmptyPicture();

  Target targets[MAX_COMPS_IN_SCAN];
  for (int c = 0; c < decoder_.num_components; ++c) {
    const jpeg_component_info& info = decoder_.comp_info[c];
    Plane& plane = picture.channels[c].plane;
    targets[c] = {reinterpret_cast<JSAMPLE*>(plane.row(0)), plane.stride(),
                  info.v_samp_factor * info.DCT_scaled_size};
  }
  errors_.Run([this, &targets] { ReadAll(&decoder_, targets); });
  if (errors_.data_ended_at_once()) {
    throw ImageError(ErrorKind::kDamaged, "the picture data are missing");
  }
  return picture;
}

}  // namespace cohort::image_resizer
