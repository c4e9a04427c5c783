#include "ipc/codec.h"

#include <algorithm>
#include <any>
#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <cmath>
#include <complex>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <ratio>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/container/node_hash_map.h"
#include "absl/container/node_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "ipc/internal/codec_test_util.h"
#include "ipc/message.h"

namespace cohort::ipc {

// Has no default constructor: crosses by its codec.
class Money {
 public:
  explicit Money(int64_t cents) : cents_(cents) {}
  int64_t cents() const { return cents_; }
  bool operator==(const Money&) const = default;

 private:
  int64_t cents_;
};

template <>
struct Codec<Money> {
  static void encode(Writer& writer, const Money& money) {
    cohort::ipc::encode(writer, std::to_string(money.cents()));
  }
  static Money decode(Reader& reader) {
    return Money(std::stoll(cohort::ipc::decode<std::string>(reader)));
  }
};

namespace {

using namespace std::chrono_literals;

// Types that come as what they are: plain aggregates.

enum class Colour : uint8_t { kRed, kGreen };
enum class Switch : bool { kOff, kOn };
enum Old { kOldest, kOlder };

struct Point {
  int x;
  double y;
  bool operator==(const Point&) const = default;
};

struct Flagged {
  int x;
  bool flag;
  bool operator==(const Flagged&) const = default;
};

struct Empty {
  bool operator==(const Empty&) const = default;
};

struct Person {
  std::string name;
  int age = 0;
  std::vector<std::string> tags;
  Point home;
  std::optional<Point> work;
  bool operator==(const Person&) const = default;
};

struct WithArrays {
  int numbers[3];
  std::string names[2];
  Point grid[2][2];
  char text[300];
  bool operator==(const WithArrays&) const = default;
};

struct WithConst {
  const int id;
  const std::string name;
  bool operator==(const WithConst&) const = default;
};

struct WithMoney {
  Money money;
  std::string what;
  bool operator==(const WithMoney&) const = default;
};

struct Bits {
  unsigned low : 3;
  bool flag : 1;
  std::string name;
  bool operator==(const Bits&) const = default;
};

struct Tree {
  int value = 0;
  std::vector<Tree> children;
  bool operator==(const Tree&) const = default;
};

struct List {
  int value = 0;
  std::unique_ptr<List> next;
};

struct ThirtyTwo {
  int a1, a2, a3, a4, a5, a6, a7, a8, b1, b2, b3, b4, b5, b6, b7, b8;
  int c1, c2, c3, c4, c5, c6, c7, c8, d1, d2, d3, d4, d5, d6, d7;
  std::string d8;
  bool operator==(const ThirtyTwo&) const = default;
};

// With serialize().

class Cereal {
 public:
  Cereal() = default;
  Cereal(int a, std::string b) : a_(a), b_(std::move(b)) {}
  bool operator==(const Cereal&) const = default;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(a_, b_);
  }

 private:
  int a_ = 0;
  std::string b_;
};

class Boost {
 public:
  Boost() = default;
  Boost(int a, std::vector<Cereal> b) : a_(a), b_(std::move(b)) {}
  bool operator==(const Boost&) const = default;

  template <class Archive>
  void serialize(Archive& ar, unsigned /*version*/) {
    ar& a_& b_;
  }

 private:
  int a_ = 0;
  std::vector<Cereal> b_;
};

class Private {
 public:
  static Private Of(int value) {
    Private made;
    made.numbers_[1] = value;
    return made;
  }
  bool operator==(const Private&) const = default;

 private:
  friend struct cohort::ipc::Access;
  Private() = default;

  template <class Archive>
  void serialize(Archive& ar) {
    if constexpr (Archive::is_loading::value) {
      ar >> numbers_ >> steps_;
    } else {
      ar << numbers_ << steps_;
    }
  }

  int numbers_[2] = {};
  int steps_ = 3;
};

class Shape {
 public:
  virtual ~Shape() = default;
  virtual int Sides() const = 0;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(name_);
  }
  std::string name_;
};

class Square : public Shape {
 public:
  int Sides() const override { return 4; }
  template <class Archive>
  void serialize(Archive& ar) {
    ar(static_cast<Shape&>(*this), side_);
  }
  int side_ = 0;
};

// Looks like a message of protobuf.
class Message1 {
 public:
  std::string SerializeAsString() const { return "<" + text + ">"; }
  bool ParseFromArray(const void* data, int size) {
    const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(size));
    if (bytes.size() < 2 || bytes.front() != '<' || bytes.back() != '>') return false;
    text = bytes.substr(1, bytes.size() - 2);
    return true;
  }
  bool operator==(const Message1&) const = default;
  std::string text;
};

class Incomplete : public Message1 {
 public:
  bool SerializeToString(std::string*) const { return false; }
};

// Goes there and back in one piece and in many, and stops short at every byte.
template <typename T>
void ExpectCrosses(const T& value) {
  const std::vector<std::byte> bytes = Encoded(value);
  EXPECT_EQ(Decoded<T>(bytes), value);
  for (const std::size_t most : {1, 3, 64}) {
    EXPECT_EQ(DecodedStream<T>(bytes, most), value) << most;
    EXPECT_EQ(DecodedStream<T>(bytes, most, Trust::kSender), value) << most;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW((void)Decoded<T>(std::span(bytes).first(size)), CodecError) << size;
  }
}

template <typename T>
T FromBytes(std::initializer_list<int> bytes) {
  std::vector<std::byte> message;
  for (const int byte : bytes) message.push_back(static_cast<std::byte>(byte));
  return Decoded<T>(message);
}

TEST(Codec, Scalars) {
  ExpectCrosses(42);
  ExpectCrosses('x');
  ExpectCrosses(-1.5);
  ExpectCrosses(1.5L);
  ExpectCrosses(std::numeric_limits<uint64_t>::max());
  ExpectCrosses(true);
  ExpectCrosses(Colour::kGreen);
  ExpectCrosses(Switch::kOn);
  ExpectCrosses(kOlder);
  ExpectCrosses(std::byte{7});
  ExpectCrosses(u'\u20ac');
  const __int128 wide = static_cast<__int128>(1) << 100;
  EXPECT_TRUE(RoundTrip(wide) == wide);
  EXPECT_TRUE(std::isnan(RoundTrip(std::nan(""))));
}

TEST(Codec, BoolsAreZeroOrOne) {
  EXPECT_THROW(FromBytes<bool>({2}), CodecError);
  EXPECT_THROW(FromBytes<Switch>({255}), CodecError);
  EXPECT_THROW(FromBytes<Flagged>({1, 0, 0, 0, 2}), CodecError);
  EXPECT_THROW(FromBytes<std::optional<int>>({2, 0, 0, 0, 0}), CodecError);
  EXPECT_THROW((FromBytes<std::array<bool, 2>>({1, 3})), CodecError);
}

TEST(Codec, Strings) {
  ExpectCrosses(std::string());
  ExpectCrosses(std::string("with a \0 inside", 15));
  ExpectCrosses(std::string(500, 'x'));
  ExpectCrosses(std::wstring(L"wide"));
  ExpectCrosses(std::u8string(u8"\u20ac"));
  ExpectCrosses(std::u16string(u"\u20ac"));
  ExpectCrosses(std::u32string(40, U'\u20ac'));
  ExpectCrosses(std::filesystem::path("/a/b"));
}

TEST(Codec, Sequences) {
  ExpectCrosses(std::vector<int>());
  ExpectCrosses(std::vector<int>{1, 2, 3});
  ExpectCrosses(std::vector<double>(100, 0.5));
  ExpectCrosses(std::vector<std::string>{"a", "", std::string(200, 'b')});
  ExpectCrosses(std::vector<Point>{{1, 2}, {3, 4}});
  ExpectCrosses(std::vector<Flagged>{{1, true}, {3, false}});
  ExpectCrosses(std::vector<std::vector<int>>{{1}, {}, {2, 3}});
  ExpectCrosses(std::vector<std::pair<int, int>>{{1, 2}, {3, 4}});
  ExpectCrosses(std::vector<std::array<int, 3>>{{1, 2, 3}, {4, 5, 6}});
  ExpectCrosses(std::vector<Money>{Money(1), Money(20)});
  ExpectCrosses(std::deque<int>{1, 2, 3});
  ExpectCrosses(std::list<std::string>{"a", "b"});
  ExpectCrosses(std::forward_list<int>{1, 2, 3});
  ExpectCrosses(absl::InlinedVector<int, 2>{1, 2, 3});
  ExpectCrosses(absl::InlinedVector<std::string, 2>{"a", "b", "c"});
}

TEST(Codec, BitVectors) {
  for (const std::size_t size : {0, 1, 7, 8, 9, 100}) {
    std::vector<bool> bits(size);
    for (std::size_t i = 0; i < size; i += 3) bits[i] = true;
    ExpectCrosses(bits);
  }
  EXPECT_EQ(Encoded(std::vector<bool>(80)).size(), 11u);
  EXPECT_THROW(FromBytes<std::vector<bool>>({9, 0}), CodecError);
}

TEST(Codec, Arrays) {
  ExpectCrosses(std::array<int, 3>{1, 2, 3});
  ExpectCrosses(std::array<std::string, 2>{"a", "b"});
  ExpectCrosses(std::array<Money, 2>{Money(1), Money(2)});
  ExpectCrosses(std::array<int, 0>{});
  ExpectCrosses(std::array<std::array<bool, 2>, 2>{});
}

TEST(Codec, SetsAndMaps) {
  ExpectCrosses(std::set<int>{3, 1, 2});
  ExpectCrosses(std::set<std::string, std::greater<>>{"a", "b"});
  ExpectCrosses(std::multiset<int>{1, 1, 2});
  ExpectCrosses(std::unordered_set<std::string>{"a", "b"});
  ExpectCrosses(std::unordered_multiset<int>{1, 1, 2});
  ExpectCrosses(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  ExpectCrosses(std::multimap<int, std::string>{{1, "a"}, {1, "b"}});
  ExpectCrosses(std::unordered_map<int, std::vector<int>>{{1, {2}}, {3, {}}});
  ExpectCrosses(std::unordered_multimap<int, int>{{1, 2}, {1, 3}});
  ExpectCrosses(absl::flat_hash_map<std::string, int>{{"a", 1}, {"b", 2}});
  ExpectCrosses(absl::flat_hash_set<int>{1, 2, 3});
  ExpectCrosses(absl::node_hash_map<int, std::string>{{1, "a"}});
  ExpectCrosses(absl::node_hash_set<std::string>{"a", "b"});
  ExpectCrosses(absl::btree_map<int, int>{{1, 2}});
}

TEST(Codec, EqualKeysKeepTheirOrder) {
  const std::multimap<int, int> map = {{1, 3}, {1, 2}, {1, 1}, {0, 9}};
  EXPECT_EQ(RoundTrip(map), map);
}

TEST(Codec, VocabularyTypes) {
  ExpectCrosses(std::optional<std::string>("a"));
  ExpectCrosses(std::optional<int>());
  ExpectCrosses(std::optional<std::optional<int>>(std::optional<int>()));
  ExpectCrosses(std::variant<int, std::string, int>(std::in_place_index<2>, 5));
  ExpectCrosses(std::variant<std::monostate, std::string>("b"));
  ExpectCrosses(std::variant<std::monostate, std::string>());
  ExpectCrosses(std::tuple<int, std::string, bool>(1, "a", true));
  ExpectCrosses(std::tuple<>());
  ExpectCrosses(std::tuple<std::tuple<int>>(std::tuple<int>(3)));
  ExpectCrosses(std::pair<const int, std::string>(1, "a"));
  ExpectCrosses(std::monostate());
  ExpectCrosses(std::complex<double>(1, 2));
  ExpectCrosses(std::bitset<11>(0x5a5));
  ExpectCrosses(std::bitset<200>("1011"));
  ExpectCrosses(std::bitset<0>());
  ExpectCrosses(5ms);
  ExpectCrosses(std::chrono::duration<double, std::ratio<3, 7>>(2.5));
  ExpectCrosses(std::chrono::system_clock::now());
  ExpectCrosses(std::chrono::steady_clock::now());
  ExpectCrosses(std::chrono::year(2024) / 2 / 29);
}

TEST(Codec, UniquePtrs) {
  EXPECT_EQ(*RoundTrip(std::make_unique<std::string>("a")), "a");
  EXPECT_EQ(*RoundTrip(std::make_unique<const int>(1)), 1);
  EXPECT_EQ(RoundTrip(std::unique_ptr<int>()), nullptr);
  EXPECT_EQ(std::get<1>(RoundTrip(std::make_tuple(1, std::make_unique<Person>())))->age, 0);
}

TEST(Codec, AVariantOfBadIndexIsRefused) {
  EXPECT_THROW((FromBytes<std::variant<int, bool>>({2, 0, 0, 0, 0})), CodecError);
  EXPECT_THROW((FromBytes<std::variant<int, bool>>({0xff, 0xff, 0x7f, 0, 0})), CodecError);
}

struct ThrowsWhenMoved {
  ThrowsWhenMoved() = default;
  ThrowsWhenMoved(ThrowsWhenMoved&&) { throw std::exception(); }
  ThrowsWhenMoved& operator=(ThrowsWhenMoved&&) = default;
  template <class Archive>
  void serialize(Archive&) {}
};

TEST(Codec, AVariantThatHoldsNothingIsRefused) {
  std::variant<int, ThrowsWhenMoved> value;
  EXPECT_ANY_THROW(value = ThrowsWhenMoved());
  ASSERT_TRUE(value.valueless_by_exception());
  EXPECT_THROW(Encoded(value), CodecError);
}

TEST(Codec, ErrorCodes) {
  ExpectCrosses(std::error_code());
  ExpectCrosses(std::make_error_code(std::errc::no_such_file_or_directory));
  ExpectCrosses(std::error_code(2, std::system_category()));
  ExpectCrosses(std::error_condition(2, std::generic_category()));
  EXPECT_THROW(FromBytes<std::error_code>({4, 0, 0, 0, 0}), CodecError);

  class Category : public std::error_category {
    const char* name() const noexcept override { return "mine"; }
    std::string message(int) const override { return ""; }
  };
  const Category category;
  EXPECT_THROW(Encoded(std::error_code(1, category)), CodecError);
}

TEST(Codec, Aggregates) {
  ExpectCrosses(Point{1, 2.5});
  ExpectCrosses(Flagged{1, true});
  ExpectCrosses(Empty{});
  ExpectCrosses(Person{"Ada", 36, {"a", "b"}, {1, 2}, Point{3, 4}});
  ExpectCrosses(Person{});
  ExpectCrosses(WithConst{1, "a"});
  ExpectCrosses(WithMoney{Money(5), "tea"});
  ExpectCrosses(Bits{5, true, "a"});
  ExpectCrosses(Tree{1, {{2, {}}, {3, {{4, {}}}}}});
  ThirtyTwo many{};
  many.a1 = 1;
  many.d7 = 2;
  many.d8 = "x";
  ExpectCrosses(many);
}

TEST(Codec, AggregatesWithArrays) {
  WithArrays value = {{1, 2, 3}, {"a", "b"}, {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, "text"};
  ExpectCrosses(value);
}

TEST(Codec, EmptyElementsHaveTheirBytes) {
  ExpectCrosses(std::vector<Empty>(3));
  ExpectCrosses(std::vector<std::tuple<>>(3));
  ExpectCrosses(std::list<std::monostate>(3));
  ExpectCrosses(std::vector<std::array<int, 0>>(3));
  ExpectCrosses(std::multiset<std::tuple<>>{{}, {}});
  EXPECT_THROW(FromBytes<std::vector<Empty>>({0xff, 0xff, 0xff, 0xff, 0x0f}), CodecError);
  EXPECT_THROW(FromBytes<std::vector<std::monostate>>({0xff, 0xff, 0xff, 0xff, 0x0f}), CodecError);
}

TEST(Codec, HugeCountsAllocateNothing) {
  EXPECT_THROW(FromBytes<std::vector<int>>({0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1}), CodecError);
  EXPECT_THROW(FromBytes<std::string>({0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1}), CodecError);
  EXPECT_THROW((FromBytes<std::map<int, int>>({0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1})),
               CodecError);
  EXPECT_THROW(
      FromBytes<std::vector<bool>>({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1}),
      CodecError);
}

std::unique_ptr<List> ListOf(int length) {
  std::unique_ptr<List> list;
  for (int i = 0; i < length; ++i) list = std::make_unique<List>(List{i, std::move(list)});
  return list;
}

TEST(Codec, DepthIsBounded) {
  EXPECT_NO_THROW(RoundTrip(ListOf(kMaxDepth - 1)));
  EXPECT_THROW(Encoded(ListOf(kMaxDepth)), CodecError);
  const std::vector<std::byte> endless(100'000, std::byte{1});
  EXPECT_THROW(Decoded<std::unique_ptr<List>>(endless), CodecError);
  EXPECT_THROW(Decoded<Tree>(endless), CodecError);
}

TEST(Codec, Serialize) {
  ExpectCrosses(Cereal(5, "a"));
  ExpectCrosses(Boost(5, {Cereal(1, "a"), Cereal(2, "b")}));
  ExpectCrosses(Private::Of(7));
  ExpectCrosses(std::map<int, Boost>{{1, Boost(5, {})}});
}

TEST(Codec, SerializeOfABaseClass) {
  Square square;
  square.name_ = "tile";
  square.side_ = 3;
  const Square arrived = RoundTrip(square);
  EXPECT_EQ(arrived.name_, "tile");
  EXPECT_EQ(arrived.side_, 3);
}

TEST(Codec, Protobuf) {
  Message1 message;
  message.text = "hello";
  EXPECT_EQ(RoundTrip(message), message);
  EXPECT_EQ(RoundTrip(std::vector<Message1>{message, {}}).size(), 2u);
  EXPECT_THROW(FromBytes<Message1>({2, '<', '<'}), CodecError);
  EXPECT_THROW(Encoded(Incomplete()), CodecError);
}

TEST(Codec, Abseil) {
  ExpectCrosses(absl::OkStatus());
  absl::Status status = absl::NotFoundError("no tea");
  status.SetPayload("a.b/c", absl::Cord("payload"));
  status.SetPayload("d", absl::Cord());
  ExpectCrosses(status);
  ExpectCrosses(absl::Cord("a cord"));
  absl::Cord cord;
  for (int i = 0; i < 100; ++i) cord.Append(std::string(30, static_cast<char>('a' + i % 26)));
  ExpectCrosses(cord);
  ExpectCrosses(absl::Now());
  ExpectCrosses(absl::InfiniteFuture());
  ExpectCrosses(absl::InfinitePast());
  ExpectCrosses(absl::Nanoseconds(-7) / 4);
  ExpectCrosses(absl::Seconds(std::numeric_limits<int64_t>::min()));
  ExpectCrosses(-absl::InfiniteDuration());
}

TEST(Codec, StatusOr) {
  using Result = absl::StatusOr<std::unique_ptr<int>>;
  EXPECT_EQ(**RoundTrip(Result(std::make_unique<int>(3))), 3);
  EXPECT_EQ(RoundTrip(Result(absl::AbortedError("x"))).status(), absl::AbortedError("x"));
}

TEST(Codec, CaptureLessLambdasAreValues) {
  const auto twice = [](int x) { return 2 * x; };
  EXPECT_EQ(RoundTrip(twice)(4), 8);
}

// Views.

TEST(Codec, StringViewsAreViewsOfTheMessage) {
  const auto bytes = Encoded(std::string_view("a view"));
  Reader reader(bytes);
  const auto view = decode<std::string_view>(reader);
  EXPECT_EQ(view, "a view");
  EXPECT_EQ(static_cast<const void*>(view.data()), bytes.data() + 1);
}

TEST(Codec, SpansAreAlignedInTheMessage) {
  const std::vector<double> numbers = {1, 2, 3};
  Message message;
  Writer writer(message);
  encode(writer, 'x');
  encode(writer, std::span<const double>(numbers));
  encode(writer, absl::Span<const double>(numbers));
  encode(writer, std::span<const double, 3>(numbers));
  const auto bytes = BytesOf(message);
  Reader reader(bytes);
  decode<char>(reader);
  const auto view = decode<std::span<const double>>(reader);
  EXPECT_EQ(std::vector<double>(view.begin(), view.end()), numbers);
  const auto other = decode<absl::Span<const double>>(reader);
  EXPECT_EQ(std::vector<double>(other.begin(), other.end()), numbers);
  EXPECT_EQ((decode<std::span<const double, 3>>(reader)[2]), 3);
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(Codec, SpansOfAnotherExtentAreRefused) {
  const std::array<int, 2> two = {1, 2};
  EXPECT_THROW((Decoded<std::span<const int, 3>>(Encoded(std::span<const int>(two)))), CodecError);
}

TEST(Codec, AMisalignedMessageGivesNoSpan) {
  const std::array<int64_t, 1> one = {1};
  const auto encoded = Encoded(std::span<const int64_t>(one));
  std::vector<std::byte> bytes(encoded.size() + 1);
  std::copy(encoded.begin(), encoded.end(), bytes.begin() + 1);
  EXPECT_THROW(Decoded<std::span<const int64_t>>(std::span(bytes).subspan(1)), CodecError);
}

TEST(Codec, ViewsNeedAMessageInOnePiece) {
  EXPECT_THROW(DecodedStream<std::string_view>(Encoded(std::string_view("a view")), 100),
               CodecError);
}

// Large blocks.

TEST(Codec, LargeBlocksAreBorrowedAndArrive) {
  const std::vector<uint64_t> numbers(3'000'000, 42);
  const std::string text(100'000, 'x');
  Message message;
  Writer writer(message, Borrow::kAllowed);
  encode(writer, numbers);
  encode(writer, text);
  EXPECT_TRUE(message.has_borrowed());
  const auto bytes = BytesOf(message);
  using Pair = std::tuple<std::vector<uint64_t>, std::string>;
  EXPECT_EQ(Decoded<Pair>(bytes), Pair(numbers, text));
  EXPECT_EQ(DecodedStream<Pair>(bytes, 300'001), Pair(numbers, text));
  EXPECT_EQ(DecodedStream<Pair>(bytes, 300'001, Trust::kSender), Pair(numbers, text));
}

TEST(Codec, BlocksOfEverySizeAndPlaceArrive) {
  for (const std::size_t size : {1, 63, 64, 65, 255, 256, 257, 300, 1025, 5000, 70'000, 600'000}) {
    std::vector<uint64_t> numbers(size);
    for (std::size_t i = 0; i < size; ++i) numbers[i] = i * i;
    const std::tuple<std::string, std::vector<uint64_t>, std::u32string> value(
        "abc", numbers, std::u32string(size, U'x'));
    const auto bytes = Encoded(value);
    std::vector<std::byte> shifted(bytes.size() + 1);
    std::copy(bytes.begin(), bytes.end(), shifted.begin() + 1);
    using Value = std::decay_t<decltype(value)>;
    EXPECT_EQ(Decoded<Value>(bytes), value);
    EXPECT_EQ(Decoded<Value>(std::span(shifted).subspan(1)), value) << "not aligned";
    EXPECT_EQ(DecodedStream<Value>(bytes, 5000), value);
  }
}

struct Temporary {
  bool operator==(const Temporary&) const = default;
  std::string text;
};

}  // namespace

template <>
struct Codec<Temporary> {
  static void encode(Writer& writer, const Temporary& value) {
    cohort::ipc::encode(writer, value.text + value.text);
  }
  static Temporary decode(Reader& reader) {
    auto twice = cohort::ipc::decode<std::string>(reader);
    return {twice.substr(twice.size() / 2)};
  }
};

namespace {

TEST(Codec, NothingOfUsersCodecsIsBorrowed) {
  const Temporary value{std::string(100'000, 'x')};
  Message message;
  Writer writer(message, Borrow::kAllowed);
  encode(writer, value);
  EXPECT_FALSE(message.has_borrowed());
  EXPECT_EQ(Decoded<Temporary>(BytesOf(message)), value);
}

TEST(Codec, ErrorsNameTypeAndPlace) {
  try {
    FromBytes<std::vector<int>>({3, 0, 0});
    FAIL();
  } catch (const CodecError& error) {
    EXPECT_NE(std::string(error.what()).find("std::vector<int"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("at byte 1"), std::string::npos) << error.what();
  }
}

// What is refused when compiled. The reasons are checked, not the compiler's words.

using internal::Kind;
using internal::KindOf;

template <typename T>
constexpr bool Refused(Kind why) {
  return !Encodable<T> && KindOf<T>() == why;
}

struct HoldsPointer {
  int x;
  int* p;
};
struct HoldsReference {
  const int& r;
};
struct HoldsReferences {
  int& r;
  int x;
};
struct Deep {
  std::vector<std::map<int, std::optional<HoldsPointer>>> deep;
};
struct HoldsFunction {
  std::function<void()> f;
};
struct ArrayOfPointers {
  const char* names[4];
};
struct Base {
  int x;
};
struct Derived : Base {
  int y;
};
struct EmptyBase : Empty {
  int y;
};
struct ThirtyThree {
  ThirtyTwo most;
  int a1, a2, a3, a4, a5, a6, a7, a8, b1, b2, b3, b4, b5, b6, b7, b8;
  int c1, c2, c3, c4, c5, c6, c7, c8, d1, d2, d3, d4, d5, d6, d7, d8;
};
struct RecursiveRefused {
  std::vector<RecursiveRefused> children;
  void* data;
};
union Either {
  int x;
  float y;
};
class Opaque {
 public:
  explicit Opaque(int x) : x_(x) {}

 private:
  int x_;
};
class NoCodec {
 public:
  explicit NoCodec(std::string s) : s_(std::move(s)) {}

 private:
  std::string s_;
};
class NoDefault {
 public:
  explicit NoDefault(int) {}
  template <class Archive>
  void serialize(Archive&) {}
};
class Labelled : public std::vector<int> {
 public:
  std::string label;
};
struct ByState {
  bool operator()(int a, int b) const { return reverse ? b < a : a < b; }
  bool reverse = false;
};
struct HasVirtual {
  virtual ~HasVirtual() = default;
  int x = 0;
};
struct HoldsView {
  std::string_view text;
  int x;
};

static_assert(Refused<int*>(Kind::kPointer));
static_assert(Refused<void*>(Kind::kPointer));
static_assert(Refused<std::nullptr_t>(Kind::kPointer));
static_assert(Refused<const char*>(Kind::kCString));
static_assert(!Encodable<decltype("literal")>);
static_assert(!Encodable<int[3]>, "decays to a pointer");
static_assert(Refused<void (*)(int)>(Kind::kFunctionPointer));
static_assert(Refused<int Point::*>(Kind::kMemberPointer));
static_assert(Refused<void (Cereal::*)()>(Kind::kMemberPointer));
static_assert(Refused<std::reference_wrapper<int>>(Kind::kReference));
static_assert(Refused<std::shared_ptr<int>>(Kind::kSharedPtr));
static_assert(Refused<std::weak_ptr<int>>(Kind::kSharedPtr));
static_assert(Refused<std::unique_ptr<int[]>>(Kind::kOtherUniquePtr));
static_assert(Refused<std::unique_ptr<int, void (*)(int*)>>(Kind::kOtherUniquePtr));
static_assert(Refused<std::function<int(int)>>(Kind::kFunction));
static_assert(Refused<std::any>(Kind::kAny));
static_assert(Refused<std::exception_ptr>(Kind::kException));
static_assert(Refused<std::thread::id>(Kind::kHandle));
static_assert(Refused<std::thread>(Kind::kHandle));
static_assert(Refused<std::type_index>(Kind::kHandle));
static_assert(Refused<std::coroutine_handle<>>(Kind::kHandle));
static_assert(Refused<std::initializer_list<int>>(Kind::kHandle));
static_assert(Refused<std::vector<int>::iterator>(Kind::kIterator));
static_assert(Refused<std::map<int, int>::iterator>(Kind::kIterator));
static_assert(Refused<std::span<int>>(Kind::kMutableSpan));
static_assert(Refused<absl::Span<int>>(Kind::kMutableSpan));
static_assert(Refused<std::span<const std::string>>(Kind::kSpanOfObjects));
static_assert(Refused<std::span<const bool>>(Kind::kSpanOfObjects));
static_assert(Refused<std::span<int* const>>(Kind::kSpanOfObjects));
static_assert(Refused<std::mutex>(Kind::kLock));
static_assert(Refused<std::unique_lock<std::mutex>>(Kind::kLock));
static_assert(!Encodable<std::condition_variable>);
static_assert(!Encodable<std::atomic<int>>);
static_assert(Refused<Either>(Kind::kUnion));
static_assert(Refused<Labelled>(Kind::kDerivedContainer));
static_assert(Refused<std::set<int, ByState>>(Kind::kStatefulContainer));
static_assert(Refused<std::set<int, bool (*)(int, int)>>(Kind::kStatefulContainer));
static_assert(Refused<Derived>(Kind::kAggregateWithBase));
static_assert(Refused<EmptyBase>(Kind::kAggregateWithBase));
static_assert(Refused<ThirtyThree>(Kind::kAggregateTooLarge));
static_assert(Refused<HoldsReferences>(Kind::kAggregateTooLarge));
static_assert(Refused<NoDefault>(Kind::kNoDefault));
static_assert(Refused<NoCodec>(Kind::kNoCodec));
static_assert(Refused<HasVirtual>(Kind::kNoCodec));
static_assert(Refused<void>(Kind::kNoCodec));
static_assert(Refused<std::random_device>(Kind::kNotMovable));

static_assert(!Encodable<HoldsPointer>);
static_assert(!Encodable<HoldsReference>);
static_assert(!Encodable<Deep>);
static_assert(!Encodable<HoldsFunction>);
static_assert(!Encodable<ArrayOfPointers>);
static_assert(!Encodable<RecursiveRefused>);
static_assert(!Encodable<std::vector<int*>>);
static_assert(!Encodable<std::tuple<int&>>);
static_assert(!Encodable<std::optional<const char*>>);
static_assert(!Encodable<std::variant<int, std::shared_ptr<int>>>);
static_assert(!Encodable<std::unique_ptr<HoldsPointer>>);
static_assert(!Encodable<std::map<int, void*>>);
static_assert(!Encodable<absl::StatusOr<int*>>);
static_assert(!Encodable<std::array<int*, 3>>);

[[maybe_unused]] auto MakeLambda(int x) {
  return [x](int y) { return x + y; };
}
[[maybe_unused]] auto MakeGenericLambda(int& x) {
  return [&x](auto y) { return x + y; };
}
static_assert(Refused<decltype(MakeLambda(1))>(Kind::kLambda));
static_assert(Refused<decltype(MakeGenericLambda(std::declval<int&>()))>(Kind::kLambda));
static_assert(!Encodable<std::vector<decltype(MakeLambda(1))>>);

static_assert(Encodable<Opaque>, "taken as its bytes");
static_assert(Encodable<const Person&>);
static_assert(Encodable<std::mt19937>);
static_assert(Encodable<std::string_view>);
static_assert(Encodable<absl::string_view>);

static_assert(internal::IsBytes<Point>());
static_assert(internal::IsBytes<std::array<Point, 3>>());
static_assert(!internal::IsBytes<Flagged>());
static_assert(!internal::IsBytes<std::optional<int>>());

static_assert(kRunsUserCode<Money>);
static_assert(kRunsUserCode<std::vector<std::optional<Cereal>>>);
static_assert(kRunsUserCode<WithMoney>);
static_assert(kRunsUserCode<Message1>);
static_assert(!kRunsUserCode<Person>);
static_assert(!kRunsUserCode<Tree>);

static_assert(kIsView<std::string_view>);
static_assert(kIsView<const std::span<const int>&>);
static_assert(kIsView<HoldsView>);
static_assert(kIsView<std::vector<std::pair<int, std::string_view>>>);
static_assert(!kIsView<Person>);

}  // namespace
}  // namespace cohort::ipc
