#include "apps/common/measure.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

namespace cohort::apps {
namespace {

pid_t Start(const std::vector<std::string>& command, int out) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  dup2(out, STDOUT_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

// Waits for the end of the program.
rusage End(pid_t pid, const std::string& name) {
  int status = 0;
  rusage usage = {};
  wait4(pid, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) == 127) {
    std::cerr << "compare: " << name << " did not run\n";
    std::exit(1);
  }
  return usage;
}

double Seconds(timeval time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double MedianBy(std::vector<Cost>& costs, double Cost::*member) {
  const auto middle = costs.begin() + static_cast<std::ptrdiff_t>(costs.size() / 2);
  std::nth_element(costs.begin(), middle, costs.end(),
                   [&](const Cost& a, const Cost& b) { return a.*member < b.*member; });
  return *middle.*member;
}

}  // namespace

Cost Measure(const std::vector<std::string>& command) {
  // Not /dev/null, which grep knows: it then stops at the first match.
  const int out = memfd_create("output", MFD_CLOEXEC);
  const auto begin = std::chrono::steady_clock::now();
  const rusage usage = End(Start(command, out), command[0]);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  close(out);
  return {wall.count(), Seconds(usage.ru_utime) + Seconds(usage.ru_stime),
          static_cast<double>(usage.ru_maxrss) * 1024};
}

std::string OutputOf(const std::vector<std::string>& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::exit(1);
  const pid_t pid = Start(command, ends[1]);
  close(ends[1]);
  std::string output;
  char space[4096];
  for (ssize_t n; (n = read(ends[0], space, sizeof space)) > 0;) output.append(space, n);
  close(ends[0]);
  End(pid, command[0]);
  return output;
}

Cost MedianOf(std::vector<Cost> costs) {
  return {MedianBy(costs, &Cost::wall), MedianBy(costs, &Cost::processor),
          MedianBy(costs, &Cost::memory)};
}

bool IsInstalled(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (access((std::filesystem::path(directory) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace cohort::apps
