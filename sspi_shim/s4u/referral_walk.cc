#include "sspi_shim/s4u/referral_walk.h"

#include <memory>
#include <utility>
#include <variant>

#include "sspi_shim/base/text.h"

namespace stead {

ReferralWalk::ReferralWalk(ExchangeContext& context, CredentialPtr header, PrincipalName sname, Mode mode)
    : context_(context),
      header_(std::move(header)),
      sname_(std::move(sname)),
      mode_(std::move(mode)),
      path_(header_->tgt_realm()) {}

Action ReferralWalk::start() {
  return ask();
}

Action ReferralWalk::ask() {
  TgsQuestion question;
  question.header = header_;
  question.sname = sname_;
  question.options = kdc_option::canonicalize | kdc_option::forwardable;  // a ticket has no flag that its TGT lacks
  TgsRequest::Mode mode;
  mode.stage = mode_.stage;
  mode.detail = mode_.detail;
  mode.delegation = mode_.delegation;
  if (tgts_.empty()) mode.first = mode_.first;
  request_ = std::make_unique<TgsRequest>(context_, std::move(question), std::move(mode));
  return request_->start();
}

Action ReferralWalk::follow(Action action) {
  answer_ = request_->answer();
  if (!std::holds_alternative<Finished>(action)) return action;
  const auto& credential = request_->result().credential;
  const auto next = credential->tgt_realm();
  if (!next.empty()) tgts_.push_back(credential);
  const bool asked_for_tgt = is_krbtgt(sname_) && sname_.components.size() == 2;
  if (next.empty() || (asked_for_tgt && equal_ignoring_case(next, sname_.components[1]))) {
    if (next.empty() && asked_for_tgt) {
      return rejected(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), mode_.stage, path_.last(), {},
                      "a service ticket came in place of a TGT");
    }
    ticket_ = credential;
    return Finished{};
  }
  if (!path_.enter(next)) {
    return rejected(make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED), mode_.stage, path_.last(), {},
                    "the referrals go in a circle or too far: " + path_.last() + " refers to " + next);
  }
  header_ = credential;
  if (mode_.ends_at && mode_.ends_at(next)) return Finished{};
  return ask();
}

}  // namespace stead
