#include "proxy/sign_in/sign_in_audit.h"

#include <string>
#include <string_view>

namespace stead::proxy {
namespace {

void note(const RequestView& request, std::string_view event, std::string_view user, std::string_view method,
          std::string_view reason) {
  if (request.refusal == nullptr) return;
  *request.refusal = {.event = event, .user = std::string(user), .method = method, .reason = std::string(reason)};
}

}  // namespace

void audit_session(AuditKind kind, const RequestView& request, const Session& session, std::string_view detail) {
  if (kind == AuditKind::delegation_refused || kind == AuditKind::forwarded_tgt_refused)
    note(request, to_string(kind), session.user, to_string(session.method), detail);
  audit({.kind = kind,
         .user = session.user,
         .method = to_string(session.method),
         .address = request.remote_address,
         .request_id = request.request_id,
         .detail = detail});
}

void audit_refusal(const RequestView& request, SignInMethod method, std::string_view user, std::string_view reason) {
  note(request, to_string(AuditKind::sign_in_refused), user, to_string(method), reason);
  audit({.kind = AuditKind::sign_in_refused,
         .user = user,
         .method = to_string(method),
         .address = request.remote_address,
         .request_id = request.request_id,
         .detail = reason});
}

}  // namespace stead::proxy
