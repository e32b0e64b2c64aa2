#pragma once
// GETs over one connection to a back end, as the proxy would send them. Answers are read to their end, up to a limit,
// so that another request can follow; bodies are not kept.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

#include "proxy/doctor/gather/tools.h"

namespace stead::doctor {

constexpr std::chrono::milliseconds kHttpTime{5000};  // for one request, with its connection

class HttpProbe {
 public:
  // `addresses`: of the back end's host.
  HttpProbe(boost::asio::any_io_executor executor, proxy::Upstream where, std::vector<std::string> addresses,
            bool verify, std::string ca);

  // Connects at first use. `authorization` empty: none. Each call ends within kHttpTime.
  Awaitable<HttpFacts> get(std::string host, std::string path, std::string authorization);
  [[nodiscard]] bool is_open() const { return open_; }
  // tls-server-end-point (RFC 5929) of the certificate; empty before the first answer, and without TLS.
  [[nodiscard]] const std::string& bindings() const { return bindings_; }

 private:
  Awaitable<bool> connect(HttpFacts& out);
  Awaitable<bool> handshake(HttpFacts& out);
  Awaitable<void> read_answer(HttpFacts& out);
  void close();

  boost::asio::any_io_executor executor_;
  proxy::Upstream where_;
  std::vector<std::string> addresses_;
  bool verify_;
  std::string ca_;
  boost::asio::ssl::context context_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  bool open_ = false;
  std::string bindings_;
};

}  // namespace stead::doctor
