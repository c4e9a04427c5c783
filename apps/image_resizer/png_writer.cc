#include "apps/image_resizer/png_writer.h"

#include <libdeflate.h>
#include <zlib.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "apps/image_resizer/png_filter.h"

namespace cohort::image_resizer {
namespace {

using Bytes = std::vector<std::byte>;

void AppendText(Bytes& to, std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void AppendU32(Bytes& to, std::size_t value) {
  for (const int shift : {24, 16, 8, 0}) to.push_back(static_cast<std::byte>(value >> shift));
}

void AppendChunk(Bytes& file, std::string_view type, std::span<const std::byte> data) {
  AppendU32(file, data.size());
  const std::size_t begin = file.size();
  AppendText(file, type);
  file.insert(file.end(), data.begin(), data.end());
  AppendU32(file, libdeflate_crc32(0, &file[begin], file.size() - begin));
}

struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};

// At any distance, repeats are found: right for drawings.
Bytes Compress(std::span<const std::byte> data, int level) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(level));
  if (compressor == nullptr) throw std::bad_alloc();
  Bytes result(libdeflate_zlib_compress_bound(compressor.get(), data.size()));
  result.resize(libdeflate_zlib_compress(compressor.get(), data.data(), data.size(), result.data(),
                                         result.size()));
  return result;
}

// Only runs of one byte are: right for photos, where the few repeats that noise has by chance cost
// more to write than their bytes do. Empty where that takes more than `limit` bytes.
Bytes CompressRuns(std::span<const std::byte> data, std::size_t limit) {
  constexpr int kLargeWindow = 15;
  constexpr int kMostMemory = 9;
  z_stream stream = {};
  if (deflateInit2(&stream, 1, Z_DEFLATED, kLargeWindow, kMostMemory, Z_RLE) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> end(&stream, &deflateEnd);
  Bytes result(limit);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const bool fits = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  result.resize(fits ? stream.total_out : 0);
  return result;
}

// The smaller of both. Together they take a third of the time that zlib takes to do as well.
Bytes CompressPixels(std::span<const std::byte> data, int level) {
  constexpr std::size_t kMax = 1 << 30;  // zlib counts in 32 bits
  Bytes repeats = Compress(data, level);
  if (level == 0 || data.size() > kMax) return repeats;
  Bytes runs = CompressRuns(data, repeats.size());
  return runs.empty() ? repeats : runs;
}

void AppendHeader(Bytes& file, const Raster& raster) {
  constexpr int kColour = 2;
  constexpr int kAlpha = 4;
  const int type = (raster.model == Model::kRgb ? kColour : 0) + (raster.has_alpha ? kAlpha : 0);
  Bytes header;
  AppendU32(header, static_cast<std::size_t>(raster.width));
  AppendU32(header, static_cast<std::size_t>(raster.height));
  for (const int value : {8 * raster.sample_bytes(), type, 0, 0, 0}) {
    header.push_back(static_cast<std::byte>(value));
  }
  AppendChunk(file, "IHDR", header);
}

void AppendMetadata(Bytes& file, const Metadata& metadata, int level) {
  if (!metadata.icc.empty()) {
    Bytes chunk;
    AppendText(chunk, std::string_view("ICC profile\0\0", 13));
    const Bytes compressed = Compress(metadata.icc, level);
    chunk.insert(chunk.end(), compressed.begin(), compressed.end());
    AppendChunk(file, "iCCP", chunk);
  }
  if (!metadata.exif.empty()) AppendChunk(file, "eXIf", metadata.exif);
  if (!metadata.xmp.empty()) {
    Bytes chunk;
    AppendText(chunk, std::string_view("XML:com.adobe.xmp\0\0\0\0\0", 22));
    chunk.insert(chunk.end(), metadata.xmp.begin(), metadata.xmp.end());
    AppendChunk(file, "iTXt", chunk);
  }
}

// As PNG stores it: the higher byte first.
std::span<const std::byte> BigEndian(const Raster& raster, int y, Bytes& scratch) {
  const std::size_t bytes =
      static_cast<std::size_t>(raster.samples.width()) * raster.sample_bytes();
  const std::byte* row = raster.samples.row(y);
  if (raster.sample_bytes() == 1 || std::endian::native == std::endian::big) return {row, bytes};
  for (std::size_t i = 0; i < bytes; i += 2) {
    scratch[i] = row[i + 1];
    scratch[i + 1] = row[i];
  }
  return {scratch.data(), bytes};
}

// The raster, which may be large, ends here.
Bytes Filtered(Raster raster) {
  const std::size_t row_bytes =
      static_cast<std::size_t>(raster.samples.width()) * raster.sample_bytes();
  PngFilter filter(row_bytes, static_cast<std::size_t>(raster.channels() * raster.sample_bytes()));
  Bytes result;
  result.reserve((row_bytes + 1) * raster.height);
  Bytes scratch(row_bytes);
  for (int y = 0; y < raster.height; ++y) filter.Append(BigEndian(raster, y, scratch), result);
  return result;
}

}  // namespace

Bytes WritePng(Raster raster, int level, const Metadata& metadata) {
  Bytes file;
  AppendText(file, "\x89PNG\r\n\x1A\n");
  AppendHeader(file, raster);
  AppendMetadata(file, metadata, level);
  const Bytes pixels = CompressPixels(Filtered(std::move(raster)), level);
  file.reserve(file.size() + pixels.size() + 64);
  AppendChunk(file, "IDAT", pixels);
  AppendChunk(file, "IEND", {});
  return file;
}

}  // namespace cohort::image_resizer
