#include "apps/prime_counter/number.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace cohort::prime_counter {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

std::string ErrorOf(const std::string& text) {
  try {
    return "no error: " + std::to_string(ParseNumber(text));
  } catch (const NumberError& error) {
    return error.what();
  }
}

TEST(NumberTest, Literals) {
  EXPECT_EQ(ParseNumber("0"), 0u);
  EXPECT_EQ(ParseNumber("007"), 7u);
  EXPECT_EQ(ParseNumber("1_000_000"), 1'000'000u);
  EXPECT_EQ(ParseNumber("1e10"), 10'000'000'000u);
  EXPECT_EQ(ParseNumber("1E+3"), 1000u);
  EXPECT_EQ(ParseNumber("1.5e9"), 1'500'000'000u);
  EXPECT_EQ(ParseNumber("25.0"), 25u);
}

TEST(NumberTest, Expressions) {
  EXPECT_EQ(ParseNumber("2^40+3"), (std::uint64_t{1} << 40) + 3);
  EXPECT_EQ(ParseNumber("10**12"), 1'000'000'000'000u);
  EXPECT_EQ(ParseNumber("2*3**2*2"), 36u);
  EXPECT_EQ(ParseNumber("2^3^2"), 512u);
  EXPECT_EQ(ParseNumber(" 10 - 2 - 3 "), 5u);
  EXPECT_EQ(ParseNumber("(10 - 2) * (3 + -1)"), 16u);
  EXPECT_EQ(ParseNumber("-2^2+5"), 1u);
  EXPECT_EQ(ParseNumber("0^0"), 1u);
  EXPECT_EQ(ParseNumber("1^1e30"), 1u);
}

TEST(NumberTest, UpToTheLargest) {
  EXPECT_EQ(ParseNumber("18446744073709551615"), kMax);
  EXPECT_EQ(ParseNumber("2^64-1"), kMax);
  EXPECT_EQ(ParseNumber("1e30-1e30+7"), 7u);
}

TEST(NumberTest, OutOfRange) {
  for (const char* text : {"18446744073709551616", "2^64", "1e20", "1e30", "1e1000000000000",
                           "99999999999999999999999999999999999999999999", "-5", "5-6", "10^100",
                           "2^127", "1e38*1e38", "0-1e38-1e38"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("is out of range: numbers go from 0 to 2^64-1")) << text;
    EXPECT_THAT(ErrorOf(text), HasSubstr(std::string("\"") + text + "\"")) << text;
  }
}

TEST(NumberTest, NotWhole) {
  for (const char* text : {"1.5", "1.23e1", "2^-1"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("is not a whole number")) << text;
  }
}

TEST(NumberTest, NotANumber) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("\"\" is not a number: it is empty; write 1000000"));
  EXPECT_THAT(ErrorOf("  "), HasSubstr("it is empty"));
  EXPECT_THAT(ErrorOf("abc"), HasSubstr("\"a\" is not expected at position 1"));
  EXPECT_THAT(ErrorOf("1e"), HasSubstr("something is missing at its end"));
  EXPECT_THAT(ErrorOf("1,000"), HasSubstr("\",\" is not expected at position 2"));
  for (const char* text : {"1__0", "_1", "1_", "1 2", "0x10", "1e-3", "+", "2*", "(1", "1)", "1.",
                           ".5", "e5", "1.e5", "nan", "\xff", "2^^3", "2***3"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("is not a number")) << text;
  }
}

TEST(NumberTest, NestingHasAnEnd) {
  EXPECT_THAT(ErrorOf(std::string(1'000'000, '(')), HasSubstr("is not a number"));
  EXPECT_THAT(ErrorOf(std::string(1'000'000, '-')), HasSubstr("is not a number"));
  EXPECT_EQ(ParseNumber(std::string(50, '(') + "7" + std::string(50, ')')), 7u);
}

TEST(NumberTest, LongTextIsCutInTheMessage) {
  EXPECT_LT(ErrorOf(std::string(1'000'000, 'x')).size(), 300u);
}

}  // namespace
}  // namespace cohort::prime_counter
