#include "sspi_shim/client/refusal_memory.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Span {
  milliseconds from, to;
};

Span span_of(RefusalClass kind, milliseconds policy_life) {
  switch (kind) {
    case RefusalClass::no_answer:
      return {seconds(1), seconds(3)};
    case RefusalClass::no_capable_dc:
      return {seconds(2), seconds(5)};
    case RefusalClass::unknown_name:
      return {std::min<milliseconds>(policy_life, seconds(30)), std::min<milliseconds>(2 * policy_life, seconds(60))};
    case RefusalClass::policy:
      break;
  }
  return {policy_life, 2 * policy_life};
}

}  // namespace

Failure RefusalMemory::Remembered::again(CacheTime now) const {
  Failure out = *failure;
  out.cacheable_for = std::chrono::duration_cast<milliseconds>(until - now);
  return out;
}

RefusalMemory::RefusalMemory(std::size_t entries, milliseconds policy_life)
    : policy_life_(policy_life), refusals_(entries) {}

std::optional<RefusalMemory::Remembered> RefusalMemory::find(const std::string& key, CacheTime now) {
  return refusals_.find(key, now);
}

// A random point of the span: refusals that came together do not all end together.
milliseconds RefusalMemory::life_of(RefusalClass kind) const {
  const Span span = span_of(kind, policy_life_);
  return span.from + milliseconds(random_nonce() % static_cast<std::uint32_t>((span.to - span.from).count() + 1));
}

Failure RefusalMemory::remember(const std::string& key, const std::string& owner, ClassifiedFailure refused,
                                CacheTime now, std::uint64_t since) {
  Failure& failure = refused.failure;
  if (failure.kind == FailureKind::cancelled || failure.kind == FailureKind::unusable) return std::move(failure);
  const auto before = refusals_.find(key, now);
  const CacheTime until = before ? before->until : now + life_of(refused.kind);
  failure.cacheable_for = std::chrono::duration_cast<milliseconds>(until - now);
  refusals_.put(key, owner, {std::make_shared<const Failure>(failure), until, before.has_value()},
                {until, kNever, size_of(failure.trace)}, since);
  return std::move(failure);
}

void RefusalMemory::mark_probed(const std::string& key, const std::string& owner, Remembered refusal) {
  refusal.is_probed = true;
  const CacheTerms terms{refusal.until, kNever, size_of(refusal.failure->trace)};
  refusals_.put(key, owner, std::move(refusal), terms, refusals_.epoch());
}

}  // namespace stead
