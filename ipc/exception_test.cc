#include "ipc/exception.h"

#include <any>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include "futures/errors.h"
#include "gtest/gtest.h"
#include "ipc/codec.h"
#include "ipc/internal/codec_test_util.h"
#include "ipc/message.h"

namespace {

// Allocations of this thread until one fails; below 0: none does.
thread_local int until_failure = -1;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  if (until_failure >= 0 && until_failure-- == 0) throw std::bad_alloc();
  if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace cohort::ipc {

class Registered : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class FromChars : public std::exception {
 public:
  explicit FromChars(const char* text) : text_(text) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

class Picky : public std::runtime_error {
 public:
  explicit Picky(const std::string& text) : std::runtime_error(text) {
    if (text != "as I like it") throw std::invalid_argument(text);
  }
  Picky() : std::runtime_error("otherwise") {}
};

class Unregistered : public std::out_of_range {
 public:
  using std::out_of_range::out_of_range;
};

template <typename T>
class OfTemplate : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Silent : public std::exception {
 public:
  const char* what() const noexcept override { return nullptr; }
};

struct Odd {
  int value;
};

class NestsOnly : public std::nested_exception {};

namespace {

template <typename F>
std::exception_ptr Thrown(F f) {
  try {
    f();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

std::exception_ptr Arrived(const std::exception_ptr& error) { return RoundTrip(error); }

// The text of `error`, which is an E.
template <typename E>
std::string TextAs(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    const std::string text = thrown.what();
    const std::string type = typeid(thrown).name();
    const bool typed = dynamic_cast<const E*>(&thrown) != nullptr;
    return typed ? text : "another type: " + type + ": " + text;
  }
}

// As an E, though perhaps one whose text is not E's own; twice, as from a worker's worker.
template <typename E>
void ExpectArrives(const std::exception_ptr& error) {
  ASSERT_NE(error, nullptr);
  const std::exception_ptr once = Arrived(error);
  EXPECT_EQ(TextAs<E>(once), TextAs<E>(error));
  EXPECT_EQ(TextAs<E>(Arrived(once)), TextAs<E>(error));
}

// And as no class that derives from it.
template <typename E>
void ExpectArrivesExactly(const std::exception_ptr& error) {
  ExpectArrives<E>(error);
  try {
    std::rethrow_exception(Arrived(error));
  } catch (const std::exception& arrived) {
    EXPECT_EQ(typeid(arrived), typeid(E));
  }
}

void ExpectRemote(const std::exception_ptr& error, const std::string& type,
                  const std::string& text) {
  for (const std::exception_ptr& arrived : {Arrived(error), Arrived(Arrived(error))}) {
    try {
      std::rethrow_exception(arrived);
    } catch (const RemoteError& remote) {
      EXPECT_EQ(remote.type_name(), type);
      EXPECT_EQ(remote.what(), type + ": " + text);
    }
  }
}

template <typename E>
void ExpectTextArrives() {
  ExpectArrivesExactly<E>(std::make_exception_ptr(E("what went wrong")));
  ExpectArrivesExactly<E>(std::make_exception_ptr(E("")));
}

TEST(Exception, NullIsNull) { EXPECT_EQ(Arrived(nullptr), nullptr); }

TEST(Exception, WithATextOnly) {
  ExpectTextArrives<std::logic_error>();
  ExpectTextArrives<std::invalid_argument>();
  ExpectTextArrives<std::domain_error>();
  ExpectTextArrives<std::length_error>();
  ExpectTextArrives<std::out_of_range>();
  ExpectTextArrives<std::runtime_error>();
  ExpectTextArrives<std::range_error>();
  ExpectTextArrives<std::overflow_error>();
  ExpectTextArrives<std::underflow_error>();
}

TEST(Exception, WithATextOfTheirOwn) {
  ExpectArrivesExactly<std::exception>(std::make_exception_ptr(std::exception()));
  ExpectArrivesExactly<std::bad_exception>(std::make_exception_ptr(std::bad_exception()));
  ExpectArrivesExactly<std::bad_alloc>(std::make_exception_ptr(std::bad_alloc()));
  ExpectArrivesExactly<std::bad_array_new_length>(
      std::make_exception_ptr(std::bad_array_new_length()));
  ExpectArrivesExactly<std::bad_cast>(std::make_exception_ptr(std::bad_cast()));
  ExpectArrivesExactly<std::bad_typeid>(std::make_exception_ptr(std::bad_typeid()));
  ExpectArrivesExactly<std::bad_weak_ptr>(std::make_exception_ptr(std::bad_weak_ptr()));
  ExpectArrivesExactly<std::bad_any_cast>(
      Thrown([] { (void)std::any_cast<int>(std::any(std::string())); }));
  ExpectArrivesExactly<std::bad_function_call>(Thrown([] { std::function<void()>()(); }));
  ExpectArrivesExactly<std::bad_optional_access>(
      Thrown([] { (void)std::optional<int>().value(); }));
}

TEST(Exception, ABadVariantAccessKeepsItsReason) {
  const auto error = Thrown([] { (void)std::get<0>(std::variant<int, char>('x')); });
  ExpectArrives<std::bad_variant_access>(error);
  EXPECT_EQ(TextAs<std::bad_variant_access>(Arrived(error)), "std::get: wrong index for variant");
}

template <typename E>
std::error_code CodeAs(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const E& typed) {
    return typed.code();
  }
}

template <typename E>
void ExpectArrivesWithCode(const std::exception_ptr& error) {
  ExpectArrivesExactly<E>(error);
  EXPECT_EQ(CodeAs<E>(Arrived(error)), CodeAs<E>(error));
}

TEST(Exception, SystemErrorsKeepTheirCode) {
  using std::system_error;
  ExpectArrivesWithCode<system_error>(
      std::make_exception_ptr(system_error(2, std::generic_category(), "open")));
  ExpectArrivesWithCode<system_error>(
      std::make_exception_ptr(system_error(13, std::system_category())));
  ExpectArrivesWithCode<system_error>(
      std::make_exception_ptr(system_error(13, std::system_category(), "")));
  ExpectArrivesWithCode<system_error>(
      std::make_exception_ptr(system_error(std::make_error_code(std::errc::timed_out), "a: b")));
}

class MyCategory : public std::error_category {
  const char* name() const noexcept override { return "mine"; }
  std::string message(int value) const override { return "mine " + std::to_string(value); }
};

TEST(Exception, OfAnUnknownCategoryTheValueAndTheTextArrive) {
  const MyCategory category;
  const auto error = std::make_exception_ptr(std::system_error(7, category, "there"));
  ExpectArrives<std::system_error>(error);
  EXPECT_EQ(TextAs<std::system_error>(Arrived(error)), "there: mine 7");
  EXPECT_EQ(CodeAs<std::system_error>(Arrived(error)).value(), 7);
  EXPECT_NE(CodeAs<std::system_error>(Arrived(error)).category(), std::generic_category());
}

TEST(Exception, StreamFailures) {
  ExpectArrivesWithCode<std::ios_base::failure>(
      std::make_exception_ptr(std::ios_base::failure("read")));
  ExpectArrivesWithCode<std::ios_base::failure>(std::make_exception_ptr(
      std::ios_base::failure("read", std::make_error_code(std::errc::io_error))));
  const auto error = Thrown([] {
    std::istringstream stream("x");
    stream.exceptions(std::ios::failbit);
    int number;
    stream >> number;
  });
  ExpectArrives<std::ios_base::failure>(error);
}

TEST(Exception, FilesystemErrorsKeepTheirPaths) {
  using std::filesystem::filesystem_error;
  const auto code = std::make_error_code(std::errc::not_a_directory);
  ExpectArrivesWithCode<filesystem_error>(
      std::make_exception_ptr(filesystem_error("cannot", "/a", "/b", code)));
  ExpectArrivesWithCode<filesystem_error>(
      std::make_exception_ptr(filesystem_error("cannot", "/a", code)));
  ExpectArrivesWithCode<filesystem_error>(
      std::make_exception_ptr(filesystem_error("cannot", code)));
  const auto error = Thrown([] { (void)std::filesystem::file_size("/no such file"); });
  ExpectArrivesWithCode<filesystem_error>(error);
  try {
    std::rethrow_exception(Arrived(error));
  } catch (const filesystem_error& arrived) {
    EXPECT_EQ(arrived.path1(), "/no such file");
    EXPECT_EQ(arrived.path2(), "");
  }
}

TEST(Exception, FutureErrors) {
  const auto error = Thrown([] {
    std::promise<int> promise;
    promise.set_value(1);
    promise.set_value(2);
  });
  ExpectArrivesWithCode<std::future_error>(error);
}

TEST(Exception, RegexErrors) {
  const auto error = Thrown([] { std::regex("["); });
  ExpectArrives<std::regex_error>(error);
  try {
    std::rethrow_exception(Arrived(error));
  } catch (const std::regex_error& arrived) {
    EXPECT_EQ(arrived.code(), std::regex_constants::error_brack);
  }
}

TEST(Exception, CohortsOwn) {
  ExpectTextArrives<Error>();
  ExpectTextArrives<CancelledError>();
  ExpectTextArrives<TimeoutError>();
  ExpectTextArrives<InvalidStateError>();
  ExpectTextArrives<BrokenPromise>();
  ExpectTextArrives<BrokenExecutor>();
  ExpectTextArrives<BrokenThreadPool>();
  ExpectTextArrives<BrokenProcessPool>();
  ExpectTextArrives<CodecError>();
  ExpectArrivesExactly<CancelledError>(std::make_exception_ptr(CancelledError()));
  ExpectArrivesExactly<RemoteError>(std::make_exception_ptr(RemoteError("a::Type", "text")));
}

TEST(Exception, WorkerDiedKeepsItsMembers) {
  const WorkerDied died("task 'x' died", {"x", 123, 11, 3, "main\nf"});
  ExpectArrivesExactly<WorkerDied>(std::make_exception_ptr(died));
  try {
    std::rethrow_exception(Arrived(std::make_exception_ptr(died)));
  } catch (const WorkerDied& arrived) {
    EXPECT_EQ(arrived.task(), "x");
    EXPECT_EQ(arrived.pid(), 123);
    EXPECT_EQ(arrived.signal(), 11);
    EXPECT_EQ(arrived.exit_status(), 3);
    EXPECT_EQ(arrived.backtrace(), "main\nf");
  }
}

// Users' types.

TEST(Exception, RegisteredTypesArriveAsThemselves) {
  register_exception<Registered>();
  register_exception<Registered>();
  register_exception<FromChars>();
  ExpectTextArrives<Registered>();
  ExpectTextArrives<FromChars>();
}

TEST(Exception, RegisteringMattersWhereItArrives) {
  const auto bytes = Encoded(std::make_exception_ptr(OfTemplate<char>("text")));
  register_exception<OfTemplate<char>>();
  EXPECT_EQ(TextAs<OfTemplate<char>>(Decoded<std::exception_ptr>(bytes)), "text");
}

TEST(Exception, AConstructorThatThrowsLeavesARemoteError) {
  register_exception<Picky>();
  ExpectArrivesExactly<Picky>(std::make_exception_ptr(Picky("as I like it")));
  ExpectRemote(std::make_exception_ptr(Picky()), "cohort::ipc::Picky", "otherwise");
}

TEST(Exception, UnregisteredTypesArriveAsRemoteErrorsNotAsTheirBase) {
  ExpectRemote(std::make_exception_ptr(Unregistered("7")), "cohort::ipc::Unregistered", "7");
  ExpectRemote(std::make_exception_ptr(OfTemplate<std::vector<int>>("t")),
               "cohort::ipc::OfTemplate<std::vector<int, std::allocator<int> > >", "t");
}

TEST(Exception, WithoutATextArrives) {
  ExpectRemote(std::make_exception_ptr(Silent()), "cohort::ipc::Silent", "(no text)");
}

TEST(Exception, WhatIsNoExceptionArrivesWithItsValue) {
  ExpectRemote(std::make_exception_ptr(42), "int", "42");
  ExpectRemote(std::make_exception_ptr(-42L), "long", "-42");
  ExpectRemote(std::make_exception_ptr(true), "bool", "true");
  ExpectRemote(std::make_exception_ptr('x'), "char", "x");
  ExpectRemote(std::make_exception_ptr(0.5), "double", "0.500000");
  ExpectRemote(Thrown([] { throw "text"; }), "char const*", "text");
  ExpectRemote(Thrown([] { throw static_cast<const char*>(nullptr); }), "char const*", "(no text)");
  ExpectRemote(std::make_exception_ptr(std::string("text")),
               "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
               "text");
  ExpectRemote(Thrown([] { throw std::string_view("a\0b", 3); }),
               "std::basic_string_view<char, std::char_traits<char> >", "a");
  ExpectRemote(std::make_exception_ptr(Odd{1}), "cohort::ipc::Odd", "(no text)");
}

// Nested ones.

template <typename E>
std::exception_ptr Nested(E outer, const std::exception_ptr& inner) {
  return Thrown([&] {
    try {
      std::rethrow_exception(inner);
    } catch (...) {
      std::throw_with_nested(std::move(outer));
    }
  });
}

TEST(Exception, TheChainOfNestedOnesIsInTheText) {
  const auto innermost = std::make_exception_ptr(42);
  const auto middle = Nested(Unregistered("middle"), innermost);
  EXPECT_EQ(TextAs<std::invalid_argument>(Arrived(Nested(std::invalid_argument("outer"), middle))),
            "outer\ncaused by: cohort::ipc::Unregistered: middle\ncaused by: int: 42");
  EXPECT_EQ(TextAs<std::bad_alloc>(Arrived(Nested(std::bad_alloc(), innermost))),
            "std::bad_alloc\ncaused by: int: 42");
  ExpectRemote(middle, "cohort::ipc::Unregistered", "middle\ncaused by: int: 42");
}

TEST(Exception, NestedOnesKeepTheirCode) {
  const auto outer = Nested(std::system_error(2, std::generic_category(), "open"),
                            std::make_exception_ptr(std::logic_error("why")));
  const std::exception_ptr arrived = Arrived(Arrived(outer));
  EXPECT_EQ(CodeAs<std::system_error>(arrived), std::errc::no_such_file_or_directory);
  EXPECT_EQ(TextAs<std::system_error>(arrived),
            "open: No such file or directory\ncaused by: std::logic_error: why");
}

TEST(Exception, RegisteredTypesArriveAsThemselvesWhenNested) {
  register_exception<Registered>();
  register_exception<OfTemplate<int>>();
  const auto inner = std::make_exception_ptr(std::logic_error("why"));
  EXPECT_EQ(TextAs<Registered>(Arrived(Nested(Registered("outer"), inner))),
            "outer\ncaused by: std::logic_error: why");
  EXPECT_EQ(TextAs<OfTemplate<int>>(Arrived(Nested(OfTemplate<int>("outer"), inner))),
            "outer\ncaused by: std::logic_error: why");
}

TEST(Exception, WhatOnlyNestsIsNoException) {
  const auto error = Thrown([] {
    try {
      throw std::logic_error("why");
    } catch (...) {
      throw NestsOnly();
    }
  });
  ExpectRemote(error, "cohort::ipc::NestsOnly", "(no text)\ncaused by: std::logic_error: why");
}

TEST(Exception, AVeryLongChainIsCut) {
  auto error = std::make_exception_ptr(std::logic_error("end"));
  for (int i = 0; i < 10 * kMaxDepth; ++i) error = Nested(std::runtime_error("link"), error);
  EXPECT_LT(TextAs<std::runtime_error>(Arrived(error)).size(), 100u * kMaxDepth);
}

// Trouble.

TEST(Exception, ALongTextArrives) {
  ExpectArrivesExactly<std::runtime_error>(
      std::make_exception_ptr(std::runtime_error(std::string(200'000, 'x'))));
}

TEST(Exception, WhereMemoryRunsOutSomethingArrives) {
  const auto error = Nested(Unregistered(std::string(1000, 'x')),
                            std::make_exception_ptr(std::runtime_error(std::string(1000, 'y'))));
  const std::string whole = TextAs<RemoteError>(Arrived(error));
  bool lost = false;
  bool complete = false;
  for (int allowed = 0; !complete; ++allowed) {
    ASSERT_LT(allowed, 1000);
    Message message;
    Writer writer(message);
    until_failure = allowed;
    encode_exception(writer, error);
    complete = until_failure >= 0;
    until_failure = -1;
    const std::string text = TextAs<RemoteError>(Decoded<std::exception_ptr>(BytesOf(message)));
    lost = lost || text.find("out of memory") != std::string::npos;
    EXPECT_TRUE(text == whole || text.find("out of memory") != std::string::npos) << text;
  }
  EXPECT_TRUE(lost);
}

TEST(Exception, BytesThatAreNoneAreRefused) {
  const std::vector<std::byte> unknown = {std::byte{255}};
  EXPECT_THROW(Decoded<std::exception_ptr>(unknown), CodecError);
  const auto whole = Encoded(std::make_exception_ptr(Unregistered("text")));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(Decoded<std::exception_ptr>(std::span(whole).first(size)), CodecError);
  }
}

TEST(Exception, IsOneValueAmongOthers) {
  std::vector<std::exception_ptr> errors = {nullptr, std::make_exception_ptr(std::bad_alloc())};
  const auto arrived = RoundTrip(errors);
  EXPECT_EQ(arrived[0], nullptr);
  EXPECT_EQ(TextAs<std::bad_alloc>(arrived[1]), "std::bad_alloc");
}

static_assert(Encodable<std::exception_ptr>);
static_assert(kRunsUserCode<std::exception_ptr>);

}  // namespace
}  // namespace cohort::ipc
