#include "apps/image_resizer/jpeg_writer.h"

#include <jerror.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "apps/image_resizer/jpeg_errors.h"
#include "apps/image_resizer/jpeg_segments.h"

namespace cohort::image_resizer {
namespace {

// What an encoder writes to. The library's own memory destination replaces its block as it grows,
// and tells the new one only at the end: after an error, nobody could free it.
class Output {
 public:
  Output() {
    callbacks_.manager.init_destination = &Output::Begin;
    callbacks_.manager.empty_output_buffer = &Output::Grow;
    callbacks_.manager.term_destination = [](j_compress_ptr) {};
  }
  ~Output() { std::free(callbacks_.block); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // For encoder.dest.
  jpeg_destination_mgr* manager() { return &callbacks_.manager; }

  std::span<const std::byte> bytes() const {
    const std::size_t size = callbacks_.capacity - callbacks_.manager.free_in_buffer;
    return std::as_bytes(std::span(callbacks_.block, size));
  }

 private:
  // The library's pointer to the manager is one to all of it.
  struct Callbacks {
    jpeg_destination_mgr manager = {};
    JOCTET* block = nullptr;
    std::size_t capacity = 0;
  };

  static void Begin(j_compress_ptr encoder) { Grow(encoder); }

  // The block is full, whatever free_in_buffer says. Called from the library: ends by a jump when
  // there is no memory, with what was written still in its place.
  static boolean Grow(j_compress_ptr encoder) {
    static_assert(std::is_standard_layout_v<Callbacks>, "the manager's address is the object's");
    constexpr std::size_t kFirst = 1 << 16;
    Callbacks& to = *reinterpret_cast<Callbacks*>(encoder->dest);
    const std::size_t capacity = to.capacity == 0 ? kFirst : 2 * to.capacity;
    void* grown = std::realloc(to.block, capacity);
    if (grown == nullptr) ERREXIT1(encoder, JERR_OUT_OF_MEMORY, 0);
    to.block = static_cast<JOCTET*>(grown);
    to.manager.next_output_byte = to.block + to.capacity;
    to.manager.free_in_buffer = capacity - to.capacity;
    to.capacity = capacity;
    return TRUE;
  }

  Callbacks callbacks_;
};

// An encoder and what it has written.
class Encoder {
 public:
  Encoder() : errors_(Damage::kTolerate) {
    encoder_.err = errors_.manager();
    errors_.Run([this] { jpeg_create_compress(&encoder_); });
  }
  ~Encoder() { jpeg_destroy_compress(&encoder_); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // `call` gets the encoder with its output set. It must own nothing.
  template <typename Call>
  std::vector<std::byte> Encode(Call call) {
    errors_.Run([this, call] {
      encoder_.dest = output_.manager();
      call(&encoder_);
      jpeg_finish_compress(&encoder_);
    });
    const std::span<const std::byte> bytes = output_.bytes();
    return {bytes.begin(), bytes.end()};
  }

 private:
  JpegErrors errors_;
  Output output_;
  jpeg_compress_struct encoder_ = {};
};

void SetUp(j_compress_ptr encoder, Size size, J_COLOR_SPACE colours, const ResizeSpec& spec) {
  encoder->image_width = static_cast<JDIMENSION>(size.width);
  encoder->image_height = static_cast<JDIMENSION>(size.height);
  encoder->in_color_space = colours;
  encoder->input_components = colours == JCS_GRAYSCALE ? 1 : 3;
  jpeg_set_defaults(encoder);
  jpeg_set_quality(encoder, spec.quality, TRUE);
  encoder->optimize_coding = spec.optimize ? TRUE : FALSE;
  if (encoder->num_components == 3) {
    const Size step = ChromaStep(spec);
    encoder->comp_info[0].h_samp_factor = step.width;
    encoder->comp_info[0].v_samp_factor = step.height;
  }
  if (spec.progressive) jpeg_simple_progression(encoder);
}

void WriteSegment(j_compress_ptr encoder, std::string_view prefix,
                  std::span<const std::byte> bytes) {
  if (bytes.empty() || prefix.size() + bytes.size() > kMaxSegment) return;
  jpeg_write_m_header(encoder, kExifMarker, static_cast<unsigned>(prefix.size() + bytes.size()));
  for (const char c : prefix) jpeg_write_m_byte(encoder, static_cast<unsigned char>(c));
  for (const std::byte b : bytes) jpeg_write_m_byte(encoder, std::to_integer<int>(b));
}

void WriteMetadata(j_compress_ptr encoder, const Metadata& metadata) {
  WriteSegment(encoder, kExifPrefix, metadata.exif);
  WriteSegment(encoder, kXmpPrefix, metadata.xmp);
  if (!metadata.icc.empty()) {
    jpeg_write_icc_profile(encoder, reinterpret_cast<const JOCTET*>(metadata.icc.data()),
                           static_cast<unsigned>(metadata.icc.size()));
  }
}

// Whole blocks are read: repeats the last sample. There is room, as rows are padded to more.
void PadRows(Plane& plane) {
  for (int y = 0; y < plane.height(); ++y) {
    const std::span<std::uint8_t> row = plane.row_of<std::uint8_t>(y);
    std::memset(row.data() + row.size(), row.back(), plane.stride() - row.size());
  }
}

// The channels' rows for one row of MCUs; below the last, the last again.
void WriteStep(j_compress_ptr encoder, std::vector<Plane>& planes, int step) {
  JSAMPROW rows[3][MAX_SAMP_FACTOR * DCTSIZE];
  JSAMPARRAY channels[3];
  for (int c = 0; c < encoder->num_components; ++c) {
    const int count = encoder->comp_info[c].v_samp_factor * DCTSIZE;
    for (int r = 0; r < count; ++r) {
      const int y = std::min(step * count + r, planes[c].height() - 1);
      rows[c][r] = reinterpret_cast<JSAMPROW>(planes[c].row(y));
    }
    channels[c] = rows[c];
  }
  const int lines = encoder->comp_info[0].v_samp_factor * DCTSIZE;
  jpeg_write_raw_data(encoder, channels, static_cast<JDIMENSION>(lines));
}

}  // namespace

Size ChromaStep(const ResizeSpec& spec) {
  constexpr int kHighQuality = 90;
  switch (spec.subsampling) {
    case Subsampling::k422:
      return {2, 1};
    case Subsampling::k444:
      return {1, 1};
    case Subsampling::kAuto:
      if (spec.quality >= kHighQuality) return {1, 1};
      break;
    case Subsampling::k420:
      break;
  }
  return {2, 2};
}

std::vector<std::byte> WriteJpegPlanes(std::vector<Plane>& planes, const ResizeSpec& spec,
                                       const Metadata& metadata) {
  for (Plane& plane : planes) PadRows(plane);
  Encoder encoder;
  return encoder.Encode([&planes, &spec, &metadata](j_compress_ptr to) {
    SetUp(to, {planes[0].width(), planes[0].height()},
          planes.size() == 1 ? JCS_GRAYSCALE : JCS_YCbCr, spec);
    to->raw_data_in = TRUE;
    jpeg_start_compress(to, TRUE);
    WriteMetadata(to, metadata);
    for (int step = 0; to->next_scanline < to->image_height; ++step) WriteStep(to, planes, step);
  });
}

std::vector<std::byte> WriteJpeg(const Raster& raster, const ResizeSpec& spec,
                                 const Metadata& metadata) {
  Encoder encoder;
  return encoder.Encode([&raster, &spec, &metadata](j_compress_ptr to) {
    SetUp(to, {raster.width, raster.height}, raster.model == Model::kGray ? JCS_GRAYSCALE : JCS_RGB,
          spec);
    jpeg_start_compress(to, TRUE);
    WriteMetadata(to, metadata);
    while (to->next_scanline < to->image_height) {
      const std::byte* row = raster.samples.row(static_cast<int>(to->next_scanline));
      auto* samples = reinterpret_cast<JSAMPROW>(const_cast<std::byte*>(row));
      jpeg_write_scanlines(to, &samples, 1);
    }
  });
}

}  // namespace cohort::image_resizer
