// Implements stead/gss.h.
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "stead/gss.h"

#include "sspi_shim/krb5/gss_handles.h"
#include "sspi_shim/krb5/presented_ticket.h"

namespace stead {
namespace {

// The client of an accepted context; empty: the context is incomplete, was initiated here, or is anonymous.
std::string client_of(gss_ctx_id_t context) {
  GssName name;
  GssBuffer text;
  OM_uint32 minor = 0, flags = 0;
  int initiated_here = 1, open = 0;
  if (context == GSS_C_NO_CONTEXT) return {};
  if (GSS_ERROR(
          gss_inquire_context(&minor, context, &name.value, nullptr, nullptr, nullptr, &flags, &initiated_here, &open)))
    return {};
  if (initiated_here != 0 || open == 0 || (flags & GSS_C_ANON_FLAG) != 0) return {};
  if (GSS_ERROR(gss_display_name(&minor, name.value, &text.value, nullptr))) return {};
  return std::string(as_text(text.bytes()));
}

}  // namespace

Result<Identity> v0::identity_from_context(Client& client, gss_ctx_id_t context, std::span<const std::uint8_t> token) {
  const std::string name = client_of(context);
  if (name.empty()) return make_error_code(boost::system::errc::permission_denied);
  auto ap_req_der = ap_req_of_token(token);
  if (!ap_req_der) return ap_req_der.error();
  const auto presented = decode_presented_ticket(std::move(*ap_req_der));
  if (!presented) return presented.error();
  Result<Identity> identity = client.from_ticket(encode(presented->ap_req.ticket));
  if (!identity) return identity;
  if (identity->principal() != name) return make_error_code(boost::system::errc::permission_denied);
  return identity;
}

}  // namespace stead
