#include "samples/backend/acceptor.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sspi_shim/krb5/gss_handles.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "sspi_shim/protocol/pac/pac.h"

namespace stead::sample {
namespace {

// A PAC must belong to its ticket: it names the ticket's client and their authentication time.
bool is_about(const PacClientInfo& info, const EncTicketPart& ticket) {
  const std::string name = to_string(ticket.cname);
  return (equal_ignoring_case(info.name, name) || equal_ignoring_case(info.name, name + "@" + ticket.crealm)) &&
         from_filetime(info.client_id) == ticket.authtime;
}

// Reads the PAC of a ticket that was encrypted with `key`. No PAC: `out` stays empty. An error: the PAC is not valid.
Result<void> read_pac(const EncTicketPart& ticket, const Key& key, std::optional<PacFacts>& out) {
  const auto bytes = pac_bytes_of(ticket);
  if (!bytes) return bytes.error();
  if (bytes->empty()) return {};
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
  out = std::move(facts);
  return {};
}

class KeytabAcceptor : public Acceptor {
 public:
  std::vector<KeytabEntry> keys;  // of the services whose tickets are taken
  GssCredential credential;

  std::variant<Caller, NotAccepted> accept(Bytes token) const override {
    if (is_ntlm_token(token))
      return NotAccepted{"the client sent NTLM: it found no Kerberos ticket for this host name"};
    const auto ap_req_der = ap_req_of_negotiate_token(token);
    if (!ap_req_der) return NotAccepted{"the token is neither SPNEGO with a Kerberos token in it nor a Kerberos token"};
    const auto ap_req = decode_ap_req(*ap_req_der);
    if (!ap_req) return NotAccepted{"the token's AP-REQ is malformed: " + ap_req.error().message()};

    Caller caller;
    caller.service = {ap_req->ticket.sname, ap_req->ticket.realm};
    caller.ticket_etype = ap_req->ticket.enc_part.etype;
    if (std::none_of(keys.begin(), keys.end(),
                     [&](const KeytabEntry& e) { return same_service(e.principal, caller.service); }))
      return NotAccepted{"the ticket is for " + to_string(caller.service) + ", which is not served here"};
    if (auto refusal = ask_gssapi(token, caller); !refusal.empty()) return NotAccepted{std::move(refusal)};
    if (auto refusal = read_ticket_of(*ap_req, caller); !refusal.empty()) return NotAccepted{std::move(refusal)};
    return caller;
  }

 private:
  // Checks the token whole: the ticket, the authenticator, its time, replays. One round of tokens. Empty: accepted.
  std::string ask_gssapi(Bytes token, Caller& caller) const {
    gss_buffer_desc input = borrow_gss_buffer(token);
    GssContext context;
    GssName name;
    GssBuffer reply, text;
    OM_uint32 minor = 0;
    OM_uint32 major =
        gss_accept_sec_context(&minor, &context.value, credential.value, &input, GSS_C_NO_CHANNEL_BINDINGS, &name.value,
                               nullptr, &reply.value, nullptr, nullptr, nullptr);
    if (GSS_ERROR(major)) return gss_message(major, minor);
    if (major & GSS_S_CONTINUE_NEEDED) return "the client wants more than one round of tokens";
    major = gss_display_name(&minor, name.value, &text.value, nullptr);
    if (GSS_ERROR(major)) return gss_message(major, minor);
    caller.user = as_text(text.bytes());
    caller.reply = to_buffer(reply.bytes());
    return {};
  }

  // Opens the ticket that GSSAPI accepted and reads what it says. Empty: read.
  std::string read_ticket_of(const ApReq& ap_req, Caller& caller) const {
    for (const KeytabEntry& entry : keys) {
      if (entry.key.type() != ap_req.ticket.enc_part.etype) continue;
      const auto plain = decrypt_data(entry.key, KeyUsage::ticket, ap_req.ticket.enc_part);
      if (!plain) continue;
      auto part = decode_enc_ticket_part(*plain);
      if (!part) return "the ticket is malformed: " + part.error().message();
      part->key = {};
      caller.ticket = std::move(*part);
      if (to_string(caller.ticket.cname, caller.ticket.crealm) != caller.user)
        return "the ticket is not " + caller.user + "'s";
      auto realms = expand_transited(caller.ticket.transited, caller.ticket.crealm, caller.service.realm);
      if (!realms) return "the ticket's transited realms are malformed: " + realms.error().message();
      caller.transited = std::move(*realms);
      if (const auto good = read_pac(caller.ticket, entry.key, caller.pac); !good)
        return "the ticket's PAC does not hold: " + good.error().message();
      return {};
    }
    return "no key of the keytab opens the ticket";
  }
};

}  // namespace

std::vector<Sid> Caller::sids() const {
  std::vector<Sid> all = pac ? pac->logon.all_sids() : std::vector<Sid>();
  all.push_back(well_known_sid::everyone);
  all.push_back(well_known_sid::authenticated_users);
  return all;
}

std::shared_ptr<const Acceptor> Acceptor::open(const Options& options, std::string& message) {
  auto acceptor = std::make_shared<KeytabAcceptor>();
  Result<std::vector<KeytabEntry>> keys = std::vector<KeytabEntry>();
  if (options.principal.empty()) {
    keys = read_keytab(options.keytab, message);
    if (keys && keys->empty()) message = "keytab " + options.keytab + " has no key";
  } else {
    const auto principal = parse_principal(options.principal);
    if (!principal) {
      message = "'" + options.principal + "' is not the name of a service, e.g. HTTP/host.example@REALM";
      return nullptr;
    }
    keys = read_keys_of(options.keytab, *principal, message);
  }
  if (!keys || keys->empty()) return nullptr;
  acceptor->keys = std::move(*keys);
  if (!acquire_acceptor(options.keytab, acceptor->credential, message)) return nullptr;
  return acceptor;
}

}  // namespace stead::sample
