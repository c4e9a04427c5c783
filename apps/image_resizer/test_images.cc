#include "apps/image_resizer/test_images.h"

#include <png.h>

// jpeglib.h needs stdio's FILE.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace cohort::image_resizer::testing {
namespace {

// The same on every machine, and fast.
class Noise {
 public:
  explicit Noise(unsigned seed) : state_(seed * 2654435761u + 1) {}
  double Next() {  // -0.5 to 0.5
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 40) / (1 << 24) - 0.5;
  }

 private:
  std::uint64_t state_;
};

// A grid of random values, and what is between them.
class Octave {
 public:
  Octave(int step, int width, int height, Noise& noise)
      : step_(step), columns_(width / step + 2), values_(columns_ * (height / step + 2)) {
    for (float& value : values_) value = static_cast<float>(noise.Next());
  }

  float At(int x, int y) const {
    const int column = x / step_;
    const int row = y / step_;
    const float fx = static_cast<float>(x % step_) / static_cast<float>(step_);
    const float fy = static_cast<float>(y % step_) / static_cast<float>(step_);
    const float* above = &values_[row * columns_ + column];
    const float* below = above + columns_;
    return (above[0] * (1 - fx) + above[1] * fx) * (1 - fy) +
           (below[0] * (1 - fx) + below[1] * fx) * fy;
  }

 private:
  int step_;
  int columns_;
  std::vector<float> values_;
};

void AddTexture(std::vector<float>& channel, int width, int height, float amplitude, Noise& noise) {
  for (int step = 512; step >= 2; step /= 2) {
    const Octave octave(step, width, height, noise);
    const float weight = amplitude * std::sqrt(static_cast<float>(step) / 512);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) channel[y * width + x] += weight * octave.At(x, y);
    }
  }
}

// Discs with sharp edges and two gratings of fine lines.
float EdgesAt(int x, int y, int width, int height) {
  const int size = std::max(8, std::min(width, height) / 6);
  const int cx = x % size - size / 2;
  const int cy = y % size - size / 2;
  float value = cx * cx + cy * cy < size * size / 9 ? 30.0f : 0.0f;
  if (y > height * 4 / 5) value += x / 3 % 2 == 0 ? 25.0f : -25.0f;
  if (x > width * 9 / 10) value += (x + y) / 5 % 2 == 0 ? 25.0f : -25.0f;
  return value;
}

void FailJpeg(j_common_ptr codec) {
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  std::fprintf(stderr, "test image: %s\n", text);
  std::abort();
}

void WriteSegment(jpeg_compress_struct& encoder, const Bytes& bytes) {
  if (bytes.empty()) return;
  jpeg_write_marker(&encoder, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(bytes.data()),
                    static_cast<unsigned>(bytes.size()));
}

void SetColours(jpeg_compress_struct& encoder, const Pixels& pixels, const JpegMaking& making) {
  encoder.input_components = pixels.channels;
  encoder.in_color_space = pixels.channels == 1   ? JCS_GRAYSCALE
                           : pixels.channels == 3 ? JCS_RGB
                                                  : JCS_CMYK;
  jpeg_set_defaults(&encoder);
  if (making.stored_as_rgb) jpeg_set_colorspace(&encoder, JCS_RGB);
  if (making.ycck) jpeg_set_colorspace(&encoder, JCS_YCCK);
  jpeg_set_quality(&encoder, making.quality, TRUE);
  encoder.comp_info[0].h_samp_factor = making.luma_h;
  encoder.comp_info[0].v_samp_factor = making.luma_v;
  if (pixels.channels == 4) {
    encoder.comp_info[3].h_samp_factor = making.luma_h;
    encoder.comp_info[3].v_samp_factor = making.luma_v;
  }
  if (making.progressive) jpeg_simple_progression(&encoder);
}

void WriteRows(jpeg_compress_struct& encoder, const Pixels& pixels) {
  std::vector<JSAMPLE> row(static_cast<std::size_t>(pixels.width) * pixels.channels);
  for (int y = 0; y < pixels.height; ++y) {
    const auto* samples = &pixels.samples[y * row.size()];
    std::transform(samples, samples + row.size(), row.begin(),
                   [](std::uint16_t sample) { return static_cast<JSAMPLE>(sample); });
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&encoder, &pointer, 1);
  }
}

Bytes ToBytes(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(data);
  return {bytes, bytes + size};
}

int PngColourType(int channels) {
  constexpr int kTypes[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                            PNG_COLOR_TYPE_RGB_ALPHA};
  return kTypes[channels - 1];
}

void AppendTo(png_structp png, png_bytep data, std::size_t size) {
  auto& bytes = *static_cast<Bytes*>(png_get_io_ptr(png));
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  bytes.insert(bytes.end(), begin, begin + size);
}

void SetPngExtras(png_structp png, png_infop info, const PngMaking& making) {
  if (!making.icc.empty()) {
    png_set_iCCP(png, info, "profile", PNG_COMPRESSION_TYPE_BASE,
                 reinterpret_cast<png_const_bytep>(making.icc.data()),
                 static_cast<png_uint_32>(making.icc.size()));
  }
  if (!making.exif.empty()) {
    Bytes copy = making.exif;
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(copy.size()),
                   reinterpret_cast<png_bytep>(copy.data()));
  }
  if (!making.xmp.empty()) {
    png_text text = {};
    text.compression = PNG_ITXT_COMPRESSION_NONE;
    text.key = const_cast<char*>("XML:com.adobe.xmp");
    text.text = const_cast<char*>(making.xmp.c_str());
    text.itxt_length = making.xmp.size();
    png_set_text(png, info, &text, 1);
  }
}

// Big-endian, as PNG has them.
std::vector<png_byte> PngSamples(const Pixels& pixels) {
  std::vector<png_byte> bytes;
  bytes.reserve(pixels.samples.size() * pixels.depth / 8);
  for (const std::uint16_t sample : pixels.samples) {
    if (pixels.depth == 16) bytes.push_back(static_cast<png_byte>(sample >> 8));
    bytes.push_back(static_cast<png_byte>(sample));
  }
  return bytes;
}

// A TIFF structure, in one byte order or the other.
class TiffWriter {
 public:
  explicit TiffWriter(bool big_endian) : big_endian_(big_endian) {}

  void Text(std::string_view text) {
    for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
  }
  void U16(unsigned value) { Number(value, 2); }
  void U32(unsigned value) { Number(value, 4); }
  void Entry(unsigned tag, unsigned type, unsigned count, unsigned value) {
    U16(tag);
    U16(type);
    U32(count);
    if (type == 3) {
      U16(value);
      U16(0);
    } else {
      U32(value);
    }
  }
  Bytes Take() { return std::move(bytes_); }

 private:
  void Number(unsigned value, int size) {
    for (int i = 0; i < size; ++i) {
      const int shift = 8 * (big_endian_ ? size - 1 - i : i);
      bytes_.push_back(static_cast<std::byte>(value >> shift));
    }
  }

  bool big_endian_;
  Bytes bytes_;
};

}  // namespace

Pixels Flat(int width, int height, const std::vector<int>& colour, int depth) {
  Pixels pixels(width, height, static_cast<int>(colour.size()), depth);
  for (std::size_t i = 0; i < pixels.samples.size(); ++i) {
    pixels.samples[i] = static_cast<std::uint16_t>(colour[i % colour.size()]);
  }
  return pixels;
}

Pixels Gradient(int width, int height, int channels, int depth) {
  Pixels pixels(width, height, channels, depth);
  const int top = (1 << depth) - 1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int values[] = {top * x / std::max(1, width - 1), top * y / std::max(1, height - 1),
                            top / 2, top};
      for (int c = 0; c < channels; ++c) {
        pixels.at(x, y, c) = static_cast<std::uint16_t>(values[c]);
      }
    }
  }
  return pixels;
}

Pixels Quarters(int width, int height) {
  constexpr int kColours[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
  Pixels pixels(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int* colour = kColours[(2 * y >= height ? 2 : 0) + (2 * x >= width ? 1 : 0)];
      for (int c = 0; c < 3; ++c) pixels.at(x, y, c) = static_cast<std::uint16_t>(colour[c]);
    }
  }
  return pixels;
}

Pixels Photo(int width, int height, int channels, unsigned seed) {
  Noise noise(seed);
  std::vector<float> luma(static_cast<std::size_t>(width) * height, 128);
  AddTexture(luma, width, height, 160, noise);
  Pixels pixels(width, height, channels);
  for (int c = 0; c < channels; ++c) {
    std::vector<float> own(luma.size(), 0);
    AddTexture(own, width, height, 50, noise);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const std::size_t i = static_cast<std::size_t>(y) * width + x;
        const float value =
            luma[i] + own[i] + EdgesAt(x, y, width, height) + static_cast<float>(noise.Next()) * 14;
        pixels.at(x, y, c) = static_cast<std::uint16_t>(std::clamp(value, 0.0f, 255.0f));
      }
    }
  }
  return pixels;
}

Bytes MakeJpeg(const Pixels& pixels, const JpegMaking& making) {
  jpeg_compress_struct encoder = {};
  jpeg_error_mgr errors = {};
  encoder.err = jpeg_std_error(&errors);
  errors.error_exit = &FailJpeg;
  jpeg_create_compress(&encoder);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &buffer, &size);
  encoder.image_width = static_cast<JDIMENSION>(pixels.width);
  encoder.image_height = static_cast<JDIMENSION>(pixels.height);
  SetColours(encoder, pixels, making);

  jpeg_start_compress(&encoder, TRUE);
  WriteSegment(encoder, making.exif);
  WriteSegment(encoder, making.xmp);
  if (!making.icc.empty()) {
    jpeg_write_icc_profile(&encoder, reinterpret_cast<const JOCTET*>(making.icc.data()),
                           static_cast<unsigned>(making.icc.size()));
  }
  WriteRows(encoder, pixels);
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  Bytes file = ToBytes(buffer, size);
  std::free(buffer);
  return file;
}

Bytes MakePng(const Pixels& pixels, const PngMaking& making) {
  Bytes file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, &AppendTo, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(pixels.width),
               static_cast<png_uint_32>(pixels.height), pixels.depth,
               PngColourType(pixels.channels),
               making.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, 3);
  SetPngExtras(png, info, making);
  png_write_info(png, info);

  std::vector<png_byte> samples = PngSamples(pixels);
  const std::size_t row_bytes = samples.size() / pixels.height;
  std::vector<png_bytep> rows;
  for (int y = 0; y < pixels.height; ++y) rows.push_back(&samples[y * row_bytes]);
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

Bytes MakeExif(int orientation, bool big_endian) {
  TiffWriter tiff(big_endian);
  tiff.Text(big_endian ? "MM" : "II");
  tiff.U16(42);
  tiff.U32(8);
  tiff.U16(3);                                                   // entries, from 10 on
  tiff.Entry(0x010F, 2, 10, 50);                                 // the camera, at 50
  tiff.Entry(0x0112, 3, 1, static_cast<unsigned>(orientation));  // the orientation
  tiff.Entry(0x8825, 4, 1, 60);                                  // the position, at 60
  tiff.U32(0);                                                   // no preview
  tiff.Text(std::string_view("TheCamera\0", 10));
  tiff.U16(1);
  tiff.Entry(0x001D, 2, 11, 78);  // the position's date stands for all of it
  tiff.U32(0);
  tiff.Text(std::string_view("GPS:Secret\0", 11));
  return tiff.Take();
}

Pixels DecodeJpeg(std::span<const std::byte> file) {
  jpeg_decompress_struct decoder = {};
  jpeg_error_mgr errors = {};
  decoder.err = jpeg_std_error(&errors);
  errors.error_exit = &FailJpeg;
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&decoder, TRUE);
  jpeg_start_decompress(&decoder);
  Pixels pixels(static_cast<int>(decoder.output_width), static_cast<int>(decoder.output_height),
                decoder.output_components);
  std::vector<JSAMPLE> row(static_cast<std::size_t>(pixels.width) * pixels.channels);
  for (int y = 0; y < pixels.height; ++y) {
    JSAMPROW pointer = row.data();
    jpeg_read_scanlines(&decoder, &pointer, 1);
    std::copy(row.begin(), row.end(), pixels.samples.begin() + y * row.size());
  }
  jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  return pixels;
}

Pixels DecodePng(std::span<const std::byte> file) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_read_fn(png, &file, [](png_structp from, png_bytep data, std::size_t size) {
    auto& rest = *static_cast<std::span<const std::byte>*>(png_get_io_ptr(from));
    if (size > rest.size()) png_error(from, "too short");
    std::memcpy(data, rest.data(), size);
    rest = rest.subspan(size);
  });
  png_read_png(png, info, PNG_TRANSFORM_SWAP_ENDIAN | PNG_TRANSFORM_EXPAND, nullptr);
  Pixels pixels(static_cast<int>(png_get_image_width(png, info)),
                static_cast<int>(png_get_image_height(png, info)), png_get_channels(png, info),
                png_get_bit_depth(png, info));
  const std::size_t row_samples = static_cast<std::size_t>(pixels.width) * pixels.channels;
  png_bytepp rows = png_get_rows(png, info);
  for (int y = 0; y < pixels.height; ++y) {
    for (std::size_t i = 0; i < row_samples; ++i) {
      std::uint16_t wide = rows[y][i];
      if (pixels.depth == 16) std::memcpy(&wide, rows[y] + 2 * i, 2);
      pixels.samples[y * row_samples + i] = wide;
    }
  }
  png_destroy_read_struct(&png, &info, nullptr);
  return pixels;
}

bool Contains(std::span<const std::byte> bytes, const std::string& text) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  return std::string_view(begin, bytes.size()).find(text) != std::string_view::npos;
}

}  // namespace cohort::image_resizer::testing
