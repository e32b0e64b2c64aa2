#pragma once
// One client's connection: its requests, in order, each judged, signed in and forwarded for itself.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "proxy/core.h"
#include "proxy/http/message_head.h"
#include "proxy/http/stream.h"
#include "proxy/upstream/forwarder.h"

namespace stead::proxy {

class Http1Connection {
 public:
  Http1Connection(Core& core, boost::asio::ip::tcp::socket socket);
  ~Http1Connection();
  // Serves until the client leaves, does wrong, or the core drains.
  [[nodiscard]] boost::asio::awaitable<void> run();

 private:
  enum class Next { request, finish, close };  // what comes after a request: another, our last words, nothing

  boost::asio::awaitable<Next> serve();
  boost::asio::awaitable<Next> read_head();  // Next::request: head_ holds one that is well formed
  boost::asio::awaitable<Next> refuse(int status, std::string_view reason);
  boost::asio::awaitable<Next> forward(const Router::Match& match, BodyReader& body);
  boost::asio::awaitable<Next> own_page(BodyReader& body);
  boost::asio::awaitable<Next> answer(const OwnResponse& response, BodyReader& body);
  void begin_request();  // from here its time counts, and it has a number
  [[nodiscard]] RequestView view();
  void log_request(int status);

  Core& core_;
  Stream stream_;
  ReadBuffer buffer_;
  std::string remote_;
  std::shared_ptr<ServerTls> tls_, judged_by_;  // of the handshake; by whose files the certificate was judged last
  ClientCertificate certificate_;

  // The request at hand.
  std::string head_bytes_;
  RequestHead head_;
  std::string request_id_, host_, target_, cookies_;
  std::chrono::system_clock::time_point started_at_;
  Clock::time_point started_;
  const Route* route_ = nullptr;
  const SignedIn* signed_in_ = nullptr;
  Forwarded forwarded_;
  std::uint64_t bytes_in_ = 0;
  std::string out_;
  ForwardMemory memory_;
};

}  // namespace stead::proxy
