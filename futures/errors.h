// The errors of futures and executors.
//
// Cohort's own errors derive from `Error`, which is a `std::runtime_error`. (Arguments that make no
// sense are std::invalid_argument; what the system refuses is std::system_error or std::bad_alloc.
// ipc/ has CodecError, IdentityError and SandboxError besides.)
//
//   Error
//    ├── CancelledError      cancelled: the task never ran, or request_stop() ended its process
//    ├── TimeoutError        the time of a wait ran out, and the task goes on; or a task's own
//    │                       time, and its process was ended
//    ├── InvalidStateError   a call that the future's state does not allow
//    ├── BrokenPromise       the producing side went away without a result
//    ├── BrokenExecutor      the executor can run nothing any more
//    │    ├── BrokenThreadPool
//    │    └── BrokenProcessPool
//    ├── WorkerDied          the process that ran the task ended in the middle of it
//    └── RemoteError         an exception of another process whose type is not known in this one
//
// An exception that a task throws is no `Error` of ours: it arrives as it was thrown.

#ifndef COHORT_FUTURES_ERRORS_H_
#define COHORT_FUTURES_ERRORS_H_

#include <sys/types.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace cohort {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class CancelledError : public Error {
 public:
  CancelledError() : Error("the future was cancelled") {}
  using Error::Error;
};

class TimeoutError : public Error {
 public:
  TimeoutError() : Error("the future was not done in time; its task goes on") {}
  using Error::Error;
};

class InvalidStateError : public Error {
 public:
  using Error::Error;
};

class BrokenPromise : public Error {
 public:
  BrokenPromise() : Error("the promise was dropped before it was given a result") {}
  using Error::Error;
};

class BrokenExecutor : public Error {
 public:
  using Error::Error;
};

class BrokenThreadPool : public BrokenExecutor {
 public:
  using BrokenExecutor::BrokenExecutor;
};

class BrokenProcessPool : public BrokenExecutor {
 public:
  using BrokenExecutor::BrokenExecutor;
};

// What is known of a worker process that ended while it ran a task. What does not apply is 0 or
// empty.
struct WorkerDeath {
  std::string task = {};       // the task's name
  pid_t pid = 0;               // the worker that died
  int signal = 0;              // the signal that ended it
  int exit_status = 0;         // or the status that it exited with
  std::string backtrace = {};  // symbolised, when it was a fault
};

class WorkerDied : public Error {
 public:
  WorkerDied(const std::string& what, WorkerDeath death) : Error(what), death_(std::move(death)) {}

  const std::string& task() const noexcept { return death_.task; }
  pid_t pid() const noexcept { return death_.pid; }
  int signal() const noexcept { return death_.signal; }
  int exit_status() const noexcept { return death_.exit_status; }
  const std::string& backtrace() const noexcept { return death_.backtrace; }

 private:
  WorkerDeath death_;
};

class RemoteError : public Error {
 public:
  RemoteError(std::string type_name, const std::string& text)
      : Error(type_name + ": " + text), type_name_(std::move(type_name)) {}

  // The demangled name of the exception's type in the process that threw it.
  const std::string& type_name() const noexcept { return type_name_; }

 private:
  std::string type_name_;
};

}  // namespace cohort

#endif  // COHORT_FUTURES_ERRORS_H_
