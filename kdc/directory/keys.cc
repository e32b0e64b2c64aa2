#include <algorithm>

#include "kdc/directory/directory.h"

namespace stead::kdc {
namespace {

constexpr std::array kTypes = {EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96, EncType::rc4_hmac,
                               EncType::aes256_cts_hmac_sha384_192, EncType::aes128_cts_hmac_sha256_128};

int slot_of(EncType type) {
  const auto found = std::find(kTypes.begin(), kTypes.end(), type);
  return found == kTypes.end() ? -1 : static_cast<int>(found - kTypes.begin());
}

}  // namespace

Keys::Keys(Secret secret, std::string salt) : secret_(std::move(secret)), salt_(std::move(salt)) {
  static_assert(kTypes.size() == kSlots);
  for (const auto& given : secret_.keys) {
    const int slot = slot_of(given.type);
    if (slot < 0 || slots_[slot].load(std::memory_order_relaxed) != nullptr) continue;
    if (auto key = Key::make(given)) slots_[slot].store(new Key(std::move(*key)), std::memory_order_release);
  }
}

Keys::~Keys() {
  for (auto& slot : slots_) delete slot.load(std::memory_order_acquire);
}

const Key* Keys::find(EncType type) const {
  const int slot = slot_of(type);
  return slot < 0 ? nullptr : slots_[slot].load(std::memory_order_acquire);
}

void Keys::derive(EncType type) const {
  const int slot = slot_of(type);
  if (slot < 0 || secret_.password.empty() || slots_[slot].load(std::memory_order_acquire) != nullptr) return;
  auto made = Key::from_password(type, secret_.password, salt_);
  if (!made) return;
  auto key = std::make_unique<const Key>(std::move(*made));
  const Key* nobody = nullptr;
  // Two threads may have made the same key: the first one's stays.
  if (slots_[slot].compare_exchange_strong(nobody, key.get(), std::memory_order_acq_rel)) key.release();
}

bool Keys::can_have(EncType type) const {
  if (slot_of(type) < 0) return false;
  return !secret_.password.empty() || find(type) != nullptr;
}

std::uint32_t supported_encryption_types(const AccountEntry& account) {
  namespace bit = supported_enctypes;
  const bool rc4 = account.domain->domain->allow_rc4;
  const auto chosen = account.account->supported_encryption_types.value_or(0);
  // 0 is "not set". Without a bit for a cipher (only modifiers) the default ciphers apply as well.
  auto types = chosen;
  if ((types & (bit::rc4_hmac | bit::aes128_sha1 | bit::aes256_sha1)) == 0)
    types |= bit::rc4_hmac | bit::aes128_sha1 | bit::aes256_sha1;
  return rc4 ? types : types & ~bit::rc4_hmac;
}

std::vector<EncType> ticket_enctypes(const AccountEntry& account) {
  namespace bit = supported_enctypes;
  const auto types = supported_encryption_types(account);
  std::vector<EncType> out;
  const auto add = [&](std::uint32_t flag, EncType type) {
    if ((types & flag) != 0 && account.keys->can_have(type)) out.push_back(type);
  };
  add(bit::aes256_sha1, EncType::aes256_cts_hmac_sha1_96);
  add(bit::aes128_sha1, EncType::aes128_cts_hmac_sha1_96);
  add(bit::rc4_hmac, EncType::rc4_hmac);
  return out;
}

}  // namespace stead::kdc
