#include "ipc/callable.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ipc/internal/callable_test_library.h"
#include "ipc/message.h"
#include "ipc/module.h"

namespace cohort::ipc {

namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kPlugin[] = "ipc/libcallable_test_plugin.so";

template <typename Function>
struct Trampoline {
  static void Run(Call& call) { call.log += Function()(); }
};

struct FirstSignature {};
struct SecondSignature {};
struct OtherSignature {};
struct NamedSignature {};
struct Named {};

const char* FirstName() { return "first"; }
void FirstEntry(Call& call) { call.log += FirstName(); }
void UnregisteredEntry(Call& call) { call.log += "unregistered"; }

const RegisteredEntry& First() { return registered_entry<&FirstEntry, FirstSignature>(); }

// Of a lambda, in a template, which nothing but this names.
const RegisteredEntry& Second() {
  constexpr auto kSecond = [] { return "second"; };
  using Function = std::remove_const_t<decltype(kSecond)>;
  return registered_entry<&Trampoline<Function>::Run, SecondSignature, Function>();
}

Reader ReaderOf(const std::string& bytes) {
  return Reader(std::as_bytes(std::span<const char>(bytes)));
}

const RegisteredEntry& Decoded(const std::string& bytes) {
  Reader reader = ReaderOf(bytes);
  const RegisteredEntry& entry = decode_entry(reader);
  if (reader.remaining() != 0) throw std::logic_error("bytes are left over");
  return entry;
}

std::string LogOf(const std::string& bytes) {
  Call call;
  Decoded(bytes).entry(call);
  return call.log;
}

std::string ErrorOf(const std::function<void()>& f) {
  try {
    f();
  } catch (const IdentityError& error) {
    return error.what();
  }
  return "no error";
}

std::string DecodeError(const std::string& bytes) {
  return ErrorOf([&bytes] { Decoded(bytes); });
}

template <typename T>
std::string Encoded(const T& value) {
  Message message;
  Writer writer(message);
  Codec<T>::encode(writer, value);
  return BytesOf(message);
}

template <typename T>
T DecodedAs(const std::string& bytes) {
  Reader reader = ReaderOf(bytes);
  return Codec<T>::decode(reader);
}

template <typename T>
T RoundTrip(const T& value) {
  return DecodedAs<T>(Encoded(value));
}

// ---- Entries.

TEST(EntryTest, RoundTrip) {
  EXPECT_EQ(&Decoded(EncodedEntry(First())), &First());
  EXPECT_EQ(&Decoded(EncodedEntry(Second())), &Second());
  EXPECT_EQ(LogOf(EncodedEntry(First())), "first");
  EXPECT_EQ(LogOf(EncodedEntry(Second())), "second");
  EXPECT_EQ(&Decoded(EncodedEntry(First())), &First());
}

TEST(EntryTest, HasAName) {
  EXPECT_THAT(std::string(First().name), HasSubstr("FirstEntry"));
  EXPECT_NE(First().name.front(), '&');
  EXPECT_THAT(std::string(Second().name), HasSubstr("lambda"));
  const auto& named = registered_entry<&FirstEntry, NamedSignature, Named>();
  EXPECT_THAT(std::string(named.name), testing::EndsWith("::Named"));
}

TEST(EntryTest, IsCompact) { EXPECT_LE(EncodedEntry(First()).size(), 48u); }

TEST(EntryTest, UnregisteredFunctionIsRefused) {
  const RegisteredEntry fake(&UnregisteredEntry, 1, "fake");
  EXPECT_THAT(DecodeError(EncodedEntry(fake)), HasSubstr("is registered at"));
}

TEST(EntryTest, OtherSignatureIsRefused) {
  const RegisteredEntry fake(&FirstEntry, First().signature_hash + 1, "fake");
  EXPECT_THAT(DecodeError(EncodedEntry(fake)), HasSubstr("is registered at"));
}

// One function may be registered with several signatures.
TEST(EntryTest, OneFunctionTwoSignatures) {
  const auto& other = registered_entry<&FirstEntry, OtherSignature>();
  EXPECT_EQ(&Decoded(EncodedEntry(other)), &other);
  EXPECT_EQ(&Decoded(EncodedEntry(First())), &First());
}

TEST(EntryTest, EveryBitCounts) {
  const std::string bytes = EncodedEntry(First());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THROW(Decoded(damaged), Error) << "bit " << bit;
  }
}

TEST(EntryTest, TruncatedBytes) {
  const std::string bytes = EncodedEntry(First());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(Decoded(bytes.substr(0, size)), Error) << "size " << size;
  }
}

TEST(EntryTest, Garbage) {
  std::minstd_rand random(1);
  for (int i = 0; i < 3'000; ++i) {
    std::string bytes(random() % 80, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 64);
    EXPECT_THROW(Decoded(bytes), Error);
  }
}

TEST(EntryTest, ManyThreads) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 1000; ++round) {
        EXPECT_EQ(&Decoded(EncodedEntry(First())), &First());
        EXPECT_EQ(LogOf(EncodedLinkedEntry()), "linked");
      }
    });
  }
}

TEST(EntryTest, OfALinkedLibrary) { EXPECT_EQ(LogOf(EncodedLinkedEntry()), "linked"); }

class Plugin {
 public:
  Plugin() : handle_(dlopen(kPlugin, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) throw std::runtime_error(dlerror());
  }
  ~Plugin() { dlclose(handle_); }

  static bool is_loaded() {
    void* const handle = dlopen(kPlugin, RTLD_NOLOAD | RTLD_NOW);
    if (handle != nullptr) dlclose(handle);
    return handle != nullptr;
  }

  std::string entry() const {
    std::string bytes;
    void* const function = dlsym(handle_, "EncodePluginEntry");
    reinterpret_cast<void (*)(std::string*)>(function)(&bytes);
    return bytes;
  }

 private:
  void* handle_;
};

TEST(EntryTest, OfAPlugin) {
  std::string bytes;
  {
    const Plugin plugin;
    bytes = plugin.entry();
  }
  ASSERT_FALSE(Plugin::is_loaded());
  // The list is whole: to see that this is not in it, all of it is looked through.
  const RegisteredEntry fake(&UnregisteredEntry, 2, "fake");
  EXPECT_THAT(DecodeError(EncodedEntry(fake)), HasSubstr("is registered at"));
  EXPECT_THAT(DecodeError(bytes), HasSubstr("has not loaded it"));
  {
    const Plugin plugin;
    EXPECT_EQ(plugin.entry(), bytes);
    EXPECT_EQ(LogOf(bytes), "plugin");
  }
  // What was decoded stays good.
  EXPECT_TRUE(Plugin::is_loaded());
  EXPECT_EQ(LogOf(bytes), "plugin");
}

// ---- Pointers.

int Twice(int number) { return 2 * number; }
int Thrice(int number) noexcept { return 3 * number; }

class Adder {
 public:
  virtual ~Adder() = default;
  int Plain(int number) { return kept_ + number; }
  int Const(int number) const noexcept { return kept_ - number; }
  virtual int Virtual(int number) { return kept_ * number; }

 private:
  int kept_ = 100;
};

struct Left {
  virtual ~Left() = default;
  virtual int OfLeft() { return 1; }
  int left = 10;
};
struct Right {
  virtual ~Right() = default;
  virtual int OfRight() { return 2; }
  int Sum() const { return right + 1; }
  int right = 20;
};
struct Both : Left, Right {
  int OfRight() override { return 3; }
};

// GCC's check of `this` takes an adjusted pointer for one to another object.
template <typename Pointer>
__attribute__((no_sanitize("undefined"))) int CallAdjusted(Both& object, Pointer pointer) {
  return (object.*pointer)();
}

TEST(FunctionPointerTest, RoundTrip) {
  EXPECT_EQ(RoundTrip(&Twice), &Twice);
  EXPECT_EQ(RoundTrip(&Thrice), &Thrice);
  EXPECT_EQ(RoundTrip(&std::getenv), &std::getenv);
  EXPECT_EQ(RoundTrip(&LinkedFunction)(4), 5);
  EXPECT_EQ(RoundTrip<int (*)(int)>([](int number) { return number + 7; })(1), 8);
}

TEST(FunctionPointerTest, Null) {
  int (*const null)(int) = nullptr;
  EXPECT_EQ(RoundTrip(null), nullptr);
}

TEST(FunctionPointerTest, Data) {
  static int variable = 0;
  const auto pointer = reinterpret_cast<int (*)(int)>(&variable);
  EXPECT_THAT(ErrorOf([&] { Encoded(pointer); }), HasSubstr("of no module"));
}

TEST(FunctionPointerTest, Garbage) {
  std::minstd_rand random(1);
  for (int i = 0; i < 3'000; ++i) {
    std::string bytes(1 + random() % 60, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    bytes[0] = 1;  // code follows
    EXPECT_THROW(DecodedAs<int (*)(int)>(bytes), Error);
    EXPECT_THROW(DecodedAs<int (Left::*)()>(bytes), Error);
    bytes[0] = 3;  // no such kind
    EXPECT_THROW(DecodedAs<int (*)(int)>(bytes), Error);
    EXPECT_THROW(DecodedAs<int (Left::*)()>(bytes), Error);
  }
}

TEST(MemberFunctionPointerTest, RoundTrip) {
  Adder object;
  EXPECT_EQ(RoundTrip(&Adder::Plain), &Adder::Plain);
  EXPECT_EQ(RoundTrip(&Adder::Const), &Adder::Const);
  EXPECT_EQ((object.*RoundTrip(&Adder::Plain))(1), 101);
  EXPECT_EQ((object.*RoundTrip(&Adder::Const))(1), 99);
}

TEST(MemberFunctionPointerTest, Virtual) {
  EXPECT_EQ(RoundTrip(&Right::OfRight), &Right::OfRight);
  EXPECT_NE(RoundTrip(&Right::OfRight), nullptr);
  Both both;
  Right& right = both;
  EXPECT_EQ((right.*RoundTrip(&Right::OfRight))(), 3);
  EXPECT_EQ((both.*RoundTrip(&Left::OfLeft))(), 1);
}

TEST(MemberFunctionPointerTest, Adjusted) {
  using OfBoth = int (Both::*)();
  using ConstOfBoth = int (Both::*)() const;
  Both both;
  EXPECT_EQ(CallAdjusted(both, RoundTrip<ConstOfBoth>(&Right::Sum)), 21);
  EXPECT_EQ(CallAdjusted(both, RoundTrip<OfBoth>(&Right::OfRight)), 3);
  EXPECT_NE(RoundTrip<OfBoth>(static_cast<OfBoth>(&Right::OfRight)),
            static_cast<OfBoth>(&Left::OfLeft));
}

TEST(MemberFunctionPointerTest, Null) {
  int (Left::*const null)() = nullptr;
  EXPECT_EQ(RoundTrip(null), nullptr);
}

TEST(MemberFunctionPointerTest, ImpossibleVirtualFunction) {
  for (const uint64_t offset : {uint64_t{3}, uint64_t{1} << 30, ~uint64_t{0}}) {
    Message message;
    Writer writer(message);
    writer.WriteRaw<uint8_t>(2);
    writer.WriteSize(offset);
    writer.WriteRaw<int64_t>(0);
    EXPECT_THAT(ErrorOf([&] { DecodedAs<int (Left::*)()>(BytesOf(message)); }),
                HasSubstr("no virtual function at"));
  }
}

// ---- Another process of the same program: it is given bytes in hexadecimal form, and prints what
// it makes of them.

std::string Hexadecimal(const std::string& bytes) {
  std::string text;
  char digits[3];
  for (const char byte : bytes) {
    std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(byte));
    text += digits;
  }
  return text;
}

std::string FromHexadecimal(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string Interpret(const std::string& how, const std::string& bytes) {
  Adder object;
  Both both;
  if (how == "entry") return LogOf(bytes);
  if (how == "function") return std::to_string(DecodedAs<int (*)(int)>(bytes)(21));
  if (how == "member") {
    return std::to_string((object.*DecodedAs<int (Adder::*)(int)>(bytes))(5));
  }
  if (how == "both") return std::to_string(CallAdjusted(both, DecodedAs<int (Both::*)()>(bytes)));
  ModuleTable::process().allow_loading();
  return LogOf(bytes);
}

int ChildMain(const std::string& how, const std::string& hexadecimal) {
  try {
    std::cout << Interpret(how, FromHexadecimal(hexadecimal)) << std::flush;
  } catch (const IdentityError& error) {
    std::cout << "IdentityError: " << error.what() << std::flush;
  }
  return 0;
}

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t size;
  while ((size = read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

std::string InAnotherProcess(std::string how, const std::string& bytes) {
  std::array<int, 2> pipe_ends;
  EXPECT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  std::string name = "callable_test";
  std::string text = Hexadecimal(bytes);
  std::array<char*, 4> arguments{name.data(), how.data(), text.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  const std::string result = ReadAll(pipe_ends[0]);
  close(pipe_ends[0]);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return result;
}

TEST(AnotherProcessTest, Entries) {
  EXPECT_EQ(InAnotherProcess("entry", EncodedEntry(First())), "first");
  EXPECT_EQ(InAnotherProcess("entry", EncodedEntry(Second())), "second");
  EXPECT_EQ(InAnotherProcess("entry", EncodedLinkedEntry()), "linked");
}

TEST(AnotherProcessTest, Functions) {
  EXPECT_EQ(InAnotherProcess("function", Encoded(&Twice)), "42");
  EXPECT_EQ(InAnotherProcess("function", Encoded(&LinkedFunction)), "22");
}

TEST(AnotherProcessTest, MemberFunctions) {
  EXPECT_EQ(InAnotherProcess("member", Encoded(&Adder::Plain)), "105");
  EXPECT_EQ(InAnotherProcess("member", Encoded(&Adder::Virtual)), "500");
  EXPECT_EQ(InAnotherProcess("both", Encoded<int (Both::*)()>(&Right::OfRight)), "3");
}

TEST(AnotherProcessTest, Plugin) {
  const Plugin plugin;
  EXPECT_THAT(InAnotherProcess("entry", plugin.entry()),
              AllOf(HasSubstr("IdentityError"), HasSubstr("has not loaded it")));
  EXPECT_EQ(InAnotherProcess("load", plugin.entry()), "plugin");
}

TEST(AnotherProcessTest, OtherBuild) {
  std::string bytes = EncodedEntry(First());
  const std::size_t id = bytes.find(executable_build_id());
  ASSERT_NE(id, std::string::npos);
  bytes[id] ^= 1;
  EXPECT_THAT(InAnotherProcess("entry", bytes),
              AllOf(HasSubstr("IdentityError"), HasSubstr("must run the same build")));
}

}  // namespace
}  // namespace cohort::ipc

int main(int argc, char** argv) {
  if (argc == 3) return cohort::ipc::ChildMain(argv[1], argv[2]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
