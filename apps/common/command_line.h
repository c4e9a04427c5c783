// Command lines, on top of CLI11.

#ifndef COHORT_APPS_COMMON_COMMAND_LINE_H_
#define COHORT_APPS_COMMON_COMMAND_LINE_H_

#include <map>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"

namespace cohort::apps {

// An option whose value is one of some words.
template <typename T>
CLI::Option* AddChoice(CLI::App& app, const std::string& name, T& value,
                       const std::map<std::string, T>& words, const std::string& description) {
  std::string all;
  for (const auto& [word, unused] : words) all += (all.empty() ? "" : "|") + word;
  return app
      .add_option_function<std::string>(
          name, [&value, &words](const std::string& word) { value = words.at(word); }, description)
      ->check(CLI::IsMember(words).description(""))
      ->type_name(all);
}

// Says on standard error what is wrong with the command line, and that --help helps. Returns the
// exit status.
int SayUsageError(const CLI::App& app, const std::string& what);

// Fills in the app's options. Returns the exit status where there is nothing more to do: after
// --help, and after a message about a command line that is wrong.
std::optional<int> ParseCommandLine(CLI::App& app, int argc, const char* const* argv);

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_COMMAND_LINE_H_
