// What is sent with every request.

#ifndef COHORT_APPS_API_FETCHER_SEND_OPTIONS_H_
#define COHORT_APPS_API_FETCHER_SEND_OPTIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/api_fetcher/proxy.h"

namespace cohort::api_fetcher {

struct Header {
  std::string name;
  std::string value;    // may have {id}
  bool secret = false;  // of a file: only for the origin that the user has named
};

// What an id in the body has to become so that it cannot change what the body says.
enum class BodyKind { kText, kJson, kForm };

// Of all texts only the method may be shown: the others can have secrets.
struct SendOptions {
  std::string method = "GET";
  std::vector<Header> headers = {};      // checked; Content-Type among them where there is a body
  std::optional<std::string> body = {};  // may have {id}
  BodyKind body_kind = BodyKind::kText;
  std::string bearer = "";                 // of the Authorization header; empty: none
  std::string cookie = "";                 // the value of the Cookie header; empty: none
  std::string user_agent = "api_fetcher";  // empty: `headers` has one
  bool compressed = true;                  // ask for gzip and br
  int max_redirects = 10;                  // 0: redirects are not followed
  ProxySettings proxy = {};
  std::string unix_socket = "";  // connect to that instead of the URL's host; empty: none
  std::string ca_file = "";      // instead of the system's; empty: the system's
  bool insecure = false;         // certificates are not verified
};

// `text` with the id in place of each {id}.
std::string WithId(std::string_view text, std::string_view id);

// The body for that id, which is escaped as a body of its kind needs it. Only where there is one.
std::string BodyOf(const SendOptions& send, std::string_view id);

// Whether a header or the body has {id}.
bool UsesId(const SendOptions& send);

// The following read the values of options; they throw ValueError (values.h), which never shows a
// secret.

// "GET" and the like.
std::string ParseMethod(std::string_view text);

// "Name: value", or "@FILE" with one such a line: those are secret, as secrets belong into a file,
// since every user of the machine can see command lines.
std::vector<Header> ParseHeaders(const std::string& text);

// The body itself, "@FILE" or "@-" for standard input.
std::string ReadData(const std::string& text);

// What the environment variable or the file has, without blanks at its ends.
std::string SecretOfVariable(const std::string& name);
std::string SecretOfFile(const std::string& path);

// Sets the body; also its kind and, unless `headers` has one, its Content-Type: JSON where it
// begins as JSON does, otherwise that of a form.
void SetBody(std::string body, SendOptions& send);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_SEND_OPTIONS_H_
