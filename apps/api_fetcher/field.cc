#include "apps/api_fetcher/field.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/values.h"
#include "apps/common/terminal.h"
#include "nlohmann/json.hpp"

namespace cohort::api_fetcher {
namespace {

// Keeps the order of members.
using Json = nlohmann::ordered_json;

// Values are destroyed, and written, level by level on the stack.
constexpr int kMostLevels = 1000;

// As deep as brackets and braces go in `body`, if it is JSON.
int LevelsOf(std::string_view body) {
  int level = 0;
  int most = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;
    } else if (c == '[' || c == '{') {
      most = std::max(most, ++level);
    } else if (c == ']' || c == '}') {
      --level;
    }
  }
  return most;
}

}  // namespace

void CheckFieldPointer(std::string_view pointer) {
  try {
    if (!pointer.empty()) static_cast<void>(Json::json_pointer(std::string(pointer)));
  } catch (const Json::parse_error&) {
    throw ValueError(absl::StrCat("\"", apps::Printable(pointer),
                                  "\" is no JSON pointer: write /user/name or /items/0/id"));
  }
}

std::string PickField(std::string_view body, const std::string& pointer) {
  if (LevelsOf(body) > kMostLevels) {
    throw FieldError(
        absl::StrCat("the body is nested too deeply: more than ", kMostLevels, " levels"));
  }
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) throw FieldError("the body is no JSON");
  try {
    const Json& value = json.at(Json::json_pointer(pointer));
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  } catch (const Json::exception&) {
    throw FieldError(absl::StrCat("the body has no ", apps::Printable(pointer)));
  }
}

}  // namespace cohort::api_fetcher
