#include "kdc/kpasswd/seen_requests.h"

#include <mutex>
#include <optional>

#include <openssl/evp.h>

#include "kdc/tickets/context.h"

namespace stead::kdc {

std::optional<SeenRequests::Earlier> SeenRequests::claim(Bytes authenticator, Bytes request, Time now) {
  const Digest key = digest_of(authenticator), whole = digest_of(request);
  const std::scoped_lock lock(mutex_);
  for (; !by_age_.empty() && by_age_.front()->second.until < now; by_age_.pop_front()) seen_.erase(by_age_.front());
  const auto [at, is_new] = seen_.try_emplace(key, Entry{now + 2 * kClockSkew, whole, {}});
  if (is_new) {
    by_age_.push_back(at);
    return std::nullopt;
  }
  return Earlier{at->second.request == whole, at->second.reply};
}

void SeenRequests::answered(Bytes authenticator, const Buffer& reply) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = seen_.find(digest_of(authenticator)); found != seen_.end()) found->second.reply = reply;
}

SeenRequests::Digest SeenRequests::digest_of(Bytes bytes) {
  Digest out{};
  EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, EVP_sha256(), nullptr);
  return out;
}

}  // namespace stead::kdc
