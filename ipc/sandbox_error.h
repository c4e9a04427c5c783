// Why a worker cannot be restricted as it was asked for.

#ifndef COHORT_IPC_SANDBOX_ERROR_H_
#define COHORT_IPC_SANDBOX_ERROR_H_

#include "futures/errors.h"

namespace cohort::ipc {

class SandboxError : public Error {
 public:
  using Error::Error;
};

}  // namespace cohort::ipc

#endif  // COHORT_IPC_SANDBOX_ERROR_H_
