// What a crashing process leaves behind for its parent: a signal, an address and a backtrace, in a
// slot of shared memory.
//
//   install_crash_handler(shared->crash);                 // in the child, once
//   ... the child dies of a signal ...
//   const std::string text = describe_crash(shared->crash);  // in the parent
//
//   SIGSEGV at address 0x10: no memory is mapped there
//     #0  app::Parse()  /usr/bin/app+0x4a1c
//     #1  main  /usr/bin/app+0x1204
//
// The handler takes SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS and SIGTRAP, on a stack of its
// own for the thread that installed it, so that a stack overflow there is reported too. Then the
// process ends by the same signal as it would without the handler. A signal that has a handler
// already is left alone, and one installed later replaces ours. In a build with AddressSanitizer or
// ThreadSanitizer those signals that the sanitizer itself reports are left to it.
//
// A system call filter must let rt_sigaction, rt_sigprocmask, rt_sigreturn, getpid, gettid and
// tgkill through, or the process ends by SIGSYS instead.

#ifndef COHORT_IPC_CRASH_REPORT_H_
#define COHORT_IPC_CRASH_REPORT_H_

#include <cstdint>
#include <string>
#include <type_traits>

namespace cohort::ipc {

// All zero: there was no crash. Its fields are the library's own.
struct CrashSlot {
  static constexpr uint32_t kMaxFrames = 64;

  struct Frame {
    uint64_t module = 0;    // a digest of its id, which processes of one build agree on; 0: none
    uint64_t offset = 0;    // in that module; the address itself where there is none
    uint32_t is_exact = 0;  // the very instruction, not the one to which the frame returns
    uint32_t reserved = 0;
  };

  int32_t signal = 0;
  int32_t code = 0;      // si_code
  uint64_t address = 0;  // si_addr
  int32_t detail = 0;    // the process that sent the signal; the system call, of SIGSYS
  uint32_t frame_count = 0;
  Frame frames[kMaxFrames] = {};
};
static_assert(std::is_trivially_copyable_v<CrashSlot>);

// Of this process. `slot` must stay mapped until it ends. May be called again, by any one thread at
// a time: when libraries were loaded, whose functions would otherwise have no names, or to give
// another thread a stack for the handler.
void install_crash_handler(CrashSlot& slot);

// Names come from the modules of this process, so it should be one of the same build; without that
// or without symbols there are plain offsets. Empty when there was no crash. The slot may hold
// anything, and change meanwhile. Blocks: for the file system. Any thread.
std::string describe_crash(const CrashSlot& slot);

}  // namespace cohort::ipc

#endif  // COHORT_IPC_CRASH_REPORT_H_
