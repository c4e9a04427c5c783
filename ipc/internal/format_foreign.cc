#include "ipc/internal/format_foreign.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ipc/internal/format.h"
#include "ipc/message.h"

namespace cohort::ipc::internal {
namespace {

enum class Span : uint8_t { kFinite, kInfinite, kNegativeInfinite };

// An absl::Duration counts quarters of a nanosecond.
constexpr int64_t kTicksPerSecond = 4'000'000'000;

void EncodeText(Writer& writer, absl::string_view text) {
  writer.WriteSize(text.size());
  writer.Write(text.data(), text.size());
}

}  // namespace

// The chunks live as long as the cord does, so they may be borrowed.
void EncodeCord(Writer& writer, const absl::Cord& value) {
  writer.WriteSize(value.size());
  for (const absl::string_view chunk : value.Chunks()) {
    writer.WriteBlock(chunk.data(), chunk.size());
  }
}

absl::Cord DecodeCord(Reader& reader) {
  absl::Cord value;
  for (std::size_t left = reader.ReadCount(1); left != 0;) {
    const std::span<const std::byte> chunk = reader.Chunk(left);
    value.Append(absl::string_view(reinterpret_cast<const char*>(chunk.data()), chunk.size()));
    left -= chunk.size();
  }
  return value;
}

void EncodeStatus(Writer& writer, const absl::Status& value) {
  EncodeValue(writer, value.raw_code());
  if (value.ok()) return;
  EncodeText(writer, value.message());
  uint64_t count = 0;
  value.ForEachPayload([&](absl::string_view, const absl::Cord&) { ++count; });
  writer.WriteSize(count);
  value.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    EncodeText(writer, type_url);
    EncodeCord(writer, payload);
  });
}

absl::Status DecodeStatus(Reader& reader) {
  const auto code = static_cast<absl::StatusCode>(DecodeValue<int>(reader));
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  absl::Status status(code, DecodeValue<std::string>(reader));
  for (std::size_t left = reader.ReadCount(2); left != 0; --left) {
    const auto type_url = DecodeValue<std::string>(reader);
    status.SetPayload(type_url, DecodeCord(reader));
  }
  return status;
}

void EncodeDuration(Writer& writer, absl::Duration value) {
  if (value == absl::InfiniteDuration()) return EncodeValue(writer, Span::kInfinite);
  if (value == -absl::InfiniteDuration()) return EncodeValue(writer, Span::kNegativeInfinite);
  EncodeValue(writer, Span::kFinite);
  absl::Duration rest;
  EncodeValue(writer, absl::IDivDuration(value, absl::Seconds(1), &rest));
  EncodeValue(writer, absl::IDivDuration(rest, absl::Nanoseconds(1) / 4, &rest));
}

absl::Duration DecodeDuration(Reader& reader) {
  const auto span = DecodeValue<Span>(reader);
  if (span == Span::kInfinite) return absl::InfiniteDuration();
  if (span == Span::kNegativeInfinite) return -absl::InfiniteDuration();
  if (span != Span::kFinite) reader.Fail("a duration that is neither finite nor infinite");
  const auto seconds = DecodeValue<int64_t>(reader);
  const auto ticks = DecodeValue<int64_t>(reader);
  if (ticks <= -kTicksPerSecond || ticks >= kTicksPerSecond) {
    reader.Fail("a duration with " + std::to_string(ticks) + " quarters of a nanosecond");
  }
  return absl::Seconds(seconds) + absl::Nanoseconds(1) / 4 * ticks;
}

}  // namespace cohort::ipc::internal
