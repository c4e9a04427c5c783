// Ends what other threads are doing on sockets.
//
// A thread that waits in a system call for a server can only be woken through the descriptor, and
// only while that is surely the one it waits on. So each thread keeps its descriptor in a
// StoppableFd, and one switch shuts them all down.

#ifndef COHORT_APPS_API_FETCHER_STOP_SWITCH_H_
#define COHORT_APPS_API_FETCHER_STOP_SWITCH_H_

#include <atomic>
#include <mutex>

#include "absl/container/flat_hash_set.h"

namespace cohort::api_fetcher {

class StoppableFd;

// Thread-safe. Outlives its StoppableFds.
class StopSwitch {
 public:
  // Shuts down all sockets, and at once those that are set later.
  void Stop();

  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

 private:
  friend class StoppableFd;

  std::mutex mutex_;
  std::atomic<bool> stopped_ = false;             // written under mutex_
  absl::flat_hash_set<const StoppableFd*> open_;  // guarded by mutex_
};

// The descriptor of one thread's socket. For that thread.
class StoppableFd {
 public:
  explicit StoppableFd(StopSwitch& owner) : switch_(owner) {}
  StoppableFd(const StoppableFd&) = delete;
  StoppableFd& operator=(const StoppableFd&) = delete;
  ~StoppableFd() { Release(); }

  void Set(int fd);

  // Before the descriptor is closed. Returns it; -1: there is none.
  int Release();

  int get() const { return fd_; }
  bool stopped() const { return switch_.stopped(); }

 private:
  friend class StopSwitch;

  StopSwitch& switch_;
  int fd_ = -1;  // written under the switch's mutex
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_STOP_SWITCH_H_
