#include "kdc/tickets/error_reply.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "kdc/tickets/fast_reply.h"

namespace stead::kdc {
namespace {

KrbError error_of(const DomainEntry& domain, Instant now, KrbErrc code) {
  KrbError error;
  error.stime = std::chrono::floor<std::chrono::seconds>(now);
  error.susec = std::int32_t((now - error.stime).count());
  error.code = code;
  error.realm = domain.domain->realm;
  error.sname = krbtgt_name(domain.domain->realm);
  return error;
}

}  // namespace

Buffer error_reply(const Context& ctx, const Rejection& rejection, const KdcReq* request) {
  KrbError error = error_of(ctx.domain, ctx.now, rejection.code);
  if (request && request->body.sname) error.sname = *request->body.sname;
  if (!rejection.crealm.empty()) {
    error.crealm = rejection.crealm;
    if (request) error.cname = request->body.cname;
  }
  const bool as = request && request->type == MessageType::as_req;
  const KerbErrorData status{.data_type = 3, .status = rejection.status, .flags = as ? 1u : 3u};
  if (ctx.fast) {
    PaDataList padata = rejection.methods;
    if (rejection.status) padata.push_back(to_padata(status));
    armor_error(ctx, error, std::move(padata));
  } else if (rejection.status) {
    error.e_data = encode(status);
  } else if (!rejection.methods.empty()) {
    error.e_data = encode(rejection.methods);
  }
  return encode(error);
}

Buffer bare_error_reply(const DomainEntry& domain, Instant now, KrbErrc code) {
  return encode(error_of(domain, now, code));
}

}  // namespace stead::kdc
