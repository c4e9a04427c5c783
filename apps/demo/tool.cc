#include "apps/demo/tool.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "apps/common/interrupt.h"
#include "apps/common/stopwatch.h"

namespace cohort::demo {
namespace {

namespace fs = std::filesystem;

// bazel-bin/apps/NAME/NAME, as this program is bazel-bin/apps/demo/demo.
std::string PathOf(const std::string& name) {
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / name / name;
}

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

pid_t Start(const ToolCall& call, const std::string& directory) {
  const std::string path = PathOf(call.name);
  std::vector<char*> argv = {const_cast<char*>(call.name.c_str())};
  for (const std::string& argument : call.arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  SpawnActions actions;
  posix_spawn_file_actions_addchdir_np(actions.get(), directory.c_str());
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!call.output.empty()) {
    posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, call.output.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0666);
  }
  pid_t pid = -1;
  const int error = posix_spawn(&pid, path.c_str(), actions.get(), nullptr, argv.data(), environ);
  if (error != 0) throw std::runtime_error(absl::StrCat(path, ": ", strerror(error)));
  return pid;
}

// Passes an interrupt on. On a terminal the tool has had it already, and takes the two for one.
void WaitForEnd(pid_t pid) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return;
  if (!apps::WaitReadable(fd)) kill(pid, SIGINT);
  close(fd);
}

}  // namespace

std::string CommandLine(const ToolCall& call) {
  std::string line = call.name;
  for (const std::string& argument : call.arguments) {
    const bool quote = argument.find_first_of(" {}?&*") != argument.npos;
    absl::StrAppend(&line, " ", quote ? "'" : "", argument, quote ? "'" : "");
  }
  if (!call.output.empty()) absl::StrAppend(&line, " > ", call.output);
  return line;
}

Run RunTool(const ToolCall& call, const std::string& directory) {
  const apps::Stopwatch watch;
  const pid_t pid = Start(call, directory);
  WaitForEnd(pid);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), watch.Seconds()};
}

}  // namespace cohort::demo
