#include "proxy/doctor/gather/back_end.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "proxy/doctor/facts/proxy_file.h"
#include "proxy/doctor/gather/http_probe.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/messages/spnego.h"

namespace stead::doctor {
namespace asio = boost::asio;

namespace {

bool is_address(const std::string& text) {
  Error error;
  asio::ip::make_address(text, error);
  return !error;
}

Awaitable<std::vector<std::string>> addresses_of(ToolsPtr tools, proxy::Upstream where, BackEndFacts& out) {
  const std::string host = bare_host(where);
  if (is_address(host)) co_return std::vector<std::string>(1, host);
  out.by_name = true;
  if (!tools->system_dns) co_return std::vector<std::string>();
  const auto query = tools->system_dns->ask_addresses(host);
  const auto found = co_await tools->system_dns->addresses(query);
  if (!found) co_return std::vector<std::string>();
  out.aliases = tools->system_dns->aliases(query);
  if (!found->empty()) {
    const auto reverse = tools->system_dns->ask_names(found->front());
    const auto names = co_await tools->system_dns->names(reverse);
    if (names) out.reverse = *names;
  }
  co_return *found;
}

std::string negotiate(const NegotiateToken& token) {
  return "Negotiate " + base64(token.token);
}

std::string raw_negotiate(const NegotiateToken& token) {
  const auto init = decode_neg_token_init(token.token);
  return init ? "Negotiate " + base64(init->mech_token) : "";
}

Result<NegotiateToken> token_for(const TicketPtr& ticket, const std::string& bindings) {
  return make_negotiate_token(*ticket, as_bytes(bindings));
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

void read_proof(const NegotiateToken& sent, const HttpFacts& answer, BackEndFacts::Signed& out) {
  for (const std::string& challenge : answer.challenges) {
    if (challenge.size() < 11 || !equal_ignoring_case(challenge.substr(0, 10), "Negotiate ")) continue;
    const auto bytes = from_base64(trimmed(std::string_view(challenge).substr(10)));
    if (!bytes) {
      out.proof = ApRep::does_not_hold;
      continue;
    }
    if (is_acceptance_without_token(*bytes)) continue;
    const Result<void> verified = verify_negotiate_reply(sent, *bytes);
    out.proof = verified ? ApRep::holds : ApRep::does_not_hold;
    if (!verified && verified.error().category() == krb_category())
      out.error_code = krb_error_name(verified.error().value());
    if (!verified && verified.error() == KrbErrc::KRB_AP_ERR_MODIFIED) out.proof = ApRep::modified;
  }
}

bool refused(const HttpFacts& answer) {
  return answer.stage == HttpStage::done && answer.status == 401;
}

// Other ways to send a token that was refused, each on a new connection.
enum class TokenForm {
  after_challenge,  // after a request without a token
  raw,              // the Kerberos token without SPNEGO
  unbound,          // without channel bindings
};
Awaitable<HttpFacts> send_again(ToolsPtr tools, const proxy::Route& route, proxy::Upstream where,
                                std::vector<std::string> addresses, TicketPtr ticket, const BackEndFacts& out,
                                std::string bindings, TokenForm form) {
  HttpProbe probe(tools->executor, where, std::move(addresses), route.upstream_verify, route.upstream_ca);
  if (form == TokenForm::after_challenge) {
    const HttpFacts challenge = co_await probe.get(out.host, out.path, "");
    if (challenge.stage != HttpStage::done) co_return challenge;
  }
  if (form == TokenForm::unbound) bindings.clear();
  const auto token = token_for(ticket, bindings);
  if (!token) co_return HttpFacts{};
  const std::string authorization = form == TokenForm::raw ? raw_negotiate(*token) : negotiate(*token);
  HttpFacts answer = co_await probe.get(out.host, out.path, authorization);
  co_return answer;
}

}  // namespace

Awaitable<void> probe_back_end(ToolsPtr tools, proxy::Route route, proxy::Upstream where, TicketPtr ticket,
                               BackEndFacts& out) {
  out.url = to_string(where);
  out.path = where.base_path + route.path;
  out.spn = delegated_spn(route);
  out.proof_is_required = route.mutual == proxy::MutualAuth::required;
  out.tls = where.tls;
  const auto& names = tools->self.name.components;
  out.host = route.has_one_host() ? route.host : names.size() > 1 ? names[1] : bare_host(where);
  const std::vector<std::string> addresses = co_await addresses_of(tools, where, out);
  if (addresses.empty()) {
    out.anonymous.error = "DNS has no address for " + bare_host(where);
    co_return;
  }
  std::string bindings;
  {
    HttpProbe probe(tools->executor, where, addresses, route.upstream_verify, route.upstream_ca);
    out.anonymous = co_await probe.get(out.host, out.path, "");
    bindings = probe.bindings();
  }
  if (!ticket || out.anonymous.stage != HttpStage::done) co_return;
  const auto token = token_for(ticket, bindings);
  if (!token) co_return;
  BackEndFacts::Signed got;
  {
    HttpProbe probe(tools->executor, where, addresses, route.upstream_verify, route.upstream_ca);
    got.first = co_await probe.get(out.host, out.path, negotiate(*token));
    read_proof(*token, got.first, got);
    if (got.first.stage == HttpStage::done && got.first.status != 401 && probe.is_open())
      got.again = co_await probe.get(out.host, out.path, "");
  }
  if (refused(got.first)) {
    got.after_challenge =
        co_await send_again(tools, route, where, addresses, ticket, out, bindings, TokenForm::after_challenge);
    if (refused(*got.after_challenge))
      got.raw = co_await send_again(tools, route, where, addresses, ticket, out, bindings, TokenForm::raw);
    if (where.tls && got.raw && refused(*got.raw))
      got.unbound = co_await send_again(tools, route, where, addresses, ticket, out, bindings, TokenForm::unbound);
  }
  out.signed_in = std::move(got);
}

}  // namespace stead::doctor
