// The reading side. The dying one is internal/crash_handler.cc.

#include "ipc/crash_report.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "absl/debugging/symbolize.h"
#include "ipc/internal/text_hash.h"
#include "ipc/module.h"

namespace cohort::ipc {
namespace {

struct Meaning {
  int signal;
  int code;
  std::string_view text;
};

constexpr std::array kMeanings = std::to_array<Meaning>({
    {SIGSEGV, SEGV_MAPERR, "no memory is mapped there"},
    {SIGSEGV, SEGV_ACCERR, "that memory may not be used in this way"},
    {SIGSEGV, SI_KERNEL, "no memory can have the address that was used"},
    {SIGBUS, BUS_ADRALN, "the address is not aligned"},
    {SIGBUS, BUS_ADRERR, "the file mapped there ends before it, or memory ran out"},
    {SIGFPE, FPE_INTDIV, "an integer was divided by zero, or the result has no room"},
    {SIGFPE, FPE_FLTDIV, "a floating-point number was divided by zero"},
    {SIGILL, ILL_ILLOPN, "this processor has no such instruction"},
    {SIGILL, ILL_ILLOPC, "this processor has no such instruction"},
});

std::string Hexadecimal(uint64_t number) {
  std::array<char, 2 + 16 + 1> text;
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(number));
  return text.data();
}

std::string SignalName(int signal) {
  const char* const name = sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string(name);
}

std::string MeaningOf(const CrashSlot& crash) {
  if (crash.code <= 0) return "sent by process " + std::to_string(crash.detail);
  if (crash.signal == SIGSYS) {
    return "system call " + std::to_string(crash.detail) + " is not allowed";
  }
  const auto found =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&crash](const Meaning& meaning) {
        return meaning.signal == crash.signal && meaning.code == crash.code;
      });
  return found == kMeanings.end() ? "code " + std::to_string(crash.code) : std::string(found->text);
}

bool IsAboutMemory(const CrashSlot& crash) {
  return (crash.signal == SIGSEGV || crash.signal == SIGBUS) && crash.code > 0 &&
         crash.code != SI_KERNEL;
}

std::string Headline(const CrashSlot& crash) {
  const std::string address =
      IsAboutMemory(crash) ? " at address " + Hexadecimal(crash.address) : "";
  return SignalName(crash.signal) + address + ": " + MeaningOf(crash);
}

const Module* FindModule(const std::vector<Module>& modules, uint64_t digest) {
  const auto found = std::find_if(modules.begin(), modules.end(), [digest](const Module& module) {
    return internal::HashOf(module.id) == digest;
  });
  return found == modules.end() ? nullptr : &*found;
}

std::string SymbolAt(const Module& module, const CrashSlot::Frame& frame) {
  // A return address is that of the instruction after the call, maybe of the next function.
  const uintptr_t address = module.base + frame.offset - (frame.is_exact != 0 ? 0 : 1);
  std::array<char, 1024> name;
  const bool is_known =
      module.Contains(address) && absl::Symbolize(reinterpret_cast<const void*>(address),
                                                  name.data(), static_cast<int>(name.size()));
  return is_known ? name.data() : "?";
}

std::string Describe(const CrashSlot::Frame& frame, const std::vector<Module>& modules) {
  if (frame.module == 0) return "?  " + Hexadecimal(frame.offset) + " in no module";
  const Module* module = FindModule(modules, frame.module);
  if (module == nullptr) return "?  " + Hexadecimal(frame.offset) + " in a module not loaded here";
  return SymbolAt(*module, frame) + "  " + module->path + "+" + Hexadecimal(frame.offset);
}

// The first frame after `begin` that is another one.
uint32_t EndOfRecursion(const CrashSlot& crash, uint32_t begin) {
  const CrashSlot::Frame& first = crash.frames[begin];
  uint32_t end = begin + 1;
  while (end < crash.frame_count && crash.frames[end].module == first.module &&
         crash.frames[end].offset == first.offset) {
    ++end;
  }
  return end;
}

// What is in memory that another process may still be writing to, as it is at one time.
CrashSlot Copy(const CrashSlot& slot) {
  CrashSlot copy;
  std::memcpy(&copy, &slot, sizeof(copy));
  // The compiler must not look at the original again.
  asm volatile("" : : "r"(&copy) : "memory");
  copy.frame_count = std::min(copy.frame_count, CrashSlot::kMaxFrames);
  return copy;
}

}  // namespace

std::string describe_crash(const CrashSlot& slot) {
  const CrashSlot crash = Copy(slot);
  if (crash.signal == 0) return {};
  const std::vector<Module> modules = ModuleTable::process().modules();
  std::string text = Headline(crash);
  uint32_t next = 0;
  for (uint32_t i = 0; i < crash.frame_count; i = next) {
    next = EndOfRecursion(crash, i);
    text += "\n  #" + std::to_string(i) + "  " + Describe(crash.frames[i], modules);
    if (next != i + 1) text += ", and " + std::to_string(next - i - 1) + " times more";
  }
  return text;
}

}  // namespace cohort::ipc
