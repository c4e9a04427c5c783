// The C++ of what_crosses.md, between markers, in tests of what it claims.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "futures/future.h"
#include "ipc/codec.h"
#include "ipc/exception.h"
#include "ipc/shared_buffer.h"
#include "pools/process_pool_executor.h"

// [codec_type]
class Money {
 public:
  static Money cents(std::int64_t cents) { return Money(cents); }
  std::int64_t cents() const { return cents_; }

 private:
  explicit Money(std::int64_t cents) : cents_(cents) {}
  std::int64_t cents_;
};

template <>
struct cohort::ipc::Codec<Money> {
  static void encode(Writer& writer, const Money& money) {
    cohort::ipc::encode(writer, money.cents());
  }
  static Money decode(Reader& reader) {
    return Money::cents(cohort::ipc::decode<std::int64_t>(reader));
  }
};
// [/codec_type]

namespace {

using cohort::Future;
using cohort::ProcessPoolExecutor;

// [callables]
int square(int x) { return x * x; }

struct Line {
  int slope = 1;
  int offset = 0;
  int at(int x) const { return slope * x + offset; }
  int operator()(int x) const { return at(x); }
};
// [/callables]

TEST(WhatCrosses, Callables) {
  ProcessPoolExecutor pool(1);
  // [callables]

  Future<int> a = pool.submit(square, 4);                         // a function: 16
  Future<int> b = pool.submit([](int x) { return x + 1; }, 4);    // no captures: 5
  Future<int> c = pool.submit(std::plus<int>(), 4, 5);            // no members: 9
  Future<int> d = pool.submit(Line{.slope = 3, .offset = 1}, 4);  // a plain struct: 13
  Future<int> e = pool.submit(&Line::at, Line{.slope = 2}, 4);    // a member function: 8
  // [/callables]
  EXPECT_EQ(a.result(), 16);
  EXPECT_EQ(b.result(), 5);
  EXPECT_EQ(c.result(), 9);
  EXPECT_EQ(d.result(), 13);
  EXPECT_EQ(e.result(), 8);
}

TEST(WhatCrosses, StateAsArguments) {
  ProcessPoolExecutor pool(1);
  // [state]
  int limit = 10;
  auto below = [](int limit, int n) { return n < limit; };  // not [limit](int n)
  Future<bool> answer = pool.submit(below, limit, 7);
  // [/state]
  EXPECT_TRUE(answer.result());
}

TEST(WhatCrosses, StateForMap) {
  ProcessPoolExecutor pool(1);
  // [state_map]
  struct Below {
    int limit;
    bool operator()(int n) const { return n < limit; }
  };
  std::vector<bool> answers;
  for (bool answer : pool.map(Below{.limit = 10}, {7, 12})) answers.push_back(answer);
  // [/state_map]
  EXPECT_EQ(answers, std::vector<bool>({true, false}));
}

// [function_argument]
int apply(int (*function)(int), int x) { return function(x); }
// [/function_argument]

TEST(WhatCrosses, FunctionsAsArguments) {
  ProcessPoolExecutor pool(1);
  // [function_argument]

  Future<int> answer = pool.submit(apply, square, 5);  // 25
  // [/function_argument]
  EXPECT_EQ(answer.result(), 25);
}

// [aggregate]
enum class Unit { kPiece, kKilogram };

struct Item {
  std::string name;
  double amount = 0;
  Unit unit = Unit::kPiece;
};

struct Order {
  int number = 0;
  std::vector<Item> items;
  std::optional<std::string> note = {};
  std::map<std::string, std::vector<int>> tags = {};
};

std::size_t item_count(const Order& order) { return order.items.size(); }
// [/aggregate]

TEST(WhatCrosses, Aggregates) {
  ProcessPoolExecutor pool(1);
  // [aggregate]

  Order order{.number = 17, .items = {{"pear", 3}, {"flour", 0.5, Unit::kKilogram}}};
  Future<std::size_t> count = pool.submit(item_count, order);  // 2
  // [/aggregate]
  EXPECT_EQ(count.result(), 2U);
}

// [serialize]
class Account {
 public:
  Account(std::string owner, int balance) : owner_(std::move(owner)), balance_(balance) {}
  int balance() const { return balance_; }

 private:
  friend struct cohort::ipc::Access;  // since the next two are private
  Account() = default;                // made so on arrival, then filled
  template <typename Archive>
  void serialize(Archive& archive) {
    archive(owner_, balance_);  // or Boost's way: archive & owner_ & balance_;
  }

  std::string owner_;
  int balance_ = 0;
};

int balance(const Account& account) { return account.balance(); }
// [/serialize]

TEST(WhatCrosses, Serialize) {
  ProcessPoolExecutor pool(1);
  // [serialize]

  Future<int> left = pool.submit(balance, Account("Ada", 7));
  // [/serialize]
  EXPECT_EQ(left.result(), 7);
}

// [codec_use]
Money sum(const std::vector<Money>& amounts) {
  std::int64_t cents = 0;
  for (const Money& amount : amounts) cents += amount.cents();
  return Money::cents(cents);
}
// [/codec_use]

TEST(WhatCrosses, Codec) {
  ProcessPoolExecutor pool(1);
  // [codec_use]

  std::vector<Money> amounts = {Money::cents(120), Money::cents(80)};
  Future<Money> total = pool.submit(sum, amounts);
  // [/codec_use]
  EXPECT_EQ(total.result().cents(), 200);
}

// What must be refused, as the page says.
struct HidesAPointer {
  int* pointer = nullptr;
};
class KeepsToItself {
 public:
  explicit KeepsToItself(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};
static_assert(!cohort::ipc::Encodable<int*>);
static_assert(!cohort::ipc::Encodable<const char*>);
static_assert(!cohort::ipc::Encodable<std::vector<HidesAPointer>>);
static_assert(!cohort::ipc::Encodable<std::reference_wrapper<int>>);
static_assert(!cohort::ipc::Encodable<std::shared_ptr<int>>);
static_assert(!cohort::ipc::Encodable<std::function<int()>>);
static_assert(!cohort::ipc::Encodable<std::mutex>);
static_assert(!cohort::ipc::Encodable<std::span<int>>);
static_assert(!cohort::ipc::Encodable<KeepsToItself>);

TEST(WhatCrosses, Encodable) {
  // [encodable]
  static_assert(cohort::ipc::Encodable<Order>);
  static_assert(!cohort::ipc::Encodable<std::vector<std::shared_ptr<Order>>>);
  // [/encodable]
}

// [views]
std::size_t spaces(std::string_view text) { return std::ranges::count(text, ' '); }

double mean(std::span<const double> values) {
  return std::reduce(values.begin(), values.end()) / static_cast<double>(values.size());
}
// [/views]

TEST(WhatCrosses, Views) {
  ProcessPoolExecutor pool(1);
  // [views]

  std::string text = "what the message holds";
  std::vector<double> values = {1, 2, 6};
  Future<std::size_t> n = pool.submit(spaces, std::string_view(text));          // 3
  Future<double> average = pool.submit(mean, std::span<const double>(values));  // 3
  // [/views]
  EXPECT_EQ(n.result(), 3U);
  EXPECT_EQ(average.result(), 3);
}

// [copies]
void sort_numbers(std::vector<int>& numbers) { std::ranges::sort(numbers); }  // of no use here

std::vector<int> sorted(std::vector<int> numbers) {
  std::ranges::sort(numbers);
  return numbers;
}
// [/copies]

TEST(WhatCrosses, ChangesStayThere) {
  ProcessPoolExecutor pool(1);
  // [copies]

  std::vector<int> numbers = {3, 1, 2};
  numbers = pool.submit(sorted, std::move(numbers)).result();  // return what has changed
  // [/copies]
  EXPECT_EQ(numbers, std::vector<int>({1, 2, 3}));
  static_assert(!std::is_invocable_v<decltype(sort_numbers), std::vector<int>>);
}

// [moved]
std::string shout(std::string text) {
  for (char& c : text) c = c == 'a' ? 'A' : c;
  return text;
}
// [/moved]

TEST(WhatCrosses, MovedArguments) {
  ProcessPoolExecutor pool(1);
  // [moved]

  std::string large(8 << 20, 'a');
  Future<std::string> future = pool.submit(shout, std::move(large));  // not copied to be sent
  std::string result = std::move(future).result();                    // moved out
  // [/moved]
  EXPECT_EQ(result, std::string(8 << 20, 'A'));
}

// [shared]
double total(const cohort::SharedBuffer& pixels) {
  double sum = 0;
  for (float pixel : pixels.as<const float>()) sum += pixel;
  return sum;
}
// [/shared]

TEST(WhatCrosses, SharedBuffers) {
  ProcessPoolExecutor pool(1);
  // [shared]

  cohort::SharedBuffer pixels(1'000'000 * sizeof(float));  // memory that processes share
  std::ranges::fill(pixels.as<float>(), 0.5F);             // filled in place
  Future<double> sum = pool.submit(total, pixels);         // what crosses is a few bytes
  // [/shared]
  EXPECT_EQ(sum.result(), 500'000);
}

// [exceptions]
class ParseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
class LicenceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

int parse(const std::string& text) {
  if (text.empty()) throw ParseError("nothing to parse");
  if (text == "?") throw LicenceError("expired");
  return std::stoi(text);
}
// [/exceptions]

TEST(WhatCrosses, Exceptions) {
  ProcessPoolExecutor pool(1);
  std::vector<std::string> errors;
  // [exceptions]

  cohort::ipc::register_exception<ParseError>();  // in the parent, once

  for (const char* text : {"", "x", "?"}) {
    try {
      pool.submit(parse, std::string(text)).result();
    } catch (const ParseError& error) {
      errors.push_back(error.what());  // nothing to parse
    } catch (const std::invalid_argument& error) {
      errors.push_back(error.what());  // stoi
    } catch (const cohort::RemoteError& error) {
      errors.push_back(error.type_name());  // LicenceError, with its namespace
    }
  }
  // [/exceptions]
  EXPECT_EQ(errors, std::vector<std::string>(
                        {"nothing to parse", "stoi", "(anonymous namespace)::LicenceError"}));
}

// [unencodable]
struct Tree {
  int value = 0;
  std::vector<Tree> children;
};

int depth(const Tree& tree) {
  int deepest = 0;
  for (const Tree& child : tree.children) deepest = std::max(deepest, depth(child));
  return deepest + 1;
}
// [/unencodable]

TEST(WhatCrosses, WhatCannotBeEncodedAfterAll) {
  ProcessPoolExecutor pool(1);
  std::string why;
  // [unencodable]

  Tree tree;
  for (int i = 0; i < 200; ++i) tree = Tree{.children = {tree}};
  Future<int> levels = pool.submit(depth, tree);  // does not throw
  try {
    levels.result();
  } catch (const cohort::ipc::CodecError& error) {
    why = error.what();
  }
  // [/unencodable]
  EXPECT_NE(why.find("100"), std::string::npos) << why;
}

}  // namespace
