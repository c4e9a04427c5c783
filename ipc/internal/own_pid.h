// What stands in the compiled filter where the process's own number is to be put.

#ifndef COHORT_IPC_INTERNAL_OWN_PID_H_
#define COHORT_IPC_INTERNAL_OWN_PID_H_

#include <cstdint>

namespace cohort::ipc::internal {

// Greater than any process number, and no other constant of the filter.
inline constexpr uint32_t kOwnPid = 0x7e57'fade;

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_OWN_PID_H_
