#include "kdc/kpasswd/seen_requests.h"

#include <mutex>
#include <optional>
#include <string>

#include <openssl/evp.h>

#include "kdc/tickets/context.h"

namespace stead::kdc {

void SeenRequests::forget_before(Time now) {
  for (; !by_age_.empty() && by_age_.front()->second.until < now; by_age_.pop_front()) {
    const auto caller = by_age_.front()->second.caller;
    if (--caller->second == 0) of_caller_.erase(caller);
    seen_.erase(by_age_.front());
  }
}

std::optional<SeenRequests::Earlier> SeenRequests::claim(Bytes authenticator, Bytes request, const std::string& caller,
                                                         Time now) {
  const Digest key = digest_of(authenticator), whole = digest_of(request);
  const std::scoped_lock lock(mutex_);
  forget_before(now);
  if (const auto found = seen_.find(key); found != seen_.end()) {
    if (found->second.request != whole) return Earlier{Earlier::Kind::other_request, {}};
    return Earlier{Earlier::Kind::same_request, found->second.reply};
  }
  const auto counted = of_caller_.find(caller);
  if (seen_.size() >= kMaxEntries || (counted != of_caller_.end() && counted->second >= kMaxOfCaller))
    return Earlier{Earlier::Kind::no_room, {}};
  const auto of_caller = of_caller_.try_emplace(caller, 0).first;
  ++of_caller->second;
  by_age_.push_back(seen_.emplace(key, Entry{now + 2 * kClockSkew, whole, {}, of_caller}).first);
  return std::nullopt;
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
