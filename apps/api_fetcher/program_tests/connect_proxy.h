// A proxy for HTTPS on 127.0.0.1, for tests: it connects its clients to any port of this machine.
//
//   ConnectProxy proxy({.credentials = "me:pw"});
//   setenv("https_proxy", proxy.Url("me:pw").c_str(), 1);

#ifndef COHORT_APPS_API_FETCHER_PROGRAM_TESTS_CONNECT_PROXY_H_
#define COHORT_APPS_API_FETCHER_PROGRAM_TESTS_CONNECT_PROXY_H_

#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cohort::api_fetcher {

struct ConnectProxyOptions {
  std::string credentials = "";  // "user:password" that it wants, else 407; empty: none
  std::string last_words = "";   // says this instead of an answer, and hangs up; empty: answers
};

// Each client has a thread. The destructor ends all of them. Members are safe from any thread.
class ConnectProxy {
 public:
  explicit ConnectProxy(ConnectProxyOptions options = {});
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;
  ~ConnectProxy();

  // "127.0.0.1:3128".
  std::string address() const;

  // "http://me:pw@127.0.0.1:3128".
  std::string Url(const std::string& credentials = "") const;

  // The head of each request that it was sent.
  std::vector<std::string> heads() const;

 private:
  void Accept();
  void Serve(int client);
  int Answer(int client, const std::string& head) const;  // the server's descriptor, or -1
  bool MayPass(const std::string& head) const;

  const ConnectProxyOptions options_;
  int port_ = 0;
  const int listener_;

  mutable std::mutex mutex_;
  std::vector<int> open_;             // guarded by mutex_
  std::vector<std::string> heads_;    // guarded by mutex_
  std::vector<std::thread> clients_;  // the accepter's, then the destructor's
  std::thread accepter_;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_PROGRAM_TESTS_CONNECT_PROXY_H_
