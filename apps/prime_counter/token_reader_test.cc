#include "apps/prime_counter/token_reader.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace cohort::prime_counter {
namespace {

std::vector<std::string> Read(const std::vector<std::string>& blocks) {
  TokenReader reader;
  std::vector<std::string> words;
  const auto take = [&] {
    while (const auto word = reader.Next()) {
      words.push_back(std::to_string(reader.line()) + ":" + std::string(*word));
    }
  };
  for (const std::string& block : blocks) {
    reader.Append(block);
    take();
  }
  reader.End();
  take();
  return words;
}

using Words = std::vector<std::string>;

TEST(TokenReaderTest, Words) {
  EXPECT_EQ(Read({}), Words());
  EXPECT_EQ(Read({" \n\t"}), Words());
  EXPECT_EQ(Read({"1 2\r\n3\n\n4"}), (Words{"1:1", "1:2", "2:3", "4:4"}));
}

TEST(TokenReaderTest, WordsAcrossBlocks) {
  EXPECT_EQ(Read({"12", "34", " 5", "\n", "6"}), (Words{"1:1234", "1:5", "2:6"}));
}

TEST(TokenReaderTest, AWordIsGivenAsSoonAsItIsComplete) {
  TokenReader reader;
  reader.Append("12");
  EXPECT_EQ(reader.Next(), std::nullopt);
  reader.Append("\n");
  EXPECT_EQ(reader.Next(), "12");
}

TEST(TokenReaderTest, OnlyTheBeginningOfALongWord) {
  const std::string longest(4096, 'x');
  EXPECT_EQ(Read({longest + longest + "x 7"}), (Words{"1:" + longest, "1:7"}));
  EXPECT_EQ(Read({longest, longest, "x", "\n7"}), (Words{"1:" + longest, "2:7"}));
  EXPECT_EQ(Read({longest, " 7"}), (Words{"1:" + longest, "1:7"}));
  EXPECT_EQ(Read({longest}), (Words{"1:" + longest}));
}

}  // namespace
}  // namespace cohort::prime_counter
