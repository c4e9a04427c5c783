// Certificates for tests, made when they are asked for: good ones and bad ones. No key is ever in a
// file of the source tree.
//
//   CertificateAuthority authority;
//   HttpServer server({.identity = authority.Issue({})});
//   HttpServer expired({.identity = authority.Issue({.ended = true})});
//   // Clients are to trust authority.certificate().

#ifndef COHORT_TESTING_HTTP_SERVER_CERTIFICATES_H_
#define COHORT_TESTING_HTTP_SERVER_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace cohort::http_server {

// What a server shows, both as PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

struct CertificateOptions {
  std::vector<std::string> names = {"localhost", "127.0.0.1"};  // hosts and addresses
  bool ended = false;                                           // valid until yesterday
};

using KeyPtr = std::shared_ptr<EVP_PKEY>;
using CertificatePtr = std::shared_ptr<X509>;

// Its own root. All throw std::runtime_error with OpenSSL's reason.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name = "Cohort test authority");

  // PEM.
  std::string certificate() const;

  Identity Issue(const CertificateOptions& options) const;

 private:
  KeyPtr key_;
  CertificatePtr certificate_;
};

// A certificate that vouches for itself.
Identity SelfSigned(const CertificateOptions& options);

}  // namespace cohort::http_server

#endif  // COHORT_TESTING_HTTP_SERVER_CERTIFICATES_H_
