#include "apps/api_fetcher/field.h"

#include <gtest/gtest.h>

#include <string>

#include "apps/api_fetcher/values.h"

namespace cohort::api_fetcher {
namespace {

constexpr char kBody[] =
    "{ \"user\": {\"name\": \"\xc3\xa4\\n\", \"a/b\": 1.50, \"\": 2},\n"
    "  \"items\": [ {\"z\": 7, \"a\": null}, true ] }";

std::string WhyNot(std::string_view body, const std::string& pointer) {
  try {
    return "none: " + PickField(body, pointer);
  } catch (const FieldError& error) {
    return error.what();
  }
}

TEST(PickFieldTest, Values) {
  EXPECT_EQ(PickField(kBody, "/user/name"), "\"\xc3\xa4\\n\"");
  EXPECT_EQ(PickField(kBody, "/user/a~1b"), "1.5");
  EXPECT_EQ(PickField(kBody, "/user/"), "2");
  EXPECT_EQ(PickField(kBody, "/items/0"), "{\"z\":7,\"a\":null}");
  EXPECT_EQ(PickField(kBody, "/items/0/a"), "null");
  EXPECT_EQ(PickField(kBody, "/items/1"), "true");
  EXPECT_EQ(PickField("7", ""), "7");
}

TEST(PickFieldTest, Errors) {
  EXPECT_EQ(WhyNot(kBody, "/user/age"), "the body has no /user/age");
  EXPECT_EQ(WhyNot(kBody, "/items/2"), "the body has no /items/2");
  EXPECT_EQ(WhyNot(kBody, "/items/x"), "the body has no /items/x");
  EXPECT_EQ(WhyNot(kBody, "/items/-"), "the body has no /items/-");
  EXPECT_EQ(WhyNot(kBody, "/items/1/x"), "the body has no /items/1/x");
  EXPECT_EQ(WhyNot(kBody, "/items/01"), "the body has no /items/01");
  EXPECT_EQ(WhyNot(kBody, "/items/99999999999999999999"),
            "the body has no /items/99999999999999999999");
  EXPECT_EQ(WhyNot("", "/a"), "the body is no JSON");
  EXPECT_EQ(WhyNot("<html>", "/a"), "the body is no JSON");
  EXPECT_EQ(WhyNot("{\"a\":1}x", "/a"), "the body is no JSON");
}

TEST(PickFieldTest, Depth) {
  const auto nested = [](int levels) {
    return "{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_EQ(PickField(nested(999), "/a").size(), 1998u);
  EXPECT_EQ(WhyNot(nested(1000), "/a"), "the body is nested too deeply: more than 1000 levels");
  EXPECT_EQ(WhyNot(nested(100'000), "/a"), "the body is nested too deeply: more than 1000 levels");
  EXPECT_EQ(PickField("[\"\\\"" + std::string(2000, '[') + "\"]", "/0").size(), 2004u);
  EXPECT_EQ(PickField("[" + std::string(2000, ' ') + "[],[],7]", "/2"), "7");
}

TEST(CheckFieldPointerTest, Pointers) {
  EXPECT_NO_THROW(CheckFieldPointer("/a/b~0c/0"));
  for (const char* pointer : {"a", "user.name", "/a~2", "/a~"}) {
    try {
      CheckFieldPointer(pointer);
      ADD_FAILURE() << pointer;
    } catch (const ValueError& error) {
      EXPECT_EQ(error.what(), "\"" + std::string(pointer) +
                                  "\" is no JSON pointer: write /user/name or /items/0/id");
    }
  }
}

}  // namespace
}  // namespace cohort::api_fetcher
