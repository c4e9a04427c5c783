// Has every other thread of this process call a function, wherever it is: for what the kernel keeps
// for each thread apart.

#ifndef COHORT_IPC_INTERNAL_OTHER_THREADS_H_
#define COHORT_IPC_INTERNAL_OTHER_THREADS_H_

namespace cohort::ipc::internal {

// A call that is safe in a signal handler, and its success.
using ThreadCall = bool (*)(int argument) noexcept;

// Whether `call(argument)` succeeded on each of them, also on those that they start meanwhile,
// unless these inherit its effect from them. Interrupts their system calls. False after a second
// without an answer: the thread blocks the signal SIGRTMAX, which this uses. One caller at a time.
//
// In ThreadSanitizer's builds it does nothing and returns true: the sanitizer has a thread of its
// own there, which takes no signal, and holds back signals to the others.
bool RunOnOtherThreads(ThreadCall call, int argument);

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_OTHER_THREADS_H_
