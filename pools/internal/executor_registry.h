// Which executors there are, for a future that is cancelled long after it was submitted.
//
// A queued task does not keep its executor alive, and knows it by a number only. The cancelling
// thread looks the number up here: an executor that is still registered is told that it has one
// task less in its queue; one that is gone does not care.

#ifndef COHORT_POOLS_INTERNAL_EXECUTOR_REGISTRY_H_
#define COHORT_POOLS_INTERNAL_EXECUTOR_REGISTRY_H_

#include <cstdint>
#include <memory>

namespace cohort::internal {

class RegisteredExecutor {
 public:
  RegisteredExecutor(const RegisteredExecutor&) = delete;
  RegisteredExecutor& operator=(const RegisteredExecutor&) = delete;

  // Never 0, and not used again before 4 billion more executors have been made.
  uint32_t id() const noexcept { return id_; }

  // A task of the executor with that id was cancelled before it began.
  static void NotifyCancelled(uint32_t id) noexcept;

  // The executor with that id, kept alive; null where it is gone or does not let itself be shared.
  static std::shared_ptr<RegisteredExecutor> Find(uint32_t id) noexcept;

 protected:
  RegisteredExecutor();
  ~RegisteredExecutor();

  // To be called before what OnCancelled() uses is destroyed. Afterwards none is under way.
  void Unregister() noexcept;

 private:
  // On the cancelling thread, under the registry's lock: must be short, and call nothing back.
  virtual void OnCancelled() noexcept = 0;

  // Also under the lock.
  virtual std::shared_ptr<RegisteredExecutor> Share() noexcept { return nullptr; }

  uint32_t id_;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_EXECUTOR_REGISTRY_H_
