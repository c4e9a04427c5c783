#include "apps/common/command_line.h"

#include <iostream>

#include "apps/common/exit_code.h"

namespace cohort::apps {

int SayUsageError(const CLI::App& app, const std::string& what) {
  std::cerr << app.get_name() << ": " << what << "; " << app.get_name() << " --help shows how\n";
  return kUsage;
}

std::optional<int> ParseCommandLine(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return SayUsageError(app, error.what());
    std::cout << app.help();
    return kSuccess;
  }
  return std::nullopt;
}

}  // namespace cohort::apps
