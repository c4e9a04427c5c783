#include "apps/prime_counter/number.h"

#include <charconv>
#include <limits>
#include <string>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "apps/common/terminal.h"

namespace cohort::prime_counter {
namespace {

__extension__ using Int128 = __int128;

constexpr std::size_t kLongestQuote = 60;
constexpr int kDeepest = 100;

struct OutOfRange {};
struct Malformed {
  std::size_t position;
};
struct NotWhole {};

Int128 Add(Int128 a, Int128 b) {
  Int128 sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw OutOfRange();
  return sum;
}

Int128 Subtract(Int128 a, Int128 b) {
  Int128 difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) throw OutOfRange();
  return difference;
}

Int128 Multiply(Int128 a, Int128 b) {
  Int128 product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw OutOfRange();
  return product;
}

Int128 Power(Int128 base, Int128 exponent) {
  if (exponent < 0) throw NotWhole();
  if (base == 0 || base == 1) return exponent == 0 ? 1 : base;
  Int128 power = 1;
  for (; exponent > 0; --exponent) power = Multiply(power, base);
  return power;
}

// By recursive descent:
//   sum:     product {(+ | -) product}
//   product: power {* power}
//   power:   operand [(^ | **) power]
//   operand: - power | ( sum ) | digits [. digits] [e [+] digits]
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Int128 Parse() {
    const Int128 value = Sum();
    SkipBlanks();
    if (at_ < text_.size()) throw Malformed{at_};
    return value;
  }

 private:
  Int128 Sum() {
    Int128 sum = Product();
    for (;;) {
      if (Take("+")) {
        sum = Add(sum, Product());
      } else if (Take("-")) {
        sum = Subtract(sum, Product());
      } else {
        return sum;
      }
    }
  }

  Int128 Product() {
    Int128 product = PowerOrOperand();
    while (Take("*")) product = Multiply(product, PowerOrOperand());
    return product;
  }

  Int128 PowerOrOperand() {
    if (++depth_ > kDeepest) throw Malformed{at_};
    Int128 value = Operand();
    if (Take("**") || Take("^")) value = Power(value, PowerOrOperand());
    --depth_;
    return value;
  }

  Int128 Operand() {
    if (Take("-")) return Subtract(0, PowerOrOperand());
    if (!Take("(")) return Literal();
    const Int128 value = Sum();
    if (!Take(")")) throw Malformed{at_};
    return value;
  }

  // 1_500, 1.5e3
  Int128 Literal() {
    SkipBlanks();
    Int128 value = 0;
    Digits(value);
    int decimals = 0;
    if (Next() == '.') {
      ++at_;
      decimals = Digits(value);
    }
    if (Next() != 'e' && Next() != 'E') return Scaled(value, -decimals);
    ++at_;
    if (Next() == '+') ++at_;
    Int128 exponent = 0;
    Digits(exponent);
    if (value == 0) return 0;
    if (exponent > 1000) throw OutOfRange();
    return Scaled(value, static_cast<int>(exponent) - decimals);
  }

  static Int128 Scaled(Int128 value, int exponent) {
    for (; exponent < 0; ++exponent, value /= 10) {
      if (value % 10 != 0) throw NotWhole();
    }
    for (; exponent > 0; --exponent) value = Multiply(value, 10);
    return value;
  }

  // Appends digits, at least one, to `value`. Returns how many. An underscore stands between two.
  int Digits(Int128& value) {
    int digits = 0;
    for (; absl::ascii_isdigit(Next()); ++digits) {
      value = Add(Multiply(value, 10), Next() - '0');
      ++at_;
      if (Next() == '_' && at_ + 1 < text_.size() && absl::ascii_isdigit(text_[at_ + 1])) ++at_;
    }
    if (digits == 0) throw Malformed{at_};
    return digits;
  }

  bool Take(std::string_view token) {
    SkipBlanks();
    if (text_.substr(at_, token.size()) != token) return false;
    // A product's sign must not be the first half of a power's.
    if (token == "*" && text_.substr(at_, 2) == "**") return false;
    at_ += token.size();
    return true;
  }

  void SkipBlanks() {
    while (Next() == ' ') ++at_;
  }

  char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

std::string Quoted(std::string_view text) {
  if (text.size() <= kLongestQuote) return absl::StrCat("\"", apps::Printable(text), "\"");
  return absl::StrCat("\"", apps::Printable(text.substr(0, kLongestQuote)), "...\"");
}

std::string WhereItIsWrong(std::string_view text, std::size_t position) {
  if (text.find_first_not_of(' ') == text.npos) return "it is empty";
  if (position >= text.size()) return "something is missing at its end";
  return absl::StrCat(Quoted(text.substr(position, 1)), " is not expected at position ",
                      position + 1);
}

// Most numbers are plain digits, and there may be millions of them.
bool ParseDigits(std::string_view text, std::uint64_t& number) {
  const char* end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && after == end;
}

std::uint64_t ParseExpression(std::string_view text) {
  const Int128 value = Parser(text).Parse();
  if (value < 0 || value > Int128{std::numeric_limits<std::uint64_t>::max()}) throw OutOfRange();
  return static_cast<std::uint64_t>(value);
}

}  // namespace

std::uint64_t ParseNumber(std::string_view text) try {
  std::uint64_t number = 0;
  return ParseDigits(text, number) ? number : ParseExpression(text);
} catch (OutOfRange) {
  throw NumberError(absl::StrCat(
      Quoted(text), " is out of range: numbers go from 0 to 2^64-1 = 18446744073709551615"));
} catch (NotWhole) {
  throw NumberError(absl::StrCat(Quoted(text), " is not a whole number"));
} catch (const Malformed& malformed) {
  throw NumberError(absl::StrCat(Quoted(text),
                                 " is not a number: ", WhereItIsWrong(text, malformed.position),
                                 "; write 1000000, 1_000_000, 1e6, 10^6 or 2^40+15"));
}

}  // namespace cohort::prime_counter
