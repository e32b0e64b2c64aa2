#include "sspi_shim/krb5/accept_settings.h"

#include <profile.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/krb5_handles.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"

namespace stead {
namespace {

constexpr int kClockSkew = 300;  // libkrb5's default

std::optional<std::chrono::seconds> clock_skew(krb5_context context) {
  profile_t profile = nullptr;
  if (krb5_get_profile(context, &profile) != 0) return std::nullopt;
  int seconds = 0;
  const long failed = profile_get_integer(profile, "libdefaults", "clockskew", nullptr, kClockSkew, &seconds);
  profile_release(profile);
  if (failed != 0 || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

std::vector<EncType> permitted_types(krb5_context context) {
  std::vector<EncType> out;
  krb5_enctype* types = nullptr;
  if (krb5_get_permitted_enctypes(context, &types) != 0) return out;
  for (const krb5_enctype* type = types; *type != 0; ++type) out.push_back(static_cast<EncType>(*type));
  krb5_free_enctypes(context, types);
  return out;
}

}  // namespace

bool AcceptSettings::permits(EncType type) const {
  return is_supported(type) && !is_weak(type) && std::ranges::find(permitted, type) != permitted.end();
}

const Key* AcceptSettings::key_for(const Ticket& ticket) const {
  for (const KeytabEntry& entry : keys) {
    if (entry.key.type() == ticket.enc_part.etype && ticket.enc_part.kvno == entry.kvno &&
        equal_ignoring_case(entry.principal.realm, ticket.realm) &&
        std::ranges::equal(entry.principal.name.components, ticket.sname.components, equal_ignoring_case))
      return &entry.key;
  }
  return nullptr;
}

std::optional<AcceptSettings> read_accept_settings(const std::string& keytab, const std::vector<Principal>& services) {
  auto entries = read_keytab(keytab);
  const auto context = make_krb5_context();
  if (!entries || !context) return std::nullopt;
  auto replay_cache = ReplayCache::of(context->get());
  const auto skew = clock_skew(context->get());
  if (!replay_cache || !skew) return std::nullopt;
  std::erase_if(*entries, [&](const KeytabEntry& entry) {
    return is_weak(entry.key.type()) || std::none_of(services.begin(), services.end(), [&](const Principal& service) {
             return same_service(service, entry.principal);
           });
  });
  return AcceptSettings{.keys = std::move(*entries),
                        .permitted = permitted_types(context->get()),
                        .clock_skew = *skew,
                        .replay_cache = std::move(*replay_cache)};
}

}  // namespace stead
