#include "kdc/kpasswd/kpasswd_handler.h"

#include <openssl/evp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <variant>

#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/kpasswd_messages.h"
#include "sspi_shim/protocol/messages/krb_error.h"

namespace stead::kdc {
namespace {

constexpr std::chrono::minutes kSkew{5};

// Requests by their authenticators. A captured change must not set an old password again; a request that comes once
// more, octet for octet, because its answer was lost or late, has the same answer. An entry lives as long as its
// authenticator's time could be accepted.
class SeenRequests {
 public:
  using Digest = std::array<std::uint8_t, 32>;
  struct Before {
    bool same = false;  // it is that request, not another one with its authenticator
    Buffer reply;       // empty: it is being answered
  };

  // Nothing where the authenticator is new, which it is not from here on.
  std::optional<Before> claim(Bytes authenticator, Bytes request, Time now) {
    const Digest key = digest_of(authenticator), whole = digest_of(request);
    const std::scoped_lock lock(mutex_);
    std::erase_if(seen_, [&](const auto& entry) { return entry.second.until < now; });
    const auto [at, is_new] = seen_.try_emplace(key, Entry{now + 2 * kSkew, whole, {}});
    if (is_new) return std::nullopt;
    return Before{at->second.request == whole, at->second.reply};
  }
  void answered(Bytes authenticator, const Buffer& reply) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = seen_.find(digest_of(authenticator)); found != seen_.end()) found->second.reply = reply;
  }

 private:
  struct Entry {
    Time until;
    Digest request;
    Buffer reply;
  };
  static Digest digest_of(Bytes bytes) {
    Digest out{};
    EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, EVP_sha256(), nullptr);
    return out;
  }
  std::mutex mutex_;
  std::map<Digest, Entry> seen_;
};

SeenRequests& seen_requests() {
  static SeenRequests seen;
  return seen;
}

struct Verdict {
  KpasswdResult code = KpasswdResult::success;
  std::string text;
};

// What an AP-REQ for kadmin/changepw proves.
struct Caller {
  Buffer sealed_authenticator;
  EncTicketPart ticket;
  Authenticator authenticator;
  Key session, subkey;  // subkey: the session key where the client sent none
  const AccountEntry* account = nullptr;
};

struct Refused {
  KrbErrc code{};
  Verdict verdict;
  std::optional<Buffer> before;  // the request was answered with this already; empty: is being answered
};

template <class T>
using Judged = std::variant<T, Refused>;

Refused refuse(KrbErrc code, KpasswdResult result, std::string text) {
  return {code, {result, std::move(text)}, {}};
}

// Tries the current key and, for tickets older than the last change, the one before.
Result<SecretBuffer> open_ticket(const AccountEntry& krbtgt, const EncryptedData& data) {
  for (const auto* keys : {krbtgt.keys.get(), krbtgt.previous_keys.get()}) {
    if (keys == nullptr) continue;
    keys->derive(data.etype);
    if (const auto* key = keys->find(data.etype))
      if (auto plain = decrypt_data(*key, KeyUsage::ticket, data)) return plain;
  }
  return WireErrc::integrity;
}

Judged<Caller> authenticate(const Snapshot& snapshot, const DomainEntry& domain, Bytes ap_message, Bytes whole,
                            Time now) {
  const auto request = decode_ap_req(ap_message);
  if (!request) return refuse(KrbErrc::KRB_ERR_GENERIC, KpasswdResult::malformed, "the AP-REQ cannot be read");
  if (!equal_ignoring_case(request->ticket.realm, domain.domain->realm) ||
      snapshot.by_spn(domain, to_string(request->ticket.sname)) != domain.krbtgt)
    return refuse(KrbErrc::KRB_AP_ERR_NOT_US, KpasswdResult::auth_error,
                  "the ticket is not for kadmin/changepw of this realm");
  Caller caller;
  const auto ticket = open_ticket(*domain.krbtgt, request->ticket.enc_part);
  if (!ticket) return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, KpasswdResult::auth_error, "the ticket cannot be decrypted");
  auto part = decode_enc_ticket_part(*ticket);
  auto session = part ? Key::make(part->key) : Result<Key>(part.error());
  if (!session) return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, KpasswdResult::auth_error, "the ticket cannot be read");
  caller.ticket = std::move(*part);
  caller.session = std::move(*session);
  if (caller.ticket.endtime + kSkew < now)
    return refuse(KrbErrc::KRB_AP_ERR_TKT_EXPIRED, KpasswdResult::auth_error, "the ticket has expired");
  if (caller.ticket.starttime.value_or(caller.ticket.authtime) > now + kSkew ||
      (caller.ticket.flags & ticket_flag::invalid) != 0)
    return refuse(KrbErrc::KRB_AP_ERR_TKT_NYV, KpasswdResult::auth_error, "the ticket is not valid yet");
  const auto plain = decrypt_data(caller.session, KeyUsage::ap_req_authenticator, request->authenticator);
  auto authenticator = plain ? decode_authenticator(*plain) : Result<Authenticator>(plain.error());
  if (!authenticator)
    return refuse(KrbErrc::KRB_AP_ERR_BAD_INTEGRITY, KpasswdResult::auth_error,
                  "the authenticator cannot be decrypted");
  caller.authenticator = std::move(*authenticator);
  if (!(caller.authenticator.cname == caller.ticket.cname) || caller.authenticator.crealm != caller.ticket.crealm)
    return refuse(KrbErrc::KRB_AP_ERR_BADMATCH, KpasswdResult::auth_error,
                  "ticket and authenticator name different clients");
  const auto ctime = caller.authenticator.ctime;
  if (ctime > now + kSkew || ctime + kSkew < now)
    return refuse(KrbErrc::KRB_AP_ERR_SKEW, KpasswdResult::auth_error, "the clocks differ by more than five minutes");
  if (auto before = seen_requests().claim(request->authenticator.cipher, whole, now)) {
    Refused replay = refuse(KrbErrc::KRB_AP_ERR_REPEAT, KpasswdResult::auth_error, "the request is a replay");
    if (before->same) replay.before = std::move(before->reply);
    return replay;
  }
  caller.sealed_authenticator = request->authenticator.cipher;
  caller.subkey = caller.session;
  if (caller.authenticator.subkey) {
    auto subkey = Key::make(*caller.authenticator.subkey);
    if (!subkey)
      return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, KpasswdResult::auth_error, "the subkey is of an unknown type");
    caller.subkey = std::move(*subkey);
  }
  return caller;
}

const AccountEntry* find_principal_account(const Snapshot& snapshot, const DomainEntry& domain,
                                           const PrincipalName& name, std::string_view realm) {
  if (!realm.empty() && !equal_ignoring_case(realm, domain.domain->realm)) return nullptr;
  if (name.components.size() == 1)
    if (const auto* found = snapshot.account(domain, name.components.front())) return found;
  std::string text;
  for (const auto& component : name.components) text.append(text.empty() ? "" : "/").append(component);
  if (const auto* found = snapshot.by_spn(domain, text)) return found;
  const auto* found = snapshot.by_upn(domain, text);
  return found != nullptr && found->domain == &domain ? found : nullptr;
}

bool may_reset_passwords(const AccountEntry& caller) {
  const auto& groups = caller.global_group_rids;
  return std::find(groups.begin(), groups.end(), well_known_rid::domain_admins) != groups.end();
}

// Whose password becomes what, judged. On success `target` and `password` are set.
Verdict judge(const Snapshot& snapshot, const DomainEntry& domain, const Caller& caller, std::uint16_t version,
              SecretBuffer data, const AccountEntry*& target, SecretBuffer& password) {
  const auto* own = find_principal_account(snapshot, domain, caller.ticket.cname, caller.ticket.crealm);
  if (own == nullptr) return {KpasswdResult::access_denied, "the client has no account in this realm"};
  target = own;
  if (version == kKpasswdSet) {
    auto request = decode_change_passwd_data(data);
    if (!request) return {KpasswdResult::malformed, "the request cannot be read"};
    if (request->target_name)
      target = find_principal_account(snapshot, domain, *request->target_name, request->target_realm);
    password = std::move(request->new_password);
  } else {
    password = std::move(data);
  }
  if (target == nullptr) return {KpasswdResult::hard_error, "no such account in this realm"};
  if (target != own && !may_reset_passwords(*own))
    return {KpasswdResult::access_denied, "only Domain Admins set other accounts' passwords"};
  if (target == own && (caller.ticket.flags & ticket_flag::initial) == 0)
    return {KpasswdResult::initial_flag_needed, "changing one's own password needs a ticket got with it"};
  if (own->account->has(account_flag::disabled)) return {KpasswdResult::access_denied, "the account is disabled"};
  if (target->account->rid == well_known_rid::krbtgt)
    return {KpasswdResult::access_denied, "krbtgt's password is not set this way"};
  if (password.empty()) return {KpasswdResult::soft_error, "the new password is empty"};
  return {};
}

Buffer result_bytes(const Verdict& verdict) {
  const auto code = static_cast<std::uint16_t>(verdict.code);
  Buffer out = {static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)};
  append(out, as_bytes(verdict.text));
  return out;
}

Buffer error_reply(const DomainEntry& domain, const Refused& refused, Time now) {
  KrbError error;
  error.stime = now;
  error.code = refused.code;
  error.realm = domain.domain->realm;
  error.sname = {NameType::srv_inst, {"kadmin", "changepw"}};
  error.e_text = refused.verdict.text;
  error.e_data = result_bytes(refused.verdict);
  return encode(KpasswdFrame{kKpasswdChange, {}, encode(error)});
}

Buffer sealed_reply(const Caller& caller, const Verdict& verdict, Bytes from) {
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

// What an authenticated caller asks for, done.
Buffer reply_to(Directory& directory, const Snapshot& snapshot, const DomainEntry& domain, const Caller& caller,
                const KpasswdFrame& frame, Time now, Bytes from) {
  const auto priv = decode_krb_priv(frame.message);
  const auto plain = priv ? decrypt_data(caller.subkey, KeyUsage::krb_priv, *priv) : Result<SecretBuffer>(priv.error());
  auto part = plain ? decode_enc_krb_priv_part(*plain) : Result<EncKrbPrivPart>(plain.error());
  if (!part)
    return error_reply(
        domain, refuse(KrbErrc::KRB_AP_ERR_MODIFIED, KpasswdResult::malformed, "the KRB-PRIV cannot be decrypted"),
        now);
  const AccountEntry* target = nullptr;
  SecretBuffer password;
  auto verdict = judge(snapshot, domain, caller, frame.version, std::move(part->user_data), target, password);
  if (verdict.code == KpasswdResult::success &&
      !directory.set_password(domain.domain->realm, target->account->name, as_text(password)))
    verdict = {KpasswdResult::hard_error, "the password could not be kept"};
  const auto client = to_string(caller.ticket.cname, caller.ticket.crealm);
  if (verdict.code == KpasswdResult::success)
    spdlog::info("{} changed the password of {}@{}", client, target->account->name, domain.domain->realm);
  else
    spdlog::warn("{} asked for a password change, refused: {}", client, verdict.text);
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
    return error_reply(
        *domain,
        refuse(KrbErrc::KRB_ERR_GENERIC, KpasswdResult::bad_version, "neither change (1) nor set (0xff80) password"),
        now);
  }
  auto judged = authenticate(*snapshot, *domain, frame->ap_message, request, now);
  if (const auto* refused = std::get_if<Refused>(&judged))
    return refused->before ? *refused->before : error_reply(*domain, *refused, now);
  const auto& caller = std::get<Caller>(judged);
  Buffer reply = reply_to(directory, *snapshot, *domain, caller, *frame, now, from);
  seen_requests().answered(caller.sealed_authenticator, reply);
  return reply;
}

}  // namespace stead::kdc
