// Runs the tools as a user does.

#ifndef COHORT_APPS_DEMO_TOOL_H_
#define COHORT_APPS_DEMO_TOOL_H_

#include <string>
#include <vector>

namespace cohort::demo {

struct Run {
  int status = -1;  // the exit status, or minus the signal
  double seconds = 0;
};

// Where its output goes: to the demo's own, or to a file. Error messages always go to the demo's.
struct ToolCall {
  std::string name;  // "log_summarizer"
  std::vector<std::string> arguments;
  std::string output = "";  // the file; empty: the demo's own
};

// "log_summarizer logs --top 5 > counts", as one types it.
std::string CommandLine(const ToolCall& call);

// Runs the tool in `directory` and waits for its end. An interrupt of the demo is passed on. Throws
// std::runtime_error when it cannot be started.
Run RunTool(const ToolCall& call, const std::string& directory);

}  // namespace cohort::demo

#endif  // COHORT_APPS_DEMO_TOOL_H_
