#include "ipc/internal/landlock.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "ipc/internal/other_threads.h"
#include "ipc/sandbox_error.h"

namespace cohort::ipc::internal {
namespace {

// The kernel's interface, written out: the headers of a distribution lag behind the kernels that
// its programs run on. The numbers are the same on all architectures.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr unsigned kAskVersion = 1;
constexpr unsigned kAskErrata = 2;
constexpr int kRulePathBeneath = 1;

struct RulesetAttributes {
  uint64_t files;
  uint64_t network;  // from version 4
  uint64_t scopes;   // from version 6
};

struct [[gnu::packed]] PathBeneath {
  uint64_t allowed;
  int32_t folder;
};

constexpr uint64_t kReadFile = 1 << 2;
constexpr uint64_t kReadFolder = 1 << 3;
constexpr uint64_t kBindAndConnectTcp = 3;
constexpr uint64_t kAbstractSockets = 1;
constexpr uint64_t kSignals = 2;
constexpr long kErratumOfSignals = 1 << 1;

// Read by libraries for themselves; when they cannot, some go on with a wrong answer (a time zone
// that cannot be loaded is UTC). What is not there is left out.
constexpr const char* kSystemFiles[] = {
    "/dev/null",           "/dev/zero",      "/dev/random",
    "/dev/urandom",        "/etc/localtime", "/sys/devices/system/cpu",
    "/usr/share/zoneinfo",
};

class Descriptor {
 public:
  explicit Descriptor(long fd) : fd_(static_cast<int>(fd)) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_;
};

// All rights to files that this version can withhold: from executing (bit 0) to the making of block
// devices and links (12), linking across folders (13), truncating (14), ioctl of devices (15).
uint64_t FileRights(int version) {
  int bits = 13;
  if (version >= 2) bits = 14;
  if (version >= 3) bits = 15;
  if (version >= 5) bits = 16;
  return (uint64_t{1} << bits) - 1;
}

// Before an erratum's correction, threads that were restricted each for itself could not signal
// one another; so without it signals are left to the filter of system calls.
uint64_t Scopes() {
  const long errata = syscall(kCreateRuleset, nullptr, 0, kAskErrata);
  const bool is_corrected = errata > 0 && (errata & kErratumOfSignals) != 0;
  return is_corrected ? kAbstractSockets | kSignals : kAbstractSockets;
}

Descriptor MakeRuleset(int version) {
  RulesetAttributes attributes{FileRights(version), 0, 0};
  if (version >= 4) attributes.network = kBindAndConnectTcp;
  if (version >= 6) attributes.scopes = Scopes();
  Descriptor ruleset(syscall(kCreateRuleset, &attributes, sizeof(attributes), 0));
  if (!ruleset) throw SandboxError(std::string("Landlock's ruleset: ") + std::strerror(errno));
  return ruleset;
}

void AllowReading(int ruleset, int file) {
  struct stat status {};
  const bool is_folder = fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
  const PathBeneath rule{is_folder ? kReadFile | kReadFolder : kReadFile, file};
  if (syscall(kAddRule, ruleset, kRulePathBeneath, &rule, 0) != 0) {
    throw SandboxError(std::string("Landlock's rule: ") + std::strerror(errno));
  }
}

Descriptor OpenAsPlace(const char* path) { return Descriptor(open(path, O_PATH | O_CLOEXEC)); }

void AllowSystemFiles(int ruleset) {
  for (const char* path : kSystemFiles) {
    if (const Descriptor file = OpenAsPlace(path)) AllowReading(ruleset, file.get());
  }
}

void AllowPaths(int ruleset, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const Descriptor file = OpenAsPlace(path.c_str());
    if (!file) {
      throw SandboxError("the sandbox cannot make " + path + " readable: " + std::strerror(errno) +
                         "; create it, or leave it out of read_only()");
    }
    AllowReading(ruleset, file.get());
  }
}

// Both are a thread's own, and inherited by the threads that it starts. Async-signal-safe.
bool RestrictThisThread(int ruleset) noexcept {
  return syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(kRestrictSelf, ruleset, 0) == 0;
}

}  // namespace

int LandlockVersion() noexcept {
  const long version = syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  return version > 0 ? static_cast<int>(version) : 0;
}

std::optional<std::string> RestrictToReading(const std::vector<std::string>& paths) {
  const int version = LandlockVersion();
  if (version == 0) {
    return "the kernel has no Landlock (Linux 5.13; it may be left out of the boot option lsm=), "
           "so "
           "that files everywhere can be read";
  }
  const Descriptor ruleset = MakeRuleset(version);
  AllowSystemFiles(ruleset.get());
  AllowPaths(ruleset.get(), paths);
  const bool others_done = RunOnOtherThreads(RestrictThisThread, ruleset.get());
  if (!RestrictThisThread(ruleset.get())) {
    throw SandboxError(std::string("Landlock: ") + std::strerror(errno));
  }
  if (others_done) return std::nullopt;
  return "Landlock restricts one thread at a time, and a thread that a static initialiser has "
         "started cannot be reached (it blocks signals), so that it can read files everywhere";
}

}  // namespace cohort::ipc::internal
