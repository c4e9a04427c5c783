#include "apps/prime_counter/report.h"
#include "nlohmann/json.hpp"

namespace cohort::prime_counter {
namespace {

using Json = nlohmann::ordered_json;

Json OrNull(const std::optional<std::uint64_t>& number) { return number ? Json(*number) : Json(); }

Json RowJson(const CountRow& row, bool verify) {
  Json json;
  json["limit"] = row.text;
  json["to"] = row.count.limit;
  json["count"] = row.count.count;
  json["complete"] = row.count.complete;
  if (!row.count.complete) json["counted_to"] = OrNull(row.count.counted_to);
  if (verify && row.count.complete) json["verified"] = row.known ? Json(!IsWrong(row)) : Json();
  return json;
}

}  // namespace

std::string CountJson(const CountSummary& summary) {
  Json json;
  json["schema"] = kJsonSchema;
  json["kind"] = NameOf(summary.kind);
  json["from"] = summary.from;
  json["complete"] = IsComplete(summary);
  if (summary.interrupted) json["interrupted"] = true;
  if (!summary.error.empty()) json["error"] = summary.error;
  json["counts"] = Json::array();
  for (const CountRow& row : summary.rows) json["counts"].push_back(RowJson(row, summary.verify));
  json["seconds"] = summary.seconds;
  json["workers"] = summary.workers;
  json["worker_deaths"] = summary.worker_deaths;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cohort::prime_counter
