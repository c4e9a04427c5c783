// TLS towards servers: whom to trust, and clear words where that fails.

#ifndef COHORT_APPS_API_FETCHER_TLS_H_
#define COHORT_APPS_API_FETCHER_TLS_H_

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

namespace cohort::api_fetcher {

// what() names the file and says what is wrong with it.
class TlsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPointer = std::unique_ptr<SSL, SslDeleter>;

// Whom to trust. One for all connections: reading the system's certificates takes longer than most
// requests, and is put off until the first connection needs them. Thread-safe.
class TlsContext {
 public:
  // `ca_file`: certificates in PEM to trust instead of the system's; empty: the system's.
  // `insecure`: trust everybody. Throws TlsError where the file cannot be used.
  TlsContext(std::string ca_file, bool insecure);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  // A session over `fd`, which stays the caller's, for SSL_connect() with `host`, a name or an
  // address. It connects to anybody, so that there is a certificate to tell about: look at
  // IsTrusted() before anything is sent.
  SslPointer NewSession(int fd, const std::string& host);

  bool IsTrusted(SSL* ssl) const;

 private:
  SSL_CTX* const context_;
  const std::string ca_file_;
  const bool insecure_;
  std::once_flag system_loaded_;
};

// Why the handshake with `host` failed, or why it is not trusted, for the user: "the certificate
// expired on 2024-01-31".
std::string HandshakeProblem(SSL* ssl, const std::string& host);

// The oldest entry of OpenSSL's queue of errors of this thread, or "" ; clears it.
std::string TakeSslError();

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_TLS_H_
