#include "ipc/internal/stop_watcher.h"

#include <pthread.h>
#include <signal.h>

#include <system_error>

#include "futures/internal/futex.h"
#include "futures/timeout.h"

namespace cohort::ipc::internal {

std::stop_token StopWatcher::TokenFor(uint64_t task) {
  if (!is_watching_) StartThread();
  std::stop_token token;
  {
    const std::lock_guard lock(mutex_);
    if (!source_) {
      source_.emplace();
      task_ = task;
      has_token_ = true;
    }
    token = source_->get_token();
  }
  // The word may have been set before the thread could know of the task.
  SignalIfRequested(word_.load(std::memory_order_seq_cst));
  return token;
}

void StopWatcher::Forget() noexcept {
  if (!has_token_) return;
  has_token_ = false;
  const std::lock_guard lock(mutex_);
  source_.reset();
}

void StopWatcher::SignalIfRequested(uint64_t task) noexcept {
  std::stop_source source(std::nostopstate);
  {
    const std::lock_guard lock(mutex_);
    if (source_ && task_ == task) source = *source_;
  }
  source.request_stop();  // without the lock: it calls the task's stop callbacks
}

void StopWatcher::WatchWord() noexcept {
  using cohort::internal::FutexHalf;
  using cohort::internal::FutexScope;
  while (true) {
    const uint64_t task = word_.load(std::memory_order_seq_cst);
    SignalIfRequested(task);
    cohort::internal::FutexWait(FutexHalf(word_), static_cast<uint32_t>(task), Deadline::never(),
                                FutexScope::kShared);
  }
}

void* StopWatcher::Watch(void* self) noexcept {
  static_cast<StopWatcher*>(self)->WatchWord();
  return nullptr;
}

void StopWatcher::StartThread() {
  constexpr std::size_t kStackSize = std::size_t{256} << 10;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // Signals are for the thread that runs the tasks.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, &StopWatcher::Watch, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "a thread that watches for stops");
  }
  is_watching_ = true;
}

}  // namespace cohort::ipc::internal
