// What the tests of process pools share: how a task, which runs in another process, tells the test
// that it has come somewhere, and how it waits for the test. Nothing of it sleeps or looks at a
// clock; a pool knows nothing of it.

#ifndef COHORT_POOLS_INTERNAL_PROCESS_TEST_UTIL_H_
#define COHORT_POOLS_INTERNAL_PROCESS_TEST_UTIL_H_

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace cohort {

// A folder that is there for as long as this object.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string path = testing::TempDir() + "/cohort-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) std::abort();
    path_ = path;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline int OpenAnyhow(const std::string& path, int flags, mode_t mode = 0) {
  while (true) {
    const int fd = open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

// Adds a line to a file: how tasks tell in which order they ran. Returns for convenience.
inline int WriteLine(const std::string& file, const std::string& line) {
  const int fd = OpenAnyhow(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  const std::string text = line + "\n";
  const bool is_whole = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return is_whole ? 1 : 0;
}

inline std::vector<std::string> LinesOf(const std::string& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Where tasks wait until the test lets them on. They are given its path(), and use the functions
// below. To be declared before the pool.
class RemoteGate {
 public:
  RemoteGate() {
    if (mkfifo(folder_.file("arrivals").c_str(), 0600) != 0) std::abort();
    if (mkfifo(folder_.file("door").c_str(), 0600) != 0) std::abort();
    arrivals_ = OpenAnyhow(folder_.file("arrivals"), O_RDWR);
  }
  ~RemoteGate() {
    Open();
    close(arrivals_);
    close(door_);
  }
  RemoteGate(const RemoteGate&) = delete;
  RemoteGate& operator=(const RemoteGate&) = delete;

  const std::string& path() const { return folder_.path(); }

  // Once it is open, it stays so: whoever opens the door for reading finds a writer.
  void Open() {
    if (door_ < 0) door_ = OpenAnyhow(folder_.file("door"), O_RDWR);
  }

  // Blocks until so many tasks have arrived, of all that ever did. False, and a failure of the
  // test, where they do not come.
  bool AwaitArrivals(int count) {
    while (arrived_ < count) {
      pollfd news{arrivals_, POLLIN, 0};
      if (poll(&news, 1, kPatience) <= 0) {
        ADD_FAILURE() << "only " << arrived_ << " of " << count << " tasks have arrived";
        return false;
      }
      char bytes[64];
      const ssize_t got = read(arrivals_, bytes, sizeof(bytes));
      if (got > 0) arrived_ += static_cast<int>(got);
    }
    return true;
  }
  int arrived() {
    pollfd news{arrivals_, POLLIN, 0};
    if (poll(&news, 1, 0) == 1) AwaitArrivals(arrived_ + 1);
    return arrived_;
  }

 private:
  static constexpr int kPatience = 120'000;  // only when something is wrong

  ScratchFolder folder_;
  int arrivals_ = -1;
  int door_ = -1;
  int arrived_ = 0;
};

// For tasks.

inline void ArriveAt(const std::string& gate) {
  const int fd = OpenAnyhow(gate + "/arrivals", O_WRONLY);
  if (fd < 0 || write(fd, "x", 1) != 1) std::abort();
  close(fd);
}

inline void AwaitOpening(const std::string& gate) {
  const int fd = OpenAnyhow(gate + "/door", O_RDONLY);
  if (fd < 0) std::abort();
  close(fd);
}

inline int PassGate(const std::string& gate, int result) {
  ArriveAt(gate);
  AwaitOpening(gate);
  return result;
}

inline pid_t PidAfterGate(const std::string& gate) {
  ArriveAt(gate);
  AwaitOpening(gate);
  return getpid();
}

// Runs until its stop token is signalled.
inline int UntilStopped(std::stop_token token, const std::string& gate, int result) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  ArriveAt(gate);
  never.wait(lock, token, [] { return false; });
  return result;
}

// Runs until its process is killed.
inline int ForEver(const std::string& gate) {
  ArriveAt(gate);
  while (true) pause();
}

// The same, in spite of the stop token that it takes.
inline int ForEverInSpiteOf(std::stop_token /*token*/, const std::string& gate) {
  return ForEver(gate);
}

inline pid_t WorkerPid() { return getpid(); }

inline int Crash(int signal) {
  ::signal(signal, SIG_DFL);  // also where a sanitizer would handle it
  raise(signal);
  return 0;
}

inline int ExitWith(int status) { _exit(status); }

inline int Square(int n) { return n * n; }

inline int Throw(const std::string& text) { throw std::runtime_error(text); }

// For the test itself.

template <typename F>
std::string MessageOf(const F& future) {
  const std::exception_ptr error = future.exception();
  if (error == nullptr) return "no exception";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "no std::exception";
  }
}

// Whether the process is there, and no zombie.
inline bool IsAlive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return false;
  const std::size_t name_end = line.rfind(')');
  return name_end != std::string::npos && line.size() > name_end + 2 && line[name_end + 2] != 'Z';
}

// Neither alive nor a zombie of this process.
inline bool IsGone(pid_t pid) { return !std::filesystem::exists("/proc/" + std::to_string(pid)); }

}  // namespace cohort

#endif  // COHORT_POOLS_INTERNAL_PROCESS_TEST_UTIL_H_
