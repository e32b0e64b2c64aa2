#pragma once
// Collects the keys that a request needs, so that all missing ones are derived at once.
#include <memory>
#include <utility>

#include "kdc/tickets/kdc_result.h"

namespace stead::kdc {

class KeyRequest {
 public:
  // Null: not derived yet, or the account cannot have a key of this type. complete() is then false.
  const Key* get(const std::shared_ptr<const Keys>& keys, EncType type) {
    if (!keys || !keys->can_have(type)) {
      impossible_ = true;
      return nullptr;
    }
    const Key* key = keys->find(type);
    if (!key) missing_.keys.emplace_back(keys, type);
    return key;
  }
  [[nodiscard]] bool complete() const { return missing_.keys.empty() && !impossible_; }
  // Why it is not complete.
  [[nodiscard]] Stop stop() {
    if (impossible_) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "no key of that type");
    return {std::move(missing_)};
  }

 private:
  NeedKeys missing_;
  bool impossible_ = false;
};

}  // namespace stead::kdc
