#include "apps/common/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace cohort::apps {
namespace {

std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

// Readable once a signal has come. -1: signals are not caught.
int wake_fd = -1;

extern "C" void OnSignal(int /*signal*/) {
  const int saved = errno;
  requested.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_fd, &one, sizeof one);
  errno = saved;
}

void Catch(int signal) {
  struct sigaction action = {};
  sigaction(signal, nullptr, &action);
  if (action.sa_handler == SIG_IGN) return;
  action.sa_handler = OnSignal;
  // The second signal finds the default action.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void CatchInterrupts() {
  wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  Catch(SIGINT);
  Catch(SIGTERM);
}

bool InterruptRequested() { return requested.load(std::memory_order_relaxed); }

bool WaitReadable(int fd) {
  // poll() skips the negative descriptor that stands for no signals.
  pollfd polled[] = {{fd, POLLIN, 0}, {wake_fd, POLLIN, 0}};
  while (poll(polled, 2, -1) < 0 && errno == EINTR) {
  }
  return polled[1].revents == 0;
}

}  // namespace cohort::apps
