#pragma once
// Authentication of one request at its back end: the user's service ticket, a Negotiate token made from it for each
// connection, and the check of the back end's reply (RFC 4559, mutual authentication by AP-REP).
#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>

#include "proxy/upstream/forward_job.h"

namespace stead::proxy {

class BackendAuth {
 public:
  BackendAuth(const ForwardContext& context, const ForwardJob& job, std::string& authorization)
      : context_(context), job_(job), authorization_(authorization) {
    authorization_.clear();
  }

  // Gets the ticket, from the caches or the KDC.
  [[nodiscard]] boost::asio::awaitable<Outcome<void>> fetch_ticket();
  [[nodiscard]] bool has_ticket() const { return ticket_ != nullptr; }
  [[nodiscard]] UsedTicket used() const { return {.ticket = ticket_, .was_cached = was_cached_}; }
  // Makes the token for a connection.
  [[nodiscard]] Result<void> make_token(const UpstreamConnection& connection);
  [[nodiscard]] std::string_view authorization() const { return authorization_; }  // "Negotiate BASE64"; may be empty

  enum class Verdict {
    accepted,
    refused,    // 401 with a challenge to sign in by Negotiate or NTLM: the back end did not accept the token
    untrusted,  // the AP-REP is invalid, or the route requires one and it is missing: see untrusted_reason()
  };
  // Judges the response to a request that carried the token. Counts it.
  [[nodiscard]] Verdict judge(const ResponseHead& answer);
  // After Verdict::refused, if the back end sent a token: what is wrong with it. Else empty.
  [[nodiscard]] const Error& reply_error() const { return reply_error_; }
  [[nodiscard]] std::string untrusted_reason() const;  // after Verdict::untrusted, for the log

  // After Verdict::refused. True: drops the ticket, since a fresh one may be accepted (the back end's key may have
  // changed). False: a fresh ticket was refused too, now or a short time ago.
  [[nodiscard]] bool drop_refused_ticket();
  // Remembers that the request failed by a refusal, so that the next ones do not ask the KDC again and again.
  void note_final_refusal();
  [[nodiscard]] std::string service() const { return ticket_->service(); }

 private:
  struct Reply {
    Error error;            // set: the AP-REP is invalid
    bool accepted = false;  // the back end says that it accepted the token
    bool proved = false;    // and sent a valid AP-REP; without `error`: it sent none
    bool asks = false;      // for another sign-in by Negotiate or NTLM
  };
  [[nodiscard]] Reply check_reply(const ResponseHead& answer) const;

  const ForwardContext& context_;
  const ForwardJob& job_;
  std::string& authorization_;
  TicketPtr ticket_;
  bool was_cached_ = false;
  NegotiateToken token_;
  Error reply_error_;
  enum class Attempts { first, with_fresh_ticket } attempts_ = Attempts::first;
  bool refusal_was_known_ = false;
};

}  // namespace stead::proxy
