// Which modules (the executable and its shared libraries) this process has mapped, and how code is
// named so that another process of the same build finds it at whatever address it is loaded.
//
// A place in code is a CodeId: its module, by the build id that the linker has put into it, and the
// offset in that. A module without a build id is known by its file (device, inode, size, time of
// change), which is weaker: a copy of the file is another module.
//
//   ModuleTable& modules = ModuleTable::process();
//   const CodeId id = modules.id_of(address);        // in one process
//   const void* there = modules.resolve(id);         // in another
//
// Thread safety: all members may be called at any time by any thread, not by a signal handler.
// Blocks: for the loader's lock, and for the file system after a library was loaded or unloaded.
// Throws: IdentityError, which says what was looked for, what is here instead, and what to do.

#ifndef COHORT_IPC_MODULE_H_
#define COHORT_IPC_MODULE_H_

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "futures/errors.h"

namespace cohort::ipc {

// Code of another process that this one does not have.
class IdentityError : public Error {
 public:
  using Error::Error;
};

struct CodeId {
  std::string module;   // the bytes of its build id, of any number; or of what stands for it
  uint64_t offset = 0;  // from where the module is loaded
  std::string path;     // the module's file; empty for the executable

  friend bool operator==(const CodeId&, const CodeId&) = default;
};

struct Module {
  struct Segment {
    uintptr_t begin;
    uintptr_t end;
    bool Contains(uintptr_t address) const noexcept { return address >= begin && address < end; }
  };

  bool Contains(uintptr_t address) const noexcept;

  std::string id;             // as CodeId::module
  std::string name;           // as the loader calls it; empty for the executable
  std::string path;           // its file, without symbolic links
  uintptr_t base = 0;         // where it is loaded
  std::vector<Segment> code;  // its executable segments
  bool is_executable = false;
};

class ModuleTable {
 public:
  // The one of this process.
  static ModuleTable& process();

  ModuleTable(const ModuleTable&) = delete;
  ModuleTable& operator=(const ModuleTable&) = delete;

  // Throws where the address lies in no module's code, as that made at run time does.
  CodeId id_of(const void* address);

  // Never an address outside of the executable segments of the very module that the id names. Loads
  // a library that is missing, where allow_loading() was called.
  const void* resolve(const CodeId& id);

  // From now on a library that only the other process has loaded is loaded here too. It is compared
  // with what the id says, but only after its static initialisers have run: to be called by a
  // worker, which trusts who started it, and never by one who is sent ids by a process that may be
  // hostile.
  void allow_loading(bool allowed = true) noexcept;

  // Keeps the module of this address loaded for good. False where there is none.
  bool pin(const void* address);

  // A symbol that the module of this address itself, or one that it depends on, makes known. Null
  // where there is none.
  void* find_symbol(const void* address, const char* symbol);

  // As of now, the executable first.
  std::vector<Module> modules();

 private:
  ModuleTable() = default;

  void Refresh();
  const Module* FindAddress(uintptr_t address) const;
  const Module* FindId(const CodeId& id) const;
  bool Knows(const CodeId& id);
  void Load(const CodeId& id);
  [[noreturn]] void ThrowUnknown(const CodeId& id);

  std::mutex mutex_;  // of all below
  std::vector<Module> modules_;
  unsigned long long loaded_ = 0;  // how many the loader had loaded and unloaded, ever
  unsigned long long unloaded_ = 0;
  bool may_load_ = false;
};

// CodeId::module of the executable: equal for two processes of the same build, as a handshake may
// want to know. Never empty.
const std::string& executable_build_id();

// For people: "build id 00c0ffee", or "file 8:1 inode 42 ..." of a module without one.
std::string describe_module_id(std::string_view id);

}  // namespace cohort::ipc

#endif  // COHORT_IPC_MODULE_H_
