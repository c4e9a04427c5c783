#include "pools/internal/executor_registry.h"

#include <pthread.h>

#include <memory>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "pools/internal/delegate.h"

namespace cohort::internal {
namespace {

// Never destroyed: futures may be cancelled after main. Its lock is held across fork(), so that a
// child finds it free.
struct Registry {
  std::mutex mutex;
  absl::flat_hash_map<uint32_t, RegisteredExecutor*> executors;
  uint32_t last_id = 0;

  static Registry& Get() {
    static Registry* const registry = [] {
      auto* const made = new Registry;
      pthread_atfork([] { Get().mutex.lock(); }, [] { Get().mutex.unlock(); },
                     [] { Get().mutex.unlock(); });
      return made;
    }();
    return *registry;
  }
};

}  // namespace

RegisteredExecutor::RegisteredExecutor() {
  Registry& registry = Registry::Get();
  const std::lock_guard lock(registry.mutex);
  do {
    id_ = ++registry.last_id;
  } while (id_ == 0 || id_ == kDelegatesId || registry.executors.contains(id_));
  registry.executors.emplace(id_, this);
}

RegisteredExecutor::~RegisteredExecutor() { Unregister(); }

void RegisteredExecutor::Unregister() noexcept {
  Registry& registry = Registry::Get();
  const std::lock_guard lock(registry.mutex);
  registry.executors.erase(id_);
}

void RegisteredExecutor::NotifyCancelled(uint32_t id) noexcept {
  Registry& registry = Registry::Get();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.executors.find(id);
  if (found != registry.executors.end()) found->second->OnCancelled();
}

std::shared_ptr<RegisteredExecutor> RegisteredExecutor::Find(uint32_t id) noexcept {
  Registry& registry = Registry::Get();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.executors.find(id);
  return found == registry.executors.end() ? nullptr : found->second->Share();
}

}  // namespace cohort::internal
