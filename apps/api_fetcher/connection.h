// An HTTP connection to one server, kept from one request to the next.
//
// cpp-httplib writes requests and reads answers; the bytes are our Transport's. For one thread.

#ifndef COHORT_APPS_API_FETCHER_CONNECTION_H_
#define COHORT_APPS_API_FETCHER_CONNECTION_H_

#include <functional>
#include <string>

#include "apps/api_fetcher/transport.h"
#include "apps/api_fetcher/url.h"
#include "httplib.h"

namespace cohort::api_fetcher {

class Connection final : private httplib::ClientImpl {
 public:
  // To the server of `origin`. Connects when there is something to send.
  Connection(const Url& origin, Route route, TransportLimits limits, TlsContext& tls,
             StopSwitch& stop);
  ~Connection() override;

  bool IsTo(const Url& url) const { return url.SameOrigin(origin_); }

  // Sends a request, whose header is complete, and reads the answer. False where something went
  // wrong, or where a handler of the request has stopped it; there is then no connection any more.
  // `since`: when the total time has begun.
  bool Exchange(httplib::Request& request, httplib::Response& response,
                Transport::Clock::time_point since);

  Transport& transport() { return transport_; }

 private:
  void Drop();

  // httplib::ClientImpl.
  bool create_and_connect_socket(Socket& socket, httplib::Error& error) override;
  void shutdown_ssl(Socket& socket, bool gracefully) override;
  bool process_socket(const Socket& socket,
                      std::function<bool(httplib::Stream& stream)> callback) override;

  const Url origin_;
  const Route route_;
  Transport transport_;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_CONNECTION_H_
