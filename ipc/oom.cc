#include "ipc/oom.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace cohort::ipc {
namespace {

constexpr const char* kScore = "/proc/self/oom_score_adj";
constexpr int kRaise = 300;
constexpr int kHighest = 1000;

// Of lines such as "oom_kill 3".
std::optional<uint64_t> Counter(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    uint64_t count = 0;
    if (words >> name >> count && name == "oom_kill") return count;
  }
  return std::nullopt;
}

// The group's counter; in a container the group may be what is mounted, whatever its name.
std::optional<uint64_t> CounterOfGroup(const std::string& mount, const std::string& group,
                                       const std::string& file) {
  const auto count = Counter(mount + group + file);
  return count ? count : Counter(mount + file);
}

bool HasMemoryController(const std::string& controllers) {
  std::istringstream list(controllers);
  for (std::string each; std::getline(list, each, ',');) {
    if (each == "memory") return true;
  }
  return false;
}

// One line of /proc/self/cgroup: "0::/group" (version 2) or "4:memory:/group" (version 1).
std::optional<uint64_t> CounterOfLine(const std::string& line, const std::string& mounts) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const std::string controllers = line.substr(first + 1, second - first - 1);
  const std::string group = line.substr(second + 1);
  if (controllers.empty()) {
    const auto count = CounterOfGroup(mounts, group, "/memory.events");
    return count ? count : CounterOfGroup(mounts + "/unified", group, "/memory.events");
  }
  if (!HasMemoryController(controllers)) return std::nullopt;
  const auto count = CounterOfGroup(mounts + "/" + controllers, group, "/memory.oom_control");
  return count ? count : CounterOfGroup(mounts + "/memory", group, "/memory.oom_control");
}

std::optional<int> ReadScore() {
  std::ifstream file(kScore);
  int score = 0;
  if (file >> score) return score;
  return std::nullopt;
}

bool WriteScore(int score) {
  const int fd = open(kScore, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = dprintf(fd, "%d", score) > 0;
  close(fd);
  return done;
}

}  // namespace

bool raise_oom_score() noexcept {
  const std::optional<int> score = ReadScore();
  return score && WriteScore(std::min(*score + kRaise, kHighest));
}

std::optional<uint64_t> oom_kills(const std::string& root) {
  std::ifstream groups(root + "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (const auto count = CounterOfLine(line, root + "sys/fs/cgroup")) return count;
  }
  return Counter(root + "proc/vmstat");
}

}  // namespace cohort::ipc
