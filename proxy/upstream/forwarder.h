#pragma once
// Takes one request to a back end and its answer to the client, as it streams: with a fresh Negotiate token where the
// route delegates, on a connection that is this user's alone.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "proxy/core.h"
#include "proxy/http/body_reader.h"
#include "proxy/upstream/headers.h"

namespace stead::proxy {

struct ForwardJob {
  const Route& route;
  std::size_t route_index;
  const RequestHead& head;
  std::string_view target;    // origin form, or "*"
  const SignedIn* signed_in;  // null: the route is public
  std::string_view request_id, remote_address;
  bool client_may_stay;  // the client's connection can be used again, for all we know
};

// How a request ended.
struct Forwarded {
  std::optional<OwnResponse> own;  // nothing was sent to the client yet, and this is to be
  bool ask_to_sign_in = false;     // nothing was sent; the evidence is not here: the client has to bring it again
  int status = 0;                  // as the client saw it; 0: it saw none
  bool keep = false;               // the client's connection may serve another request
  bool broken = false;             // the answer could not be finished: the client must see that
  std::string_view upstream;       // "127.0.0.1:9001"; empty: none was asked
  std::uint64_t bytes_out = 0;
  std::string diagnosis;  // what went wrong, one line
  std::string steps;      // the exchanges with the DCs, for a person
};

// Memory that a connection's requests use one after the other.
struct ForwardMemory {
  std::string identity, held_body, answer_head, out;
  ResponseHead answer;
};

class Forwarder {
 public:
  // `client_buffer` holds what came behind the head; `body` reads from it.
  Forwarder(Core& core, Stream& client, ReadBuffer& client_buffer, BodyReader& body, const ForwardJob& job,
            ForwardMemory& memory);
  [[nodiscard]] boost::asio::awaitable<Forwarded> run();

 private:
  enum class Next { done, again };

  [[nodiscard]] bool delegates() const { return job_.route.delegation != Delegation::none; }
  [[nodiscard]] Forwarded failed(int status, std::string_view title, std::string_view what_to_do,
                                 std::string diagnosis);
  [[nodiscard]] Forwarded ticket_failed(const Failure& failure);
  // The request's body as far as it is small or here already; false: `result_` says what to answer.
  boost::asio::awaitable<bool> collect_body();
  // Sends the request and takes the answer home, or says that it has to be done again.
  boost::asio::awaitable<Next> attempt();
  // Writes the request's head into `out_`; its body so far is `held_` and what is returned.
  [[nodiscard]] std::string_view compose_request(std::string_view authorization);
  boost::asio::awaitable<bool> read_head(bool& began);
  [[nodiscard]] Result<void> reply_proves_service(const NegotiateToken& sent, bool& proved) const;
  boost::asio::awaitable<void> relay();
  boost::asio::awaitable<void> tunnel();

  void start_pump();
  boost::asio::awaitable<void> pump();
  boost::asio::awaitable<void> pump_tunnel();
  boost::asio::awaitable<void> stop_pump();  // also where it has ended
  void no_answer();                          // fills result_ where the back end gave none

  Core& core_;
  Stream& client_;
  ReadBuffer& client_buffer_;
  BodyReader& body_;
  const ForwardJob& job_;

  std::string& identity_;  // whose connection is needed
  TicketPtr ticket_;
  std::string& held_;  // the body's beginning; all of it where whole_
  bool whole_ = false;
  bool fresh_only_ = false, ticket_renewed_ = false;
  UpstreamPtr upstream_;
  std::string& head_bytes_;  // the answer's head, to which `answer_` points
  ResponseHead& answer_;
  std::string& out_;  // what is written next
  std::optional<boost::asio::steady_timer> pump_ended_;
  bool pumping_ = false;
  BodyStep upload_ = BodyStep::data;  // end, malformed or lost once the client's side of it is over
  Forwarded result_;
};

}  // namespace stead::proxy
