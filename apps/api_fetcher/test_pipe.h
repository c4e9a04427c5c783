// A pipe for tests of what writes to one.

#ifndef COHORT_APPS_API_FETCHER_TEST_PIPE_H_
#define COHORT_APPS_API_FETCHER_TEST_PIPE_H_

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace cohort::api_fetcher {

class TestPipe {
 public:
  TestPipe() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0); }
  ~TestPipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  TestPipe(const TestPipe&) = delete;
  TestPipe& operator=(const TestPipe&) = delete;

  int in() const { return ends_[1]; }

  // What there is; waits for something. Nothing at the end.
  std::string Read() const {
    std::string text(1 << 20, '\0');
    const ssize_t size = read(ends_[0], text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

  void CloseWriter() { close(std::exchange(ends_[1], -1)); }
  void CloseReader() { close(std::exchange(ends_[0], -1)); }

 private:
  int ends_[2];
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_TEST_PIPE_H_
