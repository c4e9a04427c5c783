#include "apps/common/processes.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace cohort::apps {
namespace {

using std::chrono::milliseconds;

struct Stat {
  pid_t parent = 0;
  milliseconds processor_time{0};
};

// None: it has ended, whether or not somebody has waited for it.
std::optional<Stat> StatOf(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  // The name, in brackets, may have blanks and brackets.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  char state = 'X';
  Stat stat;
  fields >> state >> stat.parent;
  std::string skipped;
  for (int i = 0; i < 9; ++i) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  if (state == 'Z' || state == 'X') return std::nullopt;
  stat.processor_time = milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
  return stat;
}

bool HasEnded(pid_t pid) { return !StatOf(pid); }

template <typename Condition>
bool WithinAMinute(Condition condition) {
  for (int tries = 0; tries < 60'000; ++tries) {
    if (condition()) return true;
    poll(nullptr, 0, 1);
  }
  return false;
}

}  // namespace

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid == 0) continue;
    const std::optional<Stat> stat = StatOf(pid);
    if (stat && stat->parent == parent) children.push_back(pid);
  }
  return children;
}

std::vector<pid_t> BusyChildrenOf(pid_t parent, std::size_t count, milliseconds processor_time) {
  std::vector<pid_t> busy;
  const auto is_idle = [&](pid_t pid) {
    const std::optional<Stat> stat = StatOf(pid);
    return !stat || stat->processor_time < processor_time;
  };
  WithinAMinute([&] {
    busy = ChildrenOf(parent);
    std::erase_if(busy, is_idle);
    return busy.size() >= count;
  });
  return busy;
}

bool HaveEnded(const std::vector<pid_t>& pids) {
  return WithinAMinute([&] { return std::all_of(pids.begin(), pids.end(), HasEnded); });
}

}  // namespace cohort::apps
