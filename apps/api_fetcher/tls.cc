#include "apps/api_fetcher/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cohort::api_fetcher {
namespace {

bool IsAddress(const std::string& host) {
  in6_addr unused;
  return inet_pton(AF_INET, host.c_str(), &unused) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &unused) == 1;
}

SSL_CTX* NewContext() {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) throw TlsError("OpenSSL cannot be set up: " + TakeSslError());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // No records are kept back for requests that may never come.
  SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
  return context;
}

std::string DateOf(const ASN1_TIME* time) {
  std::tm parts = {};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  char text[16];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

std::string PeerDate(SSL* ssl, const ASN1_TIME* (*of)(const X509*)) {
  const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl),
                                                           X509_free);
  return DateOf(certificate ? of(certificate.get()) : nullptr);
}

// Names the certificate is for, as "a.example, b.example".
std::string NamesOf(SSL* ssl) {
  const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl),
                                                           X509_free);
  if (!certificate) return "";
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr));
  std::string text;
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && i < 3; ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const auto* const bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    const std::string_view dns(bytes, ASN1_STRING_length(name->d.dNSName));
    absl::StrAppend(&text, text.empty() ? "" : ", ", dns);
  }
  GENERAL_NAMES_free(names);
  return text;
}

std::string WrongName(SSL* ssl, const std::string& host) {
  const std::string names = NamesOf(ssl);
  return absl::StrCat("the certificate is not for ", host,
                      names.empty() ? std::string() : absl::StrCat(" but for ", names));
}

std::string CertificateProblem(SSL* ssl, long code, const std::string& host) {
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the certificate expired on " + PeerDate(ssl, X509_get0_notAfter);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate is not valid before " + PeerDate(ssl, X509_get0_notBefore);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return WrongName(ssl, host);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return absl::StrCat("the certificate's issuer is not trusted (",
                          X509_verify_cert_error_string(code), "); --cacert names another");
    default:
      return absl::StrCat("the certificate is refused: ", X509_verify_cert_error_string(code));
  }
}

}  // namespace

TlsContext::TlsContext(std::string ca_file, bool insecure)
    : context_(NewContext()), ca_file_(std::move(ca_file)), insecure_(insecure) {
  if (ca_file_.empty() || SSL_CTX_load_verify_file(context_, ca_file_.c_str()) == 1) return;
  SSL_CTX_free(context_);
  throw TlsError(absl::StrCat("--cacert ", ca_file_, ": no certificates in PEM can be read (",
                              TakeSslError(), ")"));
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

SslPointer TlsContext::NewSession(int fd, const std::string& host) {
  if (ca_file_.empty() && !insecure_) {
    std::call_once(system_loaded_, [this] { SSL_CTX_set_default_verify_paths(context_); });
  }
  SslPointer ssl(SSL_new(context_));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
  if (IsAddress(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    SSL_set1_host(ssl.get(), host.c_str());
  }
  return ssl;
}

bool TlsContext::IsTrusted(SSL* ssl) const {
  if (insecure_) return true;
  return SSL_get0_peer_certificate(ssl) != nullptr && SSL_get_verify_result(ssl) == X509_V_OK;
}

std::string HandshakeProblem(SSL* ssl, const std::string& host) {
  const std::string error = TakeSslError();
  const long code = SSL_get_verify_result(ssl);
  if (code != X509_V_OK) return CertificateProblem(ssl, code, host);
  return error.empty() ? "the server ended the TLS handshake"
                       : "the TLS handshake failed: " + error;
}

std::string TakeSslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "";
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : absl::StrCat("error ", absl::Hex(code));
}

}  // namespace cohort::api_fetcher
