#include "pools/internal/usable_cpus.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace cohort::internal {
namespace {

// Of a machine with more CPUs than a cpu_set_t has room for, the kernel refuses to tell.
int AffinityCpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::optional<double> ReadNumber(std::istream& in) {
  double number = 0;
  if (in >> number) return number;
  return std::nullopt;
}

std::optional<double> Ratio(std::optional<double> quota, std::optional<double> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

// "max 100000" or "150000 100000"
std::optional<double> QuotaV2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  const std::optional<double> quota = ReadNumber(file);
  return Ratio(quota, ReadNumber(file));
}

// Two files; -1 is no limit.
std::optional<double> QuotaV1(const std::string& folder) {
  std::ifstream quota(folder + "/cpu.cfs_quota_us");
  std::ifstream period(folder + "/cpu.cfs_period_us");
  return Ratio(ReadNumber(quota), ReadNumber(period));
}

// The least quota of the group and those around it, up to the mount point.
template <typename Quota>
std::optional<double> LeastQuota(const std::string& mount, std::string group, Quota quota) {
  std::optional<double> least;
  for (;;) {
    if (const auto here = quota(mount + group)) least = std::min(*here, least.value_or(*here));
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos || group.empty()) return least;
    group.erase(slash);
  }
}

bool HasController(const std::string& controllers, const std::string& wanted) {
  std::istringstream list(controllers);
  for (std::string each; std::getline(list, each, ',');) {
    if (each == wanted) return true;
  }
  return false;
}

// One line of /proc/self/cgroup: "0::/group" (version 2) or "4:cpu,cpuacct:/group" (version 1).
std::optional<double> QuotaOfLine(const std::string& line, const std::string& root) {
  const std::size_t first = line.find(':');
  const std::size_t second = line.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  const std::string controllers = line.substr(first + 1, second - first - 1);
  const std::string group = line.substr(second + 1);
  const std::string mounts = root + "sys/fs/cgroup";
  if (controllers.empty()) {
    const auto unified = LeastQuota(mounts, group, QuotaV2);
    return unified ? unified : LeastQuota(mounts + "/unified", group, QuotaV2);
  }
  if (!HasController(controllers, "cpu")) return std::nullopt;
  const auto quota = LeastQuota(mounts + "/" + controllers, group, QuotaV1);
  return quota ? quota : LeastQuota(mounts + "/cpu", group, QuotaV1);
}

}  // namespace

std::optional<int> CgroupQuota(const std::string& root) {
  std::optional<double> least;
  std::ifstream groups(root + "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (const auto quota = QuotaOfLine(line, root))
      least = std::min(*quota, least.value_or(*quota));
  }
  if (!least) return std::nullopt;
  return std::max(1, static_cast<int>(std::ceil(*least)));
}

int UsableCpus() {
  const int affinity = std::max(1, AffinityCpus());
  return std::min(affinity, CgroupQuota("/").value_or(affinity));
}

}  // namespace cohort::internal
