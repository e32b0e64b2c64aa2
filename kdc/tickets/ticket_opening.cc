#include "kdc/tickets/ticket_opening.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "kdc/lookup/service_name.h"
#include "kdc/lookup/target_lookup.h"
#include "kdc/lookup/trust_path.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/pac_issuer.h"
#include "kdc/tickets/sid_filter.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"

namespace stead::kdc {
namespace {

constexpr auto kSha1 = static_cast<ChecksumType>(14);                       // not keyed
constexpr auto kInsufficientResources = static_cast<NtStatus>(0xC000009A);  // what a DC says of a missing signature

struct Opened {
  SecretBuffer der;
  const Key* key;
};

// Tries the current keys, then those before the last password change. The key version number is not used: tickets over
// trusts often have a wrong one.
KdcResult<Opened> decrypt_ticket(const EncryptedData& data, const std::shared_ptr<const Keys>& current,
                                 const std::shared_ptr<const Keys>& previous) {
  bool any = false;
  for (const auto& keys : {current, previous}) {
    if (!keys || !keys->can_have(data.etype)) continue;
    any = true;
    const Key* key = keys->find(data.etype);
    if (!key) return Stop{NeedKeys{.keys = {{keys, data.etype}}}};
    if (Result<SecretBuffer> plain = decrypt_data(*key, KeyUsage::ticket, data)) return Opened{std::move(*plain), key};
  }
  if (!any) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "no key of the ticket's encryption type");
  return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "the ticket cannot be decrypted");
}

Stop bad_pac(const char* why) {
  return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, why);
}

Stop wrong_signature(const char* why) {
  return refuse_signature(KrbErrc::KRB_AP_ERR_MODIFIED, NtStatus::STATUS_WRONG_PASSWORD, why);
}

bool is_signature(PacType type) {
  return type == PacType::server_checksum || type == PacType::kdc_checksum || type == PacType::ticket_checksum ||
         type == PacType::extended_kdc_checksum;
}

KdcResult<TicketPac> read_pac(Pac pac) {
  TicketPac out;
  const Buffer* logon = pac.find(PacType::logon_info);
  const Buffer* client = pac.find(PacType::client_info);
  if (!logon || !client) return bad_pac("the PAC has no logon or client info");
  Result<PacLogonInfo> logon_info = decode_pac_logon_info(*logon);
  Result<PacClientInfo> client_info = decode_pac_client_info(*client);
  if (!logon_info || !client_info) return bad_pac("the PAC cannot be decoded");
  out.logon = std::move(*logon_info);
  out.client = std::move(*client_info);
  if (const Buffer* data = pac.find(PacType::s4u_delegation_info)) {
    Result<S4uDelegationInfo> info = decode_s4u_delegation_info(*data);
    if (!info) return bad_pac("S4U_DELEGATION_INFO cannot be decoded");
    out.delegation = std::move(*info);
  }
  if (const Buffer* data = pac.find(PacType::requestor_sid)) {
    Result<Sid> sid = decode_sid(*data);
    if (!sid) return bad_pac("PAC_REQUESTOR cannot be decoded");
    out.requestor = std::move(*sid);
  }
  if (const Buffer* data = pac.find(PacType::attributes_info)) {
    const Result<std::uint32_t> attributes = decode_pac_attributes(*data);
    if (!attributes) return bad_pac("PAC_ATTRIBUTES_INFO cannot be decoded");
    out.attributes = *attributes & (kPacWasRequested | kPacWasGivenImplicitly);
  }
  std::erase_if(pac.buffers, [](const PacBuffer& buffer) { return is_signature(buffer.type); });
  out.pac = std::move(pac);
  return out;
}

bool krbtgt_uses_rc4(const Context& ctx) {
  return ticket_enctype(ctx, *ctx.domain.krbtgt) == EncType::rc4_hmac;
}

KdcResult<void> check_signature_presence(const Buffer* data) {
  if (data && data->size() >= 4) return {};
  return refuse_signature(KrbErrc::KRB_ERR_GENERIC, kInsufficientResources, "a PAC signature is missing");
}

// A signature that is missing, or that anybody can make.
KdcResult<void> check_signature_form(const Buffer* data, PacType which) {
  if (const KdcResult<void> ok = check_signature_presence(data); !ok) return ok;
  const auto type = ChecksumType(load_le32(data->data()));
  if (is_keyed(type)) return {};
  const NtStatus fault =
      type == kSha1 && which == PacType::server_checksum ? NtStatus::STATUS_LOGON_FAILURE : kInsufficientResources;
  return refuse_signature(KrbErrc::KRB_AP_ERR_INAPP_CKSUM, fault, "a PAC signature is not made with a key");
}

// Calls `verify` with each key of the domain's krbtgt that has the signature's type, also the previous one, because
// signatures have no key version.
template <class Verify>
KdcResult<void> verify_by_krbtgt(const Context& ctx, const Pac& pac, PacType which, Verify&& verify) {
  const Buffer* data = pac.find(which);
  if (!data && which == PacType::ticket_checksum) return wrong_signature("the PAC's ticket signature is missing");
  if (const KdcResult<void> ok = check_signature_form(data, which); !ok) return ok;
  const Result<PacSignature> signature = decode_pac_signature(*data);
  if (!signature) return bad_pac("a PAC signature cannot be decoded");
  if (signature->type == ChecksumType::hmac_md5 && !krbtgt_uses_rc4(ctx))
    return refuse_signature(KrbErrc::KRB_ERR_GENERIC, kInsufficientResources,
                            "a PAC signature by RC4 in a domain that uses AES");
  for (const auto& keys : {ctx.domain.krbtgt->keys, ctx.domain.krbtgt->previous_keys}) {
    if (!keys) continue;
    for (const EncType type : kDirectoryEnctypes) {
      if (required_checksum(type) != signature->type || !keys->can_have(type)) continue;
      const Key* key = keys->find(type);
      if (!key) return Stop{NeedKeys{.keys = {{keys, type}}}};
      if (verify(*key)) return {};
    }
  }
  return wrong_signature("a PAC signature of the KDC is wrong");
}

// The PAC's bytes, verified with the key that opened the ticket; empty: the ticket has no PAC.
KdcResult<Buffer> verified_pac_bytes(const EncTicketPart& part, const Key& server_key) {
  Result<Buffer> bytes = pac_bytes_of(part);
  if (!bytes) return bad_pac("authorization-data cannot be decoded");
  if (bytes->empty()) return std::move(*bytes);
  const Result<Pac> pac = decode_pac(*bytes);
  if (!pac) return bad_pac("the PAC cannot be decoded");
  if (const KdcResult<void> ok = check_signature_form(pac->find(PacType::server_checksum), PacType::server_checksum);
      !ok)
    return ok.error();
  // The KDC signature of a TGT of our own is made with the key of the server signature, so its presence is enough.
  if (const KdcResult<void> ok = check_signature_presence(pac->find(PacType::kdc_checksum)); !ok) return ok.error();
  if (!verify_server_signature(*bytes, server_key)) return wrong_signature("the PAC's server signature is wrong");
  return std::move(*bytes);
}

KdcResult<EncTicketPart> read_part(Bytes der) {
  Result<EncTicketPart> part = decode_enc_ticket_part(der);
  if (!part) return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "the ticket's encrypted part cannot be decoded");
  return std::move(*part);
}

}  // namespace

bool OpenTicket::is_s4u_referral() const {
  return trust && pac && pac->client.name != joined(part.cname) && pac->client.name.find('@') != std::string::npos;
}

KdcResult<OpenTicket> open_tgt(const Context& ctx, const Ticket& ticket) {
  // A client may have asked for krbtgt by its name alone.
  const auto& names = ticket.sname.components;
  const bool named_alone = names.size() == 1 && names[0] == "krbtgt";
  if (!named_alone && !is_krbtgt(ticket.sname)) return refuse(KrbErrc::KDC_ERR_POLICY, "the ticket is not a TGT");
  if (!named_alone && ctx.snapshot.domain(names[1]) != &ctx.domain)
    return refuse(KrbErrc::KRB_AP_ERR_NOT_US, "the TGT is for another realm");
  OpenTicket out{.realm = ticket.realm, .sname = ticket.sname, .part = {}, .pac = {}, .other_data = {}};
  const bool own = equal_ignoring_case(ticket.realm, ctx.realm());
  if (own && ticket.enc_part.etype == EncType::rc4_hmac && !krbtgt_uses_rc4(ctx))
    return refuse(KrbErrc::KRB_ERR_GENERIC, "a TGT encrypted with RC4 in a domain that uses AES");
  if (!own) {
    out.trust = trust_from(ctx.domain, ticket.realm);
    if (!out.trust) return refuse(KrbErrc::KRB_AP_ERR_NOT_US, "the TGT's realm is not trusted");
  }
  KdcResult<Opened> opened =
      own ? decrypt_ticket(ticket.enc_part, ctx.domain.krbtgt->keys, ctx.domain.krbtgt->previous_keys)
          : decrypt_ticket(ticket.enc_part, out.trust->incoming, nullptr);
  if (!opened) return opened.error();
  KdcResult<EncTicketPart> part = read_part(opened->der);
  if (!part) return part.error();
  out.part = std::move(*part);
  KdcResult<Buffer> bytes = verified_pac_bytes(out.part, *opened->key);
  if (!bytes) return bytes.error();
  if (!bytes->empty()) {
    Result<Pac> pac = decode_pac(*bytes);
    if (!pac) return bad_pac("the PAC cannot be decoded");
    KdcResult<TicketPac> read = read_pac(std::move(*pac));
    if (!read) return read.error();
    out.pac = std::move(*read);
    if (out.trust) {
      if (!filter_sids(out.pac->logon, ctx.snapshot, *out.trust))
        return refuse(KrbErrc::KDC_ERR_POLICY, "SID filtering: the trust may not speak for the PAC's domain");
      mark_other_organization(out.pac->logon, *out.trust);
      out.pac->pac.set(PacType::logon_info, encode(out.pac->logon));
    }
  }
  out.other_data = without_pac(out.part.authorization_data);
  return out;
}

KdcResult<OpenTicket> open_evidence(const Context& ctx, const Ticket& ticket, const AccountEntry& service) {
  const Target named = find_target(ctx, ticket.sname);
  if (ticket.realm != ctx.realm() || named.place != Target::Place::here || named.account != &service)
    return refuse(KrbErrc::KDC_ERR_SERVER_NOMATCH, "the evidence ticket is not for the front end");
  OpenTicket out{
      .realm = ticket.realm, .sname = ticket.sname, .part = {}, .account = &service, .pac = {}, .other_data = {}};
  KdcResult<Opened> opened = decrypt_ticket(ticket.enc_part, service.keys, service.previous_keys);
  if (!opened) return opened.error();
  KdcResult<EncTicketPart> part = read_part(opened->der);
  if (!part) return part.error();
  out.part = std::move(*part);
  KdcResult<Buffer> bytes = verified_pac_bytes(out.part, *opened->key);
  if (!bytes) return bytes.error();
  if (bytes->empty()) return bad_pac("the evidence ticket has no PAC");
  Result<Pac> pac = decode_pac(*bytes);
  if (!pac) return bad_pac("the PAC cannot be decoded");

  const KdcResult<void> kdc = verify_by_krbtgt(
      ctx, *pac, PacType::kdc_checksum, [&](const Key& key) { return verify_kdc_signature(*bytes, key).has_value(); });
  if (!kdc) return kdc.error();
  const bool may_lack = has_dc_without_ticket_signatures(ctx.domain);
  if (!may_lack || pac->find(PacType::ticket_checksum)) {
    const KdcResult<void> over_ticket = verify_by_krbtgt(ctx, *pac, PacType::ticket_checksum, [&](const Key& key) {
      return verify_ticket_signature(opened->der, *bytes, key).has_value();
    });
    if (!over_ticket) return over_ticket.error();
  }
  if (!may_lack || pac->find(PacType::extended_kdc_checksum)) {
    const KdcResult<void> extended = verify_by_krbtgt(ctx, *pac, PacType::extended_kdc_checksum, [&](const Key& key) {
      return verify_extended_kdc_signature(*bytes, key).has_value();
    });
    if (!extended) return extended.error();
  }
  KdcResult<TicketPac> read = read_pac(std::move(*pac));
  if (!read) return read.error();
  out.pac = std::move(*read);
  if (out.pac->client.name != joined(out.part.cname))
    return bad_pac("the evidence ticket's PAC belongs to another client");
  out.other_data = without_pac(out.part.authorization_data);
  return out;
}

KdcResult<void> check_times(const Context& ctx, const EncTicketPart& part, InvalidTickets invalid) {
  const Time now = ctx.seconds();
  if (part.endtime <= now) return refuse(KrbErrc::KRB_AP_ERR_TKT_EXPIRED, "the ticket has expired");
  const bool refused = invalid == InvalidTickets::refused && (part.flags & ticket_flag::invalid);
  if (part.starttime.value_or(part.authtime) > now + kClockSkew || refused)
    return refuse(KrbErrc::KRB_AP_ERR_TKT_NYV, "the ticket is not valid yet");
  return {};
}

KdcResult<void> check_tgt_times(const Context& ctx, const OpenTicket& tgt, InvalidTickets invalid) {
  if (!tgt.trust && tgt.part.endtime <= ctx.seconds() + kChangepwLifetime)
    return refuse(KrbErrc::KRB_AP_ERR_TKT_EXPIRED, "the TGT ends within two minutes, as tickets to kadmin/changepw do");
  return check_times(ctx, tgt.part, invalid);
}

AuthorizationData without_pac(const AuthorizationData& data) {
  AuthorizationData out;
  for (const AuthorizationElement& element : data) {
    if (element.type == AdType::win2k_pac) continue;
    if (element.type != AdType::if_relevant) {
      out.push_back(element);
      continue;
    }
    Result<AuthorizationData> inner = decode_authorization_data(element.data);
    if (!inner) continue;
    const bool has_pac =
        std::ranges::any_of(*inner, [](const AuthorizationElement& e) { return e.type == AdType::win2k_pac; });
    if (!has_pac) {
      out.push_back(element);
      continue;
    }
    std::erase_if(*inner, [](const AuthorizationElement& e) { return e.type == AdType::win2k_pac; });
    if (!inner->empty()) out.push_back({AdType::if_relevant, encode(*inner)});
  }
  return out;
}

}  // namespace stead::kdc
