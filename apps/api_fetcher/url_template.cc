#include "apps/api_fetcher/url_template.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/url.h"
#include "apps/api_fetcher/values.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::uint64_t kMost = 1'000'000'000'000'000'000;

}  // namespace

UrlTemplate::UrlTemplate(std::string_view text, bool literal) {
  while (!literal && !text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = open == text.npos ? open : text.find_first_of("{}", open + 1);
    if (close == text.npos) break;
    if (text[close] == '{') {
      AddText(text.substr(0, close));
      text.remove_prefix(close);
      continue;
    }
    AddText(text.substr(0, open));
    AddPart(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
  AddText(text);
  CountRanges();
}

void UrlTemplate::AddPart(std::string_view inside) {
  if (inside == "id") {
    parts_.push_back({.kind = Part::Kind::kId});
    has_id_ = true;
  } else if (const auto range = IdRange::Parse(inside); range && inside.find("..") != inside.npos) {
    parts_.push_back({.kind = Part::Kind::kRange, .range = *range});
    has_range_ = true;
  } else {
    AddText(absl::StrCat("{", inside, "}"));
  }
}

void UrlTemplate::AddText(std::string_view text) {
  if (parts_.empty() || parts_.back().kind != Part::Kind::kText) {
    parts_.push_back({.kind = Part::Kind::kText});
  }
  parts_.back().text += text;
}

void UrlTemplate::CountRanges() {
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if (part->kind != Part::Kind::kRange) continue;
    part->below = count_;
    if (part->range.count() > kMost / count_) {
      throw ValueError("the ranges of the URL make more than 1e18 requests");
    }
    count_ *= part->range.count();
  }
}

Request UrlTemplate::Make(std::string_view id, std::uint64_t number) const {
  std::string text;
  Request request;
  for (const Part& part : parts_) {
    if (part.kind == Part::Kind::kText) {
      text += part.text;
    } else if (part.kind == Part::Kind::kId) {
      text += PercentEncode(id);
    } else {
      const std::size_t before = text.size();
      part.range.AppendTo(text, number / part.below % part.range.count());
      if (!request.id.empty()) request.id += '-';
      request.id.append(text, before);
    }
  }
  if (!id.empty()) request.id = id;
  Url url = ParseUrl(text);
  request.url = url.text();
  request.credentials = std::move(url.credentials);
  return request;
}

}  // namespace cohort::api_fetcher
