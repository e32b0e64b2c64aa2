#include "samples/backend/acceptor.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/protocol/pac/pac.h"

namespace stead::sample {
namespace {

// True for a PAC that belongs to this ticket: it names the ticket's client and the time of their sign-in.
bool is_about(const PacClientInfo& info, const EncTicketPart& ticket) {
  const std::string name = to_string(ticket.cname);
  return (equal_ignoring_case(info.name, name) || equal_ignoring_case(info.name, name + "@" + ticket.crealm)) &&
         from_filetime(info.client_id) == ticket.authtime;
}

// The PAC of a ticket that was encrypted with `key`; nothing: the ticket has none.
Result<std::optional<PacFacts>> read_pac(const EncTicketPart& ticket, const Key& key) {
  const auto bytes = pac_bytes_of(ticket);
  if (!bytes) return bytes.error();
  if (bytes->empty()) return std::optional<PacFacts>();
  if (const auto good = verify_server_signature(*bytes, key); !good) return good.error();
  const auto pac = decode_pac(*bytes);
  if (!pac) return pac.error();

  const Buffer* client_bytes = pac->find(PacType::client_info);
  const Buffer* logon_bytes = pac->find(PacType::logon_info);
  if (!client_bytes || !logon_bytes) return make_error_code(WireErrc::bad_value);
  const auto client = decode_pac_client_info(*client_bytes);
  if (!client) return client.error();
  if (!is_about(*client, ticket)) return make_error_code(WireErrc::integrity);

  PacFacts facts;
  auto logon = decode_pac_logon_info(*logon_bytes);
  if (!logon) return logon.error();
  facts.logon = std::move(*logon);
  if (const Buffer* found = pac->find(PacType::s4u_delegation_info)) {
    auto delegation = decode_s4u_delegation_info(*found);
    if (!delegation) return delegation.error();
    facts.delegation = std::move(*delegation);
  }
  if (const Buffer* found = pac->find(PacType::upn_dns_info)) {
    auto upn = decode_upn_dns_info(*found);
    if (!upn) return upn.error();
    facts.upn = std::move(*upn);
  }
  return std::optional(std::move(facts));
}

// Decrypts the ticket that GSSAPI accepted and reads it into `caller`. The error is one line.
boost::system::result<void, std::string> read_ticket(const Ticket& ticket, const std::vector<Key>& keys,
                                                     Caller& caller) {
  auto decrypted = decrypt_own_ticket(ticket, keys);
  if (!decrypted && decrypted.error() == make_error_code(WireErrc::integrity))
    return "no key of the keytab opens the ticket";
  if (!decrypted) return "the ticket is malformed: " + decrypted.error().message();
  caller.ticket = std::move(decrypted->part);
  caller.ticket.key = {};
  if (to_string(caller.ticket.cname, caller.ticket.crealm) != caller.user)
    return "the ticket is not " + caller.user + "'s";
  auto realms = expand_transited(caller.ticket.transited, caller.ticket.crealm, caller.service.realm);
  if (!realms) return "the ticket's transited realms are malformed: " + realms.error().message();
  caller.transited = std::move(*realms);
  auto pac = read_pac(caller.ticket, *decrypted->key);
  if (!pac) return "the ticket's PAC does not hold: " + pac.error().message();
  caller.pac = std::move(*pac);
  return {};
}

// The keys of the services whose tickets are accepted.
Checked<std::vector<KeytabEntry>> read_keys(const Acceptor::Options& options) {
  if (!options.principal.empty()) {
    const auto principal = parse_principal(options.principal);
    if (!principal)
      return Problem{.message =
                         "'" + options.principal + "' is not the name of a service, e.g. HTTP/host.example@REALM"};
    return read_keys_of(options.keytab, *principal);
  }
  auto entries = read_keytab(options.keytab);
  if (entries && entries->empty()) return Problem{.message = "keytab " + options.keytab + " has no key"};
  return entries;
}

}  // namespace

std::vector<Sid> Caller::sids() const {
  std::vector<Sid> all = pac ? pac->logon.all_sids() : std::vector<Sid>();
  all.push_back(well_known_sid::everyone);
  all.push_back(well_known_sid::authenticated_users);
  return all;
}

Checked<std::shared_ptr<const Acceptor>> Acceptor::open(const Options& options) {
  const auto entries = read_keys(options);
  if (!entries) return entries.error();
  GssAcceptor::Options wanted{.keytab = options.keytab, .services = {}, .allow_rc4 = true};
  for (const KeytabEntry& entry : *entries) wanted.services.push_back(entry.principal);
  auto gss = GssAcceptor::open(std::move(wanted));
  if (!gss) return gss.error();
  return std::shared_ptr<const Acceptor>(new Acceptor(std::move(*gss), keys_of(*entries, WeakKeys::included)));
}

std::variant<Caller, NotAccepted> Acceptor::accept(Bytes token) const {
  auto accepted = gss_->accept_once(token, std::nullopt);
  if (!accepted) {
    const AcceptFailure failure = accepted.error();
    const bool elsewhere = failure.kind == AcceptFailure::Kind::other_service;
    return NotAccepted{elsewhere ? failure.text + ", which is not served here" : failure.text};
  }
  const Ticket& ticket = accepted->presented.ap_req.ticket;
  Caller caller;
  caller.user = std::move(accepted->token.client);
  caller.reply = std::move(accepted->token.reply);
  caller.service = accepted->presented.service();
  caller.ticket_etype = ticket.enc_part.etype;
  if (auto read = read_ticket(ticket, keys_, caller); !read) return NotAccepted{std::move(read).error()};
  return caller;
}

}  // namespace stead::sample
