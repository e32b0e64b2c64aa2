#include "proxy/doctor/gather/account.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/s4u/as_exchange.h"
#include "sspi_shim/s4u/diagnosis/account_name.h"
#include "sspi_shim/s4u/referral_walk.h"

namespace stead::doctor {
namespace {

FileFacts stat_file(FileKind kind, const std::string& path) {
  FileFacts out{kind, path.starts_with("FILE:") ? path.substr(5) : path, false, {}, 0};
  struct stat status{};
  out.exists = ::stat(out.path.c_str(), &status) == 0;
  if (out.exists)
    out.mode = status.st_mode & 07777U;
  else
    out.error = std::strerror(errno);
  return out;
}

bool is_file(const std::string& keytab) {
  return keytab.starts_with("FILE:") || keytab.find(':') == std::string::npos || keytab.starts_with('/');
}

Awaitable<Question> run(ToolsPtr tools, Machine& machine) {
  CallPtr call = tools->new_call();
  Question out;
  std::optional<Refusal> refusal = co_await tools->driver.run(machine, call);
  out.refusal = std::move(refusal);
  out.steps = std::move(call->trace.steps);
  co_return out;
}

// The keytab's other names in our realm, accounts before SPNs.
std::vector<Principal> other_names(const Tools& tools) {
  std::vector<Principal> out;
  for (const KeytabEntry& entry : tools.keytab) {
    const bool ours =
        !same_service(entry.principal, tools.self) && equal_ignoring_case(entry.principal.realm, tools.self.realm);
    const bool there =
        std::any_of(out.begin(), out.end(), [&](const Principal& name) { return same_service(name, entry.principal); });
    if (ours && !there) out.push_back(entry.principal);
  }
  std::partition(out.begin(), out.end(), [](const Principal& name) { return name.name.components.size() == 1; });
  return out;
}

}  // namespace

void read_account_files(Tools& tools, AccountFacts& out) {
  const auto& config = tools.config;
  out.principal = tools.self;
  out.allow_rc4 = config.client.allow_rc4;
  out.keytab = config.client.keytab;
  auto entries = read_keytab(config.client.keytab);
  if (!entries) {
    out.keytab_error = to_string(entries.error());
  } else {
    tools.keytab = std::move(*entries);
    std::sort(tools.keytab.begin(), tools.keytab.end(),
              [](const KeytabEntry& a, const KeytabEntry& b) { return a.kvno > b.kvno; });
    for (const KeytabEntry& entry : tools.keytab) out.lines.push_back({entry.principal, entry.kvno, entry.key.type()});
  }
  out.wants_forwarded_tgts = std::any_of(config.routes.begin(), config.routes.end(), [](const proxy::Route& route) {
    return route.delegation == proxy::Delegation::forwarded_tgt;
  });
  if (is_file(config.client.keytab)) out.files.push_back(stat_file(FileKind::keytab, config.client.keytab));
  out.files.push_back(stat_file(FileKind::session_key, config.session_key_file));
  for (const proxy::CertificateFiles& files : config.tls.certificates)
    out.files.push_back(stat_file(FileKind::tls_key, files.key));
}

Awaitable<CredentialPtr> sign_on(ToolsPtr tools, AccountFacts& out) {
  const auto keys = tools->keys_of(tools->self);
  if (keys.empty()) co_return nullptr;
  Principal name = tools->self;
  name.name.type = NameType::principal;
  AsExchange exchange(tools->context, {name, keys, false, Stage::own_tgt, "a TGT for " + to_string(name)});
  out.sign_on = co_await run(tools, exchange);
  out.salt = exchange.salt();
  out.account = account_of_salt(out.salt, tools->self.realm);
  if (out.sign_on->granted()) co_return exchange.tgt();
  if (out.sign_on->refusal->kind == FailureKind::unreachable) co_return nullptr;
  const std::vector<Principal> others = other_names(*tools);
  for (const Principal& other : others) {
    Principal client = other;
    client.name.type = NameType::principal;
    AsExchange second(tools->context,
                      {client, tools->keys_of(other), false, Stage::own_tgt, "a TGT for " + to_string(other)});
    const Question question = co_await run(tools, second);
    if (!question.granted()) continue;
    out.other = other;
    out.account = account_of_salt(second.salt(), tools->self.realm);
    co_return second.tgt();
  }
  co_return nullptr;
}

Awaitable<CredentialPtr> get_ticket(ToolsPtr tools, CredentialPtr tgt, std::string spn, ServiceFacts& out) {
  out.spn = spn;
  out.way.push_back(tools->self.realm);
  const Principal service = *parse_principal(spn);
  CredentialPtr header = tgt;
  if (!service.realm.empty() && !equal_ignoring_case(service.realm, tgt->tgt_realm())) {
    ReferralWalk there(tools->context, header, krbtgt_name(service.realm),
                       {Stage::own_referral, "our TGT for " + service.realm});
    out.question = co_await run(tools, there);
    if (!out.question.granted()) co_return nullptr;
    for (const auto& hop : there.tgts()) out.way.push_back(hop->tgt_realm());
    header = there.ticket();
  }
  ReferralWalk walk(tools->context, header, service.name, {Stage::target, to_string(service.name) + " as ourselves"});
  Question question = co_await run(tools, walk);
  question.steps.insert(question.steps.begin(), out.question.steps.begin(), out.question.steps.end());
  out.question = std::move(question);
  for (const auto& hop : walk.tgts()) out.way.push_back(hop->tgt_realm());
  if (!out.question.granted()) co_return nullptr;
  co_return walk.ticket();
}

Awaitable<ServiceFacts> ask_service(ToolsPtr tools, CredentialPtr tgt, std::string spn) {
  ServiceFacts out;
  const CredentialPtr ticket = co_await get_ticket(tools, tgt, spn, out);
  if (!ticket) co_return out;
  const Credential& got = *ticket;
  out.realm = got.service_realm;
  out.etype = got.ticket.enc_part.etype;
  out.kvno = got.ticket.enc_part.kvno;
  out.bytes = encode(got.ticket).size();
  out.ok_as_delegate = (got.flags & ticket_flag::ok_as_delegate) != 0;
  for (const KeytabEntry& entry : tools->keytab) {
    const std::vector<Key> key(1, entry.key);
    if (open_own_ticket(got.ticket, key)) {
      out.opened_by = entry.kvno;
      break;
    }
  }
  co_return out;
}

Awaitable<void> ask_elsewhere(ToolsPtr tools, CredentialPtr tgt, std::string spn, ServiceFacts::Elsewhere& out) {
  const std::string& realm = out.realm;
  ServiceFacts asked;
  const CredentialPtr ticket = co_await get_ticket(tools, tgt, spn + "@" + realm, asked);
  for (const std::string& passed : asked.way) out.reached = out.reached || equal_ignoring_case(passed, realm);
  out.has_spn = ticket && equal_ignoring_case(ticket->service_realm, realm);
}

}  // namespace stead::doctor
