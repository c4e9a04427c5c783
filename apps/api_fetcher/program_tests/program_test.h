// For tests of the whole program against a server of their own.

#ifndef COHORT_APPS_API_FETCHER_PROGRAM_TESTS_PROGRAM_TEST_H_
#define COHORT_APPS_API_FETCHER_PROGRAM_TESTS_PROGRAM_TEST_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/program_run.h"
#include "nlohmann/json.hpp"
#include "testing/http_server/certificates.h"
#include "testing/http_server/http_server.h"

namespace cohort::api_fetcher {

// The path of the program; set by program_test_main.cc.
extern std::string program;

using Arguments = std::vector<std::string>;
using Json = nlohmann::json;

// A run with --format jsonl, which is the default.
struct Fetched {
  int status = -1;
  std::string err;
  std::vector<Json> records;

  // The one record; fails the test where there is not exactly one.
  Json only() const;

  // The record's error, "" where there is none.
  std::string error_kind() const;

  bool AllOk() const;
};

// `out`: what the program has written.
Fetched ToFetched(const apps::Ended& ended);

Fetched Fetch(const Arguments& arguments);

// Has a directory of its own.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest();
  ~ProgramTest() override;

  std::string Path(const std::string& name) const { return directory_ / name; }
  std::string WriteFile(const std::string& name, std::string_view text) const;
  static std::string ReadFile(const std::string& path);

  // Of all files below, hidden ones too, by their paths from there on: what is in them.
  static std::map<std::string, std::string> FilesIn(const std::string& directory);

  std::filesystem::path directory_;
};

enum class Transport { kHttp, kHttps };

// Has a server, of either kind.
class ServerTest : public ProgramTest, public testing::WithParamInterface<Transport> {
 protected:
  ServerTest();

  std::string Url(std::string_view target) const { return server_.Url(target); }

  // What the program needs to trust the server, and `arguments`.
  Arguments With(Arguments arguments) const;

  Fetched FetchWith(Arguments arguments) const { return Fetch(With(std::move(arguments))); }

  // One URL, without retries.
  Fetched FetchOnce(std::string_view target, Arguments more = {}) const;

  http_server::CertificateAuthority authority_;
  http_server::HttpServer server_;
};

std::string NameOfTransport(const testing::TestParamInfo<Transport>& info);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_PROGRAM_TESTS_PROGRAM_TEST_H_
