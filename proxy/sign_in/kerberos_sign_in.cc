#include "proxy/sign_in/kerberos_sign_in.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/http/target.h"
#include "proxy/shared/shared_state.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/messages/ticket.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kScheme = "Negotiate";
// A ticket with a large PAC. The default of [limits] header_bytes is lower.
constexpr std::size_t kMaxTokenBytes = 96 * 1024;
// An authenticator is good for the clock skew before and after its time (RFC 4120 §3.2.3).
constexpr std::chrono::minutes kReplayTime{11};

// The token of "Negotiate BASE64"; nothing if the text is not base64 or too long.
std::optional<Buffer> negotiate_token(std::string_view authorization) {
  std::string_view text = authorization.substr(kScheme.size());
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.size() > kMaxTokenBytes / 3 * 4) return std::nullopt;
  return from_base64(text);
}

}  // namespace

bool is_negotiate(std::string_view authorization) {
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return false;
  return authorization.size() == kScheme.size() || authorization[kScheme.size()] == ' ';
}

asio::awaitable<KerberosSignIn::Answer> KerberosSignIn::go_on(const RequestView& request,
                                                              Negotiation::Exchange exchange, Buffer token) {
  std::function<asio::awaitable<Answer>()> work =
      [state = state_, exchange, held = std::move(token),
       bindings = std::string(request.channel_bindings)]() -> asio::awaitable<Answer> {
    co_return exchange->next(held, as_bytes(bindings), state->config.channel_bindings);
  };
  auto answer = co_await asio::co_spawn(state_->pool.get_executor(), std::move(work),
                                        asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
  if (std::holds_alternative<UnfinishedClient>(answer)) request.negotiation->keep(std::move(exchange));
  co_return answer;
}

// libkrb5's replay cache, which judge() asks, is this machine's; other replicas have theirs.
asio::awaitable<KerberosSignIn::Answer> KerberosSignIn::accept(const RequestView& request) {
  auto answer = co_await judge(request);
  const auto* const client = std::get_if<AcceptedClient>(&answer);
  if (client == nullptr || !state_->shared) co_return answer;
  const bool first = co_await state_->shared->is_first(client->ap_req, kReplayTime);
  if (!first) co_return RefusedClient{.reason = "another replica of this proxy has seen this token before"};
  co_return answer;
}

asio::awaitable<KerberosSignIn::Answer> KerberosSignIn::judge(const RequestView& request) {
  // Whatever the token is, an exchange that was under way ends unless the token continues it.
  Negotiation::Exchange exchange = request.negotiation != nullptr ? request.negotiation->take() : nullptr;
  auto token = negotiate_token(request.authorization);
  if (!token) co_return RefusedClient{.reason = "the token is not base64, or too long"};
  const BindingsPolicy policy = state_->config.channel_bindings;
  if (auto client = at_once_->accept(*token, as_bytes(request.channel_bindings), policy))
    co_return for_host(std::move(*client), std::string(request.host));
  if (request.negotiation == nullptr && KerberosAcceptor::begins_exchange(*token)) co_return UnfinishedClient{};
  if (!exchange && request.negotiation != nullptr && KerberosAcceptor::begins_exchange(*token))
    exchange = state_->acceptor->begin();
  else if (!KerberosAcceptor::continues_exchange(*token))
    exchange = nullptr;
  if (exchange) {
    auto answer = co_await go_on(request, std::move(exchange), std::move(*token));
    co_return for_host(std::move(answer), std::string(request.host));
  }
  std::function<asio::awaitable<Answer>()> work =
      [state = state_, held = std::move(*token), policy,
       bindings = std::string(request.channel_bindings)]() -> asio::awaitable<Answer> {
    auto judged = state->acceptor->accept(held, as_bytes(bindings), policy);
    if (auto* const client = std::get_if<AcceptedClient>(&judged)) co_return std::move(*client);
    co_return std::get<RefusedClient>(std::move(judged));
  };
  auto answer = co_await asio::co_spawn(state_->pool.get_executor(), std::move(work),
                                        asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
  auto* const client = std::get_if<AcceptedClient>(&answer);
  if (client == nullptr) co_return answer;
  co_return for_host(std::move(*client), std::string(request.host));
}

// A ticket for another service of the same account was not meant for the site that was asked.
KerberosSignIn::Answer KerberosSignIn::for_host(Answer answer, const std::string& host) const {
  const auto* const client = std::get_if<AcceptedClient>(&answer);
  if (client == nullptr) return answer;
  const auto ticket = decode_ticket(client->ticket);
  const auto& service = ticket ? ticket->sname.components : std::vector<std::string>();
  const std::string name = service.size() > 1 ? host_name_of(service[1]) : std::string();
  const auto& aliases = state_->config.kerberos_aliases;
  if (!name.empty() && (name == host || std::find(aliases.begin(), aliases.end(), name) != aliases.end()))
    return answer;
  return RefusedClient{.reason = "the ticket of " + client->user + " is for " +
                                 (ticket ? to_string(ticket->sname) : std::string("no service")) + ", and " + host +
                                 " was asked: where browsers use another name of this site, [sign_in.kerberos] "
                                 "aliases lists it"};
}

}  // namespace stead::proxy
