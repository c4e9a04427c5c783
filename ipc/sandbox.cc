#include "ipc/sandbox.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "ipc/internal/landlock.h"
#include "ipc/internal/seccomp_filter.h"

namespace cohort {

Sandbox Sandbox::compute() {
  Sandbox sandbox;
  sandbox.kind = Kind::kCompute;
  return sandbox;
}

Sandbox Sandbox::read_only(const std::vector<std::string>& paths) const {
  if (kind == Kind::kNone) {
    throw std::invalid_argument(
        "Sandbox::none() may read everything; begin with Sandbox::compute()");
  }
  Sandbox sandbox = *this;
  for (const std::string& path : paths) {
    if (!path.starts_with('/')) {
      throw std::invalid_argument("Sandbox::read_only: \"" + path +
                                  "\" is no absolute path; give the whole path");
    }
    sandbox.readable.push_back(path);
  }
  return sandbox;
}

Sandbox Sandbox::allow_missing() const {
  Sandbox sandbox = *this;
  sandbox.may_lack_parts = true;
  return sandbox;
}

namespace ipc {
namespace {

void SetLimit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  if (setrlimit(resource, &limit) != 0) {
    throw SandboxError(std::string("setrlimit: ") + std::strerror(errno));
  }
}

bool HasRoomLeft() {
  constexpr std::size_t kSome = std::size_t{256} << 10;
  void* const room =
      mmap(nullptr, kSome, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return false;
  munmap(room, kSome);
  return true;
}

// The soft limit first: the old one can be set again, so that there is memory for the exception.
void LimitMemory(uint64_t bytes) {
  rlimit before{};
  getrlimit(RLIMIT_DATA, &before);
  const rlim_t limit = std::min<rlim_t>(bytes, before.rlim_max);
  SetLimit(RLIMIT_DATA, limit, before.rlim_max);
  if (!HasRoomLeft()) {
    SetLimit(RLIMIT_DATA, before.rlim_cur, before.rlim_max);
    throw SandboxError("a memory limit of " + std::to_string(bytes) +
                       " bytes is less than what a worker uses before its first task; raise it");
  }
  SetLimit(RLIMIT_DATA, limit, limit);
}

// Without it, a program with special rights (setuid) could be started and undo the rest; the kernel
// asks for it first.
void RefusePrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    throw SandboxError(std::string("PR_SET_NO_NEW_PRIVS: ") + std::strerror(errno));
  }
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

void Refuse(const std::vector<std::string>& missing) {
  throw SandboxError("the sandbox is incomplete here: " + Joined(missing) +
                     ". Sandbox::allow_missing() does without");
}

void ApplyCompute(const Sandbox& sandbox, SandboxReport& report) {
  const auto note = [&](const std::optional<std::string>& missing) {
    if (missing) report.missing.push_back(*missing);
  };
  SetLimit(RLIMIT_CORE, 0, 0);
  RefusePrivileges();
  note(internal::RestrictToReading(sandbox.readable));
  note(internal::FilterSystemCalls());
  if (!report.missing.empty() && !sandbox.may_lack_parts) Refuse(report.missing);
}

}  // namespace

SandboxReport apply_sandbox(const Sandbox& sandbox, const WorkerLimits& limits) {
  SandboxReport report;
  if (limits.memory != 0) LimitMemory(limits.memory);
  if (sandbox.kind == Sandbox::Kind::kCompute) ApplyCompute(sandbox, report);
  return report;
}

}  // namespace ipc
}  // namespace cohort
