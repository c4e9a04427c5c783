#include "ipc/internal/other_threads.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>

namespace cohort::ipc::internal {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kReachable = false;
#else
constexpr bool kReachable = true;
#endif

enum class Answer { kNone, kDone, kFailed };

// What the handler does. One thread is asked at a time.
struct Request {
  std::atomic<ThreadCall> call{nullptr};
  std::atomic<int> argument{0};
  std::atomic<Answer> answer{Answer::kNone};
};
Request request;

void OnSignal(int) {
  const int saved = errno;
  const bool done = request.call.load()(request.argument.load());
  request.answer.store(done ? Answer::kDone : Answer::kFailed);
  errno = saved;
}

struct sigaction Install() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  struct sigaction old {};
  sigaction(SIGRTMAX, &action, &old);
  return old;
}

// False: that thread has ended.
bool Signal(pid_t thread, int signal) {
  return syscall(SYS_tgkill, getpid(), thread, signal) == 0 || errno != ESRCH;
}

bool Ask(pid_t thread) {
  constexpr auto kPatience = std::chrono::seconds(1);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  request.answer.store(Answer::kNone);
  if (!Signal(thread, SIGRTMAX)) return true;
  while (request.answer.load() == Answer::kNone) {
    if (!Signal(thread, 0)) return true;
    if (std::chrono::steady_clock::now() > deadline) return false;
    sched_yield();
  }
  return request.answer.load() == Answer::kDone;
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

// Nothing: there is no /proc to tell.
std::optional<std::set<pid_t>> Threads() {
  const std::unique_ptr<DIR, CloseFolder> folder(opendir("/proc/self/task"));
  if (!folder) return std::nullopt;
  std::set<pid_t> threads;
  while (const dirent* entry = readdir(folder.get())) {
    if (const int thread = std::atoi(entry->d_name); thread > 0) threads.insert(thread);
  }
  return threads;
}

// A thread that has not been asked yet may start another one: until a list shows nothing new.
bool AskAll() {
  std::set<pid_t> asked = {gettid()};
  for (bool is_new = true; is_new;) {
    is_new = false;
    const std::optional<std::set<pid_t>> threads = Threads();
    if (!threads) return false;
    for (const pid_t thread : *threads) {
      if (!asked.insert(thread).second) continue;
      if (!Ask(thread)) return false;
      is_new = true;
    }
  }
  return true;
}

}  // namespace

bool RunOnOtherThreads(ThreadCall call, int argument) {
  if (!kReachable) return true;
  request.call.store(call);
  request.argument.store(argument);
  const struct sigaction old = Install();
  const bool done = AskAll();
  // After a failure the signal may still be pending, and its default is to end the process.
  if (done) sigaction(SIGRTMAX, &old, nullptr);
  return done;
}

}  // namespace cohort::ipc::internal
