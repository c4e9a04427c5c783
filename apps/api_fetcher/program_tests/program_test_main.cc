// The main of tests that run the program, whose path is the first argument.

#include <gtest/gtest.h>
#include <signal.h>

#include "apps/api_fetcher/program_tests/program_test.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  cohort::api_fetcher::program = argv[1];
  signal(SIGPIPE, SIG_IGN);
  return RUN_ALL_TESTS();
}
