// All requests of a run, one by one.
//
//   RequestSource source({.urls = {"http://host/posts/{id}"}, .ids = {"1-500", "7"}}, note);
//   while (std::optional<Request> request = source.Next()) ...
//
// Memory does not grow with their number: ranges are counted through, and lists are read as they
// are needed, from pipes no further than what has been written.

#ifndef COHORT_APPS_API_FETCHER_REQUEST_SOURCE_H_
#define COHORT_APPS_API_FETCHER_REQUEST_SOURCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "apps/api_fetcher/request.h"

namespace cohort::api_fetcher {

struct SourceOptions {
  std::vector<std::string> urls = {};   // URLs and templates
  std::vector<std::string> files = {};  // lists of these, one a line; "-": standard input
  std::vector<std::string> ids = {};    // for {id}: 7, 1-500, 001-500, 1-500/5, a..e, words
  std::string ids_file = "";            // more of them, one a line; "-": standard input
  bool for_each_id = false;             // URLs without {id} too are asked for once for each id
  bool literal = false;                 // {...} in URLs has no meaning
};

// The input cannot be used at all; what() names it and says why.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// For one thread.
class RequestSource {
 public:
  using Note = std::function<void(const std::string& text)>;

  // Opens all files. `note` is told of each line that is wrong, with file and line number. Throws
  // SourceError for a wrong URL or id among those given and for a file that cannot be opened. All
  // texts may be shown as they are.
  RequestSource(SourceOptions options, Note note);
  ~RequestSource();
  RequestSource(const RequestSource&) = delete;
  RequestSource& operator=(const RequestSource&) = delete;

  // The next one; nothing at the end. Waits for a pipe that has nothing yet; an interrupt
  // (apps/common/interrupt.h) ends that wait, and with it the input.
  std::optional<Request> Next();

  // How many there are. Not known where a list is to be read.
  std::optional<std::uint64_t> total() const;

  // Whether several of the URLs that were given get the same ids, as http://a/{id} and
  // http://b/{id} do, or http://a/{id}/{1..3} alone. Those of lists are not known.
  bool repeats_ids() const;

  // Lines that were wrong, so far.
  std::uint64_t rejected() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_REQUEST_SOURCE_H_
