#include "kdc/kpasswd/kpasswd_handler.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "kdc/directory/password_policy.h"
#include "kdc/kpasswd/kpasswd_caller.h"
#include "kdc/lookup/client_lookup.h"
#include "kdc/tickets/account_rules.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/krb_error.h"

namespace stead::kdc {
namespace {

SeenRequests& seen_requests() {
  static SeenRequests seen;
  return seen;
}

const AccountEntry* find_principal_account(const Snapshot& snapshot, const DomainEntry& domain,
                                           const PrincipalName& name, std::string_view realm) {
  if (!realm.empty() && !equal_ignoring_case(realm, domain.domain->realm)) return nullptr;
  return account_of_cname({snapshot, domain}, name);
}

bool may_reset_passwords(const AccountEntry& caller) {
  const auto& groups = caller.global_group_rids;
  return std::find(groups.begin(), groups.end(), well_known_rid::domain_admins) != groups.end();
}

// Who has made a computer by LDAP sets its first password, as `adcli join` does.
bool has_made(const AccountEntry& caller, const AccountEntry& target) {
  const auto& stored = target.account->other_attributes;
  return std::any_of(stored.begin(), stored.end(), [&](const StoredAttribute& attribute) {
    return attribute.name == "mS-DS-CreatorSID" && attribute.value == to_string(caller.sid);
  });
}

// Whose password is to become what.
struct Change {
  const AccountEntry* caller = nullptr;
  const AccountEntry* target = nullptr;
  SecretBuffer password;
};

boost::system::result<Change, KpasswdVerdict> read_change(const Snapshot& snapshot, const DomainEntry& domain,
                                                          const KpasswdCaller& caller, std::uint16_t version,
                                                          SecretBuffer data) {
  Change out;
  out.caller = find_principal_account(snapshot, domain, caller.ticket.cname, caller.ticket.crealm);
  if (out.caller == nullptr)
    return KpasswdVerdict{KpasswdResult::access_denied, "the client has no account in this realm"};
  out.target = out.caller;
  if (version == kKpasswdSet) {
    auto request = decode_change_passwd_data(data);
    if (!request) return KpasswdVerdict{KpasswdResult::malformed, "the request cannot be read"};
    if (request->target_name.has_value() == request->target_realm.empty())  // RFC 3244 §2
      return KpasswdVerdict{KpasswdResult::malformed, "name and realm of the target are both given, or neither is"};
    if (request->target_name)
      out.target = find_principal_account(snapshot, domain, *request->target_name, request->target_realm);
    out.password = std::move(request->new_password);
  } else {
    out.password = std::move(data);
  }
  if (out.target == nullptr) return KpasswdVerdict{KpasswdResult::hard_error, "no such account in this realm"};
  return out;
}

KpasswdVerdict check_change(const DomainEntry& domain, const Change& change, const KpasswdCaller& caller, Time now) {
  const bool own_password = change.target == change.caller;
  if (!own_password && !may_reset_passwords(*change.caller) && !has_made(*change.caller, *change.target))
    return {KpasswdResult::access_denied, "only Domain Admins set other accounts' passwords"};
  if (own_password && (caller.ticket.flags & ticket_flag::initial) == 0)
    return {KpasswdResult::initial_flag_needed, "changing one's own password needs a ticket obtained with it"};
  if (const auto no = revoked(*change.caller, now)) return {KpasswdResult::access_denied, no->why};
  if (change.target->account->rid == well_known_rid::krbtgt)
    return {KpasswdResult::access_denied, "krbtgt's password is not set this way"};
  if (change.password.empty()) return {KpasswdResult::soft_error, "the new password is empty"};
  std::string fault =
      password_fault(*domain.domain, *change.target->account, as_text(change.password),
                     own_password ? PasswordChange::own : PasswordChange::reset, now.time_since_epoch().count());
  if (fault.empty()) return {};
  return {KpasswdResult::soft_error, std::move(fault), kpasswd_policy(domain.domain->policy)};
}

KpasswdVerdict carry_out(Directory& directory, const Snapshot& snapshot, const DomainEntry& domain,
                         const KpasswdCaller& caller, std::uint16_t version, SecretBuffer data, Time now) {
  const auto client = to_string(caller.ticket.cname, caller.ticket.crealm);
  const auto change = read_change(snapshot, domain, caller, version, std::move(data));
  KpasswdVerdict verdict = change ? check_change(domain, *change, caller, now) : change.error();
  if (verdict.code == KpasswdResult::success &&
      !directory.set_password(domain.domain->realm, change->target->account->name, as_text(change->password)))
    verdict = {KpasswdResult::hard_error, "the password could not be stored"};
  if (verdict.code == KpasswdResult::success)
    spdlog::info("{} changed the password of {}@{}", client, change->target->account->name, domain.domain->realm);
  else
    spdlog::warn("{} asked for a password change, refused: {}", client, verdict.text);
  return verdict;
}

Buffer result_bytes(const KpasswdVerdict& verdict) {
  const auto code = static_cast<std::uint16_t>(verdict.code);
  Buffer out = {static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)};
  append(out, verdict.policy.empty() ? as_bytes(verdict.text) : Bytes(verdict.policy));
  return out;
}

Buffer error_reply(const DomainEntry& domain, const KpasswdRejection& rejection, Time now) {
  KrbError error;
  error.stime = now;
  error.code = rejection.code;
  error.realm = domain.domain->realm;
  error.sname = {NameType::srv_inst, {"kadmin", "changepw"}};
  error.e_text = rejection.verdict.text;
  error.e_data = result_bytes(rejection.verdict);
  return encode(KpasswdFrame{kKpasswdChange, {}, encode(error)});
}

Buffer sealed_reply(const KpasswdCaller& caller, const KpasswdVerdict& verdict, Bytes from) {
  EncApRepPart proof;
  proof.ctime = caller.authenticator.ctime;
  proof.cusec = caller.authenticator.cusec;
  proof.seq_number = random_nonce();
  EncKrbPrivPart sealed;
  sealed.user_data = to_secret(result_bytes(verdict));
  sealed.seq_number = proof.seq_number;
  constexpr std::int32_t kIpv4 = 2, kIpv6 = 24;
  sealed.s_address = {from.size() == 16 ? kIpv6 : kIpv4, from.empty() ? Buffer(4) : to_buffer(from)};
  const auto ap_rep = encode(ApRep{encrypt_data(caller.session, KeyUsage::ap_rep_encrypted_part, encode(proof))});
  const auto priv = encode_krb_priv(encrypt_data(caller.subkey, KeyUsage::krb_priv, encode(sealed)));
  return encode(KpasswdFrame{kKpasswdChange, ap_rep, priv});
}

Buffer reply_to(Directory& directory, const Snapshot& snapshot, const DomainEntry& domain, const KpasswdCaller& caller,
                const KpasswdFrame& frame, Time now, Bytes from) {
  const auto priv = decode_krb_priv(frame.message);
  const auto plain = priv ? decrypt_data(caller.subkey, KeyUsage::krb_priv, *priv) : Result<SecretBuffer>(priv.error());
  auto part = plain ? decode_enc_krb_priv_part(*plain) : Result<EncKrbPrivPart>(plain.error());
  if (!part)
    return error_reply(
        domain,
        reject_kpasswd(KrbErrc::KRB_AP_ERR_MODIFIED, KpasswdResult::malformed, "the KRB-PRIV cannot be decrypted"),
        now);
  const auto verdict = carry_out(directory, snapshot, domain, caller, frame.version, std::move(part->user_data), now);
  return sealed_reply(caller, verdict, from);
}

}  // namespace

Buffer kpasswd_reply(Directory& directory, std::string_view realm, Bytes request, Time now, Bytes from) {
  const auto snapshot = directory.snapshot();
  const auto* domain = snapshot->domain(realm);
  if (domain == nullptr || domain->krbtgt == nullptr) return {};
  const auto frame = decode_kpasswd_frame(request);
  if (!frame) {
    if (frame.error() != make_error_code(WireErrc::unsupported)) return {};
    return error_reply(*domain,
                       reject_kpasswd(KrbErrc::KRB_ERR_GENERIC, KpasswdResult::bad_version,
                                      "neither change (1) nor set (0xff80) password"),
                       now);
  }
  const auto caller = authenticate_caller(*snapshot, *domain, frame->ap_message, request, now, seen_requests());
  if (!caller) {
    const KpasswdRejection& rejection = caller.error();
    return rejection.earlier_reply ? *rejection.earlier_reply : error_reply(*domain, rejection, now);
  }
  Buffer reply = reply_to(directory, *snapshot, *domain, *caller, *frame, now, from);
  seen_requests().answered(caller->sealed_authenticator, reply);
  return reply;
}

}  // namespace stead::kdc
