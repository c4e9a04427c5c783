#include "apps/image_resizer/jpeg_errors.h"

#include <jerror.h>

#include <algorithm>
#include <new>

namespace cohort::image_resizer {
namespace {

ErrorKind KindOf(int code) {
  switch (code) {
    case JERR_NO_SOI:
      return ErrorKind::kNotAnImage;
    case JERR_IMAGE_TOO_BIG:
      return ErrorKind::kTooLarge;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_J_COLORSPACE:
    case JERR_BAD_PRECISION:
    case JERR_BAD_SAMPLING:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
      return ErrorKind::kUnsupported;
    default:
      return ErrorKind::kDamaged;
  }
}

// Some cameras write stray bytes between segments. Behind the first picture data they are what a
// wrong bit has left over.
bool IsBeforePictureData(j_common_ptr codec) {
  return codec->is_decompressor &&
         reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number == 0;
}

// Whether the first row of blocks is not yet read. With restart marks a file can go on after a gap.
bool IsInFirstRow(j_common_ptr codec) {
  if (!codec->is_decompressor) return false;
  const auto* decoder = reinterpret_cast<j_decompress_ptr>(codec);
  return decoder->input_scan_number <= 1 && decoder->input_iMCU_row == 0 &&
         decoder->restart_interval == 0;
}

// Whether the present warning says nothing of the picture data.
bool IsHarmless(j_common_ptr codec) {
  switch (codec->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_JFIF_MAJOR:
      return true;
    case JWRN_EXTRANEOUS_DATA:
      return IsBeforePictureData(codec);
    default:
      return false;
  }
}

}  // namespace

JpegErrors::JpegErrors(Damage damage) {
  jpeg_std_error(&callbacks_.manager);
  callbacks_.manager.error_exit = &JpegErrors::OnError;
  callbacks_.manager.emit_message = &JpegErrors::OnMessage;
  callbacks_.damage = damage;
}

JpegErrors::Callbacks& JpegErrors::Of(j_common_ptr codec) {
  static_assert(std::is_standard_layout_v<Callbacks>, "the manager's address is the object's");
  return *reinterpret_cast<Callbacks*>(codec->err);
}

void JpegErrors::OnError(j_common_ptr codec) {
  Callbacks& callbacks = Of(codec);
  const int code = codec->err->msg_code;
  callbacks.kind = KindOf(code);
  callbacks.out_of_memory = code == JERR_OUT_OF_MEMORY || code == JERR_NO_BACKING_STORE;
  codec->err->format_message(codec, callbacks.error.text);
  std::longjmp(callbacks.jump, 1);
}

void JpegErrors::OnMessage(j_common_ptr codec, int level) {
  constexpr int kWarning = -1;
  if (level != kWarning) return;
  ++codec->err->num_warnings;
  if (Of(codec).damage == Damage::kRefuse && !IsHarmless(codec)) OnError(codec);
  Of(codec).data_ended_at_once |= codec->err->msg_code == JWRN_HIT_MARKER && IsInFirstRow(codec);
  Note(codec);
}

void JpegErrors::Note(j_common_ptr codec) {
  Callbacks& callbacks = Of(codec);
  const auto end = callbacks.warning_codes.begin() + callbacks.warning_count;
  const int code = codec->err->msg_code;
  if (std::find(callbacks.warning_codes.begin(), end, code) != end) return;
  if (callbacks.warning_count == callbacks.warnings.size()) return;
  callbacks.warning_codes[callbacks.warning_count] = code;
  codec->err->format_message(codec, callbacks.warnings[callbacks.warning_count].text);
  ++callbacks.warning_count;
}

void JpegErrors::Fail(j_common_ptr codec, ErrorKind kind, const char* reason) {
  Callbacks& callbacks = Of(codec);
  callbacks.kind = kind;
  std::snprintf(callbacks.error.text, sizeof(callbacks.error.text), "%s", reason);
  std::longjmp(callbacks.jump, 1);
}

void JpegErrors::Throw() const {
  if (callbacks_.out_of_memory) throw std::bad_alloc();
  throw ImageError(callbacks_.kind, callbacks_.error.text);
}

std::vector<std::string> JpegErrors::warnings() const {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < callbacks_.warning_count; ++i) {
    texts.emplace_back(callbacks_.warnings[i].text);
  }
  return texts;
}

}  // namespace cohort::image_resizer
