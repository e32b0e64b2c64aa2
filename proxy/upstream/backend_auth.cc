#include "proxy/upstream/backend_auth.h"

#include <string>
#include <utility>

#include "proxy/headers/challenges.h"
#include "proxy/http/stream.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/errors/error.h"
#include "sspi_shim/protocol/messages/spnego.h"

namespace stead::proxy {

boost::asio::awaitable<Outcome<void>> BackendAuth::fetch_ticket() {
  auto outcome = co_await context_.tickets->give(job_.signed_in->session, job_.route.spn);
  if (!outcome) co_return outcome.error();
  ticket_ = std::move(outcome->ticket);
  was_cached_ = outcome->was_cached;
  co_return boost::system::in_place_value;
}

Result<void> BackendAuth::make_token(const UpstreamConnection& connection) {
  auto made = make_negotiate_token(*ticket_, connection.bindings);
  if (!made) return made.error();
  token_ = std::move(*made);
  authorization_ = "Negotiate ";
  append_base64(authorization_, token_.token);
  context_.metrics.tokens_made.add();
  return {};
}

BackendAuth::Reply BackendAuth::check_reply(const ResponseHead& answer) const {
  Reply out;
  for (const Field& field : answer.fields) {
    if (field.name.size() != 16 || !equal_ignoring_case(field.name, "www-authenticate")) continue;
    out.asks = out.asks || has_connection_scheme(field.value);
    const auto token = negotiate_token_of(field.value);
    if (!token || token->empty()) continue;
    const auto bytes = from_base64(*token);
    if (!bytes) {
      out.error = make_error_code(WireErrc::bad_value);
      return out;
    }
    if (is_acceptance_without_token(*bytes)) {
      out.accepted = true;
      continue;
    }
    if (const auto valid = verify_negotiate_reply(token_, *bytes); !valid) {
      out.error = valid.error();
      return out;
    }
    out.accepted = out.proved = true;
  }
  return out;
}

BackendAuth::Verdict BackendAuth::judge(const ResponseHead& answer) {
  const Reply reply = check_reply(answer);
  reply_error_ = reply.error;
  // The token may be a KRB-ERROR that says why, for example that the back end has no key of this version. A 401 that
  // asks for no Negotiate, or comes with an acceptance, is the application's own: it may want another sign-in besides.
  if (answer.status == 401 && (reply.error || (reply.asks && !reply.accepted))) {
    context_.metrics.tokens_refused.add();
    return Verdict::refused;
  }
  if (reply.error || (!reply.proved && job_.route.mutual == MutualAuth::required)) {
    context_.metrics.replies_that_do_not_hold.add();
    return Verdict::untrusted;
  }
  context_.refused_tokens.accepted(job_.signed_in->session.user, job_.route_index);
  return Verdict::accepted;
}

std::string BackendAuth::untrusted_reason() const {
  if (reply_error_) return "its AP-REP is invalid: " + reply_error_.message();
  return "it sent no AP-REP to prove its identity, and the route has mutual = \"required\"";
}

bool BackendAuth::drop_refused_ticket() {
  const Session& session = job_.signed_in->session;
  if (attempts_ == Attempts::with_fresh_ticket) return false;
  refusal_was_known_ = context_.refused_tokens.is_final(session.user, job_.route_index, Clock::now());
  if (refusal_was_known_) return false;
  context_.tickets->drop(session, job_.route.spn);
  attempts_ = Attempts::with_fresh_ticket;
  return true;
}

void BackendAuth::note_final_refusal() {
  if (!refusal_was_known_) context_.refused_tokens.note(job_.signed_in->session.user, job_.route_index, Clock::now());
}

}  // namespace stead::proxy
