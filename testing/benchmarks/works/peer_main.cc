#include "testing/benchmarks/works/peer_main.h"

#include <iostream>

#include "CLI/CLI.hpp"
#include "nlohmann/json.hpp"

namespace cohort::benchmarks {
namespace {

int List(const Works& works) {
  for (const auto& [work, run] : works) std::cout << work << '\n';
  return 0;
}

void Print(const std::string& name, const std::string& version, const Settings& settings,
           const Figures& figures) {
  nlohmann::ordered_json line = {{"peer", name},
                                 {"version", version},
                                 {"work", settings.work},
                                 {"threads", settings.threads},
                                 {"count", settings.count},
                                 {"value", figures.value},
                                 {"unit", figures.unit}};
  for (const auto& [key, value] : figures.others) line["others"][key] = value;
  std::cout << line.dump() << std::endl;
}

int Run(const std::string& name, const std::string& version, const Works& works,
        const Settings& settings) {
  const auto work = works.find(settings.work);
  if (work == works.end()) {
    std::cerr << name << ": --work=" << settings.work << ": not one of those of --list\n";
    return 2;
  }
  Print(name, version, settings, work->second(settings));
  return 0;
}

}  // namespace

int RunPeer(const std::string& name, const std::string& version, const Works& works, int argc,
            char** argv) {
  Settings settings;
  bool list = false;
  CLI::App app("Does one work with " + name + " and prints what it measured as JSON.");
  app.add_flag("--list", list, "Print the works");
  app.add_option("--work", settings.work);
  app.add_option("--threads", settings.threads)->check(CLI::PositiveNumber);
  app.add_option("--count", settings.count)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  return list ? List(works) : Run(name, version, works, settings);
}

}  // namespace cohort::benchmarks
