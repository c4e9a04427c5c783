#include "apps/api_fetcher/summary.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "apps/common/terminal.h"
#include "nlohmann/json.hpp"

namespace cohort::api_fetcher {
namespace {

using Json = nlohmann::ordered_json;
using apps::WithThousands;

constexpr int kJsonSchema = 1;

struct Percentile {
  const char* name;
  double share;
};
constexpr Percentile kPercentiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}};

double PerSecond(double count, double seconds) { return seconds > 0 ? count / seconds : 0; }

double Rounded(double number) { return std::round(number * 1000) / 1000; }

// "0.042", "12.3", "1,234": three digits that matter.
std::string Shown(double number) {
  if (number >= 999.5) return WithThousands(static_cast<std::uint64_t>(std::llround(number)));
  const int decimals = number < 1 ? 3 : number < 10 ? 2 : number < 100 ? 1 : 0;
  return absl::StrFormat("%.*f", decimals, number);
}

std::string RequestsText(const Summary& summary, double seconds) {
  if (summary.done() == 0) return "0 done";
  const double rate = PerSecond(static_cast<double>(summary.done()), seconds);
  return absl::StrCat(WithThousands(summary.done()), " done, ", WithThousands(summary.ok()),
                      " ok, ", WithThousands(summary.failed()), " failed in ", Shown(seconds),
                      " s, ", Shown(rate), "/s");
}

std::string KindsText(const Summary& summary) {
  std::string text;
  for (std::size_t i = 1; i < kErrorKinds; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    if (summary.of_kind(kind) == 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", NameOf(kind), " ",
                    WithThousands(summary.of_kind(kind)));
  }
  return text;
}

std::string StatusesText(const Summary& summary) {
  std::string text;
  for (const auto& [status, count] : summary.statuses()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", status, ": ", WithThousands(count));
  }
  return text;
}

std::string BytesText(const Summary& summary, double seconds) {
  const auto bytes = static_cast<double>(summary.bytes());
  std::string text = apps::WithByteUnit(bytes);
  if (summary.wire_bytes() != summary.bytes()) {
    const auto sent = static_cast<double>(summary.wire_bytes());
    absl::StrAppend(&text, ", ", apps::WithByteUnit(sent), " as sent");
  }
  absl::StrAppend(&text, ", ", apps::WithByteUnit(PerSecond(bytes, seconds)), "/s");
  return text;
}

std::string TimesText(const Histogram& times) {
  std::string text;
  for (const auto& [name, share] : kPercentiles) {
    absl::StrAppend(&text, name, " ", Shown(times.Quantile(share)), "  ");
  }
  return absl::StrCat(text, "max ", Shown(times.max()), " ms");
}

// What did not become a request, or did not in time.
std::string RestText(const RunFacts& facts) {
  std::string text;
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count == 0) return;
    absl::StrAppend(&text, text.empty() ? "" : ", ", WithThousands(count), " ", what);
  };
  add(facts.skipped, "skipped, done last time");
  add(facts.rejected, "wrong in the input");
  add(facts.not_started.value_or(0), "not started");
  if (!facts.not_started) absl::StrAppend(&text, text.empty() ? "" : ", ", "others not started");
  return text;
}

void AddLine(std::string_view name, const std::string& value, std::string& to) {
  if (!value.empty()) absl::StrAppendFormat(&to, "%-9s %s\n", name, value);
}

Json TimesJson(const Histogram& times) {
  Json json;
  json["count"] = times.count();
  json["mean"] = Rounded(times.mean());
  for (const auto& [name, share] : kPercentiles) json[name] = Rounded(times.Quantile(share));
  json["max"] = Rounded(times.max());
  return json;
}

void AddCounts(const Summary& summary, const RunFacts& facts, Json& json) {
  json["done"] = summary.done();
  json["ok"] = summary.ok();
  json["failed"] = summary.failed();
  json["interrupted"] = summary.interrupted();
  json["not_started"] = facts.not_started ? Json(*facts.not_started) : Json(nullptr);
  json["skipped"] = facts.skipped;
  json["rejected"] = facts.rejected;
  json["attempts"] = summary.attempts();
  json["retries"] = summary.retries();
  json["bytes"] = summary.bytes();
  json["wire_bytes"] = summary.wire_bytes();
}

void AddKinds(const Summary& summary, Json& json) {
  json["statuses"] = Json::object();
  for (const auto& [status, count] : summary.statuses()) {
    json["statuses"][absl::StrCat(status)] = count;
  }
  json["errors"] = Json::object();
  for (std::size_t i = 1; i < kErrorKinds; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    if (summary.of_kind(kind) != 0)
      json["errors"][std::string(NameOf(kind))] = summary.of_kind(kind);
  }
}

}  // namespace

void Summary::Add(const Record& record) {
  ++(record.ok ? ok_ : failed_);
  attempts_ += static_cast<std::uint64_t>(record.attempts);
  retries_ += static_cast<std::uint64_t>(std::max(0, record.attempts - 1));
  bytes_ += record.bytes;
  wire_bytes_ += record.wire_bytes;
  ++kinds_[static_cast<std::size_t>(record.error.kind)];
  wait_.Add(record.ms.wait);
  if (record.status == 0) return;
  ++statuses_[record.status];
  service_.Add(record.ms.total);
}

std::string TextOf(const Summary& summary, const RunFacts& facts) {
  std::string text;
  if (!facts.complete) absl::StrAppend(&text, "NOT COMPLETE: ", facts.stopped_by, "\n");
  AddLine("requests", RequestsText(summary, facts.seconds), text);
  AddLine("others", RestText(facts), text);
  AddLine("failures", KindsText(summary), text);
  AddLine("statuses", StatusesText(summary), text);
  if (summary.retries() != 0) AddLine("retries", WithThousands(summary.retries()), text);
  if (summary.done() == 0) return text;
  AddLine("bodies", BytesText(summary, facts.seconds), text);
  if (summary.service().count() != 0) AddLine("service", TimesText(summary.service()), text);
  AddLine("waiting", TimesText(summary.wait()), text);
  return text;
}

std::string JsonOf(const Summary& summary, const RunFacts& facts) {
  Json json;
  json["schema"] = kJsonSchema;
  json["complete"] = facts.complete;
  if (!facts.complete) json["stopped_by"] = facts.stopped_by;
  AddCounts(summary, facts, json);
  json["seconds"] = Rounded(facts.seconds);
  json["per_second"] = Rounded(PerSecond(static_cast<double>(summary.done()), facts.seconds));
  AddKinds(summary, json);
  json["ms"]["service"] = TimesJson(summary.service());
  json["ms"]["wait"] = TimesJson(summary.wait());
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cohort::api_fetcher
