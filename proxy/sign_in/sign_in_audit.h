#pragma once
// The audit lines of sign-in. A refusal is noted in the request, too.
#include <string_view>

#include "proxy/observe/audit_log.h"
#include "proxy/sign_in/sign_in.h"

namespace stead::proxy {

// `detail`: how the user signed in, where that is worth a word.
void audit_session(AuditKind kind, const RequestView& request, const Session& session, std::string_view detail = {});

// `user`: as far as they are known; may be hostile text. Its address and request id come from the request.
void audit_refusal(const RequestView& request, SignInMethod method, std::string_view user, std::string_view reason);

}  // namespace stead::proxy
