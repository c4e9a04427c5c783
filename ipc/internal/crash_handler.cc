// The dying side of ipc/crash_report.h. From HandleCrash() down all must be safe in a signal
// handler: no allocation, no lock of ours, nothing that throws.

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <vector>

#include "ipc/crash_report.h"
#include "ipc/internal/text_hash.h"
#include "ipc/module.h"

namespace cohort::ipc {
namespace {

constexpr std::size_t kStackSize = std::size_t{256} << 10;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct HandledSignal {
  int number;
  bool is_sanitizers;  // it reports these itself
};

constexpr std::array<HandledSignal, 7> kSignals = {{{SIGSEGV, true},
                                                    {SIGBUS, true},
                                                    {SIGFPE, true},
                                                    {SIGILL, false},
                                                    {SIGABRT, false},
                                                    {SIGSYS, false},
                                                    {SIGTRAP, false}}};

// Code that lies at one piece.
struct Segment {
  uintptr_t begin;
  uintptr_t end;
  uintptr_t base;
  uint64_t module;
};

// What the handler knows: replaced as a whole, and never freed, for a handler may be reading it.
struct Installation {
  CrashSlot* slot;
  pid_t process;  // a child that it forks has the handler too, but not the slot
  std::vector<Segment> segments;
};

constinit std::atomic<const Installation*> installation = nullptr;
// The thread that fills the slot, and for which signal.
constinit std::atomic<pid_t> crashing_thread = 0;
constinit std::atomic<int> crash_signal = 0;

static_assert(std::atomic<const Installation*>::is_always_lock_free);

std::vector<Segment> SegmentsNow() {
  std::vector<Segment> segments;
  for (const Module& module : ModuleTable::process().modules()) {
    for (const Module::Segment& code : module.code) {
      segments.push_back({code.begin, code.end, module.base, internal::HashOf(module.id)});
    }
  }
  return segments;
}

// ---- In the handler.

const Segment* FindSegment(uintptr_t address) noexcept {
  for (const Segment& segment : installation.load()->segments) {
    if (address >= segment.begin && address < segment.end) return &segment;
  }
  return nullptr;
}

void AddFrame(CrashSlot& slot, uintptr_t address, bool is_exact) noexcept {
  if (slot.frame_count >= CrashSlot::kMaxFrames) return;
  // What lies before the address to return to is the call, which may end its function.
  const Segment* segment = FindSegment(is_exact ? address : address - 1);
  CrashSlot::Frame& frame = slot.frames[slot.frame_count];
  frame.module = segment == nullptr ? 0 : segment->module;
  frame.offset = segment == nullptr ? address : address - segment->base;
  frame.is_exact = is_exact ? 1 : 0;
  ++slot.frame_count;
}

struct Walk {
  CrashSlot* slot;
  uintptr_t from;  // the frame after which all are stored: those before are the handler's
  bool is_there = false;
};

_Unwind_Reason_Code OnFrame(_Unwind_Context* context, void* data) noexcept {
  Walk& walk = *static_cast<Walk*>(data);
  int is_before_instruction = 0;
  const uintptr_t address = _Unwind_GetIPInfo(context, &is_before_instruction);
  if (address == 0) return _URC_END_OF_STACK;
  if (walk.is_there) {
    AddFrame(*walk.slot, address, is_before_instruction != 0);
  } else if (address == walk.from) {
    walk.is_there = true;
  }
  return walk.slot->frame_count < CrashSlot::kMaxFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

#if defined(__x86_64__)
uintptr_t ProgramCounter(const ucontext_t& context) noexcept {
  return static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
}

// As if what was called had returned at once.
void Return(ucontext_t& context) noexcept {
  greg_t& stack = context.uc_mcontext.gregs[REG_RSP];
  context.uc_mcontext.gregs[REG_RIP] = *reinterpret_cast<const greg_t*>(stack);
  stack += sizeof(uintptr_t);
}
#elif defined(__aarch64__)
uintptr_t ProgramCounter(const ucontext_t& context) noexcept { return context.uc_mcontext.pc; }

void Return(ucontext_t& context) noexcept { context.uc_mcontext.pc = context.uc_mcontext.regs[30]; }
#else
#error "the registers of this processor are not known here"
#endif

void StoreFrames(CrashSlot& slot, ucontext_t& context) noexcept {
  AddFrame(slot, ProgramCounter(context), true);
  if (FindSegment(ProgramCounter(context)) == nullptr) {
    // A jump to where there is no code, most likely by a call. The unwinder would read there.
    Return(context);
    if (FindSegment(ProgramCounter(context)) == nullptr) return;
    AddFrame(slot, ProgramCounter(context), false);
  }
  Walk walk{&slot, ProgramCounter(context)};
  _Unwind_Backtrace(OnFrame, &walk);
}

void StoreSignal(CrashSlot& slot, const siginfo_t& info) noexcept {
  slot.signal = info.si_signo;
  slot.code = info.si_code;
  if (info.si_code <= 0) {
    slot.detail = info.si_pid;
    return;
  }
  slot.address = reinterpret_cast<uintptr_t>(info.si_addr);
  if (info.si_signo == SIGSYS) slot.detail = info.si_syscall;
}

// Returns only where the kernel shields this process from signals of its own, as the first one of a
// namespace.
void EndBy(int signal) noexcept {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  sigset_t just_this;
  sigemptyset(&just_this);
  sigaddset(&just_this, signal);
  pthread_sigmask(SIG_UNBLOCK, &just_this, nullptr);
  raise(signal);
}

// One thread reports. Others that crash meanwhile wait for the end. A crash of the handler itself
// ends the process by the first signal.
bool ClaimCrash(int signal) noexcept {
  pid_t none = 0;
  if (crashing_thread.compare_exchange_strong(none, gettid())) {
    crash_signal.store(signal);
    return true;
  }
  while (crashing_thread.load() != gettid()) pause();
  return false;
}

void HandleCrash(int signal, siginfo_t* info, void* context) {
  const Installation& installed = *installation.load();
  if (installed.process != getpid()) {
    crash_signal.store(signal);
  } else if (ClaimCrash(signal)) {
    installed.slot->frame_count = 0;
    StoreSignal(*installed.slot, *info);
    StoreFrames(*installed.slot, *static_cast<ucontext_t*>(context));
  }
  const int first = crash_signal.load();
  EndBy(first);
  _exit(128 + first);
}

// ---- Before.

// The unwinder may allocate and load a library, but only the first time.
void WarmUp() {
  _Unwind_Backtrace([](_Unwind_Context*, void*) { return _URC_NO_REASON; }, nullptr);
}

bool HasAlternateStack() {
  stack_t stack{};
  return sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_DISABLE) == 0;
}

// Of this thread, for good.
void GiveAlternateStack() {
  if (HasAlternateStack()) return;
  const auto guard = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const memory = mmap(nullptr, guard + kStackSize, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "no memory for the crash handler");
  }
  mprotect(memory, guard, PROT_NONE);
  stack_t stack{};
  stack.ss_sp = static_cast<std::byte*>(memory) + guard;
  stack.ss_size = kStackSize;
  sigaltstack(&stack, nullptr);
}

bool HasHandler(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_DFL;
}

void Handle(const HandledSignal& signal) {
  if ((kSanitized && signal.is_sanitizers) || HasHandler(signal.number)) return;
  struct sigaction action {};
  action.sa_sigaction = HandleCrash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(signal.number, &action, nullptr);
}

}  // namespace

void install_crash_handler(CrashSlot& slot) {
  static auto* const all = new std::vector<std::unique_ptr<const Installation>>;
  all->push_back(
      std::make_unique<const Installation>(Installation{&slot, getpid(), SegmentsNow()}));
  installation.store(all->back().get());
  WarmUp();
  GiveAlternateStack();
  for (const HandledSignal& signal : kSignals) Handle(signal);
}

}  // namespace cohort::ipc
