#pragma once
// Forwards one request to a back end and relays the response to the client: with a Negotiate token of the user if the
// route delegates, on a connection that no other user shares.
//
//   1. BackendAuth::fetch_ticket       the user's service ticket
//   2. RequestUpload::collect          a small body, so that the request can be sent again
//   3. UpstreamPool::get               a connection of this user
//   4. BackendAuth::make_token         a token bound to the connection's TLS channel
//   5. write_request_head              the head, and the body collected so far
//   6. RequestUpload::start            the rest of the body, beside the next steps
//   7. AnswerReader                    the response's head; interim responses are passed on
//   8. BackendAuth::judge              is it the right service, and did it accept the user?
//   9. ResponseRelay, or Tunnel        the response's body; or octets both ways after 101
#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>

#include "proxy/upstream/answer_reader.h"
#include "proxy/upstream/backend_auth.h"
#include "proxy/upstream/client_exchange.h"
#include "proxy/upstream/forward_job.h"
#include "proxy/upstream/request_upload.h"

namespace stead::proxy {

class Forwarder {
 public:
  // The arguments outlive the forwarder.
  Forwarder(const ForwardContext& context, ClientExchange& client, const ForwardJob& job, ForwardMemory& memory);
  ~Forwarder() { client_.close_when_left(nullptr); }
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;
  [[nodiscard]] boost::asio::awaitable<Forwarded> run();
  [[nodiscard]] UsedTicket used_ticket() const { return auth_.used(); }  // after run()

 private:
  enum class Attempt { done, repeat };  // repeat: the request must be sent once more

  [[nodiscard]] boost::asio::awaitable<Attempt> attempt();  // steps 3 to 9
  // Writes the request's head into `memory_.out`. Returns what follows the collected body.
  [[nodiscard]] std::string_view compose_request();
  [[nodiscard]] boost::asio::awaitable<Attempt> after_no_answer(const AnswerReader& reader);
  [[nodiscard]] boost::asio::awaitable<Attempt> after_refusal();
  [[nodiscard]] boost::asio::awaitable<void> relay();
  [[nodiscard]] boost::asio::awaitable<void> tunnel();

  // A body that is streamed could end after the connection has changed its protocol, so such a request is not upgraded.
  [[nodiscard]] bool upgrades() const { return job_.head.wants_upgrade && upload_.is_whole(); }
  void compose_response(Framing framing, ResponseOptions options);

  [[nodiscard]] std::string upstream_name() const { return "upstream " + context_.pool.name(upstream_->upstream); }
  [[nodiscard]] Forwarded wrong_body() const;
  // Ends the request with a page.
  void fail(Forwarded failure);
  void fail(int status, std::string_view title, std::string_view what_to_do, std::string diagnosis);

  const ForwardContext& context_;
  ClientExchange& client_;
  const ForwardJob& job_;
  ForwardMemory& memory_;
  BackendAuth auth_;
  RequestUpload upload_;
  UpstreamPtr upstream_;
  Wanted wanted_;            // of the pool
  std::string_view target_;  // for the back end
  std::string no_answer_;    // how the last connection ended that gave none
  Forwarded result_;
};

}  // namespace stead::proxy
