#include "proxy/doctor/gather/network.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sspi_shim/base/text.h"
#include "sspi_shim/base/time_limit.h"
#include "sspi_shim/locate/ping/kdc_probe.h"
#include "sspi_shim/locate/ping/udp_exchange.h"
#include "sspi_shim/locate/realm_proxy.h"
#include "sspi_shim/protocol/messages/kdc_reply.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "sspi_shim/transport/tcp_exchange.h"

namespace stead::doctor {
namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kProbeTime{2000};  // for one port of a controller
constexpr std::uint16_t kKerberosPort = 88, kKpasswdPort = 464;

PortAnswer answer_of(const Error& error) {
  if (!error) return PortAnswer::answered;
  if (error == asio::error::connection_refused) return PortAnswer::refused;
  if (error == asio::error::connection_reset || error == asio::error::eof || error == asio::error::broken_pipe)
    return PortAnswer::reset;
  return PortAnswer::silent;
}

void read_answer(Bytes reply, ControllerFacts& out) {
  const auto error = decode_krb_error(reply);
  if (!error) {
    out.said = "AS-REP";
    return;
  }
  const auto now = std::chrono::system_clock::now();
  const auto theirs = std::chrono::system_clock::time_point(error->stime) + std::chrono::microseconds(error->susec);
  out.clock = std::chrono::duration_cast<std::chrono::milliseconds>(theirs - now);
  out.said = krb_error_name(static_cast<std::int32_t>(error->code));
  if (error->code == KrbErrc::KDC_ERR_WRONG_REALM) out.wrong_realm = true;
}

Awaitable<void> probe_udp(asio::any_io_executor executor, ControllerFacts& out) {
  Error bad;
  const auto address = asio::ip::make_address(out.where.address, bad);
  if (bad) co_return;
  const Buffer request = kdc_probe_request(out.realm);
  const auto now = std::chrono::steady_clock::now();
  const UdpTimes times{now + kProbeTime, now + kProbeTime / 2};
  auto socket = std::make_shared<asio::ip::udp::socket>(executor);
  const asio::ip::udp::endpoint to(address, out.where.kerberos_port);
  std::function<bool(Bytes)> is_answer = [request](Bytes datagram) { return is_reply_to(request, datagram); };
  const Result<Buffer> reply = co_await udp_exchange(socket, to, request, times, std::move(is_answer));
  out.udp = answer_of(reply ? Error() : reply.error());
  if (reply) read_answer(*reply, out);
}

Awaitable<void> probe_tcp(asio::any_io_executor executor, ControllerFacts& out) {
  Error bad;
  const auto address = asio::ip::make_address(out.where.address, bad);
  if (bad) co_return;
  auto pool = std::make_shared<TcpPool>();
  auto slot = std::make_shared<TcpSlot>();
  const asio::ip::tcp::endpoint to(address, out.where.kerberos_port);
  Buffer request = kdc_probe_request(out.realm);
  const auto until = std::chrono::steady_clock::now() + kProbeTime;
  const Result<Buffer> reply = co_await tcp_exchange(pool, slot, executor, to, std::move(request), until);
  out.tcp = answer_of(reply ? Error() : reply.error());
  if (reply && !out.clock) read_answer(*reply, out);
}

Awaitable<void> probe_ping(asio::any_io_executor executor, ControllerFacts& out) {
  const PingOutcome outcome = co_await netlogon_ping(executor, out.where, out.realm, kProbeTime);
  out.ping = outcome.answer;
  if (outcome.answer == PingAnswer::ok) out.level = level_of(outcome.response.flags);
  if (outcome.answer == PingAnswer::not_this_domain) out.wrong_realm = true;
  if (out.where.name.empty()) out.where.name = outcome.response.dns_host_name;
}

Awaitable<void> probe_kpasswd(asio::any_io_executor executor, ControllerFacts& out) {
  Error bad;
  const auto address = asio::ip::make_address(out.where.address, bad);
  if (bad || out.where.kerberos_port != kKerberosPort) co_return;
  auto socket = std::make_shared<asio::ip::tcp::socket>(executor);
  TimeLimit limit(executor, std::chrono::steady_clock::now() + kProbeTime, [socket] {
    Error ignored;
    socket->close(ignored);
  });
  const asio::ip::tcp::endpoint to(address, kKpasswdPort);
  const auto [error] = co_await socket->async_connect(to, as_result);
  out.kpasswd = answer_of(error);
}

// The locator does not list every controller of a large domain, so that DNS is asked about those that it leaves out.
Awaitable<void> find_names_without_address(ToolsPtr tools, std::vector<SrvRecord> records, RealmFacts& out) {
  constexpr std::size_t kMaxAsked = 8;
  std::vector<std::string> asked;
  for (const SrvRecord& record : records) {
    const auto is_target = [&](const std::string& name) { return equal_ignoring_case(name, record.target); };
    const bool known = std::any_of(out.controllers.begin(), out.controllers.end(),
                                   [&](const ControllerFacts& dc) { return is_target(dc.where.name); });
    if (known || asked.size() == kMaxAsked || std::any_of(asked.begin(), asked.end(), is_target)) continue;
    asked.push_back(record.target);
    const auto query = tools->domain_dns->ask_addresses(record.target);
    const auto found = co_await tools->domain_dns->addresses(query);
    if (!found || found->empty()) out.without_address.push_back(record.target);
  }
}

Awaitable<void> ask_dns(ToolsPtr tools, RealmFacts& out) {
  if (!tools->domain_dns) {
    out.kerberos_srv = out.ldap_srv = make_error_code(asio::error::no_recovery);
    co_return;
  }
  const std::string domain = to_lower(out.realm);
  const auto kerberos = tools->domain_dns->ask_srv("_kerberos._tcp." + domain);
  const auto ldap = tools->domain_dns->ask_srv("_ldap._tcp.dc._msdcs." + domain);
  const auto kerberos_records = co_await tools->domain_dns->srv(kerberos);
  if (kerberos_records) {
    out.kerberos_records = kerberos_records->size();
    co_await find_names_without_address(tools, *kerberos_records, out);
  } else {
    out.kerberos_srv = kerberos_records.error();
  }
  const auto ldap_records = co_await tools->domain_dns->srv(ldap);
  if (ldap_records)
    out.ldap_records = ldap_records->size();
  else
    out.ldap_srv = ldap_records.error();
  if (out.kerberos_records > 0 && out.ldap_records == 0) {
    const auto of_domain = tools->domain_dns->ask_srv("_kerberos._tcp.dc._msdcs." + domain);
    const auto found = co_await tools->domain_dns->srv(of_domain);
    out.is_domain = found && !found->empty();
  }
}

}  // namespace

Awaitable<RealmFacts> probe_realm(ToolsPtr tools, std::string realm) {
  RealmFacts out;
  out.realm = to_upper(realm);
  const auto& options = tools->config.client.locator;
  out.configured = options.realms.contains(out.realm);
  if (const KdcProxy* const by = kdc_proxy_of(options, out.realm)) {
    out.kdc_proxy = by->url;
    co_return out;
  }
  const std::vector<KnownController> known = co_await tools->locator->controllers(out.realm);
  for (const KnownController& dc : known) {
    ControllerFacts facts;
    facts.realm = out.realm;
    facts.where = dc.where;
    out.controllers.push_back(std::move(facts));
  }
  std::vector<Task> tasks;
  if (!out.configured) tasks.push_back([tools, &out] { return ask_dns(tools, out); });
  for (ControllerFacts& dc : out.controllers) {
    tasks.push_back([tools, &dc] { return probe_udp(tools->executor, dc); });
    tasks.push_back([tools, &dc] { return probe_tcp(tools->executor, dc); });
    tasks.push_back([tools, &dc] { return probe_ping(tools->executor, dc); });
    tasks.push_back([tools, &dc] { return probe_kpasswd(tools->executor, dc); });
  }
  if (!tasks.empty()) co_await run_all(tools->executor, std::move(tasks));
  co_return out;
}

}  // namespace stead::doctor
