#include "apps/api_fetcher/body_name.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cohort::api_fetcher {
namespace {

std::string Of(const std::string& id) { return BodyName({.id = id, .url = "http://h/"}); }

TEST(BodyNameTest, HarmlessIdsAreTheNames) {
  for (const char* id : {"1", "00042", "a.json", "me@example.com", "550e8400-e29b-41d4",
                         "A_b+c=d,e", "console", "com10", "x.con", "a..b"}) {
    EXPECT_EQ(Of(id), id);
  }
}

TEST(BodyNameTest, OthersAreNot) {
  const std::string kIds[] = {".",
                              "..",
                              "../x",
                              "/etc/passwd",
                              "a/b",
                              "-rf",
                              ".hidden",
                              "CON",
                              "nul",
                              "a b",
                              "aux.txt",
                              "COM1",
                              "lpt9.x",
                              "a\\b",
                              "a:b",
                              "a\nb",
                              "caf\xc3\xa9",
                              "x~1",
                              "a.",
                              std::string("a\0b", 3),
                              std::string(151, 'x'),
                              std::string(100'000, '/')};
  std::set<std::string> names;
  for (const std::string& id : kIds) {
    const std::string name = Of(id);
    EXPECT_NE(name, id);
    EXPECT_LE(name.size(), 200u);
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789._-+=@,"),
              std::string::npos)
        << name;
    EXPECT_TRUE(name[0] != '.' && name[0] != '-') << name;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(BodyNameTest, TheRestOfAnIdIsToBeRecognised) {
  EXPECT_EQ(Of("../x"), "x-7132eda6838c62fa");
  EXPECT_EQ(Of("users/17").substr(0, 8), "users17-");
  EXPECT_EQ(Of("..").size(), 16u);
  EXPECT_EQ(Of("CON").substr(0, 4), "CON-");
}

TEST(BodyNameTest, WithoutIdAHashOfTheUrl) {
  EXPECT_EQ(BodyName({.url = "http://h/a"}), "493acee766f869f9");
  EXPECT_NE(BodyName({.url = "http://h/a"}), BodyName({.url = "http://h/b"}));
}

TEST(BodyNameTest, Copies) {
  EXPECT_EQ(BodyName({.id = "17"}, 0), "17");
  EXPECT_EQ(BodyName({.id = "17"}, 1), "17~1");
  EXPECT_LE(BodyName({.id = std::string(200, 'x')}, 2'000'000'000).size(), 200u);
}

}  // namespace
}  // namespace cohort::api_fetcher
