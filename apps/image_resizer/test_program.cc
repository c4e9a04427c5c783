#include "apps/image_resizer/test_program.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "apps/image_resizer/test_images.h"
#include "futures/internal/test_util.h"

namespace cohort::image_resizer::testing {
namespace {

namespace fs = std::filesystem;

// There, a limit is always too low.
std::vector<std::string> WithoutLimit(std::vector<std::string> arguments) {
  if (kSanitized) arguments.insert(arguments.begin(), "--max-memory=0");
  return arguments;
}

// Scans without any data but "nothing here", again and again.
Bytes ManyScans() {
  const std::string script =
      "import sys; sys.path.insert(0, sys.argv[1]); import jpeg; "
      "sys.stdout.buffer.write(jpeg.many_scans(4000, 3000, 14))";
  const std::string folder = fs::path(Arguments().make_corpus).parent_path();
  const std::string command = "python3 -B -c '" + script + "' '" + folder + "'";
  FILE* pipe = popen(command.c_str(), "r");
  Bytes bytes;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) bytes.push_back(static_cast<std::byte>(c));
  pclose(pipe);
  return bytes;
}

}  // namespace

TestArguments& Arguments() {
  static TestArguments arguments;
  return arguments;
}

int RunProgramTests(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 3) return 2;
  Arguments() = {argv[1], argv[2]};
  return RUN_ALL_TESTS();
}

Process::Process(std::vector<std::string> arguments, int out_instead)
    : ProgramRun(Arguments().program, WithoutLimit(std::move(arguments)), out_instead) {}

apps::Ended RunProgram(std::vector<std::string> arguments) {
  return Process(std::move(arguments)).End();
}

nlohmann::json RunJson(std::vector<std::string> arguments) {
  arguments.emplace_back("--json");
  return nlohmann::json::parse(RunProgram(std::move(arguments)).out);
}

ProgramTest::ProgramTest() {
  std::string pattern = "/tmp/image_resizer_test.XXXXXX";
  root_ = mkdtemp(pattern.data());
}

ProgramTest::~ProgramTest() { fs::remove_all(root_); }

std::string ProgramTest::Write(const std::string& name, std::span<const std::byte> content) const {
  const fs::path path = root_ / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(content.data()),
             static_cast<std::streamsize>(content.size()));
  return path.string();
}

std::string ProgramTest::WriteJpeg(const std::string& name, int width, int height) const {
  return Write(name, MakeJpeg(Gradient(width, height, 3)));
}

std::string ProgramTest::WritePng(const std::string& name, int width, int height) const {
  return Write(name, MakePng(Gradient(width, height, 3)));
}

std::string ProgramTest::WriteSlow(const std::string& name) const {
  static const Bytes slow = ManyScans();
  return Write(name, slow);
}

std::string ProgramTest::Read(const std::string& name) const {
  std::ifstream in(root_ / name, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::set<std::string> ProgramTest::FilesIn(const std::string& folder) const {
  std::set<std::string> names;
  if (!fs::exists(root_ / folder)) return names;
  for (const auto& entry : fs::recursive_directory_iterator(root_ / folder)) {
    if (!entry.is_directory()) names.insert(entry.path().lexically_relative(root_ / folder));
  }
  return names;
}

}  // namespace cohort::image_resizer::testing
