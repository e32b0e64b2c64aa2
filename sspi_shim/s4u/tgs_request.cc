#include "sspi_shim/s4u/tgs_request.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/error.hpp>

#include "sspi_shim/locate/dc_choice.h"

namespace stead {
namespace {

bool any_answered(const std::vector<SeenController>& seen) {
  return std::any_of(seen.begin(), seen.end(), [](const SeenController& dc) { return dc.level != "unknown"; });
}

bool any_silent(const std::vector<SeenController>& seen) {
  return std::any_of(seen.begin(), seen.end(), [](const SeenController& dc) { return dc.level == "unknown"; });
}

}  // namespace

bool all_are_older(const std::vector<SeenController>& seen, const ControllerAddress& refused) {
  const auto is_older = [&](const SeenController& dc) {
    if (!refused.address.empty() && dc.level == "unknown" && dc.address == address_text(refused)) return true;
    const auto level = dc_level_by_name(dc.level);
    return level && *level != DcLevel::unknown && *level < DcLevel::w2012;
  };
  return !seen.empty() && std::all_of(seen.begin(), seen.end(), is_older);
}

Refusal capable_dc_unreachable(Error error, Stage stage, std::string realm, std::vector<SeenController> seen) {
  Refusal out = unreachable(error, stage, std::move(realm));
  out.what = "no domain controller of " + out.realm + " that is Windows Server 2012 or later answered";
  std::string list;
  for (const SeenController& dc : seen)
    list += (list.empty() ? "" : ", ") + (dc.controller.empty() ? dc.address : dc.controller) + " (level " + dc.level +
            ", " + dc.answer + ")";
  out.what += list.empty() ? ", and none is known" : "; seen: " + list;
  out.seen = std::move(seen);
  return out;
}

TgsRequest::TgsRequest(ExchangeContext& context, TgsQuestion question, Mode mode)
    : context_(context),
      question_(std::move(question)),
      mode_(std::move(mode)),
      realm_(question_.header->tgt_realm()) {}

Action TgsRequest::start() {
  return send();
}

Action TgsRequest::send() {
  // A new authenticator for each request: a DC may reject one that another DC has seen.
  exchange_ =
      std::make_unique<TgsExchange>(question_, context_.etypes, context_.now_at(realm_), context_.offset_of(realm_));
  SendToKdc out;
  out.exchange = mode_.exchange;
  out.realm = realm_;
  out.request = exchange_->take_request();
  out.to = mode_.to;
  out.first = mode_.first;
  out.prefer_capable = mode_.delegation;
  out.detail = mode_.detail;
  return out;
}

Action TgsRequest::on_reply(const Reply& reply) {
  if (!reply.bytes) {
    answer_ = {AnswerKind::timeout};
    if (mode_.to.empty() || wants_writable_) return unreachable(reply.bytes.error(), mode_.stage, realm_);
    if (!silence_ && (relocated_ || any_answered(mode_.seen))) return look_again(reply.bytes.error());
    silence_ = reply.bytes.error();
    return relocated_ ? no_capable_dc() : unreachable(*silence_, mode_.stage, realm_);
  }
  auto read = exchange_->read(*reply.bytes);
  if (!read) {
    answer_ = {AnswerKind::rejected};
    return rejected(read.error(), mode_.stage, realm_, reply.from, "the reply is not valid: " + read.error().message());
  }
  if (auto* answer = std::get_if<TgsAnswer>(&*read)) {
    const auto referral = answer->referral();
    answer_ = {referral.empty() ? AnswerKind::ticket : AnswerKind::referral, referral};
    result_ = std::move(*answer);
    return Finished{};
  }
  const auto& error = std::get<KrbError>(*read);
  answer_ = answer_of(error);
  if (!clock_corrected_ && note_clock_skew(context_, realm_, error)) {
    clock_corrected_ = true;
    return send();
  }
  auto refusal = refusal_of(error, mode_.stage, realm_, reply.from);
  if (error.code == KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN && refusal.status == NtStatus::STATUS_NO_SECRETS &&
      !wants_writable_) {
    wants_writable_ = true;
    refusal_ = std::move(refusal);
    return LocateDc{.realm = realm_, .at_least = DcLevel::unknown, .refused = {reply.from.where}, .writable = true};
  }
  const bool about_delegation = error.code == KrbErrc::KDC_ERR_BADOPTION || error.code == KrbErrc::KDC_ERR_POLICY;
  if (!mode_.delegation || !about_delegation || relocated_) return refusal;
  refusal_ = std::move(refusal);
  // The refusal is final if it comes from a DC of the 2012 level. A cached level may be wrong, so the DC is asked for
  // it.
  if (reply.from.level == DcLevel::unknown || reply.from.level >= DcLevel::w2012)
    return AskLevel{realm_, reply.from.where};
  return relocate();
}

Action TgsRequest::on_level(DcLevel level) {
  if (!refusal_) return Machine::on_level(level);
  refusal_->by.level = level;
  if (level >= DcLevel::w2012) return *refusal_;  // final: another DC would decide the same
  return relocate();
}

Action TgsRequest::relocate() {
  return LocateDc{.realm = realm_, .refused = {refusal_->by.where}};
}

// The locator knows now that these DCs are silent, and pings all DCs again.
Action TgsRequest::look_again(Error silence) {
  silence_ = silence;
  LocateDc out{.realm = realm_};
  if (refusal_) out.refused.push_back(refusal_->by.where);
  return out;
}

Action TgsRequest::on_looked_again(const Located& located) {
  const auto asked = [this](const KnownController& dc) {
    return std::any_of(mode_.to.begin(), mode_.to.end(),
                       [&](const auto& other) { return address_text(other.where) == address_text(dc.where); });
  };
  const auto capable = [](const KnownController& dc) { return dc.level >= DcLevel::w2012; };
  const bool pinged =
      std::any_of(located.usable.begin(), located.usable.end(), capable);  // the KDC there may still be silent
  mode_.seen = located.seen;
  std::vector<KnownController> others;
  for (const KnownController& dc : located.usable) {
    if (capable(dc) && !asked(dc)) others.push_back(dc);
  }
  if (!others.empty()) {
    mode_.to = std::move(others);
    return send();
  }
  // If no DC answers, the domain's levels are unknown.
  if (relocated_ || (any_answered(located.seen) && !pinged)) return no_capable_dc();
  return unreachable(*silence_, mode_.stage, realm_);
}

Action TgsRequest::on_located(const Located& located) {
  if (silence_) return on_looked_again(located);
  if (!refusal_) return Machine::on_located(located);
  if (wants_writable_ && refusal_->status == NtStatus::STATUS_NO_SECRETS) {
    if (located.usable.empty() && any_silent(located.seen))
      return unreachable(boost::asio::error::timed_out, mode_.stage, realm_);
    if (located.usable.empty()) return *refusal_;
    mode_.to = located.usable;
    return send();
  }
  mode_.seen = located.seen;
  if (located.usable.empty()) return no_capable_dc();
  relocated_ = true;
  mode_.to = located.usable;
  return send();
}

// The refusal stands where the DCs said that they are older. Where one of them is silent, that is the reason.
Action TgsRequest::no_capable_dc() {
  const bool is_about_user =
      refusal_ && refusal_->status == NtStatus::STATUS_ACCOUNT_RESTRICTION;  // the same at every DC
  if (!is_about_user && !all_are_older(mode_.seen, refusal_ ? refusal_->by.where : ControllerAddress{}))
    return capable_dc_unreachable(silence_.value_or(boost::asio::error::timed_out), mode_.stage, realm_, mode_.seen);
  Refusal out;
  if (refusal_) out = *refusal_;
  out.stage = mode_.stage;
  out.realm = realm_;
  out.no_capable_dc = true;
  out.seen = mode_.seen;
  if (!refusal_) out.error = make_error_code(KrbErrc::KDC_ERR_POLICY);
  return out;
}

}  // namespace stead
