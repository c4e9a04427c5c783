#include "ipc/module.h"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cohort::ipc {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kPlugin[] = "ipc/libmodule_test_plugin.so";
constexpr char kPluginWithoutId[] = "ipc/libmodule_test_no_id.so";

int variable = 0;

void SomeFunction() {}

const void* AddressOf(void (*function)()) { return reinterpret_cast<const void*>(function); }

ModuleTable& Modules() { return ModuleTable::process(); }

std::string ErrorOf(const std::function<void()>& f) {
  try {
    f();
  } catch (const IdentityError& error) {
    return error.what();
  }
  return "no error";
}

std::string ResolveError(const CodeId& id) {
  return ErrorOf([&id] { Modules().resolve(id); });
}

// A plugin, with a file of its own for each test. One without a build id has an identity of its own
// too, so that it may stay loaded.
class Plugin {
 public:
  explicit Plugin(const char* file)
      : file_(std::filesystem::canonical(testing::TempDir()) /
              ("plugin" + std::to_string(++count) + ".so")) {
    std::filesystem::copy_file(file, file_, std::filesystem::copy_options::overwrite_existing);
  }
  ~Plugin() {
    Close();
    Modules().allow_loading(false);
    std::filesystem::remove(file_);
  }

  void Open() {
    handle_ = dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(handle_, nullptr) << dlerror();
  }
  void Close() {
    if (handle_ != nullptr) dlclose(handle_);
    handle_ = nullptr;
  }
  bool is_loaded() const {
    void* const handle = dlopen(file_.c_str(), RTLD_NOLOAD | RTLD_NOW);
    if (handle != nullptr) dlclose(handle);
    return handle != nullptr;
  }
  const void* function() const { return dlsym(handle_, "PluginFunction"); }
  const std::string& file() const { return file_; }

 private:
  static inline int count = 0;

  std::string file_;
  void* handle_ = nullptr;
};

TEST(ModuleTableTest, ExecutableIsFirst) {
  const std::vector<Module> modules = Modules().modules();
  ASSERT_GT(modules.size(), 1u);
  EXPECT_TRUE(modules[0].is_executable);
  EXPECT_FALSE(modules[1].is_executable);
  EXPECT_EQ(modules[0].path, std::filesystem::canonical("/proc/self/exe"));
  EXPECT_EQ(modules[0].id, executable_build_id());
  EXPECT_GE(executable_build_id().size(), 8u);
}

TEST(ModuleTableTest, CodeOfTheExecutable) {
  const CodeId id = Modules().id_of(AddressOf(SomeFunction));
  EXPECT_EQ(id.module, executable_build_id());
  EXPECT_EQ(id.path, "");
  EXPECT_EQ(Modules().resolve(id), AddressOf(SomeFunction));
}

TEST(ModuleTableTest, CodeOfASharedLibrary) {
  const void* const function = dlsym(RTLD_DEFAULT, "getenv");
  const CodeId id = Modules().id_of(function);
  EXPECT_NE(id.module, executable_build_id());
  EXPECT_THAT(id.path, HasSubstr("/lib"));
  EXPECT_EQ(Modules().resolve(id), function);
}

TEST(ModuleTableTest, AddressOutsideOfCode) {
  const int on_the_stack = 0;
  EXPECT_THAT(ErrorOf([&] { Modules().id_of(&on_the_stack); }), HasSubstr("of no module"));
  EXPECT_THAT(ErrorOf([] { Modules().id_of(&variable); }), HasSubstr("of no module"));
  EXPECT_THAT(ErrorOf([] { Modules().id_of(nullptr); }), HasSubstr("of no module"));
}

TEST(ModuleTableTest, OffsetOutsideOfCode) {
  CodeId id = Modules().id_of(AddressOf(SomeFunction));
  const uint64_t base = reinterpret_cast<uintptr_t>(AddressOf(SomeFunction)) - id.offset;
  id.offset = reinterpret_cast<uintptr_t>(&variable) - base;
  EXPECT_THAT(ResolveError(id), HasSubstr("outside of the code"));
  for (const uint64_t offset : {~uint64_t{0}, uint64_t{1} << 63}) {
    id.offset = offset;
    EXPECT_THAT(ResolveError(id), HasSubstr("outside of the code"));
  }
}

TEST(ModuleTableTest, OtherBuildOfTheExecutable) {
  CodeId id = Modules().id_of(AddressOf(SomeFunction));
  id.module[0] ^= 1;
  EXPECT_THAT(ResolveError(id),
              AllOf(HasSubstr(describe_module_id(id.module)),
                    HasSubstr(describe_module_id(executable_build_id())), HasSubstr("Restart")));
}

TEST(ModuleTableTest, OtherBuildOfALibrary) {
  CodeId id = Modules().id_of(dlsym(RTLD_DEFAULT, "getenv"));
  id.module[0] ^= 1;
  EXPECT_THAT(ResolveError(id), AllOf(HasSubstr(describe_module_id(id.module)),
                                      HasSubstr("the file was replaced"), HasSubstr("Restart")));
}

TEST(ModuleTableTest, LibraryIsNotLoadedUnasked) {
  Plugin plugin(kPlugin);
  plugin.Open();
  const CodeId id = Modules().id_of(plugin.function());
  EXPECT_EQ(id.path, plugin.file());
  EXPECT_EQ(Modules().resolve(id), plugin.function());
  plugin.Close();
  ASSERT_FALSE(plugin.is_loaded());
  EXPECT_THAT(ResolveError(id), AllOf(HasSubstr(plugin.file()), HasSubstr("has not loaded it")));
  EXPECT_FALSE(plugin.is_loaded());
}

TEST(ModuleTableTest, PinnedLibraryStays) {
  Plugin plugin(kPluginWithoutId);
  plugin.Open();
  const void* const function = plugin.function();
  EXPECT_TRUE(Modules().pin(function));
  EXPECT_TRUE(Modules().pin(AddressOf(SomeFunction)));
  EXPECT_FALSE(Modules().pin(&plugin));
  plugin.Close();
  EXPECT_TRUE(plugin.is_loaded());
}

TEST(ModuleTableTest, SymbolOfAModule) {
  Plugin plugin(kPlugin);
  plugin.Open();
  const void* const function = plugin.function();
  EXPECT_EQ(Modules().find_symbol(function, "PluginFunction"), function);
  EXPECT_EQ(Modules().find_symbol(function, "NoSuchFunction"), nullptr);
  EXPECT_EQ(Modules().find_symbol(AddressOf(SomeFunction), "PluginFunction"), nullptr);
  EXPECT_EQ(Modules().find_symbol(&plugin, "PluginFunction"), nullptr);
}

TEST(ModuleTableTest, LoadsWhatTheOtherProcessHas) {
  Plugin plugin(kPluginWithoutId);
  plugin.Open();
  const CodeId id = Modules().id_of(plugin.function());
  plugin.Close();
  Modules().allow_loading(true);
  const void* const function = Modules().resolve(id);
  EXPECT_TRUE(plugin.is_loaded());
  plugin.Open();
  EXPECT_EQ(function, plugin.function());
}

TEST(ModuleTableTest, LoadedLibraryOfAnotherBuild) {
  Plugin plugin(kPlugin);
  plugin.Open();
  CodeId id = Modules().id_of(plugin.function());
  plugin.Close();
  id.module[0] ^= 1;
  Modules().allow_loading(true);
  EXPECT_THAT(ResolveError(id),
              AllOf(HasSubstr("the file was replaced"), HasSubstr(describe_module_id(id.module))));
  EXPECT_FALSE(plugin.is_loaded());
}

TEST(ModuleTableTest, LibraryThatCannotBeLoaded) {
  Modules().allow_loading(true);
  const std::string error = ResolveError({"some id", 0, "/nowhere/libnone.so"});
  Modules().allow_loading(false);
  EXPECT_THAT(error, AllOf(HasSubstr("/nowhere/libnone.so"), HasSubstr("No such file")));
}

TEST(ModuleTableTest, LibraryWithoutBuildId) {
  Plugin plugin(kPluginWithoutId);
  plugin.Open();
  const CodeId id = Modules().id_of(plugin.function());
  EXPECT_THAT(describe_module_id(id.module), AllOf(HasSubstr("inode"), HasSubstr("size")));
  EXPECT_EQ(Modules().resolve(id), plugin.function());
}

// One thread loads and unloads, so that ThreadSanitizer sees no races of the loader's own.
TEST(ModuleTableTest, ManyThreads) {
  const CodeId id = Modules().id_of(AddressOf(SomeFunction));
  std::atomic<bool> is_done = false;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!is_done) EXPECT_EQ(Modules().resolve(id), AddressOf(SomeFunction));
    });
  }
  for (int round = 0; round < 200; ++round) {
    void* const handle = dlopen(kPlugin, RTLD_NOW | RTLD_LOCAL);
    const void* const function = dlsym(handle, "PluginFunction");
    EXPECT_EQ(Modules().resolve(Modules().id_of(function)), function);
    dlclose(handle);
  }
  is_done = true;
}

TEST(DescribeModuleIdTest, BuildIdOfAnySize) {
  EXPECT_EQ(describe_module_id("\x01\xab"), "build id 01ab");
  EXPECT_EQ(describe_module_id(""), "build id ");
}

}  // namespace
}  // namespace cohort::ipc
