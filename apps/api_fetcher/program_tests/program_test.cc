#include "apps/api_fetcher/program_tests/program_test.h"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace cohort::api_fetcher {

namespace fs = std::filesystem;

std::string program;

Json Fetched::only() const {
  EXPECT_EQ(records.size(), 1) << err;
  return records.empty() ? Json::object() : records[0];
}

std::string Fetched::error_kind() const {
  const Json record = only();
  return record.contains("error") ? record["error"]["kind"].get<std::string>() : "";
}

bool Fetched::AllOk() const {
  return std::all_of(records.begin(), records.end(),
                     [](const Json& record) { return record["ok"].get<bool>(); });
}

Fetched ToFetched(const apps::Ended& ended) {
  Fetched fetched = {ended.status, ended.err, {}};
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(Json::accept(line)) << line;
    fetched.records.push_back(Json::parse(line, nullptr, /*allow_exceptions=*/false));
  }
  return fetched;
}

Fetched Fetch(const Arguments& arguments) {
  return ToFetched(apps::ProgramRun(program, arguments).End());
}

ProgramTest::ProgramTest() {
  std::string pattern = testing::TempDir() + "/fetch.XXXXXX";
  directory_ = mkdtemp(pattern.data());
}

ProgramTest::~ProgramTest() { fs::remove_all(directory_); }

std::string ProgramTest::WriteFile(const std::string& name, std::string_view text) const {
  std::ofstream(Path(name), std::ios::binary) << text;
  return Path(name);
}

std::string ProgramTest::ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::map<std::string, std::string> ProgramTest::FilesIn(const std::string& directory) {
  std::map<std::string, std::string> files;
  if (!fs::exists(directory)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const std::string name = fs::relative(entry.path(), directory);
    if (entry.is_regular_file()) files[name] = ReadFile(entry.path());
  }
  return files;
}

ServerTest::ServerTest()
    : server_(GetParam() == Transport::kHttps
                  ? http_server::HttpServerOptions{.identity = authority_.Issue({})}
                  : http_server::HttpServerOptions{}) {
  WriteFile("authority.pem", authority_.certificate());
}

Arguments ServerTest::With(Arguments arguments) const {
  if (GetParam() == Transport::kHttps) {
    arguments.insert(arguments.end(), {"--cacert", Path("authority.pem")});
  }
  return arguments;
}

Fetched ServerTest::FetchOnce(std::string_view target, Arguments more) const {
  more.insert(more.begin(), {Url(target), "--retries", "0"});
  return FetchWith(std::move(more));
}

std::string NameOfTransport(const testing::TestParamInfo<Transport>& info) {
  return info.param == Transport::kHttp ? "Http" : "Https";
}

}  // namespace cohort::api_fetcher
