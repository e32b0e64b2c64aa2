#include "kdc/directory/password_policy.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/unicode.h"
#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead::kdc {
namespace {

// True if `text` has `part`, in any case of letters.
bool has_part(std::string_view text, std::string_view part) {
  const auto same = [](char32_t a, char32_t b) { return folded_letter(a) == folded_letter(b); };
  const auto letters = [](std::string_view of) {
    std::u32string out;
    while (!of.empty()) {
      const CodePoint next = first_code_point(of);
      out.push_back(next.value);
      of.remove_prefix(next.size);
    }
    return out;
  };
  const std::u32string whole = letters(text), wanted = letters(part);
  return std::search(whole.begin(), whole.end(), wanted.begin(), wanted.end(), same) != whole.end();
}

// Which of the five kinds of characters this is, as a bit: upper case, lower case, digit, symbol, other letter.
unsigned kind_of(char32_t c) {
  if (c >= U'0' && c <= U'9') return 4;
  if (upper_letter(c) != c) return 2;
  if (folded_letter(c) != c) return 1;
  return c < 0x80 ? 8 : 16;
}

// "Passwords must meet complexity requirements": three kinds of characters, and not the account's name in it.
bool is_complex(const Account& account, std::string_view password) {
  constexpr std::size_t kShortestName = 3;
  if (account.name.size() >= kShortestName && has_part(password, account.name)) return false;
  unsigned kinds = 0;
  while (!password.empty()) {
    const CodePoint next = first_code_point(password);
    kinds |= kind_of(next.value);
    password.remove_prefix(next.size);
  }
  constexpr int kWanted = 3;
  return std::popcount(kinds) >= kWanted;
}

std::size_t length_of(std::string_view password) {
  std::size_t out = 0;
  for (; !password.empty(); ++out) password.remove_prefix(first_code_point(password).size);
  return out;
}

bool was_used(const AccountPolicy& policy, const Account& account, std::string_view password) {
  if (policy.password_history == 0) return false;
  Secret asked;
  asked.password = password;
  const SecretBuffer hash = nt_hash(asked);
  if (nt_hash(account.secret) == hash) return true;
  // The present password is the first of the history.
  const auto& earlier = account.rare->password_history;
  const std::size_t count = std::min<std::size_t>(earlier.size(), policy.password_history - 1);
  return std::find(earlier.begin(), earlier.begin() + std::ptrdiff_t(count), hash) !=
         earlier.begin() + std::ptrdiff_t(count);
}

}  // namespace

SecretBuffer nt_hash(const Secret& secret) {
  for (const EncryptionKey& key : secret.keys)
    if (key.type == EncType::rc4_hmac) return to_secret(key.value);
  if (secret.password.empty()) return {};
  const auto key = Key::from_password(EncType::rc4_hmac, secret.password, "");
  return key ? to_secret(key->to_encryption_key().value) : SecretBuffer{};
}

std::string password_fault(const Domain& domain, const Account& account, std::string_view password,
                           PasswordChange change, std::int64_t now) {
  const AccountPolicy& policy = domain.policy;
  if (length_of(password) < policy.password_min_length)
    return "the password is shorter than " + std::to_string(policy.password_min_length) + " characters";
  if (policy.password_complexity && !is_complex(account, password))
    return "the password is not complex: it needs three of capital letters, small letters, digits, symbols, and not "
           "the account's name";
  if (change == PasswordChange::reset) return {};
  if (was_used(policy, account, password))
    return "the password is one of the last " + std::to_string(policy.password_history);
  // Without a minimum age there is nothing to compare: `now` may be a moment before the last change.
  if (policy.password_min_age.count() > 0 && account.password_last_set != 0 &&
      !account.has(account_flag::must_change_password) &&
      now < account.password_last_set + policy.password_min_age.count())
    return "the password was changed less than " + std::to_string(policy.password_min_age.count()) + " seconds ago";
  return {};
}

std::optional<std::chrono::sys_seconds> password_expiry(const Domain& domain, const Account& account) {
  const auto age = domain.policy.password_max_age;
  if (age.count() == 0 || account.password_last_set == 0 || account.is_computer() ||
      account.has(account_flag::password_never_expires) || account.has(account_flag::smartcard_required))
    return std::nullopt;
  return std::chrono::sys_seconds{std::chrono::seconds{account.password_last_set} + age};
}

Buffer kpasswd_policy(const AccountPolicy& policy) {
  Buffer out(2);
  const auto put = [&](std::uint64_t value, int octets) {
    for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) out.push_back(std::uint8_t(value >> shift));
  };
  constexpr std::uint64_t kTicks = 10'000'000;  // of 100 ns in a second
  put(policy.password_min_length, 4);
  put(policy.password_history, 4);
  put(policy.password_complexity ? 1 : 0, 4);
  put(std::uint64_t(policy.password_max_age.count()) * kTicks, 8);
  put(std::uint64_t(policy.password_min_age.count()) * kTicks, 8);
  return out;
}

}  // namespace stead::kdc
