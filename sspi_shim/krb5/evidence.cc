#include "sspi_shim/krb5/evidence.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/krb5/krb5_handles.h"

namespace stead {
namespace {

Time time_of(krb5_timestamp seconds) {  // as unsigned, it reaches to 2106
  return Time(std::chrono::seconds(static_cast<std::uint32_t>(seconds)));
}

Evidence evidence_of(const krb5_creds& creds) {
  Evidence out;
  out.ticket_der.assign(creds.ticket.data, creds.ticket.data + creds.ticket.length);
  out.client = from_krb5(creds.client);
  out.service = from_krb5(creds.server);
  out.flags = static_cast<std::uint32_t>(creds.ticket_flags);
  out.auth_time = time_of(creds.times.authtime);
  out.start_time = creds.times.starttime != 0 ? time_of(creds.times.starttime) : out.auth_time;
  out.end_time = time_of(creds.times.endtime);
  return out;
}

// All tickets, without configuration entries.
krb5_error_code read_all(krb5_context context, krb5_ccache ccache, std::vector<Evidence>& out) {
  krb5_cc_cursor cursor = nullptr;
  krb5_error_code code = krb5_cc_start_seq_get(context, ccache, &cursor);
  if (code != 0) return code;
  krb5_creds creds{};
  while ((code = krb5_cc_next_cred(context, ccache, &cursor, &creds)) == 0) {
    if (krb5_is_config_principal(context, creds.server) == 0) out.push_back(evidence_of(creds));
    krb5_free_cred_contents(context, &creds);
  }
  krb5_cc_end_seq_get(context, ccache, &cursor);
  return code == KRB5_CC_END ? 0 : code;
}

}  // namespace

Checked<Evidence> read_evidence(const std::string& path, const Principal& service) {
  const auto context = make_krb5_context();
  if (!context) return no_libkrb5(context.error());
  krb5_ccache raw = nullptr;
  krb5_error_code code = krb5_cc_resolve(context->get(), path.c_str(), &raw);
  const Krb5Ccache ccache(raw, CloseKrb5Ccache{context->get()});
  std::vector<Evidence> all;
  if (code == 0) code = read_all(context->get(), raw, all);
  if (code != 0)
    return Problem{.message = "ccache " + path + " cannot be read: " + libkrb5_message(context->get(), code),
                   .code = libkrb5_error(code)};
  const auto now = std::chrono::system_clock::now();
  std::optional<Evidence> best;
  bool expired = false;
  std::set<std::string> others;
  for (Evidence& ticket : all) {
    if (!same_service(ticket.service, service)) {
      others.insert(to_string(ticket.service));
    } else if (ticket.end_time <= now) {
      expired = true;
    } else if (!best || ticket.end_time > best->end_time) {
      best = std::move(ticket);
    }
  }
  if (best) return std::move(*best);
  if (expired)
    return Problem{.message = "ccache " + path + ": the ticket for " + to_string(service) + " has expired",
                   .code = make_error_code(KrbErrc::KRB_AP_ERR_TKT_EXPIRED)};
  return Problem{.message = "ccache " + path + " has no ticket for " + to_string(service) + contents_text(others),
                 .code = libkrb5_error(KRB5_CC_NOTFOUND)};
}

}  // namespace stead
