#include "sspi_shim/client/failures.h"

#include <cstdint>
#include <string>
#include <utility>

#include "sspi_shim/locate/dc_choice.h"
#include "sspi_shim/s4u/diagnosis/diagnosis.h"

namespace stead {
namespace {

RefusalClass class_of(const Refusal& refusal, DiagnosisCode cause) {
  if (refusal.kind != FailureKind::refused) return RefusalClass::no_answer;
  if (cause == DiagnosisCode::no_2012_dc_found) return RefusalClass::no_capable_dc;
  const bool unknown =
      refusal.error == KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN || refusal.error == KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN;
  return unknown ? RefusalClass::unknown_name : RefusalClass::policy;
}

// True if the same call may succeed although nobody changed anything.
bool is_retryable(const Failure& failure, RefusalClass kind) {
  if (failure.kind == FailureKind::unusable) return false;
  if (failure.kind != FailureKind::refused) return true;
  return failure.error == KrbErrc::KDC_ERR_SVC_UNAVAILABLE || kind == RefusalClass::no_capable_dc;
}

Failure unusable(Error error, std::string text) {
  Failure out;
  out.kind = FailureKind::unusable;
  out.error = error;
  out.text = std::move(text);
  return out;
}

}  // namespace

ClassifiedFailure failure_of(const Refusal& refusal, const Call& call, const std::string& own_account) {
  auto about = call.about;
  about.front_account = own_account;
  Failure out;
  out.kind = refusal.kind;
  out.error = refusal.error;
  out.nt_status = static_cast<std::uint32_t>(refusal.status.value_or(NtStatus::STATUS_SUCCESS));
  out.text = one_line(refusal, about);
  out.trace = call.trace;
  out.trace.client = about.user;
  out.trace.service =
      about.service + (about.service.empty() || about.target_realm.empty() ? "" : "@" + about.target_realm);
  Finding cause = find_cause(refusal, about);
  const RefusalClass kind = class_of(refusal, cause.code);
  out.trace.diagnosis = to_diagnosis(std::move(cause));
  out.stage = to_string(refusal.stage);
  out.realm = refusal.realm;
  out.controller = refusal.by.where.name;
  if (!refusal.by.where.address.empty()) out.address = address_text(refusal.by.where);
  if (!out.controller.empty() || !out.address.empty()) out.level = to_string(refusal.by.level);
  out.retryable = is_retryable(out, kind);
  return {std::move(out), kind};
}

Failure bad_name(std::string text) {
  return unusable(make_error_code(WireErrc::bad_value), std::move(text));
}

Failure bad_user_name(const std::string& name) {
  return bad_name("\"" + name + "\" is not a user name: write user, user@suffix or DOMAIN\\user");
}

Failure bad_service_name(const std::string& spn) {
  return bad_name("\"" + spn + "\" is not a service name: write service/host or service/host@REALM");
}

Failure empty_identity() {
  return unusable(make_error_code(boost::system::errc::invalid_argument), "the identity is empty: it names no user");
}

Failure not_permitted(std::string text) {
  return unusable(make_error_code(boost::system::errc::operation_not_permitted), std::move(text));
}

}  // namespace stead
