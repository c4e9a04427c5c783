#include "ipc/internal/error_category.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <future>
#include <ios>
#include <optional>
#include <string>
#include <system_error>

#include "ipc/message.h"

namespace cohort::ipc::internal {
namespace {

// A category's byte is its place here.
const std::array<const std::error_category*, 4>& Categories() noexcept {
  static const std::array<const std::error_category*, 4> categories = {
      &std::generic_category(), &std::system_category(), &std::iostream_category(),
      &std::future_category()};
  return categories;
}

}  // namespace

std::optional<uint8_t> KnownCategory(const std::error_category& category) noexcept {
  const auto& known = Categories();
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (*known[i] == category) return static_cast<uint8_t>(i);
  }
  return std::nullopt;
}

uint8_t CategoryToByte(const std::error_category& category) {
  if (const std::optional<uint8_t> known = KnownCategory(category)) return *known;
  throw CodecError(std::string("an error_code of category \"") + category.name() +
                   "\", which the other process cannot find: pass its value, or specialise "
                   "cohort::ipc::Codec for what holds it");
}

const std::error_category& CategoryOfByte(Reader& reader) {
  const auto byte = reader.ReadRaw<uint8_t>();
  if (byte < Categories().size()) return *Categories()[byte];
  reader.Fail("error category " + std::to_string(byte) + " of " +
              std::to_string(Categories().size()));
}

}  // namespace cohort::ipc::internal
