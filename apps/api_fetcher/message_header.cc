#include "apps/api_fetcher/message_header.h"

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/content_decoder.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::string_view kId = "{id}";

bool IsSecret(const Header& header) {
  constexpr std::array<std::string_view, 4> kSecret = {"Authorization", "Cookie", "Host",
                                                       "Proxy-Authorization"};
  return header.secret ||
         std::any_of(kSecret.begin(), kSecret.end(), [&header](std::string_view secret) {
           return absl::EqualsIgnoreCase(header.name, secret);
         });
}

}  // namespace

MessageHeader::MessageHeader(const SendOptions& send) {
  for (const Header& header : send.headers) Add(header);
  if (!send.bearer.empty()) AddMissing(secret_, "Authorization", "Bearer " + send.bearer);
  if (!send.cookie.empty()) AddMissing(secret_, "Cookie", send.cookie);
  AddMissing(common_, "Accept", "*/*");
  AddMissing(common_, "User-Agent", send.user_agent);
  if (send.compressed) AddMissing(common_, "Accept-Encoding", kAcceptedEncodings);
}

void MessageHeader::Add(const Header& header) {
  if (absl::StrContains(header.value, kId)) {
    with_id_.push_back(header);
  } else {
    (IsSecret(header) ? secret_ : common_).emplace(header.name, header.value);
  }
}

bool MessageHeader::HasName(std::string_view name) const {
  const std::string text(name);
  return common_.count(text) + secret_.count(text) > 0 ||
         std::any_of(with_id_.begin(), with_id_.end(), [name](const Header& header) {
           return absl::EqualsIgnoreCase(header.name, name);
         });
}

void MessageHeader::AddMissing(httplib::Headers& to, const char* name, const std::string& value) {
  if (!HasName(name)) to.emplace(name, value);
}

httplib::Headers MessageHeader::For(const Request& request, const Url& url, bool trusted) const {
  httplib::Headers headers = common_;
  if (trusted) {
    if (!request.credentials.empty()) {
      headers.emplace("Authorization", BasicAuthorization(request.credentials));
    }
    for (const auto& [name, value] : secret_) {
      if (!absl::EqualsIgnoreCase(name, "Authorization") || request.credentials.empty())
        headers.emplace(name, value);
    }
  }
  for (const Header& header : with_id_) {
    if (!trusted && IsSecret(header)) continue;
    headers.emplace(header.name, WithId(header.value, request.id));
  }
  if (headers.find("Host") == headers.end()) headers.emplace("Host", url.authority());
  return headers;
}

std::string BasicAuthorization(std::string_view credentials) {
  return "Basic " + absl::Base64Escape(credentials);
}

}  // namespace cohort::api_fetcher
