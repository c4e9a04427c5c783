#include "ipc/module.h"

#include <dlfcn.h>
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>

namespace cohort::ipc {
namespace {

constexpr char kExecutableFile[] = "/proc/self/exe";

// What stands for the build id of a module without one. No linker makes an id of this size.
struct FileId {
  char kind[8] = {'f', 'i', 'l', 'e', ' ', 'i', 'd', ':'};
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
};

std::string FileIdOf(const char* path) {
  struct stat status {};
  FileId id;
  if (stat(path, &status) == 0) {
    id.device = status.st_dev;
    id.inode = status.st_ino;
    id.size = static_cast<uint64_t>(status.st_size);
    id.seconds = status.st_mtim.tv_sec;
    id.nanoseconds = status.st_mtim.tv_nsec;
  }
  return std::string(reinterpret_cast<const char*>(&id), sizeof(id));
}

std::size_t RoundUp(std::size_t size, std::size_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

// The build id among a segment's notes, or nothing.
std::string BuildIdIn(std::span<const char> notes, std::size_t alignment) {
  ElfW(Nhdr) header;
  while (notes.size() >= sizeof(header)) {
    std::memcpy(&header, notes.data(), sizeof(header));
    const std::size_t name = sizeof(header);
    const std::size_t text = RoundUp(name + header.n_namesz, alignment);
    const std::size_t end = text + header.n_descsz;
    if (end > notes.size()) break;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == sizeof("GNU") &&
        std::memcmp(notes.data() + name, "GNU", sizeof("GNU")) == 0) {
      return std::string(notes.data() + text, header.n_descsz);
    }
    notes = notes.subspan(std::min(RoundUp(end, alignment), notes.size()));
  }
  return {};
}

void AddSegment(Module& module, const ElfW(Phdr) & segment) {
  const uintptr_t begin = module.base + segment.p_vaddr;
  if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) {
    module.code.push_back({begin, begin + segment.p_memsz});
  } else if (segment.p_type == PT_NOTE && module.id.empty()) {
    module.id = BuildIdIn({reinterpret_cast<const char*>(begin), segment.p_memsz},
                          segment.p_align == 8 ? 8 : 4);
  }
}

Module ModuleOf(const dl_phdr_info& info) {
  Module module;
  module.name = info.dlpi_name == nullptr ? "" : info.dlpi_name;
  module.base = info.dlpi_addr;
  for (const ElfW(Phdr) & segment : std::span(info.dlpi_phdr, info.dlpi_phnum)) {
    AddSegment(module, segment);
  }
  return module;
}

struct Scan {
  std::vector<Module> modules;
  unsigned long long loaded = 0;
  unsigned long long unloaded = 0;
};

int CountLoads(dl_phdr_info* info, std::size_t, void* scan) {
  static_cast<Scan*>(scan)->loaded = info->dlpi_adds;
  static_cast<Scan*>(scan)->unloaded = info->dlpi_subs;
  return 1;
}

// The loader's lock is held.
int AddModule(dl_phdr_info* info, std::size_t size, void* scan) {
  static_cast<Scan*>(scan)->modules.push_back(ModuleOf(*info));
  CountLoads(info, size, scan);
  return 0;
}

std::string RealPath(const std::string& path) {
  char real[PATH_MAX];
  return realpath(path.c_str(), real) == nullptr ? path : real;
}

// What needs the file system, and no lock.
void Complete(Module& module, bool is_executable) {
  module.is_executable = is_executable;
  const bool is_file = is_executable || module.name.find('/') != std::string::npos;
  const std::string file = is_executable ? kExecutableFile : module.name;
  module.path = is_file ? RealPath(file) : module.name;
  if (module.id.empty()) module.id = FileIdOf(file.c_str());
}

std::string Hexadecimal(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Hexadecimal(uint64_t number) {
  char text[2 + 16 + 1];
  snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

std::string Describe(const Module& module) {
  return module.path + " (" + describe_module_id(module.id) + ")";
}

// An open library, closed again unless it is kept.
class Library {
 public:
  Library(const char* path, int flags) : handle_(dlopen(path, flags)) {}
  ~Library() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  void* get() const noexcept { return handle_; }
  void Keep() noexcept { handle_ = nullptr; }

 private:
  void* handle_;
};

}  // namespace

bool Module::Contains(uintptr_t address) const noexcept {
  return std::any_of(code.begin(), code.end(),
                     [address](const Segment& segment) { return segment.Contains(address); });
}

ModuleTable& ModuleTable::process() {
  static auto* const table = new ModuleTable;  // lives on: exit handlers may still ask it
  return *table;
}

// Under the lock.
void ModuleTable::Refresh() {
  Scan now;
  dl_iterate_phdr(CountLoads, &now);
  if (!modules_.empty() && now.loaded == loaded_ && now.unloaded == unloaded_) return;
  dl_iterate_phdr(AddModule, &now);
  for (Module& module : now.modules) Complete(module, &module == now.modules.data());
  modules_ = std::move(now.modules);
  loaded_ = now.loaded;
  unloaded_ = now.unloaded;
}

const Module* ModuleTable::FindAddress(uintptr_t address) const {
  const auto found =
      std::find_if(modules_.begin(), modules_.end(),
                   [address](const Module& module) { return module.Contains(address); });
  return found == modules_.end() ? nullptr : &*found;
}

// The same build may be loaded from two files: the one of that path is preferred.
const Module* ModuleTable::FindId(const CodeId& id) const {
  const Module* any = nullptr;
  for (const Module& module : modules_) {
    if (module.id != id.module || module.is_executable != id.path.empty()) continue;
    if (module.is_executable || module.path == id.path) return &module;
    if (any == nullptr) any = &module;
  }
  return any;
}

CodeId ModuleTable::id_of(const void* address) {
  const auto place = reinterpret_cast<uintptr_t>(address);
  const std::lock_guard lock(mutex_);
  Refresh();
  if (const Module* module = FindAddress(place)) {
    return {module->id, place - module->base, module->is_executable ? "" : module->path};
  }
  throw IdentityError("the address " + Hexadecimal(place) +
                      " lies in the code of no module of this process, so that no other process "
                      "can find it: pass a function of the program or of a shared library");
}

const void* ModuleTable::resolve(const CodeId& id) {
  if (!Knows(id)) Load(id);
  const std::lock_guard lock(mutex_);
  const Module* module = FindId(id);
  if (module == nullptr) {
    throw IdentityError("the library " + id.path + " was unloaded while it was looked up");
  }
  const uintptr_t address = module->base + id.offset;
  if (!module->Contains(address)) {
    throw IdentityError("offset " + Hexadecimal(id.offset) + " lies outside of the code of " +
                        Describe(*module) + ": the message is damaged, or not of this program");
  }
  return reinterpret_cast<const void*>(address);
}

bool ModuleTable::Knows(const CodeId& id) {
  const std::lock_guard lock(mutex_);
  Refresh();
  return FindId(id) != nullptr;
}

void ModuleTable::allow_loading(bool allowed) noexcept {
  const std::lock_guard lock(mutex_);
  may_load_ = allowed;
}

// Without the lock, for the library's static initialisers may come here themselves.
void ModuleTable::Load(const CodeId& id) {
  {
    const std::lock_guard lock(mutex_);
    const bool is_other_version =
        std::any_of(modules_.begin(), modules_.end(),
                    [&id](const Module& module) { return module.path == id.path; });
    if (id.path.empty() || is_other_version || !may_load_) ThrowUnknown(id);
  }
  Library library(id.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library.get() == nullptr) {
    const char* reason = dlerror();
    throw IdentityError("the library " + id.path + " (" + describe_module_id(id.module) +
                        ") cannot be loaded into this process: " +
                        (reason == nullptr ? "no reason given" : reason) +
                        ". Load it before the pool is made, or keep its file readable");
  }
  if (!Knows(id)) {
    const std::lock_guard lock(mutex_);
    ThrowUnknown(id);
  }
  library.Keep();
}

// Under the lock.
void ModuleTable::ThrowUnknown(const CodeId& id) {
  const std::string wanted = describe_module_id(id.module);
  if (id.path.empty()) {
    throw IdentityError("a function of the program with " + wanted +
                        " was asked for, but this is " + Describe(modules_.front()) +
                        ": both processes must run the same build. Restart the one that was "
                        "started before the program was built anew");
  }
  for (const Module& module : modules_) {
    if (module.path != id.path) continue;
    throw IdentityError("a function of " + id.path + " with " + wanted +
                        " was asked for, but this process has it with " +
                        describe_module_id(module.id) +
                        ": the file was replaced since the program was started. Restart it");
  }
  throw IdentityError("a function of " + id.path + " (" + wanted +
                      ") was asked for, and this process has not loaded it and may not load what "
                      "another process names: load it here first, with dlopen()");
}

bool ModuleTable::pin(const void* address) {
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    const Module* module = FindAddress(reinterpret_cast<uintptr_t>(address));
    if (module == nullptr) return false;
    if (module->is_executable) return true;
    name = module->name;
  }
  Library library(name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (library.get() == nullptr) return false;
  library.Keep();
  return true;
}

void* ModuleTable::find_symbol(const void* address, const char* symbol) {
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    const Module* module = FindAddress(reinterpret_cast<uintptr_t>(address));
    if (module == nullptr) return nullptr;
    name = module->name;
  }
  // The empty name is the executable's.
  const Library library(name.empty() ? nullptr : name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  return library.get() == nullptr ? nullptr : dlsym(library.get(), symbol);
}

std::vector<Module> ModuleTable::modules() {
  const std::lock_guard lock(mutex_);
  Refresh();
  return modules_;
}

const std::string& executable_build_id() {
  static const auto* const id = new std::string(ModuleTable::process().modules().front().id);
  return *id;
}

std::string describe_module_id(std::string_view id) {
  FileId file;
  const bool is_file = id.size() == sizeof(file) && id.starts_with(std::string_view(file.kind, 8));
  if (!is_file) return "build id " + Hexadecimal(id);
  std::memcpy(&file, id.data(), sizeof(file));
  return "file " + std::to_string(major(file.device)) + ":" + std::to_string(minor(file.device)) +
         " inode " + std::to_string(file.inode) + " size " + std::to_string(file.size) +
         " changed " + std::to_string(file.seconds) + "." + std::to_string(file.nanoseconds);
}

}  // namespace cohort::ipc
