#include "apps/common/terminal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string_view>

#include "apps/common/table.h"

namespace cohort::apps {
namespace {

using namespace std::string_view_literals;

TEST(TerminalTest, PrintableTextIsSafeToShow) {
  EXPECT_EQ(Printable("plain.log"), "plain.log");
  EXPECT_EQ(Printable("a\nb\tc\\d"), "a\\nb\\tc\\\\d");
  EXPECT_EQ(Printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(Printable("caf\xc3\xa9 \xe6\x97\xa5"), "caf\xc3\xa9 \xe6\x97\xa5");
  EXPECT_EQ(Printable("\xc3\xa9\xff\xc3"), "\xc3\xa9\\xff\\xc3");
  EXPECT_EQ(Printable("\0\x7f"sv), "\\x00\\x7f");
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "evil"),
            "\\xe2\\x80\\xae"
            "evil");
}

TEST(TerminalTest, WidthsAreColumns) {
  EXPECT_EQ(DisplayWidth(""), 0u);
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("caf\xc3\xa9"), 4u);
  EXPECT_EQ(DisplayWidth("\xe6\x97\xa5\xe6\x9c\xac"), 4u);
}

TEST(TerminalTest, Numbers) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(1234567890), "1,234,567,890");
  EXPECT_EQ(WithByteUnit(999), "999 B");
  EXPECT_EQ(WithByteUnit(1'234'567), "1.2 MB");
}

TEST(TerminalTest, ColourOnlyOnATerminalThatWantsIt) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_FALSE(UseColour(ends[1]));
  close(ends[0]);
  close(ends[1]);
}

TEST(TableTest, Aligns) {
  Table table({Table::Align::kLeft, Table::Align::kRight, Table::Align::kLeft});
  table.AddRow({{"name"}, {"n"}});
  table.AddRow({{"\xe6\x97\xa5"}, {"10", "\x1b[31m"}, {"x"}});
  table.AddRule();
  EXPECT_EQ(table.ToString(),
            "name   n\n"
            "\xe6\x97\xa5    \x1b[31m10\x1b[0m  x\n"
            "-----------\n");
}

}  // namespace
}  // namespace cohort::apps
