#include "sspi_shim/sspi/user_ccache.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "sspi_shim/krb5/krb5_handles.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead::sspi {
namespace {

Time time_of(krb5_timestamp stamp) {
  return Time(std::chrono::seconds(static_cast<std::uint32_t>(stamp)));
}

Result<Credential> credential_of(const krb5_creds& creds) {
  auto ticket = decode_ticket({reinterpret_cast<const std::uint8_t*>(creds.ticket.data), creds.ticket.length});
  if (!ticket) return ticket.error();
  EncryptionKey sealed;
  sealed.type = static_cast<EncType>(creds.keyblock.enctype);
  sealed.value.assign(creds.keyblock.contents, creds.keyblock.contents + creds.keyblock.length);
  const auto key = Key::make(sealed);
  if (!key) return key.error();
  const Principal client = from_krb5(creds.client), service = from_krb5(creds.server);
  Credential out;
  out.ticket = std::move(*ticket);
  out.session_key = *key;
  out.client = client.name;
  out.client_realm = client.realm;
  out.service = service.name;
  out.service_realm = service.realm;
  out.flags = static_cast<std::uint32_t>(creds.ticket_flags);
  out.authtime = time_of(creds.times.authtime);
  out.starttime = creds.times.starttime != 0 ? time_of(creds.times.starttime) : out.authtime;
  out.endtime = time_of(creds.times.endtime);
  if (creds.times.renew_till != 0) out.renew_till = time_of(creds.times.renew_till);
  return out;
}

Result<Krb5Ccache> open_ccache(krb5_context context, const std::string& principal) {
  krb5_ccache ccache = nullptr;
  krb5_error_code code = 0;
  if (principal.empty()) {
    code = krb5_cc_default(context, &ccache);
  } else {
    const auto parsed = parse_principal(principal);
    if (!parsed) return parsed.error();
    const auto wanted = to_krb5(context, *parsed);
    if (!wanted) return wanted.error();
    code = krb5_cc_cache_match(context, wanted->get(), &ccache);
  }
  if (code != 0) return libkrb5_error(code);
  return Krb5Ccache(ccache, CloseKrb5Ccache{context});
}

// Takes what has not ended yet.
void take(const krb5_creds& creds, Time now, UserCcache& out) {
  const Time end = time_of(creds.times.endtime);
  if (end <= now) return;
  const Principal service = from_krb5(creds.server);
  const bool is_tgt = is_krbtgt(service.name) && service.name.components.size() == 2 &&
                      service.name.components[1] == out.user.realm && service.realm == out.user.realm;
  if (is_tgt) {
    auto credential = credential_of(creds);
    if (!credential || (out.tgt && out.tgt->endtime >= end)) return;
    out.tgt = std::make_shared<const Credential>(std::move(*credential));
    out.end_time = end;
  } else if (!out.tgt) {
    out.end_time = std::max<std::chrono::sys_seconds>(out.end_time, end);
  }
}

std::string name_of(krb5_context context, krb5_ccache ccache) {
  char* text = nullptr;
  if (krb5_cc_get_full_name(context, ccache, &text) != 0) return "the default ccache";
  std::string out = text;
  krb5_free_string(context, text);
  return out;
}

}  // namespace

Checked<UserCcache> find_user_ccache(const std::string& principal) {
  const auto made = make_krb5_context();
  if (!made) return no_libkrb5(made.error());
  krb5_context context = made->get();
  const auto ccache = open_ccache(context, principal);
  if (!ccache)
    return Problem{.message = principal.empty() ? "there is no default ccache: " + ccache.error().message()
                                                : "no ccache is of " + principal};
  UserCcache out;
  out.name = name_of(context, ccache->get());
  krb5_principal raw = nullptr;
  if (const krb5_error_code code = krb5_cc_get_principal(context, ccache->get(), &raw))
    return Problem{.message = "no tickets: " + libkrb5_message(context, code), .where = out.name};
  const Krb5Principal owner(raw, FreeKrb5Principal{context});
  out.user = from_krb5(owner.get());
  krb5_cc_cursor cursor = nullptr;
  if (const krb5_error_code code = krb5_cc_start_seq_get(context, ccache->get(), &cursor))
    return Problem{.message = libkrb5_message(context, code), .where = out.name};
  const Time now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  krb5_creds creds{};
  while (krb5_cc_next_cred(context, ccache->get(), &cursor, &creds) == 0) {
    if (!krb5_is_config_principal(context, creds.server)) take(creds, now, out);
    krb5_free_cred_contents(context, &creds);
  }
  krb5_cc_end_seq_get(context, ccache->get(), &cursor);
  if (out.end_time == std::chrono::sys_seconds{})
    return Problem{.message = "the tickets of " + to_string(out.user) + " have ended, or there is none: run kinit",
                   .where = out.name};
  return out;
}

}  // namespace stead::sspi
