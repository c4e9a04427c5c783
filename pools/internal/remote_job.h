// A task that runs in another process, as the executor keeps it here: its message, its options, and
// the future that waits for the answer.

#ifndef COHORT_POOLS_INTERNAL_REMOTE_JOB_H_
#define COHORT_POOLS_INTERNAL_REMOTE_JOB_H_

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "futures/internal/core.h"
#include "futures/timeout.h"
#include "ipc/codec.h"
#include "ipc/exception.h"
#include "ipc/internal/ring.h"
#include "ipc/message.h"
#include "ipc/worker_process.h"
#include "pools/executor.h"
#include "pools/internal/executor_registry.h"
#include "pools/internal/task.h"

namespace cohort::internal {

class ProcessWorker;

// Whether the callable takes a stop token: then it is given time to end by itself.
enum class StopToken { kIgnored, kTaken };

// What all tasks have, whatever they return.
class RemoteJob {
 public:
  RemoteJob(const RemoteJob&) = delete;
  RemoteJob& operator=(const RemoteJob&) = delete;

  virtual CoreBase& core() noexcept = 0;

  // Makes the result from the answer, or keeps an error, and returns the state to publish. What
  // cannot be decoded is an error. A streamed answer that was cut off changes nothing: kPending.
  virtual CoreState Accept(ipc::Reader& answer) noexcept = 0;
  virtual CoreState AcceptError(std::exception_ptr error) noexcept = 0;

  // Whether Accept() runs code of the user's.
  virtual bool RunsUserCode() const noexcept = 0;

  const std::string& name() const noexcept {
    static const std::string none;
    return options_ == nullptr ? none : options_->name;
  }
  Timeout timeout() const noexcept {
    return options_ == nullptr ? Timeout::forever() : options_->timeout;
  }
  int priority() const noexcept { return options_ == nullptr ? 0 : options_->priority; }
  bool takes_stop_token() const noexcept { return stop_token_ == StopToken::kTaken; }

  // One more try, if there is one left.
  bool TakeRetry() noexcept {
    return !is_to_stop && options_ != nullptr && options_->max_retries-- > 0;
  }

  // Written before the job is scheduled.
  ipc::Message message;

  // A large message is streamed by a thread of its own, which may outlive the job's answer.
  void ShareLargeMessage() {
    if (ipc::WorkerProcess::NeedsStream(message)) ShareMessage();
  }
  void ShareMessage() {
    if (is_large()) return;
    large_message = std::make_shared<const ipc::Message>(std::move(message));
    message.Clear();
  }
  const ipc::Message& sent_message() const noexcept {
    return is_large() ? *large_message : message;
  }
  std::shared_ptr<const ipc::Message> large_message;
  bool is_large() const noexcept { return large_message != nullptr; }
  void FreeMessage() noexcept {
    message = {};
    large_message = nullptr;
  }

  // Where the task was sent, and as which: guarded by the engine's mutex. Null: nowhere.
  ProcessWorker* worker = nullptr;
  uint64_t sequence = 0;

  uint64_t number = 0;          // in the order of submission
  int deaths_before_begin = 0;  // of workers in which it was the next
  bool is_to_stop = false;      // somebody has asked for it

 protected:
  RemoteJob(const TaskOptions& options, StopToken stop_token)
      : stop_token_(stop_token), options_(IsPlain(options) ? nullptr : new TaskOptions(options)) {}
  ~RemoteJob() = default;

 private:
  static bool IsPlain(const TaskOptions& options) {
    return options.name.empty() && options.timeout.is_forever() && options.priority == 0 &&
           options.max_retries <= 0;
  }

  const StopToken stop_token_;
  const std::unique_ptr<TaskOptions> options_;
};

// The executor's side of questions that a future asks. Each finds the executor by the task's
// executor_id(), and does nothing where it is gone: then the task is done.
bool AskRemoteBack(uint32_t executor, RemoteJob& job) noexcept;
void AskWhetherRemoteBegun(uint32_t executor, RemoteJob& job) noexcept;
void HelpRemote(uint32_t executor, CoreBase& awaited, Deadline deadline) noexcept;
bool RequestRemoteStop(uint32_t executor, RemoteJob& job) noexcept;

// Whether making an R from an answer runs code of users.
template <typename R>
inline constexpr bool kDecodedByUserCode = ipc::kRunsUserCode<R>;
template <>
inline constexpr bool kDecodedByUserCode<void> = false;

template <typename R>
class RemoteTask final : public Core<R>, public RemoteJob {
 public:
  RemoteTask(uint32_t executor_id, std::unique_ptr<TaskRecord> record, const TaskOptions& options,
             StopToken stop_token)
      : Core<R>(2, executor_id), RemoteJob(options, stop_token), record_(std::move(record)) {}

  CoreBase& core() noexcept override { return *this; }

  CoreState Accept(ipc::Reader& answer) noexcept override {
    try {
      if constexpr (std::is_void_v<R>) {
        CheckEnd(answer);
        this->Emplace();
      } else {
        R result = ipc::decode<R>(answer);
        CheckEnd(answer);
        this->Emplace(std::move(result));
      }
      return CoreState::kValue;
    } catch (const ipc::internal::PeerGone&) {
      return CoreState::kPending;
    } catch (const ipc::internal::ProtocolError&) {
      return CoreState::kPending;
    } catch (...) {
      return AcceptError(std::current_exception());
    }
  }
  CoreState AcceptError(std::exception_ptr error) noexcept override {
    this->EmplaceError(std::move(error));
    return CoreState::kException;
  }
  bool RunsUserCode() const noexcept override { return kDecodedByUserCode<R>; }

  bool RequestStop() noexcept override {
    return !this->done() && RequestRemoteStop(this->executor_id(), *this);
  }
  const TaskRecord* record() const noexcept override { return record_.get(); }

 private:
  static void CheckEnd(const ipc::Reader& answer) {
    if (answer.remaining() != 0) {
      throw ipc::CodecError("the result of a task is followed by " +
                            std::to_string(answer.remaining()) + " bytes more");
    }
  }

  bool AskBack() noexcept override { return AskRemoteBack(this->executor_id(), *this); }
  void AskWhetherBegun() noexcept override { AskWhetherRemoteBegun(this->executor_id(), *this); }
  bool SpinUntilDone() const noexcept override { return this->done(); }
  void HelpUntilDone(Deadline deadline) noexcept override {
    HelpRemote(this->executor_id(), *this, deadline);
  }
  void OnCancelled() noexcept override {
    FreeMessage();
    RegisteredExecutor::NotifyCancelled(this->executor_id());
  }

  const std::unique_ptr<TaskRecord> record_;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_REMOTE_JOB_H_
