#include "apps/api_fetcher/resume.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "apps/common/terminal.h"
#include "nlohmann/json.hpp"

namespace cohort::api_fetcher {
namespace {

using Json = nlohmann::json;

// What a record says, of its own members and not of those within them. Numbers, arrays and the
// rest are passed over, so that nothing of them is kept.
class RecordReader : public nlohmann::json_sax<Json> {
 public:
  bool is_record() const { return !url.empty() && has_ok_; }

  bool boolean(bool value) override {
    if (At("ok")) {
      ok = value;
      has_ok_ = true;
    }
    return true;
  }
  bool string(string_t& value) override {
    if (At("url")) url = value;
    if (At("id")) id = value;
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) key_ = name;
    return true;
  }
  bool start_object(std::size_t) override { return ++depth_ > 0; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(std::size_t) override { return depth_++ > 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool null() override { return depth_ > 0; }
  bool number_integer(number_integer_t) override { return depth_ > 0; }
  bool number_unsigned(number_unsigned_t) override { return depth_ > 0; }
  bool number_float(number_float_t, const string_t&) override { return depth_ > 0; }
  bool binary(binary_t&) override { return false; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

  std::string url = {};
  std::string id = {};
  bool ok = false;

 private:
  bool At(std::string_view name) const { return depth_ == 1 && key_ == name; }

  std::string key_;
  int depth_ = 0;
  bool has_ok_ = false;
};

std::pair<std::uint64_t, std::uint64_t> KeyOf(std::string_view url, std::string_view id) {
  return {absl::HashOf(url, id), absl::HashOf(id, 0x9e3779b97f4a7c15u, url)};
}

}  // namespace

Resume::Resume(const std::string& path) : path_(path) {
  const auto fail = [&](std::string_view what) {
    throw ResumeError(
        absl::StrCat("--resume ", apps::Printable(path), ": ", what, std::strerror(errno)));
  };
  std::ifstream in(path);
  is_missing_ = !in && errno == ENOENT;
  if (!in && !is_missing_) fail("cannot open it: ");
  std::string line;
  while (std::getline(in, line)) {
    is_torn_ = in.eof();
    TakeLine(line);
  }
  if (in.bad()) fail("cannot read it: ");
}

void Resume::TakeLine(const std::string& line) {
  RecordReader record;
  if (!Json::sax_parse(line, &record) || !record.is_record()) {
    ++skipped_lines_;
  } else if (record.ok) {
    done_.insert(KeyOf(record.url, record.id));
  }
}

bool Resume::IsTornFile(int fd) const {
  struct stat torn = {};
  struct stat open = {};
  return is_torn_ && stat(path_.c_str(), &torn) == 0 && fstat(fd, &open) == 0 &&
         torn.st_dev == open.st_dev && torn.st_ino == open.st_ino;
}

bool Resume::IsDone(const Request& request) const {
  return !done_.empty() && done_.contains(KeyOf(request.url, request.id));
}

}  // namespace cohort::api_fetcher
