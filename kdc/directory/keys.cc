#include "kdc/directory/keys.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

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
  const Key* expected = nullptr;
  // Two threads may derive the same key at once: the first one's stays.
  if (slots_[slot].compare_exchange_strong(expected, key.get(), std::memory_order_acq_rel)) key.release();
}

bool Keys::can_have(EncType type) const {
  if (slot_of(type) < 0) return false;
  return !secret_.password.empty() || find(type) != nullptr;
}

}  // namespace stead::kdc
