#include "kdc/exchange/dispatcher.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "kdc/exchange/as_handler.h"
#include "kdc/exchange/fast/fast_request.h"
#include "kdc/exchange/tgs_handler.h"
#include "kdc/tickets/error_reply.h"
#include "kdc/tickets/event_ids.h"

namespace stead::kdc {
namespace {

bool looks_like_a_request(Bytes bytes) {
  return !bytes.empty() && (bytes[0] == der::application(10) || bytes[0] == der::application(12));
}

void log_names(RequestLog& log, const KdcReqBody& body) {
  if (body.cname) log.client = to_string(*body.cname, body.realm);
  if (body.sname) log.target = to_string(*body.sname, body.realm);
}

bool is_renewal(const KdcReq& request) {
  return (request.body.options & kdc_option::renew) != 0;
}

KdcResult<Buffer> handle_request(const Context& ctx, const KdcReq& request, Bytes raw) {
  if (request.type == MessageType::tgs_req) return handle_tgs(ctx, request);
  const PaData* fx_fast = ctx.level.fast_claims_rbcd ? find_padata(request.padata, PaType::fx_fast) : nullptr;
  if (!fx_fast) return handle_as(ctx, request, raw);
  if (const KdcResult<void> ok = open_fast_as(ctx, request, *fx_fast); !ok) return ok.error();
  log_names(ctx.log, ctx.fast->request.body);
  return handle_as(ctx, ctx.fast->request, raw);
}

}  // namespace

Outcome handle(Bytes bytes, const Snapshot& snapshot, const DomainEntry& domain, const Controller& controller,
               Instant now) {
  Answer answer;
  std::optional<FastArmor> fast;
  const Context ctx{{snapshot, domain}, controller, traits(controller.level), now, answer.log, fast};
  if (!looks_like_a_request(bytes)) {
    answer.log.answer = "ignored";
    answer.log.why = "not a Kerberos request";
    return answer;
  }
  const Result<KdcReq> request = decode_kdc_req(bytes);
  if (!request) {
    answer.log.answer = krb_error_name(std::int32_t(KrbErrc::KRB_ERR_GENERIC));
    answer.log.why = "the request cannot be decoded";
    answer.bytes = bare_error_reply(domain, now, KrbErrc::KRB_ERR_GENERIC);
    return answer;
  }
  answer.log.kind = request->type == MessageType::as_req ? "AS" : "TGS";
  log_names(answer.log, request->body);
  KdcResult<Buffer> reply = handle_request(ctx, *request, bytes);
  if (reply) {
    answer.bytes = std::move(*reply);
    if (answer.log.answer.empty()) answer.log.answer = "ticket";
    answer.log.audit = audit_event(answer.log, KrbErrc::KDC_ERR_NONE, is_renewal(*request));
    return answer;
  }
  Stop stop = reply.error();
  if (auto* missing = std::get_if<NeedKeys>(&stop.reason)) return std::move(*missing);
  const Rejection& rejection = std::get<Rejection>(stop.reason);
  answer.log.answer = krb_error_name(std::int32_t(rejection.code));
  answer.log.status = rejection.status;
  answer.log.why = rejection.why;
  answer.log.event = rejection.event;
  answer.log.audit = audit_event(answer.log, rejection.code, is_renewal(*request));
  answer.bytes = error_reply(ctx, rejection, fast ? &fast->request : &*request);
  return answer;
}

Buffer response_too_big(const DomainEntry& domain, Instant now) {
  return bare_error_reply(domain, now, KrbErrc::KRB_ERR_RESPONSE_TOO_BIG);
}
Buffer field_too_long(const DomainEntry& domain, Instant now) {
  return bare_error_reply(domain, now, KrbErrc::KRB_ERR_FIELD_TOOLONG);
}

}  // namespace stead::kdc
