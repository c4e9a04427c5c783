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

Model JpegReader::model() const {
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
Channel JpegReader::ChannelAt(int index) const {
  const jpeg_component_info& info = decoder_.comp_info[index];
  const Size all = size();
  const double blocks = info.DCT_scaled_size / static_cast<double>(DCTSIZE);
  return {.columns = static_cast<int>(info.downsampled_width),
          .rows = static_cast<int>(info.downsampled_height),
          .width = blocks * all.width * info.h_samp_factor / decoder_.max_h_samp_factor,
          .height = blocks * all.height * info.v_samp_factor / decoder_.max_v_samp_factor};
}

JpegReader::Step JpegReader::StepOf(int channel) const {
  const jpeg_component_info& info = decoder_.comp_info[channel];
  return {.rows = info.v_samp_factor * info.DCT_scaled_size,
          .padded_width = static_cast<int>(info.width_in_blocks) * info.DCT_scaled_size};
}

// The library decodes all scans of a progressive picture here.
void JpegReader::Start() {
  errors_.Run([this] { jpeg_start_decompress(&decoder_); });
}

Layout JpegReader::StartChannels(int divisor) {
  Layout layout = {
      .model = model(), .width = size().width, .height = size().height, .channels = {}};
  decoder_.scale_num = 1;
  decoder_.scale_denom = static_cast<unsigned>(divisor);
  decoder_.out_color_space = decoder_.jpeg_color_space;
  decoder_.raw_data_out = TRUE;
  Start();
  for (int c = 0; c < decoder_.num_components; ++c) layout.channels.push_back(ChannelAt(c));
  return layout;
}

void JpegReader::ReadStep(std::vector<RowPointers>& rows) {
  JSAMPARRAY channels[MAX_COMPS_IN_SCAN];
  for (std::size_t c = 0; c < rows.size(); ++c) channels[c] = rows[c].data();
  const int lines = decoder_.max_v_samp_factor * decoder_.min_DCT_scaled_size;
  errors_.Run([this, &channels, lines] {
    jpeg_read_raw_data(&decoder_, channels, static_cast<JDIMENSION>(lines));
  });
}

Layout JpegReader::StartPixels() {
  const bool is_gray = model() == Model::kGray;
  decoder_.out_color_space = is_gray ? JCS_GRAYSCALE : JCS_RGB;
  Start();
  const Channel all = {size().width, size().height, static_cast<double>(size().width),
                       static_cast<double>(size().height)};
  return {.model = is_gray ? Model::kGray : Model::kRgb,
          .width = size().width,
          .height = size().height,
          .channels = std::vector<Channel>(is_gray ? 1 : 3, all)};
}

void JpegReader::ReadRow(std::byte* to) {
  auto* row = reinterpret_cast<JSAMPROW>(to);
  errors_.Run([this, &row] { jpeg_read_scanlines(&decoder_, &row, 1); });
}

void JpegReader::Finish() {
  errors_.Run([this] { jpeg_finish_decompress(&decoder_); });
  if (errors_.data_ended_at_once()) {
    throw ImageError(ErrorKind::kDamaged, "the picture data are missing");
  }
}

}  // namespace cohort::image_resizer
