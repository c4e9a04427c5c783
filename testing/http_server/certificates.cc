#include "testing/http_server/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cctype>
#include <cstdint>
#include <stdexcept>

namespace cohort::http_server {
namespace {

constexpr long kDay = 24 * 60 * 60;

[[noreturn]] void Fail(const std::string& what) {
  throw std::runtime_error(what + ": " + ERR_reason_error_string(ERR_get_error()));
}

void Check(bool ok, const std::string& what) {
  if (!ok) Fail(what);
}

KeyPtr NewKey() {
  KeyPtr key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  Check(key != nullptr, "a key for a certificate");
  return key;
}

// Two certificates of one issuer must not have the same number.
void SetSerial(X509* certificate) {
  std::uint32_t number = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number);
}

CertificatePtr NewCertificate(const std::string& name, const KeyPtr& key, bool ended) {
  CertificatePtr certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  SetSerial(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), ended ? -9 * kDay : -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), ended ? -kDay : kDay);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

void AddExtension(X509* certificate, int kind, const std::string& value) {
  std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()), &X509_EXTENSION_free);
  Check(extension != nullptr, "the certificate's extension " + value);
  X509_add_ext(certificate, extension.get(), -1);
}

std::string AlternativeNames(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    const bool address = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) != 0;
    list += (list.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return list;
}

CertificatePtr NewServerCertificate(const CertificateOptions& options, const KeyPtr& key) {
  CertificatePtr certificate = NewCertificate(options.names.at(0), key, options.ended);
  AddExtension(certificate.get(), NID_subject_alt_name, AlternativeNames(options.names));
  return certificate;
}

void Sign(X509* certificate, X509* issuer, const KeyPtr& key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  Check(X509_sign(certificate, key.get(), EVP_sha256()) != 0, "a certificate's signature");
}

// What `write` writes.
template <typename F>
std::string Pem(F write) {
  std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  Check(write(memory.get()) == 1, "a certificate as PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string CertificatePem(X509* certificate) {
  return Pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

std::string KeyPem(EVP_PKEY* key) {
  return Pem([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace

CertificateAuthority::CertificateAuthority(const std::string& name)
    : key_(NewKey()), certificate_(NewCertificate(name, key_, false)) {
  AddExtension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_.get(), NID_key_usage, "critical,keyCertSign");
  Sign(certificate_.get(), certificate_.get(), key_);
}

std::string CertificateAuthority::certificate() const { return CertificatePem(certificate_.get()); }

Identity CertificateAuthority::Issue(const CertificateOptions& options) const {
  const KeyPtr key = NewKey();
  const CertificatePtr certificate = NewServerCertificate(options, key);
  Sign(certificate.get(), certificate_.get(), key_);
  return {CertificatePem(certificate.get()), KeyPem(key.get())};
}

Identity SelfSigned(const CertificateOptions& options) {
  const KeyPtr key = NewKey();
  const CertificatePtr certificate = NewServerCertificate(options, key);
  Sign(certificate.get(), certificate.get(), key);
  return {CertificatePem(certificate.get()), KeyPem(key.get())};
}

}  // namespace cohort::http_server
