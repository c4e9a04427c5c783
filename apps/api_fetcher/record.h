// What became of one request, and how it is written.

#ifndef COHORT_APPS_API_FETCHER_RECORD_H_
#define COHORT_APPS_API_FETCHER_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::api_fetcher {

enum class ErrorKind : std::uint8_t {
  kNone,
  kResolve,      // the host has no address
  kConnect,      // no connection
  kProxy,        // the proxy refused
  kTls,          // the certificate, or the handshake
  kTimeout,      // one of the timeouts; the text says which
  kSend,         // the connection broke while the request was sent
  kReceive,      // ... while the answer came
  kShortBody,    // fewer bytes than the answer announced
  kProtocol,     // the answer is no HTTP
  kEncoding,     // the body cannot be decompressed
  kTooLarge,     // more than --max-body
  kRedirect,     // too many, a loop, or to what is no URL
  kStatus,       // an answer whose status --accept does not have
  kRetryAfter,   // the server asks for a longer wait than allowed
  kField,        // --field: the body is no JSON or does not have it
  kFile,         // the body could not be saved
  kInterrupted,  // begun and given up: Ctrl-C, --deadline, --max-failures
  kInternal,     // a fault of this program
};
inline constexpr std::size_t kErrorKinds = static_cast<std::size_t>(ErrorKind::kInternal) + 1;

// As in records: "short_body". Empty for kNone.
std::string_view NameOf(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::kNone;
  std::string text = "";
};

// In milliseconds.
struct Times {
  double wait = 0;     // before the first attempt, from when it was the request's turn, and between
                       // attempts: for a worker, for the rate, for a retry
  double connect = 0;  // the last attempt's, TLS included; 0 on a connection that was there
  double first = 0;    // the last attempt's, from its start to the first byte of the answer
  double total = 0;    // all attempts, from start to last byte, without waits
};

struct Record {
  std::string url = "";  // as Request::url
  std::string id = "";
  std::uint64_t index = 0;
  int status = 0;  // of the last answer; 0 where there is none
  bool ok = false;
  std::uint64_t bytes = 0;       // of the body, decompressed
  std::uint64_t wire_bytes = 0;  // of the body, as sent
  int attempts = 0;
  Times ms = {};
  Error error = {};
  std::string file = "";                    // where the body is
  std::vector<std::string> redirects = {};  // the URLs that were led to, the last one answered
  std::string field = "";                   // JSON; empty: there is none
};

enum class Format { kJsonLines, kTsv, kText };

// The line before the first record; empty where the format has none.
std::string_view HeaderOf(Format format);

// Appends one line. Takes about a quarter of a microsecond. Bytes that are not UTF-8 become U+FFFD
// in JSON and \xff in the others; tabs, line ends and other control characters are escaped in all,
// and backslashes in JSON and TSV.
void AppendRecord(const Record& record, Format format, std::string& to);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_RECORD_H_
