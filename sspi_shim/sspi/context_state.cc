#include "sspi_shim/sspi/context_state.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include <gssapi/gssapi_ext.h>

#include "sspi_shim/sspi/base/buffers.h"
#include "sspi_shim/sspi/configuration.h"
#include "sspi_shim/sspi/error.h"

namespace stead::sspi {

Status<TokenPtr> token_of(Context& context) {
  if (context.token) return context.token;
  if (context.initiator || !context.complete || context.evidence.empty())
    return fail(SEC_E_NO_IMPERSONATION, "only a complete context of an acceptor has a user to impersonate");
  ClientOptions options = context.credentials->options;
  if (options.principal.empty()) options.principal = context.service_name;
  const auto client = client_for(std::move(options));
  if (!client) return fail(SEC_E_NO_CREDENTIALS, to_string(client.error()));
  auto identity = wait_for_evidence(*client, context.evidence);
  if (!identity)
    return fail(SEC_E_NO_CREDENTIALS, "the user's ticket fits no key of " + (*client)->options.principal + " in " +
                                          (*client)->options.keytab + ": " + identity.error().message());
  context.token = std::make_shared<const Token>(Token{*client, std::move(*identity)});
  return context.token;
}

SECURITY_STATUS give_output(const Context& context, Bytes token, const SecBufferDesc* output, ULONG* attributes,
                            TimeStamp* expiry) {
  // ISC_ and ASC_ have the same numbers for this flag.
  static_assert(ISC_REQ_ALLOCATE_MEMORY == ASC_REQ_ALLOCATE_MEMORY &&
                ISC_RET_ALLOCATED_MEMORY == ASC_RET_ALLOCATED_MEMORY);
  const bool allocated = (context.asked & ISC_REQ_ALLOCATE_MEMORY) != 0;
  if (!put_token(output, token, allocated ? TokenMemory::allocated : TokenMemory::callers))
    return fail(SEC_E_BUFFER_TOO_SMALL, "the buffer for the token is too small, or missing");
  if (attributes != nullptr) *attributes = flags_of(context) | (allocated ? ISC_RET_ALLOCATED_MEMORY : 0);
  if (expiry != nullptr) *expiry = context.expiry ? to_time_stamp(*context.expiry) : never();
  return context.complete ? SEC_E_OK : SEC_I_CONTINUE_NEEDED;
}

ULONG flags_of(const Context& context) {
  ULONG out = context.asked & ISC_REQ_CONNECTION;
  if (context.gss_flags & GSS_C_MUTUAL_FLAG) out |= ISC_RET_MUTUAL_AUTH;
  if (context.gss_flags & GSS_C_REPLAY_FLAG) out |= ISC_RET_REPLAY_DETECT;
  if (context.gss_flags & GSS_C_SEQUENCE_FLAG) out |= ISC_RET_SEQUENCE_DETECT;
  if (context.gss_flags & GSS_C_CONF_FLAG) out |= ISC_RET_CONFIDENTIALITY;
  if (context.gss_flags & GSS_C_DCE_STYLE) out |= ISC_RET_USED_DCE_STYLE;
  if (context.gss_flags & GSS_C_INTEG_FLAG) out |= context.initiator ? ISC_RET_INTEGRITY : ASC_RET_INTEGRITY;
  if (context.gss_flags & GSS_C_IDENTIFY_FLAG) out |= context.initiator ? ISC_RET_IDENTIFY : ASC_RET_IDENTIFY;
  return out;
}

TimeStamp to_time_stamp(std::chrono::system_clock::time_point time) {
  constexpr std::int64_t kEpoch = 11644473600;  // seconds from 1601 to 1970
  const auto since =
      std::chrono::duration_cast<std::chrono::duration<std::int64_t, std::ratio<1, 10000000>>>(time.time_since_epoch());
  const auto ticks = static_cast<std::uint64_t>(since.count() + kEpoch * 10000000);
  return {static_cast<ULONG>(ticks), static_cast<LONG>(ticks >> 32)};
}
TimeStamp never() {
  return {0xFFFFFFFFU, 0x7FFFFFFF};
}

}  // namespace stead::sspi
