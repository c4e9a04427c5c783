// One connection that the server has accepted, with or without TLS.

#ifndef COHORT_TESTING_HTTP_SERVER_CONNECTION_H_
#define COHORT_TESTING_HTTP_SERVER_CONNECTION_H_

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace cohort::http_server {

// For one thread, apart from Shutdown(). All calls block for as long as the other side lets them,
// and end at once after Shutdown().
class Connection {
 public:
  // Takes the descriptor over. `tls`: null for plain text.
  Connection(int fd, SSL_CTX* tls);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // False when the other side does not speak TLS, or does not trust this one.
  bool Handshake();

  // At least one byte; "" at the end.
  std::string ReadSome();

  // False when the other side is gone.
  bool Write(std::string_view bytes);

  // Until the other side closes or sends more.
  void WaitUntilReadable();

  // False when the other side closed or sent more before that time was over.
  bool Sleep(std::chrono::milliseconds time);

  // The end will be a reset (RST), not a close (FIN).
  void ResetAtEnd();

  // Ends it, from any thread.
  void Shutdown();

 private:
  int fd_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

}  // namespace cohort::http_server

#endif  // COHORT_TESTING_HTTP_SERVER_CONNECTION_H_
