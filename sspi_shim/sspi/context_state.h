#pragma once
// What callers of the C surface learn of a context.
#include <chrono>

#include "sspi_shim/sspi/objects.h"

namespace stead::sspi {

// A value, or the status of a failure whose detail is noted already.
template <class T>
using Status = boost::system::result<T, SECURITY_STATUS>;

// The client of a complete context of an acceptor, as a token; made at the first call.
[[nodiscard]] Status<TokenPtr> token_of(Context& context);

// Ends a call of AcceptSecurityContext or InitializeSecurityContext: gives the caller the token, the flags and the
// expiry. SEC_I_CONTINUE_NEEDED: the context is not complete.
[[nodiscard]] SECURITY_STATUS give_output(const Context& context, Bytes token, const SecBufferDesc* output,
                                          ULONG* attributes, TimeStamp* expiry);

// ISC_RET_ or ASC_RET_ flags, by the context's side: INTEGRITY and IDENTIFY differ.
[[nodiscard]] ULONG flags_of(const Context& context);

[[nodiscard]] TimeStamp to_time_stamp(std::chrono::system_clock::time_point time);
[[nodiscard]] TimeStamp never();

}  // namespace stead::sspi
