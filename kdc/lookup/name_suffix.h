#pragma once
// Which trust a DNS name leads to, by its suffix.
#include <string_view>

#include "kdc/lookup/domain_view.h"

namespace stead::kdc {

enum class TrustUse {
  any,      // every trust
  outward,  // only trusts that let our clients in at the other end
};

// The trust whose partner has the longest suffix of `host` among its domain names and name_suffixes; null: none. Looks
// at the forest trusts of every domain of the own forest, and at the external trusts of the own domain.
[[nodiscard]] const TrustEntry* trust_by_suffix(const DomainView& view, std::string_view host, TrustUse use);

}  // namespace stead::kdc
