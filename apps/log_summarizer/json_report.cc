#include <string_view>

#include "absl/strings/escaping.h"
#include "apps/log_summarizer/report.h"
#include "nlohmann/json.hpp"

namespace cohort::log_summarizer {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool IsUtf8(const std::string& text) {
  try {
    static_cast<void>(Json(text).dump());
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

void AddTotals(Json& json, const Totals& totals) {
  json["lines"] = totals.lines;
  json["errors"] = totals.errors;
  json["warnings"] = totals.warnings;
  json["bytes"] = totals.bytes;
}

void AddText(Json& json, const char* key, std::string_view text) {
  if (!text.empty()) json[key] = text;
}

Json FileJson(const FileSummary& file) {
  Json json;
  json["file"] = file.name;
  AddTotals(json, file.totals);
  json["complete"] = file.error.empty() && !file.interrupted;
  AddText(json, "compression", NameOf(file.content.compression));
  AddText(json, "encoding", NameOf(file.content.encoding));
  AddText(json, "error", file.error);
  if (!IsUtf8(file.name)) json["file_base64"] = absl::Base64Escape(file.name);
  return json;
}

Json TotalJson(const Summary& summary) {
  Json json;
  json["files"] = summary.files.size() + summary.left_out;
  AddTotals(json, summary.total);
  return json;
}

const char* NameOf(Rule rule) { return rule == Rule::kLevel ? "level" : "substring"; }

bool IsComplete(const Summary& summary) { return !summary.interrupted && !summary.failed; }

}  // namespace

std::string JsonReport(const Summary& summary, Rule rule) {
  Json json;
  json["schema"] = kJsonSchema;
  json["rule"] = NameOf(rule);
  json["complete"] = IsComplete(summary);
  if (summary.interrupted) json["interrupted"] = true;
  json["files"] = Json::array();
  for (const FileSummary& file : summary.files) json["files"].push_back(FileJson(file));
  json["files_left_out"] = summary.left_out;
  json["total"] = TotalJson(summary);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string JsonLinesReport(const Summary& summary, Rule rule) {
  std::string lines;
  for (const FileSummary& file : summary.files) {
    Json json;
    json["type"] = "file";
    json.update(FileJson(file));
    lines += Dump(json) + "\n";
  }
  Json total;
  total["type"] = "total";
  total["schema"] = kJsonSchema;
  total["rule"] = NameOf(rule);
  total["complete"] = IsComplete(summary);
  if (summary.interrupted) total["interrupted"] = true;
  total["files_left_out"] = summary.left_out;
  total.update(TotalJson(summary));
  return lines + Dump(total) + "\n";
}

}  // namespace cohort::log_summarizer
