// Any bytes, taken for a value of each of many types: that must be a CodecError, or a value that
// goes to bytes and back, and the same whether the bytes come in one piece or in many.
//
// The first byte of an input chooses the type, the second how the bytes come.

#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "ipc/codec.h"
#include "ipc/internal/codec_test_util.h"
#include "ipc/message.h"

namespace cohort::ipc {
namespace {

enum class Colour : uint8_t { kRed, kGreen };

struct Pixel {
  uint16_t x;
  uint16_t y;
  bool operator==(const Pixel&) const = default;
};

struct Flagged {
  bool flags[3];
  Colour colour;
  bool operator==(const Flagged&) const = default;
};

struct Empty {
  bool operator==(const Empty&) const = default;
};

struct Tree {
  std::string name;
  std::vector<Tree> children;
  bool operator==(const Tree&) const = default;
};

struct List {
  uint8_t value = 0;
  std::unique_ptr<List> next;
  bool operator==(const List& other) const {
    return value == other.value && (next == nullptr) == (other.next == nullptr) &&
           (next == nullptr || *next == *other.next);
  }
};

class Account {
 public:
  template <class Archive>
  void serialize(Archive& ar) {
    ar(owner_, balance_, children_);
  }
  bool operator==(const Account&) const = default;

 private:
  std::string owner_;
  int64_t balance_ = 0;
  std::vector<Account> children_;
};

struct Everything {
  std::optional<std::string> name;
  std::variant<std::monostate, int, std::string, std::vector<Flagged>> choice;
  std::map<std::string, std::vector<Pixel>> places;
  std::array<bool, 2> switches;
  std::pair<Account, std::set<int>> more;
  char text[5];
  bool operator==(const Everything&) const = default;
};

using Types =
    std::tuple<int64_t, bool, Colour, std::string, std::u16string, std::vector<uint8_t>,
               std::vector<int>, std::vector<Pixel>, std::vector<Flagged>, std::vector<std::string>,
               std::vector<bool>, std::vector<Empty>, std::vector<std::vector<std::vector<bool>>>,
               std::deque<uint16_t>, std::list<std::monostate>, std::forward_list<std::string>,
               absl::InlinedVector<int, 2>, absl::InlinedVector<std::string, 2>,
               std::array<std::optional<bool>, 3>, std::set<std::string>, std::multiset<uint8_t>,
               std::unordered_set<std::string>, std::map<uint8_t, std::vector<int>>,
               std::multimap<uint8_t, uint8_t>, std::unordered_map<std::string, int>,
               absl::flat_hash_map<int, std::string>, std::variant<int, std::string, bool>,
               std::tuple<bool, std::string, std::bitset<11>>, std::vector<std::tuple<>>,
               std::chrono::milliseconds, std::filesystem::path, std::error_code, absl::Status,
               absl::StatusOr<std::vector<int>>, absl::Cord, absl::Duration, absl::Time, Tree, List,
               Account, Everything>;

[[noreturn]] void Complain(const char* what, std::string_view type) {
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(type.size()), type.data());
  std::abort();
}

template <typename T>
void Require(bool holds, const char* what) {
  if (!holds) Complain(what, internal::TypeName<T>());
}

// Empty where the bytes are refused.
template <typename T>
std::optional<T> Try(Reader& reader) {
  try {
    return decode<T>(reader);
  } catch (const CodecError&) {
    return std::nullopt;
  }
}

template <typename T>
void CheckType(std::span<const std::byte> bytes, uint8_t how) {
  Reader whole(bytes);
  const std::optional<T> value = Try<T>(whole);

  PieceSource source(bytes, 1 + how / 2);
  Reader stream(source, bytes.size(), {}, how % 2 == 0 ? Trust::kNone : Trust::kSender);
  const std::optional<T> streamed = Try<T>(stream);

  Require<T>(value.has_value() == streamed.has_value(), "only one of stream and whole is refused");
  if (!value) return;
  Require<T>(*value == *streamed, "stream and whole differ");
  Require<T>(whole.remaining() == stream.remaining(), "stream and whole end at different places");
  Require<T>(RoundTrip(*value) == *value, "a value has changed on its way");
}

template <std::size_t... kIndices>
void CheckOne(std::size_t chosen, std::span<const std::byte> bytes, uint8_t how,
              std::index_sequence<kIndices...>) {
  ((chosen == kIndices ? CheckType<std::tuple_element_t<kIndices, Types>>(bytes, how) : void()),
   ...);
}

// Views have nothing to be held against but themselves.
template <typename T>
void CheckView(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  const std::optional<T> view = Try<T>(reader);
  if (!view) return;
  const auto again = Encoded(*view);
  const T second = Decoded<T>(again);
  Require<T>(std::equal(view->begin(), view->end(), second.begin(), second.end()),
             "a view has changed on its way");
}

}  // namespace
}  // namespace cohort::ipc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cohort::ipc;
  if (size < 2) return 0;
  // In memory of their own, as aligned as a message is.
  const std::vector<std::byte> copy(reinterpret_cast<const std::byte*>(data) + 2,
                                    reinterpret_cast<const std::byte*>(data) + size);
  constexpr std::size_t kTypes = std::tuple_size_v<Types>;
  const std::size_t chosen = data[0] % (kTypes + 2);
  if (chosen == kTypes) {
    CheckView<std::string_view>(copy);
  } else if (chosen == kTypes + 1) {
    CheckView<std::span<const int64_t>>(copy);
  } else {
    CheckOne(chosen, copy, data[1], std::make_index_sequence<kTypes>());
  }
  return 0;
}
