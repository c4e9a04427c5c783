#include "apps/image_resizer/png_reader.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "apps/image_resizer/exif.h"
#include "apps/image_resizer/image_error.h"
#include "apps/image_resizer/pixel_limit.h"

namespace cohort::image_resizer {
namespace {

// What a small compressed chunk may unpack to, and how many such are kept.
constexpr std::size_t kMaxChunk = 4 << 20;
constexpr int kMaxChunks = 16;

constexpr const char* kXmpKey = "XML:com.adobe.xmp";

void Copy(std::array<char, 160>& to, const char* text) {
  std::snprintf(to.data(), to.size(), "%s", text);
}

bool HasType(std::span<const std::byte> chunk, const char* type) {
  return std::memcmp(&chunk[4], type, 4) == 0;
}

std::size_t U32(std::span<const std::byte> at) {
  std::size_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::size_t>(at[i]);
  return value;
}

// The file up to the first chunk that claims to be longer than the file is; but for pixels, of
// which a part is of use. The library would take memory for the length that is claimed.
std::span<const std::byte> WholeChunks(std::span<const std::byte> file) {
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kAroundData = 12;  // the length, the type, the checksum
  std::size_t at = kSignature;
  while (at + kAroundData <= file.size()) {
    const std::span<const std::byte> chunk = file.subspan(at);
    const std::size_t size = U32(chunk) + kAroundData;
    if (size > chunk.size()) return HasType(chunk, "IDAT") ? file : file.first(at);
    at += size;
  }
  return file;
}

// Palettes, few bits and transparent colours become plain samples.
void SetTransforms(png_structp png, bool to_8_bits) {
  png_set_expand(png);
  if (to_8_bits) png_set_scale_16(png);
  png_set_swap(png);
}

}  // namespace

PngReader::PngReader(std::span<const std::byte> file, const ResizeSpec& spec) : spec_(spec) {
  callbacks_.rest = WholeChunks(file);
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &callbacks_, &PngReader::OnError,
                                &PngReader::OnWarning);
  if (png_ == nullptr) throw std::bad_alloc();
  try {
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) throw std::bad_alloc();
    Run([this] { Open(); });
    ReadHeader();
    ReadMetadata();
  } catch (...) {
    png_destroy_read_struct(&png_, &info_, nullptr);
    throw;
  }
}

PngReader::~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

void PngReader::OnError(png_structp png, png_const_charp message) {
  auto& callbacks = *static_cast<Callbacks*>(png_get_error_ptr(png));
  Copy(callbacks.error, message);
  std::longjmp(callbacks.jump, 1);
}

void PngReader::OnWarning(png_structp png, png_const_charp message) {
  auto& callbacks = *static_cast<Callbacks*>(png_get_error_ptr(png));
  if (callbacks.warning_count++ == 0) Copy(callbacks.first_warning, message);
}

void PngReader::OnRead(png_structp png, png_bytep to, std::size_t size) {
  auto& rest = static_cast<Callbacks*>(png_get_io_ptr(png))->rest;
  if (size > rest.size()) png_error(png, "the file is cut off");
  std::memcpy(to, rest.data(), size);
  rest = rest.subspan(size);
}

void PngReader::OnRow(png_structp png, png_uint_32 /*row*/, int /*pass*/) {
  static_cast<Callbacks*>(png_get_io_ptr(png))->has_pixels = true;
}

void PngReader::ThrowError() const {
  const std::string_view text = callbacks_.error.data();
  if (text.find("ut of memory") != std::string_view::npos) throw std::bad_alloc();
  throw ImageError(ErrorKind::kDamaged, text);
}

// Goes on after an error, where that is asked for and there is something to go on with.
void PngReader::Tolerate() {
  if (spec_.damage == Damage::kRefuse || !callbacks_.has_pixels) ThrowError();
  warnings_.emplace_back(callbacks_.error.data());
}

// Text is skipped, and with it what it might unpack to.
void PngReader::Open() {
  png_set_read_fn(png_, &callbacks_, &PngReader::OnRead);
  png_set_read_status_fn(png_, &PngReader::OnRow);
  // The number of pixels is what counts, see ReadHeader().
  png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max(png_, kMaxChunk);
  png_set_chunk_cache_max(png_, kMaxChunks);
  constexpr png_byte kSkipped[] = "tEXt\0zTXt\0sPLT\0hIST\0tIME\0pCAL\0sCAL\0iTXt";
  constexpr int kCount = sizeof(kSkipped) / 5;
  png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, kSkipped,
                              spec_.keep.xmp ? kCount - 1 : kCount);
  if (spec_.damage == Damage::kTolerate) {
    png_set_benign_errors(png_, 1);
    png_set_crc_action(png_, PNG_CRC_WARN_USE, PNG_CRC_WARN_DISCARD);
  }
  png_read_info(png_, info_);
}

void PngReader::ReadHeader() {
  const png_uint_32 width = png_get_image_width(png_, info_);
  const png_uint_32 height = png_get_image_height(png_, info_);
  size_ = {static_cast<int>(width), static_cast<int>(height)};
  CheckPixels(size_, spec_.limits);
}

void PngReader::ReadMetadata() {
  png_charp name = nullptr;
  int compression = 0;
  png_bytep profile = nullptr;
  png_uint_32 size = 0;
  if (png_get_iCCP(png_, info_, &name, &compression, &profile, &size) != 0) {
    const auto bytes = std::as_bytes(std::span(profile, size));
    metadata_.icc.assign(bytes.begin(), bytes.end());
  }
  png_bytep exif = nullptr;
  if (png_get_eXIf_1(png_, info_, &size, &exif) != 0) {
    const auto bytes = std::as_bytes(std::span(exif, size));
    metadata_.exif.assign(bytes.begin(), bytes.end());
  }
  metadata_.orientation = OrientationOf(metadata_.exif);
  ReadXmp();
}

void PngReader::ReadXmp() {
  png_textp texts = nullptr;
  int count = 0;
  png_get_text(png_, info_, &texts, &count);
  for (const png_text& text : std::span(texts, static_cast<std::size_t>(count))) {
    if (std::strcmp(text.key, kXmpKey) != 0) continue;
    const auto bytes = std::as_bytes(std::span(text.text, std::strlen(text.text)));
    metadata_.xmp.assign(bytes.begin(), bytes.end());
  }
}

Layout PngReader::LayoutOfRows() const {
  const int channels = png_get_channels(png_, info_);
  const Channel all = {size_.width, size_.height, static_cast<double>(size_.width),
                       static_cast<double>(size_.height)};
  return {.model = channels <= 2 ? Model::kGray : Model::kRgb,
          .has_alpha = channels % 2 == 0,
          .sample_bytes = png_get_bit_depth(png_, info_) / 8,
          .width = size_.width,
          .height = size_.height,
          .channels = std::vector<Channel>(static_cast<std::size_t>(channels), all)};
}

Layout PngReader::Start(bool to_8_bits) {
  Run([this, to_8_bits] {
    SetTransforms(png_, to_8_bits);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  });
  row_bytes_ = png_get_rowbytes(png_, info_);
  if (png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE) ReadInterlaced();
  return LayoutOfRows();
}

void PngReader::ReadInterlaced() {
  interlaced_ = Plane(static_cast<int>(row_bytes_), size_.height, 1);
  std::vector<png_bytep> rows;
  for (int y = 0; y < size_.height; ++y) {
    std::memset(interlaced_.row(y), 0, interlaced_.stride());
    rows.push_back(reinterpret_cast<png_bytep>(interlaced_.row(y)));
  }
  is_complete_ = Try([this, &rows] { png_read_image(png_, rows.data()); });
  if (!is_complete_) Tolerate();
}

void PngReader::ReadRow(std::byte* to) {
  if (interlaced_.height() > 0) {
    std::memcpy(to, interlaced_.row(next_row_++), row_bytes_);
    return;
  }
  const auto samples = reinterpret_cast<png_bytep>(to);
  if (is_complete_ && !Try([this, samples] { png_read_row(png_, samples, nullptr); })) {
    Tolerate();
    is_complete_ = false;
  }
  if (!is_complete_) std::memset(to, 0, row_bytes_);
}

void PngReader::Finish() {
  if (is_complete_ && !Try([this] { png_read_end(png_, nullptr); })) Tolerate();
  if (callbacks_.warning_count > 0) warnings_.emplace_back(callbacks_.first_warning.data());
}

}  // namespace cohort::image_resizer
