#include "apps/api_fetcher/transfer.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/http_server/certificates.h"
#include "testing/http_server/http_server.h"

namespace cohort::api_fetcher {
namespace {

namespace fs = std::filesystem;
using http_server::CertificateAuthority;
using http_server::HttpServer;
using std::chrono::milliseconds;

class TransferTest : public testing::Test {
 protected:
  TransferTest() { options_.send.proxy = {}; }

  ~TransferTest() override { fs::remove_all(directory_); }

  Record Fetch(const std::string& url, std::string id = "") {
    if (!transfers_) transfers_ = std::make_unique<Transfers>(options_);
    Record record;
    end_ =
        transfers_->Attempt({.id = std::move(id), .url = url, .credentials = credentials_}, record);
    return record;
  }

  Record FetchPath(const std::string& target) { return Fetch(server_.Url(target)); }

  ErrorKind KindOf(const std::string& target) { return FetchPath(target).error.kind; }

  std::uint64_t Connections() const { return server_.statistics().Take().connections; }

  // Everything in the output directory, hidden files too.
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  void SaveBodies() {
    fs::create_directories(directory_);
    options_.answers.directory = directory_;
  }

  HttpServer server_;
  Options options_;
  std::string credentials_;
  std::unique_ptr<Transfers> transfers_;
  AttemptEnd end_;
  const std::string directory_ = testing::TempDir() + "transfer_test";
};

TEST_F(TransferTest, AWholeAnswer) {
  const Record record = FetchPath("/posts/7");
  EXPECT_TRUE(record.ok) << record.error.text;
  EXPECT_EQ(record.status, 200);
  EXPECT_GT(record.bytes, 500u);
  EXPECT_EQ(record.wire_bytes, record.bytes);
  EXPECT_EQ(record.attempts, 1);
  EXPECT_GT(record.ms.connect, 0);
  EXPECT_GE(record.ms.first, record.ms.connect);
  EXPECT_GE(record.ms.total, record.ms.first);
}

TEST_F(TransferTest, KeepsItsConnection) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(FetchPath("/posts/1").ok);
  EXPECT_EQ(FetchPath("/posts/1").ms.connect, 0);
  EXPECT_EQ(Connections(), 1u);
}

TEST_F(TransferTest, EachThreadHasAConnectionOfItsOwn) {
  Fetch(server_.Url("/posts/1"));
  std::thread([this] { Fetch(server_.Url("/posts/1")); }).join();
  EXPECT_EQ(Connections(), 2u);
}

TEST_F(TransferTest, ConnectionsThatServersCloseAreMadeAgain) {
  for (const char* target : {"/close", "/until-closed/10", "/posts/1"}) {
    EXPECT_TRUE(FetchPath(target).ok) << target;
  }
  EXPECT_EQ(Connections(), 3u);
}

TEST_F(TransferTest, AStaleConnectionIsSaidToBeOne) {
  EXPECT_TRUE(FetchPath("/stale-on-use").ok);
  const Record record = FetchPath("/posts/1");
  EXPECT_FALSE(record.ok);
  EXPECT_EQ(record.error.kind, ErrorKind::kReceive);
  EXPECT_TRUE(end_.stale);
  EXPECT_TRUE(FetchPath("/posts/1").ok);
}

TEST_F(TransferTest, ANewConnectionIsNeverStale) {
  EXPECT_EQ(KindOf("/drop"), ErrorKind::kReceive);
  EXPECT_FALSE(end_.stale);
  EXPECT_EQ(KindOf("/reset"), ErrorKind::kReceive);
  EXPECT_FALSE(end_.stale);
}

// The late answer must not become that of the next request.
TEST_F(TransferTest, AConnectionIsDroppedAfterATimeout) {
  options_.timeouts.read = milliseconds(50);
  EXPECT_EQ(KindOf("/hang"), ErrorKind::kTimeout);
  EXPECT_TRUE(FetchPath("/posts/1").ok);
  EXPECT_EQ(Connections(), 2u);
}

TEST_F(TransferTest, EachTimeoutIsCalledByItsOption) {
  options_.timeouts.read = milliseconds(50);
  EXPECT_TRUE(absl::StrContains(FetchPath("/hang").error.text, "--read-timeout"));
  EXPECT_TRUE(absl::StrContains(FetchPath("/stall").error.text, "nothing more"));
  transfers_.reset();
  options_.timeouts.read = milliseconds(2000);
  options_.timeouts.total = milliseconds(100);
  // Each byte comes in time, the whole does not.
  const Record record = FetchPath("/slow-body/1000/20");
  EXPECT_EQ(record.error.kind, ErrorKind::kTimeout);
  EXPECT_TRUE(absl::StrContains(record.error.text, "--timeout")) << record.error.text;
}

TEST_F(TransferTest, BrokenAnswers) {
  EXPECT_EQ(KindOf("/cut/1000"), ErrorKind::kShortBody);
  EXPECT_EQ(KindOf("/cut-chunked"), ErrorKind::kShortBody);
  EXPECT_EQ(KindOf("/cut-gzip"), ErrorKind::kEncoding);
  EXPECT_EQ(KindOf("/garbage"), ErrorKind::kProtocol);
  EXPECT_EQ(KindOf("/bad-length"), ErrorKind::kProtocol);
  EXPECT_EQ(KindOf("/huge-header/1048576"), ErrorKind::kProtocol);
}

TEST_F(TransferTest, ABodyThatIsTooShortSaysByHowMuch) {
  EXPECT_EQ(FetchPath("/cut/1000").error.text, "the body ends after 500 of 1000 bytes");
}

TEST_F(TransferTest, StatusesThatAreNotAccepted) {
  const Record record = FetchPath("/status/404");
  EXPECT_EQ(record.status, 404);
  EXPECT_EQ(record.error.kind, ErrorKind::kStatus);
  options_.answers.accept = StatusSet("404");
  EXPECT_TRUE(FetchPath("/status/404").ok);
}

TEST_F(TransferTest, AnswersWithoutABody) {
  EXPECT_TRUE(FetchPath("/204").ok);
  options_.answers.accept = StatusSet("any");
  options_.timeouts.read = milliseconds(10'000);
  EXPECT_EQ(FetchPath("/status/304").status, 304);
  EXPECT_TRUE(FetchPath("/posts/1").ok);
}

TEST_F(TransferTest, TheHeadAlone) {
  options_.send.method = "HEAD";
  const Record record = FetchPath("/posts/1");
  EXPECT_TRUE(record.ok) << record.error.text;
  EXPECT_EQ(record.bytes, 0u);
}

TEST_F(TransferTest, RetryAfterIsHandedOn) {
  FetchPath("/retry-after/x/seconds/7");
  EXPECT_EQ(end_.retry_after, "7");
}

TEST_F(TransferTest, CompressedBodies) {
  for (const char* target : {"/gzip", "/br"}) {
    const Record record = FetchPath(target);
    EXPECT_TRUE(record.ok) << record.error.text;
    EXPECT_LT(record.wire_bytes, record.bytes);
  }
}

TEST_F(TransferTest, BodiesThatAreTooLarge) {
  options_.answers.max_body = 1000;
  EXPECT_EQ(KindOf("/bytes/1001"), ErrorKind::kTooLarge);
  EXPECT_EQ(KindOf("/chunked/1001"), ErrorKind::kTooLarge);
  EXPECT_TRUE(FetchPath("/bytes/1000").ok);
  options_.answers.max_body = 1 << 20;
  const Record bomb = FetchPath("/gzip-bomb/10");
  EXPECT_EQ(bomb.error.kind, ErrorKind::kTooLarge);
  EXPECT_LT(bomb.bytes, 2u << 20);
}

TEST_F(TransferTest, Redirects) {
  const Record record = FetchPath("/redirect/3");
  EXPECT_TRUE(record.ok) << record.error.text;
  EXPECT_EQ(record.redirects.size(), 3u);
  EXPECT_EQ(record.redirects.back(), server_.Url("/redirect/0"));
  EXPECT_EQ(Connections(), 1u);
}

TEST_F(TransferTest, RedirectsThatDoNotEnd) {
  EXPECT_TRUE(absl::StrContains(FetchPath("/redirect-loop").error.text, "a loop of redirects"));
  options_.send.max_redirects = 2;
  EXPECT_TRUE(absl::StrContains(FetchPath("/redirect/3").error.text, "--max-redirects"));
  options_.send.max_redirects = 0;
  EXPECT_EQ(FetchPath("/redirect/3").error.kind, ErrorKind::kStatus);
}

TEST_F(TransferTest, ARedirectToNoUrl) {
  EXPECT_EQ(KindOf("/redirect-to?url=ftp://host/&status=302"), ErrorKind::kRedirect);
}

TEST_F(TransferTest, SecretsStayWithTheirOrigin) {
  HttpServer other;
  options_.send.bearer = "secret";
  options_.send.headers = {{"Cookie", "a=1"}, {"X-Mine", "{id}"}};
  options_.answers.field = "/headers";
  const Record at_home =
      Fetch(server_.Url("/redirect-to?status=302&url=" + server_.Url("/echo")), "7");
  EXPECT_TRUE(absl::StrContains(at_home.field, "Bearer secret")) << at_home.error.text;
  EXPECT_TRUE(absl::StrContains(at_home.field, "a=1"));
  const Record abroad =
      Fetch(server_.Url("/redirect-to?status=302&url=" + other.Url("/echo")), "7");
  EXPECT_FALSE(absl::StrContains(abroad.field, "secret")) << abroad.field;
  EXPECT_FALSE(absl::StrContains(abroad.field, "a=1"));
  EXPECT_TRUE(absl::StrContains(abroad.field, "7"));
}

TEST_F(TransferTest, CredentialsOfTheUrl) {
  options_.answers.field = "/headers";
  credentials_ = "user:pw";
  EXPECT_TRUE(absl::StrContains(FetchPath("/echo").field, "Basic dXNlcjpwdw=="));
}

TEST_F(TransferTest, ABodyIsSentAndLeftBehindByASeeOther) {
  options_.send.method = "POST";
  options_.send.body = "id={id}";
  options_.answers.field = "/body";
  EXPECT_EQ(Fetch(server_.Url("/echo"), "7").field, "\"id=7\"");
  options_.answers.field = "/method";
  const std::string to = "/redirect-to?url=" + server_.Url("/echo") + "&status=";
  EXPECT_EQ(FetchPath(to + "303").field, "\"GET\"");
  EXPECT_EQ(FetchPath(to + "307").field, "\"POST\"");
}

TEST_F(TransferTest, SavesABody) {
  SaveBodies();
  const Record record = Fetch(server_.Url("/bytes/100000"), "7");
  EXPECT_TRUE(record.ok) << record.error.text;
  EXPECT_EQ(record.file, directory_ + "/7");
  EXPECT_EQ(fs::file_size(record.file), 100000u);
  EXPECT_EQ(Fetch(server_.Url("/bytes/10"), "7").file, directory_ + "/7~1");
  EXPECT_EQ(Files().size(), 2u);
}

TEST_F(TransferTest, SavesNothingThatIsNotWhole) {
  SaveBodies();
  options_.answers.max_body = 1 << 20;
  options_.timeouts.read = milliseconds(50);
  for (const char* target : {"/cut/1000", "/cut-chunked", "/cut-gzip", "/stall", "/status/404",
                             "/gzip-bomb/10", "/bytes/2000000"}) {
    EXPECT_FALSE(FetchPath(target).ok) << target;
  }
  EXPECT_EQ(Files(), std::vector<std::string>());
}

TEST_F(TransferTest, ADirectoryThatIsGone) {
  options_.answers.directory = directory_ + "/gone";
  EXPECT_EQ(KindOf("/posts/1"), ErrorKind::kFile);
}

TEST_F(TransferTest, StopEndsWhatRunsAndWhatComes) {
  transfers_ = std::make_unique<Transfers>(options_);
  std::thread stopper([this] {
    while (server_.statistics().RequestsOf("/hang") == 0) std::this_thread::yield();
    transfers_->Stop();
  });
  EXPECT_EQ(KindOf("/hang"), ErrorKind::kInterrupted);
  stopper.join();
  EXPECT_EQ(KindOf("/posts/1"), ErrorKind::kInterrupted);
}

TEST_F(TransferTest, NoServer) {
  const std::string url = server_.Url("/");
  server_.Stop();
  const Record record = Fetch("http://127.0.0.1:1/");
  EXPECT_EQ(record.error.kind, ErrorKind::kConnect);
  EXPECT_TRUE(absl::StrContains(record.error.text, "127.0.0.1 port 1")) << record.error.text;
  EXPECT_EQ(Fetch("http://no-such-host.invalid/").error.kind, ErrorKind::kResolve);
}

TEST_F(TransferTest, KeepsOnlySoManyConnections) {
  HttpServer other;
  transfers_ = std::make_unique<Transfers>(options_, 1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(FetchPath("/posts/1").ok);
    EXPECT_TRUE(Fetch(other.Url("/posts/1")).ok);
  }
  EXPECT_EQ(Connections(), 2u);
}

// Proxies.

class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Environment() { unsetenv(name_); }

 private:
  const char* const name_;
};

TEST_F(TransferTest, AProxyGetsTheWholeUrl) {
  const Environment proxy("http_proxy", absl::StrCat("http://me:pw@127.0.0.1:", server_.port()));
  options_.send.proxy = ProxySettings::FromEnvironment();
  options_.answers.field = "/target";
  const Record record = Fetch("http://host.invalid/echo");
  EXPECT_EQ(record.field, "\"http://host.invalid/echo\"") << record.error.text;
  options_.answers.field = "/headers";
  EXPECT_TRUE(absl::StrContains(Fetch("http://host.invalid/echo").field, "Basic bWU6cHc="));
}

TEST_F(TransferTest, AProxyThatOpensNoTunnel) {
  const Environment proxy("https_proxy", server_.Url(""));
  options_.send.proxy = ProxySettings::FromEnvironment();
  const Record record = Fetch("https://host.invalid/");
  EXPECT_EQ(record.error.kind, ErrorKind::kProxy) << record.error.text;
  EXPECT_TRUE(absl::StrContains(record.error.text, "host.invalid:443")) << record.error.text;
}

// A socket that listens, and what it does with its one connection.
class OneConnection {
 public:
  using Serve = std::function<void(int fd)>;

  OneConnection(int listener, Serve serve)
      : listener_(listener), thread_([listener, serve = std::move(serve)] {
          const int fd = accept(listener, nullptr, nullptr);
          serve(fd);
          close(fd);
        }) {}
  ~OneConnection() {
    thread_.join();
    close(listener_);
  }

 private:
  const int listener_;
  std::thread thread_;
};

// As much of it as the client wants.
void Answer(int fd, const std::string& text) {
  std::string got(4096, '\0');
  ASSERT_GT(read(fd, got.data(), got.size()), 0);
  EXPECT_GT(send(fd, text.data(), text.size(), MSG_NOSIGNAL), 0);
}

const std::string kOkAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST_F(TransferTest, AUnixSocket) {
  // Short, as such names must be.
  std::string folder = "/tmp/transfer_test_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/socket";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  const OneConnection server(listener, [](int fd) { Answer(fd, kOkAnswer); });
  options_.send.unix_socket = path;
  const Record record = Fetch("http://host.invalid/");
  EXPECT_TRUE(record.ok) << record.error.text;
  EXPECT_EQ(record.bytes, 2u);
  fs::remove_all(folder);
}

// Answers that no sound server gives.

int ListenOnLoopback(int* port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener, 1), 0);
  EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  *port = ntohs(address.sin_port);
  return listener;
}

TEST_F(TransferTest, LinesThatDoNotEnd) {
  for (const char* begin : {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX: ",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1"}) {
    int port = 0;
    const OneConnection server(ListenOnLoopback(&port), [begin](int fd) {
      Answer(fd, begin);
      const std::string more(10'000, '0');
      while (send(fd, more.data(), more.size(), MSG_NOSIGNAL) > 0) {
      }
    });
    const Record record = Fetch(absl::StrCat("http://127.0.0.1:", port, "/"));
    EXPECT_EQ(record.error.kind, ErrorKind::kProtocol) << begin << ": " << record.error.text;
  }
}

TEST_F(TransferTest, BytesAfterAnAnswerAreNotTheNextOne) {
  options_.timeouts.read = milliseconds(200);
  int port = 0;
  const OneConnection server(ListenOnLoopback(&port),
                             [](int fd) { Answer(fd, kOkAnswer + "HTTP/1.1 201 Evil\r\n\r\n"); });
  const std::string url = absl::StrCat("http://127.0.0.1:", port, "/");
  EXPECT_EQ(Fetch(url).status, 200);
  EXPECT_NE(Fetch(url).status, 201);
}

// Gets this answer from a server that closes after it.
class AnswerTest : public TransferTest {
 protected:
  Record Get(const std::string& answer) {
    int port = 0;
    const OneConnection server(ListenOnLoopback(&port), [&](int fd) { Answer(fd, answer); });
    return Fetch(absl::StrCat("http://127.0.0.1:", port, "/"));
  }
};

TEST_F(AnswerTest, InterimAnswersAreNotTheAnswer) {
  for (const char* interim :
       {"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"}) {
    const Record record = Get(interim + kOkAnswer);
    EXPECT_TRUE(record.ok) << interim << record.status << " " << record.error.text;
    EXPECT_EQ(record.bytes, 2u);
  }
}

TEST_F(AnswerTest, InterimAnswersThatDoNotEnd) {
  std::string all;
  while (all.size() < (300 << 10)) all += "HTTP/1.1 102 Processing\r\n\r\n";
  EXPECT_EQ(Get(all).error.kind, ErrorKind::kProtocol);
}

TEST_F(AnswerTest, ALongLineAfterAnInterimAnswer) {
  const std::string line = "HTTP/1.1 200 " + std::string(60'000, 'A') + "\r\n\r\n";
  EXPECT_EQ(Get("HTTP/1.1 100 Continue\r\n\r\n" + line).error.kind, ErrorKind::kProtocol);
  EXPECT_EQ(Get("HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + line).error.kind, ErrorKind::kProtocol);
}

TEST_F(AnswerTest, FieldsAfterTheLastChunk) {
  const std::string begin = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n";
  const Record record = Get(begin + "X-Sum: 1\r\nX-Time: 2\r\n\r\n");
  EXPECT_TRUE(record.ok) << record.error.text;
  EXPECT_EQ(record.bytes, 2u);
  EXPECT_EQ(Get(begin + "X-Sum: 1\r\n").error.kind, ErrorKind::kShortBody);
  std::string fields;
  for (int i = 0; i < 2000; ++i) fields += "X: y\r\n";
  EXPECT_EQ(Get(begin + fields + "\r\n").error.kind, ErrorKind::kProtocol);
}

// Its end could only be told from that of the connection.
TEST_F(AnswerTest, ATransferEncodingThatNobodyAskedFor) {
  for (const char* encoding :
       {"gzip", "gzip, chunked", "identity", "chunked\r\nTransfer-Encoding: chunked"}) {
    const Record record =
        Get(absl::StrCat("HTTP/1.1 200 OK\r\nTransfer-Encoding: ", encoding, "\r\n\r\n"));
    EXPECT_EQ(record.error.kind, ErrorKind::kProtocol) << encoding;
    EXPECT_TRUE(absl::StrContains(record.error.text, "Transfer-Encoding")) << record.error.text;
  }
  EXPECT_TRUE(Get("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n").ok);
}

// Until the other side has taken all that was sent.
void WaitUntilTaken(int fd) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  int left = 1;
  while (left > 0 && std::chrono::steady_clock::now() < end) {
    ASSERT_EQ(ioctl(fd, SIOCOUTQ, &left), 0);
    std::this_thread::yield();
  }
}

TEST_F(TransferTest, BytesThatNobodyAskedForAreNotTheNextAnswer) {
  int port = 0;
  std::promise<void> taken;
  std::promise<void> sent;
  const int listener = ListenOnLoopback(&port);
  const OneConnection server(listener, [&](int fd) {
    Answer(fd, kOkAnswer);
    taken.get_future().wait();
    const std::string wrong = "HTTP/1.1 201 Wrong\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(write(fd, wrong.data(), wrong.size()), static_cast<ssize_t>(wrong.size()));
    WaitUntilTaken(fd);
    sent.set_value();
    const int next = accept(listener, nullptr, nullptr);
    if (next < 0) return;
    Answer(next, kOkAnswer);
    close(next);
  });
  const std::string url = absl::StrCat("http://127.0.0.1:", port, "/");
  EXPECT_EQ(Fetch(url).status, 200);
  taken.set_value();
  sent.get_future().wait();
  EXPECT_EQ(Fetch(url).status, 200);
  shutdown(listener, SHUT_RDWR);  // the server waits no longer
}

TEST_F(TransferTest, AProxyThatAnswersInHalfALine) {
  int port = 0;
  const OneConnection server(ListenOnLoopback(&port),
                             [](int fd) { Answer(fd, "HTTP/1.\r\n\r\n"); });
  const Environment proxy("https_proxy", absl::StrCat("http://127.0.0.1:", port));
  options_.send.proxy = ProxySettings::FromEnvironment();
  EXPECT_EQ(Fetch("https://host.invalid/").error.kind, ErrorKind::kProxy);
}

// TLS.

class TlsTransferTest : public TransferTest {
 protected:
  TlsTransferTest() : ca_file_(testing::TempDir() + "transfer_test_ca.pem") {
    std::ofstream(ca_file_) << authority_.certificate();
    options_.send.ca_file = ca_file_;
  }
  ~TlsTransferTest() override { fs::remove(ca_file_); }

  const CertificateAuthority authority_;
  const std::string ca_file_;
};

TEST_F(TlsTransferTest, ATrustedServer) {
  HttpServer server({.identity = authority_.Issue({})});
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const Record record = Fetch(server.Url("/bytes/100000", host));
    EXPECT_TRUE(record.ok) << record.error.text;
    EXPECT_EQ(record.bytes, 100000u);
  }
  EXPECT_EQ(Fetch(server.Url("/posts/1")).ms.connect, 0);
  EXPECT_EQ(Fetch(server.Url("/cut/1000")).error.kind, ErrorKind::kShortBody);
  EXPECT_EQ(Fetch(server.Url("/garbage")).error.kind, ErrorKind::kProtocol);
}

TEST_F(TlsTransferTest, AStaleConnection) {
  HttpServer server({.identity = authority_.Issue({})});
  EXPECT_TRUE(Fetch(server.Url("/stale-on-use")).ok);
  EXPECT_FALSE(Fetch(server.Url("/posts/1")).ok);
  EXPECT_TRUE(end_.stale);
}

// Its farewell is there to be read, and must not be taken for a sign of life: a POST would be lost.
TEST_F(TlsTransferTest, AConnectionThatWasClosedWhileIdle) {
  options_.send.method = "POST";
  HttpServer server({.identity = authority_.Issue({})});
  EXPECT_TRUE(Fetch(server.Url("/stale/0")).ok);
  EXPECT_TRUE(Fetch(server.Url("/posts/1", "localhost")).ok);
  server.Stop();
  const Record record = Fetch(server.Url("/posts/1"));
  EXPECT_EQ(record.error.kind, ErrorKind::kConnect) << record.error.text;
}

TEST_F(TlsTransferTest, AServerThatIsSilentFromTheBeginning) {
  options_.timeouts = {.connect = {}, .read = milliseconds(50), .total = {}};
  int port = 0;
  const OneConnection server(ListenOnLoopback(&port), [](int fd) {
    char byte = 0;
    while (read(fd, &byte, 1) > 0) {
    }
  });
  const Record record = Fetch(absl::StrCat("https://127.0.0.1:", port, "/"));
  EXPECT_EQ(record.error.kind, ErrorKind::kTimeout);
  EXPECT_TRUE(absl::StrContains(record.error.text, "--read-timeout")) << record.error.text;
}

TEST_F(TlsTransferTest, Timeouts) {
  HttpServer server({.identity = authority_.Issue({})});
  options_.timeouts.read = milliseconds(50);
  EXPECT_EQ(Fetch(server.Url("/hang")).error.kind, ErrorKind::kTimeout);
  EXPECT_TRUE(Fetch(server.Url("/posts/1")).ok);
}

TEST_F(TlsTransferTest, WhyACertificateIsRefused) {
  HttpServer expired({.identity = authority_.Issue({.ended = true})});
  HttpServer other({.identity = authority_.Issue({.names = {"other.example"}})});
  HttpServer alone({.identity = http_server::SelfSigned({})});
  const auto why = [this](const HttpServer& server) {
    const Record record = Fetch(server.Url("/posts/1"));
    EXPECT_EQ(record.error.kind, ErrorKind::kTls);
    return record.error.text;
  };
  EXPECT_TRUE(absl::StrContains(why(expired), "the certificate expired on 20")) << why(expired);
  EXPECT_EQ(why(other), "the certificate is not for 127.0.0.1 but for other.example");
  EXPECT_TRUE(absl::StrContains(why(alone), "issuer is not trusted")) << why(alone);
}

TEST_F(TlsTransferTest, WithoutVerification) {
  HttpServer alone({.identity = http_server::SelfSigned({.ended = true})});
  options_.send.insecure = true;
  EXPECT_TRUE(Fetch(alone.Url("/posts/1")).ok);
}

TEST_F(TlsTransferTest, NoCertificatesInTheFile) {
  options_.send.ca_file = "/dev/null";
  EXPECT_THROW(Transfers transfers(options_), TlsError);
}

}  // namespace
}  // namespace cohort::api_fetcher
