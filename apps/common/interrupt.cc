#include "apps/common/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace cohort::apps {
namespace {

std::atomic<int> requested = 0;
static_assert(std::atomic<int>::is_always_lock_free, "set in a signal handler");

int most_requests = 1;

// Readable once a signal has come. -1: signals are not caught.
int wake_fd = -1;

// When the last request came.
std::atomic<std::int64_t> last_at = 0;

// timeout(1) sends its signal to the program and, right after, to the program's group.
constexpr std::int64_t kSameSignal = 250'000'000;

std::int64_t Nanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void Request() {
  last_at.store(Nanoseconds(), std::memory_order_relaxed);
  requested.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_fd, &one, sizeof one);
}

// Ends the process once the handler has returned.
void EndBy(int signal) {
  ::signal(signal, SIG_DFL);
  raise(signal);
}

extern "C" void OnSignal(int signal) {
  const int saved = errno;
  const int before = requested.load(std::memory_order_relaxed);
  if (before == 0 || Nanoseconds() - last_at.load(std::memory_order_relaxed) > kSameSignal) {
    if (before < most_requests) {
      Request();
    } else {
      EndBy(signal);
    }
  }
  errno = saved;
}

void Catch(int signal) {
  struct sigaction action = {};
  sigaction(signal, nullptr, &action);
  if (action.sa_handler == SIG_IGN) return;
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void CatchInterrupts(int requests) {
  most_requests = requests;
  wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  Catch(SIGINT);
  Catch(SIGTERM);
}

int InterruptsRequested() { return requested.load(std::memory_order_relaxed); }

bool WaitReadable(int fd) {
  // poll() skips the negative descriptor that stands for no signals.
  pollfd polled[] = {{fd, POLLIN, 0}, {wake_fd, POLLIN, 0}};
  while (poll(polled, 2, -1) < 0 && errno == EINTR) {
  }
  return polled[1].revents == 0;
}

}  // namespace cohort::apps
