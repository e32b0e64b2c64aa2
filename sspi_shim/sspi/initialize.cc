// InitializeSecurityContext. First a ticket: in the user's name (by S4U2Proxy, or by the user's own TGT) or in our own.
// Then GSSAPI, with the ticket in a ccache that the context owns. With a ccache that the caller named, GSSAPI gets the
// ticket too.
#include <gssapi/gssapi_ext.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "sspi_shim/protocol/types/types.h"
#include "sspi_shim/sspi/base/buffers.h"
#include "sspi_shim/sspi/base/memory.h"
#include "sspi_shim/sspi/configuration.h"
#include "sspi_shim/sspi/context_state.h"
#include "sspi_shim/sspi/error.h"

namespace stead::sspi {
namespace {

SECURITY_STATUS import_target(Context& context, const std::string& text, gss_OID_desc type) {
  gss_buffer_desc name = borrow_gss_buffer(as_bytes(text));
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_import_name(&minor, &name, &type, &context.target.value);
  return GSS_ERROR(major) ? fail("the target's name", major, minor) : SEC_E_OK;
}

// With what a store has: elements in pairs of key and value.
SECURITY_STATUS acquire_own(Context& context, std::vector<gss_key_value_element_desc> elements) {
  gss_OID_desc mechanisms[] = {kerberos_mechanism(), spnego_mechanism()};
  gss_OID_set_desc set{std::size(mechanisms), mechanisms};
  const gss_key_value_set_desc store{static_cast<OM_uint32>(elements.size()), elements.data()};
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set, GSS_C_INITIATE, &store,
                                                &context.own.value, nullptr, nullptr);
  return GSS_ERROR(major) ? fail("our credentials", major, minor) : SEC_E_OK;
}

// A ticket by our own exchanges, in a ccache of the context's own.
SECURITY_STATUS prepare_by_ticket(Context& context, const Token& token) {
  const auto ticket = wait_for_ticket(token.client, token.identity, context.target_text);
  if (!ticket) return fail(ticket.error());
  context.ccache = std::make_unique<MemoryCcache>();
  if (const auto stored = export_ccache(**ticket, context.ccache->name()); !stored)
    return fail(SEC_E_INTERNAL_ERROR, "the ticket cannot be handed to GSSAPI: " + stored.error().message());
  context.client_name = (*ticket)->client();
  context.service_name = (*ticket)->service();
  context.expiry = (*ticket)->end_time();
  if (const auto status = import_target(context, context.service_name, kerberos_principal_name()); status != SEC_E_OK)
    return status;
  return acquire_own(context, {{"ccache", context.ccache->name().c_str()}});
}

// By GSSAPI's own exchanges, with the tickets of a ccache that the caller named.
SECURITY_STATUS prepare_by_ccache(Context& context) {
  const Principal service = parse_principal(context.target_text).value();
  const auto& parts = service.name.components;
  const bool host_based = service.realm.empty() && parts.size() == 2;  // of a realm that referrals will tell
  const auto status = host_based ? import_target(context, parts[0] + "@" + parts[1], host_based_service_name())
                                 : import_target(context, context.target_text, kerberos_principal_name());
  if (status != SEC_E_OK) return status;
  context.service_name = context.target_text;
  return acquire_own(context, {{"ccache", context.credentials->ccache.c_str()}});
}

SECURITY_STATUS prepare(Context& context) {
  const Credentials& credentials = *context.credentials;
  if (!is_service_name(context.target_text))
    return fail(SEC_E_TARGET_UNKNOWN, "\"" + context.target_text + "\" is no service's name");
  if (credentials.user) return prepare_by_ticket(context, *credentials.user);
  if (!credentials.ccache.empty()) return prepare_by_ccache(context);
  const auto client = client_for(credentials.options);
  if (!client) return fail(SEC_E_NO_CREDENTIALS, to_string(client.error()));
  auto self = wait_for_self(*client);
  if (!self) return fail(self.error());
  return prepare_by_ticket(context, {*client, std::move(*self)});
}

OM_uint32 gss_request(ULONG asked) {
  OM_uint32 flags = 0;
  if (asked & ISC_REQ_MUTUAL_AUTH) flags |= GSS_C_MUTUAL_FLAG;
  if (asked & ISC_REQ_REPLAY_DETECT) flags |= GSS_C_REPLAY_FLAG;
  if (asked & ISC_REQ_SEQUENCE_DETECT) flags |= GSS_C_SEQUENCE_FLAG;
  if (asked & ISC_REQ_CONFIDENTIALITY) flags |= GSS_C_CONF_FLAG;
  if (asked & ISC_REQ_INTEGRITY) flags |= GSS_C_INTEG_FLAG;
  if (asked & ISC_REQ_IDENTIFY) flags |= GSS_C_IDENTIFY_FLAG;
  if (asked & ISC_REQ_USE_DCE_STYLE) flags |= GSS_C_DCE_STYLE | GSS_C_MUTUAL_FLAG;
  return flags;
}

std::string initiators_name(const Context& context) {
  GssName name;
  GssBuffer text;
  OM_uint32 minor = 0;
  const bool known = !GSS_ERROR(gss_inquire_context(&minor, context.gss.value, &name.value, nullptr, nullptr, nullptr,
                                                    nullptr, nullptr, nullptr)) &&
                     !GSS_ERROR(gss_display_name(&minor, name.value, &text.value, nullptr));
  return known ? std::string(as_text(text.bytes())) : std::string();
}

SECURITY_STATUS make_token(Context& context, const SecBufferDesc* input, const SecBufferDesc* output, ULONG* attributes,
                           TimeStamp* expiry) {
  const ChannelBindings bindings = find_bindings(input);
  if (!bindings.well_formed) return fail(SEC_E_INVALID_PARAMETER, "the channel bindings do not fit their buffer");
  gss_channel_bindings_struct channel = borrow_gss_bindings(bindings.application_data);
  gss_buffer_desc in = borrow_gss_buffer(bytes_of(find_buffer(input, SECBUFFER_TOKEN)));
  GssBuffer out;
  gss_OID_desc mechanism = context.credentials->negotiate ? spnego_mechanism() : kerberos_mechanism();
  OM_uint32 minor = 0, life = 0;
  const OM_uint32 major = gss_init_sec_context(
      &minor, context.own.value, &context.gss.value, context.target.value, &mechanism, gss_request(context.asked), 0,
      bindings.there ? &channel : GSS_C_NO_CHANNEL_BINDINGS, &in, nullptr, &out.value, &context.gss_flags, &life);
  if (GSS_ERROR(major)) return fail("the context cannot be made", major, minor);
  if ((major & GSS_S_CONTINUE_NEEDED) == 0) {
    context.complete = true;
    if (context.client_name.empty()) context.client_name = initiators_name(context);
    if (!context.expiry) context.expiry = context.start + std::chrono::seconds(life);
  }
  return give_output(context, out.bytes(), output, attributes, expiry);
}

SECURITY_STATUS initialize(const SecHandle* credential, const SecHandle* handle, std::string target, ULONG asked,
                           const SecBufferDesc* input, SecHandle* new_handle, const SecBufferDesc* output,
                           ULONG* attributes, TimeStamp* expiry) {
  if (handle != nullptr) {
    const auto context = find_context(handle);
    if (!context || !context->initiator) return invalid_handle();
    const std::lock_guard lock(context->mutex);
    if (context->complete || context->failed)
      return fail(SEC_E_OUT_OF_SEQUENCE, "the context is complete or has failed already");
    const SECURITY_STATUS status = make_token(*context, input, output, attributes, expiry);
    context->failed = status != SEC_E_OK && status != SEC_I_CONTINUE_NEEDED;
    if (!context->failed && new_handle != nullptr) *new_handle = *handle;
    return status;
  }
  const auto credentials = find_credentials(credential);
  if (!credentials) return invalid_handle();
  if ((credentials->use & SECPKG_CRED_OUTBOUND) == 0) return fail(SEC_E_NO_CREDENTIALS, "the credentials are INBOUND");
  if (new_handle == nullptr || target.empty())
    return fail(SEC_E_INVALID_PARAMETER, "a target and a place for the context are needed");
  if ((asked & (ISC_REQ_DATAGRAM | ISC_REQ_USE_SESSION_KEY)) != 0)
    return fail(SEC_E_UNSUPPORTED_FUNCTION, "neither datagram contexts nor user-to-user are made");
  const auto context = std::make_shared<Context>();
  context->credentials = credentials;
  context->initiator = true;
  context->asked = asked;
  context->target_text = std::move(target);
  SECURITY_STATUS status = prepare(*context);
  if (status == SEC_E_OK) status = make_token(*context, input, output, attributes, expiry);
  if (status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED)
    *new_handle = contexts().to_handle(contexts().insert(context));
  return status;
}

}  // namespace
}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS InitializeSecurityContextA(PCredHandle credential, PCtxtHandle context, SEC_CHAR* target,
                                                      ULONG asked, ULONG, ULONG, PSecBufferDesc input, ULONG,
                                                      PCtxtHandle new_context, PSecBufferDesc output, PULONG attributes,
                                                      PTimeStamp expiry) noexcept try {
  const stead::ForkGate at_work;
  return initialize(credential, context, to_utf8(target), asked, input, new_context, output, attributes, expiry);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS InitializeSecurityContextW(PCredHandle credential, PCtxtHandle context, SEC_WCHAR* target,
                                                      ULONG asked, ULONG, ULONG, PSecBufferDesc input, ULONG,
                                                      PCtxtHandle new_context, PSecBufferDesc output, PULONG attributes,
                                                      PTimeStamp expiry) noexcept try {
  const stead::ForkGate at_work;
  return initialize(credential, context, to_utf8(target), asked, input, new_context, output, attributes, expiry);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS DeleteSecurityContext(PCtxtHandle context) noexcept try {
  const stead::ForkGate at_work;
  return contexts().erase(contexts().to_id(context)) ? SEC_E_OK : invalid_handle();
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS CompleteAuthToken(PCtxtHandle context, PSecBufferDesc) noexcept try {
  const stead::ForkGate at_work;
  return find_context(context) ? SEC_E_OK : invalid_handle();
} catch (...) {
  return caught();
}
