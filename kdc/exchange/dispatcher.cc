#include "kdc/exchange/dispatcher.h"

#include <cstdint>
#include <utility>
#include <variant>

#include "kdc/exchange/as_handler.h"
#include "kdc/exchange/tgs_handler.h"
#include "kdc/tickets/error_reply.h"

namespace stead::kdc {
namespace {

bool looks_like_a_request(Bytes bytes) {
  return !bytes.empty() && (bytes[0] == der::application(10) || bytes[0] == der::application(12));
}

}  // namespace

Outcome handle(Bytes bytes, const Snapshot& snapshot, const DomainEntry& domain, const Controller& controller,
               Instant now) {
  Answer answer;
  const Context ctx{{snapshot, domain}, controller, traits(controller.level), now, answer.log};
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
  const bool as = request->type == MessageType::as_req;
  answer.log.kind = as ? "AS" : "TGS";
  if (request->body.cname) answer.log.client = to_string(*request->body.cname, request->body.realm);
  if (request->body.sname) answer.log.target = to_string(*request->body.sname, request->body.realm);
  KdcResult<Buffer> reply = as ? handle_as(ctx, *request, bytes) : handle_tgs(ctx, *request);
  if (reply) {
    answer.bytes = std::move(*reply);
    if (answer.log.answer.empty()) answer.log.answer = "ticket";
    return answer;
  }
  Stop stop = reply.error();
  if (auto* missing = std::get_if<NeedKeys>(&stop.reason)) return std::move(*missing);
  const Rejection& rejection = std::get<Rejection>(stop.reason);
  answer.log.answer = krb_error_name(std::int32_t(rejection.code));
  answer.log.status = rejection.status;
  answer.log.why = rejection.why;
  answer.bytes = error_reply(ctx, rejection, &*request);
  return answer;
}

Buffer response_too_big(const DomainEntry& domain, Instant now) {
  return bare_error_reply(domain, now, KrbErrc::KRB_ERR_RESPONSE_TOO_BIG);
}
Buffer field_too_long(const DomainEntry& domain, Instant now) {
  return bare_error_reply(domain, now, KrbErrc::KRB_ERR_FIELD_TOOLONG);
}

}  // namespace stead::kdc
