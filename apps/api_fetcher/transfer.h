// Attempts at requests, on connections that each thread keeps.
//
//   Transfers transfers(options);
//   Record record = {.url = request.url};
//   const AttemptEnd end = transfers.Attempt(request, record);   // in a worker
//   transfers.Stop();                                            // from anywhere: all end soon

#ifndef COHORT_APPS_API_FETCHER_TRANSFER_H_
#define COHORT_APPS_API_FETCHER_TRANSFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "apps/api_fetcher/connection_cache.h"
#include "apps/api_fetcher/message_header.h"
#include "apps/api_fetcher/options.h"
#include "apps/api_fetcher/record.h"
#include "apps/api_fetcher/request.h"
#include "apps/api_fetcher/stop_switch.h"
#include "apps/api_fetcher/tls.h"
#include "apps/api_fetcher/url.h"

namespace cohort::api_fetcher {

// What a record does not say of an attempt.
struct AttemptEnd {
  bool stale = false;            // see RetryPolicy
  std::string retry_after = "";  // the header of the last answer
};

// Any number of threads may make attempts at the same time. Outlives all of them, and the threads
// that have made them do not outlive it.
class Transfers {
 public:
  // `options` outlive it. Each thread keeps up to `idle_connections`, at least one. Throws
  // TlsError.
  explicit Transfers(const Options& options, std::size_t idle_connections = 8);
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;
  ~Transfers();

  // Makes one attempt, following redirects, and blocks until it has ended. Fills in the record, but
  // for what the request and earlier attempts have put there: its attempts, and its times wait and
  // total, are added to. Throws nothing but bad_alloc.
  AttemptEnd Attempt(const Request& request, Record& record);

  // Ends all attempts, also those that begin later, with ErrorKind::kInterrupted; but a lookup of a
  // name takes its time.
  void Stop() { stop_.Stop(); }

 private:
  class Hops;

  static std::uint64_t NextNumber();
  ConnectionCache& ConnectionsOfThread();
  std::unique_ptr<Connection> NewConnection(const Url& url);

  const std::uint64_t number_ = NextNumber();
  const Options& options_;
  const std::size_t idle_connections_;
  const MessageHeader header_;
  TlsContext tls_;
  StopSwitch stop_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<ConnectionCache>> threads_;  // guarded by mutex_
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_TRANSFER_H_
