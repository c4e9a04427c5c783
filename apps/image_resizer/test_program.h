// Runs the program as its users do, in a folder of its own.

#ifndef COHORT_APPS_IMAGE_RESIZER_TEST_PROGRAM_H_
#define COHORT_APPS_IMAGE_RESIZER_TEST_PROGRAM_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "apps/common/program_run.h"
#include "nlohmann/json.hpp"

namespace cohort::image_resizer::testing {

// From the command line of the test: the program, and testing/images/make_corpus.py.
struct TestArguments {
  std::string program;
  std::string make_corpus;
};
TestArguments& Arguments();

// For main().
int RunProgramTests(int argc, char** argv);

// A run of the program with pipes.
class Process : public apps::ProgramRun {
 public:
  explicit Process(std::vector<std::string> arguments, int out_instead = -1);
};

apps::Ended RunProgram(std::vector<std::string> arguments);

// With --json; what is on standard output.
nlohmann::json RunJson(std::vector<std::string> arguments);

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest();
  ~ProgramTest() override;

  // Their paths. Folders are made on the way.
  std::string Write(const std::string& name, std::span<const std::byte> content) const;
  std::string WriteJpeg(const std::string& name, int width = 64, int height = 48) const;
  std::string WritePng(const std::string& name, int width = 64, int height = 48) const;

  // A JPEG that takes seconds with --max-scans=100000, and is refused without.
  std::string WriteSlow(const std::string& name) const;

  std::string Path(const std::string& name) const { return (root_ / name).string(); }
  std::string Read(const std::string& name) const;

  // Of the files below a folder of it, as paths below that; what has been begun is among them.
  std::set<std::string> FilesIn(const std::string& folder) const;

 private:
  std::filesystem::path root_;
};

}  // namespace cohort::image_resizer::testing

#endif  // COHORT_APPS_IMAGE_RESIZER_TEST_PROGRAM_H_
