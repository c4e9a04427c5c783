#include <string_view>

#include "absl/strings/escaping.h"
#include "apps/image_resizer/report.h"
#include "nlohmann/json.hpp"

namespace cohort::image_resizer {
namespace {

using Json = nlohmann::ordered_json;

const char* NameOf(Format format) { return format == Format::kPng ? "png" : "jpeg"; }

bool IsUtf8(const std::string& text) {
  try {
    static_cast<void>(Json(text).dump());
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

void AddImage(Json& json, const std::string& prefix, const ImageInfo& image) {
  json[prefix + "format"] = NameOf(image.format);
  json[prefix + "width"] = image.width;
  json[prefix + "height"] = image.height;
}

void AddResized(Json& json, const FileResult& file) {
  AddImage(json, "", file.before);
  json["target_bytes"] = file.target_bytes;
  AddImage(json, "target_", file.after);
  json["seconds"] = file.seconds;
  json["worker"] = file.worker;
  if (!file.warnings.empty()) json["warnings"] = file.warnings;
}

Json FileJson(const FileResult& file) {
  Json json;
  json["file"] = file.source;
  if (!IsUtf8(file.source)) json["file_base64"] = absl::Base64Escape(file.source);
  if (!file.target.empty()) json["target"] = file.target;
  json["outcome"] = NameOf(file.outcome);
  json["bytes"] = file.source_bytes;
  if (file.outcome == Outcome::kResized) AddResized(json, file);
  if (file.outcome == Outcome::kFailed) {
    json["kind"] = file.kind;
    json["error"] = file.error;
  }
  return json;
}

Json SummaryJson(const RunReport& report, const Totals& totals) {
  Json json;
  json["files"] = totals.files;
  json["resized"] = totals.resized;
  json["up_to_date"] = totals.up_to_date;
  json["failed"] = totals.failed;
  json["not_done"] = totals.not_done;
  json["with_warnings"] = totals.with_warnings;
  json["bytes"] = totals.source_bytes;
  json["target_bytes"] = totals.target_bytes;
  json["seconds"] = report.seconds;
  json["workers"] = report.workers;
  json["worker_deaths"] = report.worker_deaths;
  json["sandbox"] = report.sandbox;
  return json;
}

}  // namespace

std::string JsonReport(const RunReport& report) {
  const Totals totals = TotalsOf(report.files);
  Json json;
  json["schema"] = kJsonSchema;
  json["complete"] = totals.failed == 0 && totals.not_done == 0;
  if (report.interrupted) json["interrupted"] = true;
  if (!report.stopped.empty()) json["stopped"] = report.stopped;
  json["files"] = Json::array();
  for (const FileResult& file : report.files) json["files"].push_back(FileJson(file));
  json["summary"] = SummaryJson(report, totals);
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace cohort::image_resizer
