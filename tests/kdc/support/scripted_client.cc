#include "tests/kdc/support/scripted_client.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/preauth.h"

namespace stead::kdc::test {
namespace {

template <class T>
T must(Result<T> result, const char* what) {
  if (!result) throw std::runtime_error(std::string(what) + ": " + result.error().message());
  return std::move(*result);
}

Got read_reply(const Buffer& bytes, const Key& key, KeyUsage usage) {
  Got got;
  if (!bytes.empty() && bytes[0] == der::application(30)) {
    got.error = must(decode_krb_error(bytes), "KRB-ERROR");
    return got;
  }
  got.reply = must(decode_kdc_rep(bytes), "KDC-REP");
  got.part =
      must(decode_enc_kdc_rep_part(must(decrypt_data(key, usage, got.reply.enc_part), "enc-part")), "EncKDCRepPart");
  got.credential = {got.reply.ticket, must(Key::make(got.part.key), "session key"), got.reply.crealm, got.reply.cname};
  return got;
}

}  // namespace

PrincipalName principal(const std::string& text) {
  return must(parse_principal(text), "principal").name;
}

const std::vector<EncType>& rc4_only() {
  static const std::vector<EncType> types{EncType::rc4_hmac};
  return types;
}

std::string Got::text() const {
  if (!error) {
    const bool referral = is_krbtgt(reply.ticket.sname) && reply.ticket.sname.components[1] != reply.ticket.realm;
    return referral ? "referral to " + reply.ticket.sname.components[1] : "ticket";
  }
  std::string out = krb_error_name(std::int32_t(error->code));
  if (const auto nt = status()) out += " " + nt_status_name(std::uint32_t(*nt));
  return out;
}

TestForest::TestForest(std::string_view toml) {
  ForestFile file = parse_forest(toml, "test.toml", ".");
  for (const std::string& error : file.errors) throw std::runtime_error(error);
  snapshot_ = std::make_unique<Snapshot>(std::move(file.forest));
  find_controllers();
}

void TestForest::change(const std::function<void(Forest&)>& edit) {
  Forest forest = snapshot_->forest();
  edit(forest);
  snapshot_ = std::make_unique<Snapshot>(std::move(forest), snapshot_.get());
  find_controllers();
}

void TestForest::find_controllers() {
  for (const Domain& domain : snapshot_->forest().domains)
    for (const Controller& controller : domain.controllers)
      dcs_[controller.name] = {&controller, snapshot_->domain(domain.realm)};
}

Buffer TestForest::ask(const std::string& name, Bytes request) {
  for (int i = 0; i < 10; ++i) {
    Outcome outcome = handle(request, *snapshot_, *dc(name).domain, *dc(name).controller, now);
    if (auto* answer = std::get_if<Answer>(&outcome)) {
      locked_out = answer->log.locked_out ? answer->log.locked_out->account->name : "";
      audit = answer->log.audit;
      event = answer->log.event;
      return std::move(answer->bytes);
    }
    for (const auto& [keys, type] : std::get<NeedKeys>(outcome).keys) keys->derive(type);
  }
  throw std::runtime_error("the KDC never has its keys");
}

Got TestForest::as(const std::string& name, const AsAsk& ask_for) {
  const std::string realm = ask_for.realm.empty() ? dc(name).domain->domain->realm : ask_for.realm;
  KdcReq request;
  request.type = MessageType::as_req;
  request.padata = ask_for.padata;
  request.body.options = ask_for.options;
  request.body.cname = ask_for.name;
  request.body.realm = realm;
  request.body.sname = ask_for.sname.value_or(krbtgt_name(realm));
  const Time seconds = std::chrono::floor<std::chrono::seconds>(now);
  request.body.till = seconds + std::chrono::hours(24);
  request.body.nonce = random_nonce();
  request.body.etypes = ask_for.etypes;
  request.body.addresses = ask_for.addresses;
  const Buffer first = ask(name, encode(request));
  const auto error = decode_krb_error(first);
  if (!error) return read_reply(first, Key{}, KeyUsage::as_rep_encrypted_part);
  if (error->code != KrbErrc::KDC_ERR_PREAUTH_REQUIRED || ask_for.password.empty()) {
    Got got;
    got.error = *error;
    return got;
  }
  const PaDataList methods = method_data_of(*error);
  const auto info = must(decode_etype_info2(find_padata(methods, PaType::etype_info2)->value), "ETYPE-INFO2");
  const Key key = must(Key::from_password(info[0].etype, ask_for.password, info[0].salt.value_or("")), "key");
  const PaEncTsEnc stamp{.patimestamp = seconds + ask_for.clock_offset, .pausec = 0};
  request.padata.push_back(
      {PaType::enc_timestamp, encode(encrypt_data(key, KeyUsage::as_req_timestamp, encode(stamp)))});
  return read_reply(ask(name, encode(request)), key, KeyUsage::as_rep_encrypted_part);
}

Credential TestForest::sign_in(const std::string& name, const std::string& account, std::vector<EncType> etypes) {
  AsAsk ask_for{.name = {NameType::principal, {account}}};
  ask_for.etypes = std::move(etypes);
  Got got = as(name, ask_for);
  if (!got.ok()) throw std::runtime_error("sign-in of " + account + ": " + got.text());
  return got.credential;
}

Got TestForest::tgs(const std::string& name, const Credential& header, const TgsAsk& ask_for) {
  KdcReq request;
  request.type = MessageType::tgs_req;
  request.body.options = ask_for.options;
  request.body.realm = dc(name).domain->domain->realm;
  request.body.sname = ask_for.sname;
  const Time seconds = std::chrono::floor<std::chrono::seconds>(now);
  request.body.till = seconds + std::chrono::hours(24);
  request.body.nonce = random_nonce();
  request.body.etypes = ask_for.etypes;
  request.body.additional_tickets = ask_for.additional;
  request.body_der = encode(request.body);

  std::optional<Key> subkey;
  if (ask_for.subkey) subkey = Key::random(header.session_key.type());
  Authenticator authenticator;
  authenticator.crealm = header.crealm;
  authenticator.cname = header.cname;
  authenticator.ctime = seconds + ask_for.clock_offset;
  if (subkey) authenticator.subkey = subkey->to_encryption_key();
  if (ask_for.checksum)
    authenticator.checksum =
        make_checksum(header.session_key, KeyUsage::tgs_req_authenticator_checksum, request.body_der);
  ApReq ap_req{
      .options = 0,
      .ticket = header.ticket,
      .authenticator = encrypt_data(header.session_key, KeyUsage::tgs_req_authenticator, encode(authenticator))};
  request.padata.push_back({PaType::tgs_req, encode(ap_req)});
  if (ask_for.user && ask_for.form != S4uForm::for_user) {
    PaS4uX509User pa;
    pa.user_id = {.nonce = request.body.nonce,
                  .cname = ask_for.user->name,
                  .crealm = ask_for.user->realm,
                  .subject_certificate = ask_for.certificate,
                  .options = s4u_option::use_reply_key_usage};
    if (ask_for.user->name.components.empty()) pa.user_id.cname.reset();
    const Buffer der = encode(pa.user_id);
    const Key& key = subkey ? *subkey : header.session_key;
    pa.checksum = key.type() == EncType::rc4_hmac
                      ? Checksum{ChecksumType::rsa_md4, unkeyed_checksum(ChecksumType::rsa_md4, der)}
                      : make_checksum(key, KeyUsage::pa_s4u_x509_user_request, der);
    request.padata.push_back({PaType::s4u_x509_user, encode(pa)});
  }
  if (ask_for.user && ask_for.form != S4uForm::x509_user) {
    PaForUser pa;
    pa.user_name = ask_for.user->name;
    pa.user_realm = ask_for.user->realm;
    pa.checksum = must(
        make_checksum(ChecksumType::hmac_md5, header.session_key, KeyUsage::pa_for_user_checksum, checksum_input(pa)),
        "checksum");
    request.padata.push_back({PaType::for_user, encode(pa)});
  }
  if (ask_for.pac_options) request.padata.push_back({PaType::pac_options, encode_pa_pac_options(*ask_for.pac_options)});
  request.padata.insert(request.padata.end(), ask_for.padata.begin(), ask_for.padata.end());
  const KeyUsage usage =
      subkey ? KeyUsage::tgs_rep_encrypted_part_subkey : KeyUsage::tgs_rep_encrypted_part_session_key;
  return read_reply(ask(name, encode(request)), subkey ? *subkey : header.session_key, usage);
}

Got TestForest::self(const std::string& name, const Credential& service, const std::string& service_name,
                     const std::string& user) {
  TgsAsk ask_for;
  ask_for.sname = principal(service_name);
  ask_for.user = Principal{{NameType::principal, {user}}, service.crealm};
  return tgs(name, service, ask_for);
}

Got TestForest::proxy(const std::string& name, const Credential& header, const Ticket& evidence,
                      const std::string& target, bool rbcd_bit) {
  TgsAsk ask_for;
  ask_for.sname = principal(target);
  ask_for.options |= kdc_option::cname_in_addl_tkt;
  ask_for.additional = {evidence};
  if (rbcd_bit) ask_for.pac_options = pac_option::claims | pac_option::resource_based_constrained_delegation;
  return tgs(name, header, ask_for);
}

const Key& TestForest::key_of(const Ticket& ticket) {
  const DomainEntry* domain = snapshot_->domain(ticket.realm);
  std::shared_ptr<const Keys> keys;
  if (is_krbtgt(ticket.sname) && ticket.sname.components[1] != ticket.realm) {
    for (const TrustEntry& trust : snapshot_->domain(ticket.sname.components[1])->trusts)
      if (trust.partner == domain) keys = trust.incoming;
  } else if (is_krbtgt(ticket.sname)) {
    keys = domain->krbtgt->keys;
  } else {
    const std::string name = to_string(ticket.sname);
    const AccountEntry* account = snapshot_->by_spn(*domain, name);
    if (!account) account = snapshot_->account(*domain, name);
    keys = account->keys;
  }
  keys->derive(ticket.enc_part.etype);
  return *keys->find(ticket.enc_part.etype);
}

TestForest::Seen TestForest::open(const Ticket& ticket) {
  Seen seen;
  seen.der = must(decrypt_data(key_of(ticket), KeyUsage::ticket, ticket.enc_part), "ticket");
  seen.part = must(decode_enc_ticket_part(seen.der), "EncTicketPart");
  seen.pac_bytes = must(pac_bytes_of(seen.part), "PAC");
  if (seen.pac_bytes.empty()) return seen;
  seen.pac = must(decode_pac(seen.pac_bytes), "PAC");
  seen.logon = must(decode_pac_logon_info(*seen.pac.find(PacType::logon_info)), "logon info");
  seen.client = must(decode_pac_client_info(*seen.pac.find(PacType::client_info)), "client info");
  if (const Buffer* info = seen.pac.find(PacType::s4u_delegation_info))
    seen.delegation = must(decode_s4u_delegation_info(*info), "delegation info");
  return seen;
}

Ticket TestForest::rewrite(const Ticket& ticket, const std::function<void(EncTicketPart&, Pac&)>& change, bool sign) {
  Seen seen = open(ticket);
  const bool all_four = seen.has_buffer(PacType::ticket_checksum);
  change(seen.part, seen.pac);
  const Key& server_key = key_of(ticket);
  const DomainEntry* domain = snapshot_->domain(ticket.realm);
  const EncType type = EncType::aes256_cts_hmac_sha1_96;
  domain->krbtgt->keys->derive(type);
  Ticket out = ticket;
  SecretBuffer der;
  if (sign)
    der = encode_with_signed_pac(seen.part, seen.pac, server_key, *domain->krbtgt->keys->find(type),
                                 all_four ? PacSignatures::all_four : PacSignatures::server_and_kdc);
  else
    der = encode(seen.part);
  out.enc_part = encrypt_data(server_key, KeyUsage::ticket, der, ticket.enc_part.kvno);
  return out;
}

}  // namespace stead::kdc::test
