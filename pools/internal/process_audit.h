// What tests that kill processes share: that nothing is left behind, and what has really begun.

#ifndef COHORT_POOLS_INTERNAL_PROCESS_AUDIT_H_
#define COHORT_POOLS_INTERNAL_PROCESS_AUDIT_H_

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "pools/internal/test_util.h"

namespace cohort {

// But for those of programs and libraries, which whoever describes a crash keeps open.
inline std::size_t OpenDescriptors() {
  std::size_t count = 0;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const std::string target = std::filesystem::read_symlink(each.path(), ignored);
    count += target != program && target.find(".so") == target.npos;
  }
  return count;
}

// Mappings of memory that processes share.
inline std::size_t SharedMappings() {
  std::size_t count = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) count += line.find("memfd:") != line.npos;
  return count;
}

inline std::set<std::string> NamesInDevShm() {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator("/dev/shm", ignored)) {
    names.insert(each.path().filename());
  }
  return names;
}

// Neither a child that runs nor a zombie.
inline bool HasNoChild() { return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

// Takes note of what there is at its construction.
class ProcessAudit {
 public:
  // All pools must be gone.
  void ExpectNothingLeft() const {
    EXPECT_TRUE(HasNoChild());
    EXPECT_EQ(OpenDescriptors(), descriptors_);
    EXPECT_EQ(SharedMappings(), mappings_);
    // Other programs come and go there.
    EXPECT_TRUE(Eventually([this] { return IsSubset(NamesInDevShm(), names_); }));
  }

 private:
  static bool IsSubset(const std::set<std::string>& some, const std::set<std::string>& all) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
  }

  const std::size_t descriptors_ = OpenDescriptors();
  const std::size_t mappings_ = SharedMappings();
  const std::set<std::string> names_ = NamesInDevShm();
};

// 'R', 'S', 'T', 'Z' ..., or 0 where there is no such process.
inline char ProcessState(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  const std::size_t name_end = line.rfind(')');
  return name_end == line.npos ? 0 : line[name_end + 2];
}

inline bool HasEnded(pid_t pid) {
  const char state = ProcessState(pid);
  return state == 0 || state == 'Z' || state == 'X';
}

// Where tasks leave a note, as the first thing that they do: which one it is, and in which process.
// The file's name travels in the environment, which workers inherit: to be made before the pool.
class BeginLog {
 public:
  struct Entry {
    uint64_t task;
    int64_t pid;
  };

  BeginLog() {
    path_ = testing::TempDir() + "/begin-XXXXXX";
    const int fd = mkstemp(path_.data());
    if (fd < 0) std::abort();
    close(fd);
    setenv(kVariable, path_.c_str(), 1);
  }
  ~BeginLog() {
    unsetenv(kVariable);
    unlink(path_.c_str());
  }
  BeginLog(const BeginLog&) = delete;
  BeginLog& operator=(const BeginLog&) = delete;

  // For tasks.
  static void Note(uint64_t task) {
    static const int fd = open(getenv(kVariable), O_WRONLY | O_APPEND | O_CLOEXEC);
    const Entry entry{task, getpid()};
    if (write(fd, &entry, sizeof(entry)) != sizeof(entry)) std::abort();
  }

  // The processes that began each task, in that order.
  std::map<uint64_t, std::vector<pid_t>> Read() const {
    std::map<uint64_t, std::vector<pid_t>> begins;
    std::ifstream file(path_, std::ios::binary);
    for (Entry entry{}; file.read(reinterpret_cast<char*>(&entry), sizeof(entry));) {
      begins[entry.task].push_back(static_cast<pid_t>(entry.pid));
    }
    return begins;
  }
  std::vector<pid_t> Of(uint64_t task) const { return Read()[task]; }
  void Await(uint64_t task, std::size_t begins = 1) const {
    EXPECT_TRUE(Eventually([&] { return Of(task).size() >= begins; })) << "task " << task;
  }

 private:
  static constexpr const char* kVariable = "COHORT_TEST_BEGIN_LOG";
  std::string path_;
};

// A core of each process that these tests kill would fill the disk. Workers inherit it.
inline void ForbidCores() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

}  // namespace cohort

#endif  // COHORT_POOLS_INTERNAL_PROCESS_AUDIT_H_
