#include "ipc/internal/seccomp_filter.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <vector>

#include "ipc/internal/own_pid.h"
#include "ipc/sandbox_error.h"

namespace cohort::ipc::internal {
namespace {

constexpr sock_filter kComputeFilter[] = {
#include "ipc/internal/compute_filter.inc"
};

std::vector<sock_filter> FilterOfThisProcess() {
  std::vector<sock_filter> filter(std::begin(kComputeFilter), std::end(kComputeFilter));
  for (sock_filter& step : filter) {
    if (step.k == kOwnPid) step.k = static_cast<uint32_t>(getpid());
  }
  return filter;
}

// 0, or -1 with errno, or the number of a thread that has a filter of its own.
long Load(std::vector<sock_filter>& filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  // Older kernels would slow down speculation in filtered processes. That protects a process from
  // code of its own, which is not what this sandbox is for.
  constexpr unsigned kFlags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kFlags, &program);
}

}  // namespace

std::optional<std::string> FilterSystemCalls() {
  std::vector<sock_filter> filter = FilterOfThisProcess();
  const long result = Load(filter);
  if (result == 0) return std::nullopt;
  if (result > 0) {
    throw SandboxError("seccomp: thread " + std::to_string(result) + " has a filter of its own");
  }
  if (errno != ENOSYS && errno != EINVAL) {
    throw SandboxError(std::string("seccomp: ") + std::strerror(errno));
  }
  return "the kernel has no seccomp filters (Linux 4.17), so that the network, processes and "
         "signals "
         "are open";
}

}  // namespace cohort::ipc::internal
