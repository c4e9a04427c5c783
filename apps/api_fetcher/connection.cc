#include "apps/api_fetcher/connection.h"

#include <utility>

namespace cohort::api_fetcher {

Connection::Connection(const Url& origin, Route route, TransportLimits limits, TlsContext& tls,
                       StopSwitch& stop)
    : httplib::ClientImpl(origin.host, origin.port),
      origin_(origin),
      route_(std::move(route)),
      transport_(limits, tls, stop) {
  set_keep_alive(true);
  set_url_encode(false);
  set_decompress(false);
}

// The base class would close the socket without a word to the transport.
Connection::~Connection() { stop(); }

bool Connection::Exchange(httplib::Request& request, httplib::Response& response,
                          Transport::Clock::time_point since) {
  if (socket_.is_open() && !transport_.IsIdle()) Drop();
  transport_.Begin(since);
  httplib::Error error = httplib::Error::Success;
  const bool ok = send(request, response, error);
  // The next answer would begin with what is left of this one.
  if (ok && transport_.has_excess()) stop();
  return ok;
}

// Like stop(), but without a farewell to a server that has gone.
void Connection::Drop() {
  shutdown_ssl(socket_, false);
  shutdown_socket(socket_);
  close_socket(socket_);
}

bool Connection::create_and_connect_socket(Socket& socket, httplib::Error& error) {
  if (!transport_.Connect(route_)) {
    error = httplib::Error::Connection;
    return false;
  }
  socket.sock = transport_.fd();
  return true;
}

// Called before each close, with or without TLS.
void Connection::shutdown_ssl(Socket& /*socket*/, bool gracefully) {
  transport_.Release(gracefully);
}

bool Connection::process_socket(const Socket& /*socket*/,
                                std::function<bool(httplib::Stream& stream)> callback) {
  return callback(transport_);
}

}  // namespace cohort::api_fetcher
