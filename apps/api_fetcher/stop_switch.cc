#include "apps/api_fetcher/stop_switch.h"

#include <sys/socket.h>

#include <utility>

namespace cohort::api_fetcher {

void StopSwitch::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_.store(true, std::memory_order_relaxed);
  for (const StoppableFd* socket : open_) shutdown(socket->fd_, SHUT_RDWR);
}

void StoppableFd::Set(int fd) {
  Release();
  const std::lock_guard lock(switch_.mutex_);
  fd_ = fd;
  switch_.open_.insert(this);
  if (switch_.stopped()) shutdown(fd, SHUT_RDWR);
}

int StoppableFd::Release() {
  if (fd_ < 0) return -1;
  const std::lock_guard lock(switch_.mutex_);
  switch_.open_.erase(this);
  return std::exchange(fd_, -1);
}

}  // namespace cohort::api_fetcher
