// The bytes to and from one server: a socket, TLS where asked for, time limits, and what went
// wrong in words. cpp-httplib reads and writes its messages through it.
//
// Its own streams would do, but tell only that something failed, not what; take six system calls
// for a request where two are enough; and cannot be ended by another thread while they connect.
//
// For one thread; another one may end it by the StopSwitch.

#ifndef COHORT_APPS_API_FETCHER_TRANSPORT_H_
#define COHORT_APPS_API_FETCHER_TRANSPORT_H_

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/api_fetcher/dial.h"
#include "apps/api_fetcher/record.h"
#include "apps/api_fetcher/stop_switch.h"
#include "apps/api_fetcher/tls.h"
#include "httplib.h"

namespace cohort::api_fetcher {

// How to get to a server.
struct Route {
  Endpoint endpoint = {};   // what to connect to: the server, its proxy or a Unix socket
  std::string proxy = "";   // "host:port" where the endpoint is one, to be named in errors
  std::string tunnel = "";  // "host:port" to ask a proxy for; empty: none
  std::string tunnel_authorization = "";  // of the Proxy-Authorization header for that
  std::string tls_host = "";              // who must answer, by TLS; empty: no TLS
};

// 0: none.
struct TransportLimits {
  std::chrono::milliseconds connect{0};  // proxy and TLS included
  std::chrono::milliseconds read{0};     // without a byte, either way
  std::chrono::milliseconds total{0};    // of an exchange, or of several together
};

class Transport : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;

  Transport(TransportLimits limits, TlsContext& tls, StopSwitch& stop);

  // A new exchange begins, on this connection or on the one that Connect() will make. `since`: when
  // the total time has begun.
  void Begin(Clock::time_point since);

  // Says whether there is a connection now; if not, failure() has the reason.
  bool Connect(const Route& route);

  // The answer's head has ended: from now on there is a body, of any size.
  void EndHead() { in_head_ = false; }

  // Between two exchanges: whether the connection can take another request. Not so where its end
  // has come, or a byte that nobody asked for, which would become the next answer. Does not wait.
  bool IsIdle();

  // Lets go of the descriptor, which whoever holds it closes. `friendly`: with TLS's farewell.
  void Release(bool friendly);

  int fd() const { return socket_.get(); }

  // What went wrong in this exchange; kNone: nothing. At its end (EOF) only `at_end` is set.
  const Error& failure() const { return failure_; }
  bool at_end() const { return at_end_; }

  // Of this exchange.
  bool reused() const { return !connected_; }
  bool any_received() const { return first_at_ != Clock::time_point(); }
  Clock::duration connect_time() const { return connect_time_; }
  Clock::time_point first_at() const { return first_at_; }
  std::string_view first_bytes() const { return {first_bytes_.data(), first_size_}; }

  // Whether bytes have come that nobody asked for. The next answer would not be one.
  bool has_excess() const { return begin_ != end_; }

  // httplib::Stream.
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  int socket() const override { return fd(); }

 private:
  // What is left of the time for connecting, and of the total; negative where it is over.
  std::chrono::milliseconds Left(Clock::time_point now) const;

  // How long the next system call may wait; 0: for ever. Negative: the time is over.
  std::chrono::milliseconds Allowed(Clock::time_point now) const;

  // Prepares the socket for that. False where the time is over, which failure() then says.
  bool SetTimeout(Clock::time_point now, bool exactly);

  bool Dial(const Endpoint& to);
  bool Fail(ErrorKind kind, std::string text);
  bool FailLate(Clock::time_point now);
  ssize_t FailSystem(ErrorKind kind, int error);
  void BeginHead();

  bool Reach(const Route& route);
  bool OpenTunnel(const Route& route);
  bool TakeTunnelAnswer(const Route& route);
  bool Handshake(const Route& route);
  bool FailHandshake(const Route& route);

  bool HasOnlyNotesOfTls();
  ssize_t ReadMore(char* to, size_t size);
  ssize_t Fill();
  ssize_t EndLine(char byte);
  ssize_t Receive(char* to, std::size_t size);
  ssize_t ReceiveOnce(char* to, std::size_t size);
  ssize_t SendOnce(const char* from, std::size_t size);
  ssize_t SslResult(int result);
  void NoteFirst(std::string_view bytes);

  const TransportLimits limits_;
  TlsContext& tls_;
  StoppableFd socket_;
  SslPointer ssl_;
  std::chrono::milliseconds timeout_{0};  // that the socket has for each call; 0: none

  std::array<char, 16384> buffer_;
  std::size_t begin_ = 0;  // what is in the buffer
  std::size_t end_ = 0;

  // Of this exchange.
  Clock::time_point started_;
  Clock::time_point first_at_;
  Clock::duration connect_time_{0};
  Clock::time_point connect_started_;
  bool connecting_ = false;
  bool connected_ = false;  // in this exchange
  bool at_end_ = false;
  bool in_head_ = true;
  std::size_t head_size_ = 0;
  std::size_t line_size_ = 0;
  std::size_t line_limit_ = 0;
  std::array<char, 40> first_bytes_;
  std::size_t first_size_ = 0;
  Error failure_;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_TRANSPORT_H_
