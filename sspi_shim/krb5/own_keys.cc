#include "sspi_shim/krb5/own_keys.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead {
namespace {

// Null also for a PAC that does not decode: those of other KDCs may not be NDR.
std::shared_ptr<const PacLogonInfo> logon_info_of(const EncTicketPart& part) {
  const auto bytes = pac_bytes_of(part);
  if (!bytes || bytes->empty()) return nullptr;
  const auto pac = decode_pac(*bytes);
  if (!pac) return nullptr;
  const auto* buffer = pac->find(PacType::logon_info);
  if (!buffer) return nullptr;
  auto info = decode_pac_logon_info(*buffer);
  if (!info) return nullptr;
  return std::make_shared<const PacLogonInfo>(std::move(*info));
}

bool says_sensitive(const PacLogonInfo& info) {
  if ((info.user_account_control & samr_uac::not_delegated) != 0) return true;
  return std::any_of(info.groups.begin(), info.groups.end(),
                     [](const auto& group) { return group.rid == kProtectedUsersRid; });
}

}  // namespace

Result<DecryptedTicket> decrypt_own_ticket(const Ticket& ticket, std::span<const Key> keys) {
  for (const Key& key : keys) {
    if (key.type() != ticket.enc_part.etype) continue;
    const auto plain = decrypt_data(key, KeyUsage::ticket, ticket.enc_part);
    if (!plain) continue;
    auto part = decode_enc_ticket_part(*plain);
    if (!part) return part.error();
    return DecryptedTicket{.part = std::move(*part), .key = &key};
  }
  return make_error_code(WireErrc::integrity);
}

Result<OpenedTicket> open_own_ticket(const Ticket& ticket, const std::vector<Key>& keys) {
  auto decrypted = decrypt_own_ticket(ticket, keys);
  if (!decrypted) return decrypted.error();
  OpenedTicket out{.part = std::move(decrypted->part)};
  out.logon = logon_info_of(out.part);
  out.sensitive = out.logon && says_sensitive(*out.logon);
  return out;
}

std::shared_ptr<const std::vector<Key>> OwnKeys::all() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

Result<OpenedTicket> OwnKeys::open(const Ticket& ticket) {
  auto opened = open_own_ticket(ticket, *all());
  if (opened || opened.error() != WireErrc::integrity || !look_again()) return opened;
  return open_own_ticket(ticket, *all());
}

bool OwnKeys::look_again(Clock::time_point now) {
  {
    const std::lock_guard lock(mutex_);
    if (!read_ || now < not_before_) return false;
    not_before_ = now + kLookAgain;
  }
  auto read = read_();
  if (!read || read->empty()) return false;
  const auto same = [](const Key& a, const Key& b) {
    return a.type() == b.type() && std::ranges::equal(a.value(), b.value());
  };
  const std::lock_guard lock(mutex_);
  if (std::ranges::equal(*keys_, *read, same)) return false;
  keys_ = std::make_shared<const std::vector<Key>>(std::move(*read));
  return true;
}

std::vector<Key> keys_of(const std::vector<KeytabEntry>& entries, WeakKeys weak) {
  std::vector<Key> keys;
  for (const KeytabEntry& entry : entries) {
    if (weak == WeakKeys::included || !is_weak(entry.key.type())) keys.push_back(entry.key);
  }
  return keys;
}

OwnKeys::Read read_from_keytab(std::string path, Principal self, WeakKeys weak) {
  return [path = std::move(path), self = std::move(self), weak]() -> Result<std::vector<Key>> {
    const auto entries = read_keys_of(path, self);
    if (!entries) return entries.error().code;
    return keys_of(*entries, weak);
  };
}

std::string fingerprint_of(Bytes ticket_der) {
  std::array<std::uint8_t, 32> digest{};
  unsigned size = digest.size();
  EVP_Digest(ticket_der.data(), ticket_der.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return to_hex(digest);
}

}  // namespace stead
