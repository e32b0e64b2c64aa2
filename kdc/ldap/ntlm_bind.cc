#include "kdc/ldap/ntlm_bind.h"

#include <algorithm>
#include <chrono>

#include "kdc/forest/controller_accounts.h"
#include "kdc/ldap/password_check.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead::kdc {
namespace {

constexpr std::int64_t kFileTimeUnix = 11644473600;  // seconds from 1601 to 1970

std::uint64_t file_time_now() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return std::uint64_t(now.time_since_epoch().count() + kFileTimeUnix) * 10'000'000;
}

// NETBIOS or DNS name and user, or a UPN without a domain.
const AccountEntry* account_of(const Snapshot& snapshot, const DomainEntry& own, const NtlmAuthenticate& message) {
  if (message.domain.empty() && message.user.find('@') != message.user.npos) return snapshot.by_upn(own, message.user);
  const DomainEntry* domain = message.domain.empty() ? &own : snapshot.domain(message.domain);
  return domain == nullptr ? nullptr : snapshot.account(*domain, message.user);
}

bool is_protected(const AccountEntry& entry) {
  const auto& rids = entry.global_group_rids;
  return entry.account->has(account_flag::protected_user) ||
         std::find(rids.begin(), rids.end(), well_known_rid::protected_users) != rids.end();
}

}  // namespace

NtlmBind::NtlmBind(const Domain& domain, const Controller& controller) {
  random_bytes(nonce_);
  auto computer = controller_account_name(controller);
  computer.pop_back();
  target_ = {domain.netbios, std::move(computer), to_lower(domain.realm), controller.name, file_time_now()};
}

Result<Buffer> NtlmBind::challenge(Bytes negotiate) const {
  const auto flags = decode_ntlm_negotiate(negotiate);
  if (!flags) return flags.error();
  return encode_ntlm_challenge(*flags, nonce_, target_);
}

PasswordVerdict NtlmBind::verify(const Snapshot& snapshot, const DomainEntry& domain, Bytes authenticate, Time now,
                                 const AccountEntry*& account) const {
  const auto message = decode_ntlm_authenticate(authenticate);
  if (!message) return {{LdapCode::protocol_error, "the message is no NTLM authenticate message"}};
  account = account_of(snapshot, domain, *message);
  if (account == nullptr || is_protected(*account)) return judge_proof(nullptr, false, now);
  return judge_proof(account, is_ntlm_v2_response(*message, nonce_, nt_hash_of(*account->account)), now);
}

}  // namespace stead::kdc
