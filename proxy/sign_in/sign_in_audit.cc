#include "proxy/sign_in/sign_in_audit.h"

#include <string_view>

namespace stead::proxy {

void audit_session(AuditKind kind, const RequestView& request, const Session& session, std::string_view detail) {
  audit({.kind = kind,
         .user = session.user,
         .method = to_string(session.method),
         .address = request.remote_address,
         .request_id = request.request_id,
         .detail = detail});
}

void audit_refusal(const RequestView& request, SignInMethod method, std::string_view user, std::string_view reason) {
  audit({.kind = AuditKind::sign_in_refused,
         .user = user,
         .method = to_string(method),
         .address = request.remote_address,
         .request_id = request.request_id,
         .detail = reason});
}

}  // namespace stead::proxy
