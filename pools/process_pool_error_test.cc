// Exceptions of tasks, and what of them nobody looks at.

#include <cerrno>
#include <exception>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ipc/exception.h"
#include "pools/internal/process_test_util.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

using testing::HasSubstr;

template <typename E>
int ThrowTextually(const std::string& text) {
  throw E(text);
}

// Thrown as E, arrives as E, and not as one of its bases.
template <typename E>
void ExpectArrivesAs(ProcessPoolExecutor& pool) {
  const auto future = pool.submit(ThrowTextually<E>, "the text of it");
  try {
    future.result();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::exception& e) {
    EXPECT_EQ(typeid(e), typeid(E));
    EXPECT_STREQ(e.what(), "the text of it");
  }
}

class RegisteredError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class UnknownError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

TEST(ProcessPoolError, StandardTypesArriveAsThemselves) {
  ProcessPoolExecutor pool(1);
  ExpectArrivesAs<std::runtime_error>(pool);
  ExpectArrivesAs<std::logic_error>(pool);
  ExpectArrivesAs<std::invalid_argument>(pool);
  ExpectArrivesAs<std::out_of_range>(pool);
  ExpectArrivesAs<std::length_error>(pool);
  ExpectArrivesAs<std::domain_error>(pool);
  ExpectArrivesAs<std::range_error>(pool);
  ExpectArrivesAs<std::overflow_error>(pool);
  ExpectArrivesAs<std::underflow_error>(pool);
}

TEST(ProcessPoolError, StandardTypesWithoutATextOfTheirOwn) {
  ProcessPoolExecutor pool(1);
  EXPECT_THROW(pool.submit([]() -> int { throw std::bad_alloc(); }).result(), std::bad_alloc);
  const auto system = pool.submit(
      []() -> int { throw std::system_error(ENOENT, std::generic_category(), "it is not there"); });
  try {
    system.result();
    FAIL();
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
    EXPECT_THAT(e.what(), HasSubstr("it is not there"));
  }
}

TEST(ProcessPoolError, CohortsOwn) {
  ProcessPoolExecutor pool(1);
  ExpectArrivesAs<TimeoutError>(pool);
  ExpectArrivesAs<CancelledError>(pool);
  ExpectArrivesAs<InvalidStateError>(pool);
}

TEST(ProcessPoolError, ARegisteredTypeArrivesAsItself) {
  ipc::register_exception<RegisteredError>();
  ProcessPoolExecutor pool(1);
  ExpectArrivesAs<RegisteredError>(pool);
}

TEST(ProcessPoolError, AnyOtherArrivesAsARemoteError) {
  ProcessPoolExecutor pool(1);
  const auto future = pool.submit(ThrowTextually<UnknownError>, "the text");
  try {
    future.result();
    FAIL();
  } catch (const RemoteError& e) {
    EXPECT_THAT(e.type_name(), HasSubstr("UnknownError"));
    EXPECT_THAT(e.what(), HasSubstr("UnknownError"));
    EXPECT_THAT(e.what(), HasSubstr("the text"));
  }
  EXPECT_THROW(pool.submit([]() -> int { throw 42; }).result(), RemoteError);
  EXPECT_EQ(pool.submit(Square, 3).result(), 9);
}

TEST(ProcessPoolError, WhatIsNestedArrivesAsText) {
  ProcessPoolExecutor pool(1);
  const auto fail = []() -> int {
    try {
      throw std::out_of_range("inside");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outside"));
    }
  };
  const auto future = pool.submit(fail);
  EXPECT_THROW(future.result(), std::runtime_error);
  EXPECT_THAT(MessageOf(future), testing::StartsWith("outside"));
  EXPECT_THAT(MessageOf(future), HasSubstr("caused by: std::out_of_range: inside"));
}

TEST(ProcessPoolError, BelongsToItsTaskAlone) {
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 40; ++i) {
    futures.push_back(i % 3 == 0 ? pool.submit(Throw, std::to_string(i)) : pool.submit(Square, i));
  }
  for (int i = 0; i < 40; ++i) {
    if (i % 3 == 0) {
      EXPECT_EQ(MessageOf(futures[i]), std::to_string(i));
    } else {
      EXPECT_EQ(futures[i].result(), i * i);
      EXPECT_EQ(futures[i].exception(), nullptr);
    }
  }
  EXPECT_EQ(pool.stats().failed, 14u);
  EXPECT_EQ(pool.stats().worker_deaths, 0u);
}

// What the unobserved-exception hook is told, for as long as this object is there.
class Unobserved {
 public:
  Unobserved() {
    Texts().clear();
    before_ = set_unobserved_exception_hook([](std::exception_ptr error) {
      try {
        std::rethrow_exception(std::move(error));
      } catch (const std::exception& e) {
        const std::lock_guard lock(Mutex());
        Texts().push_back(e.what());
      }
    });
  }
  ~Unobserved() { set_unobserved_exception_hook(before_); }
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;

  std::vector<std::string> texts() const {
    const std::lock_guard lock(Mutex());
    return Texts();
  }

 private:
  static std::mutex& Mutex() {
    static std::mutex mutex;
    return mutex;
  }
  static std::vector<std::string>& Texts() {
    static std::vector<std::string> texts;
    return texts;
  }
  UnobservedExceptionHook before_;
};

TEST(ProcessPoolError, PostTellsTheHook) {
  const Unobserved unobserved;
  ScratchFolder folder;
  ProcessPoolExecutor pool(1);
  pool.post(WriteLine, folder.file("ran"), "posted");
  pool.post(Throw, "nobody looks");
  pool.shutdown();
  EXPECT_THAT(LinesOf(folder.file("ran")), testing::ElementsAre("posted"));
  EXPECT_TRUE(Eventually([&] { return unobserved.texts().size() == 1; }));
  EXPECT_THAT(unobserved.texts(), testing::ElementsAre("nobody looks"));
}

TEST(ProcessPoolError, AFutureThatIsDroppedTellsTheHook) {
  const Unobserved unobserved;
  ProcessPoolExecutor pool(1);
  { const auto dropped = pool.submit(Throw, "dropped"); }
  const auto looked_at = pool.submit(Throw, "looked at");
  EXPECT_EQ(MessageOf(looked_at), "looked at");
  pool.shutdown();
  EXPECT_TRUE(Eventually([&] { return unobserved.texts().size() == 1; }));
  EXPECT_THAT(unobserved.texts(), testing::ElementsAre("dropped"));
}

TEST(ProcessPoolError, TheHookIsToldOfADeathToo) {
  const Unobserved unobserved;
  ProcessPoolExecutor pool(1);
  pool.post(ExitWith, 3);
  pool.shutdown();
  EXPECT_TRUE(Eventually([&] { return unobserved.texts().size() == 1; }));
  EXPECT_THAT(unobserved.texts(), testing::ElementsAre(HasSubstr("exit")));
}

}  // namespace
}  // namespace cohort
