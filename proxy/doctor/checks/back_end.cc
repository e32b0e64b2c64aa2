#include "proxy/doctor/checks/back_end.h"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <string>
#include <utility>

#include "proxy/doctor/checks/fact_text.h"
#include "sspi_shim/s4u/diagnosis/account_name.h"
#include "sspi_shim/s4u/diagnosis/new_keytab.h"

namespace stead::doctor {

namespace {

using enum CheckId;

std::string answer_text(const HttpFacts& answer) {
  if (answer.stage != HttpStage::done) return answer.error;
  std::string out = std::to_string(answer.status);
  for (const auto& challenge : answer.challenges)
    out += ", WWW-Authenticate: " + challenge.substr(0, challenge.find(' '));
  return out;
}

bool is_accepted(const HttpFacts& answer) {
  return answer.stage == HttpStage::done && answer.status != 401;
}

class Judge {
 public:
  explicit Judge(const BackEndFacts& facts)
      : facts_(facts),
        subject_(facts.url + (facts.path == "/" ? "" : " " + facts.path)),
        asked_("GET " + facts.path + ", Host: " + facts.host + ", to " + facts.url) {}
  Checks judge();

 private:
  void name();
  void clock();
  bool reached();
  void offer();
  void signed_in();
  void refused(const BackEndFacts::Signed& got);
  void binding(const BackEndFacts::Signed& got);
  void proof(const BackEndFacts::Signed& got);
  void permission(const BackEndFacts::Signed& got);
  void skip(std::initializer_list<CheckId> ids, const std::string& why) {
    for (const CheckId id : ids) out_.push_back(skipped(id, subject_, why));
  }
  void skip_after(CheckId broken, std::initializer_list<CheckId> ids) {
    for (const CheckId id : ids) out_.push_back(skipped_by(broken, id, subject_));
  }

  const BackEndFacts& facts_;
  std::string subject_, asked_;
  Checks out_;
};

void Judge::name() {
  if (!facts_.by_name) {
    skip({N5, N6}, "the upstream is given by its address");
    return;
  }
  // The proxy uses the configured SPN. Other clients may build theirs from these names.
  out_.push_back(ok(N5, subject_,
                    facts_.aliases.empty() ? "it is no alias"
                                           : "it is an alias of " + facts_.aliases.back() +
                                                 "; the proxy uses the configured SPN, " + facts_.spn));
  if (facts_.reverse.empty())
    out_.push_back(unjudged(N6, subject_, "its address has no name in DNS, and the proxy needs none"));
  else
    out_.push_back(ok(
        N6, subject_,
        "the name of its address is " + facts_.reverse.front() + "; the proxy uses the configured SPN, " + facts_.spn));
}

bool Judge::reached() {
  const HttpFacts& answer = facts_.anonymous;
  if (answer.stage == HttpStage::done) {
    out_.push_back(ok(B5, subject_, asked_ + ": HTTP/1.1 " + answer_text(answer)));
    return true;
  }
  if (answer.stage == HttpStage::answer) {
    out_.push_back(
        fault(B5, subject_,
              "The back end accepts the connection, but does not answer in HTTP/1.1: it expects HTTP/2, TLS or "
              "another protocol.",
              asked_ + ": " + answer.error, {"curl -v --http1.1 " + facts_.url + facts_.path}));
    skip_after(B5, {B1});
  } else {
    const bool tls = answer.stage == HttpStage::tls;
    out_.push_back(fault(B1, subject_,
                         tls ? "The TLS handshake with the back end fails, or its certificate is not accepted."
                         : answer.stage == HttpStage::name
                             ? "DNS has no address for the back end's name."
                             : "The back end cannot be reached: it is down, or a firewall blocks the connection.",
                         asked_ + ": " + answer.error, {"curl -v " + facts_.url + facts_.path}));
    skip_after(B1, {B5});
  }
  skip_after(answer.stage == HttpStage::answer ? B5 : B1, {B2, B3, S4, B4, B6, B7, B8});
  return false;
}

void Judge::clock() {
  const auto& ahead = facts_.anonymous.clock;
  if (!ahead) {
    if (facts_.anonymous.stage == HttpStage::done) out_.push_back(unjudged(N3, subject_, "its answer has no Date"));
    return;
  }
  const std::string text = "its Date is " + clock_text(*ahead) + " this computer's clock";
  if (std::chrono::abs(*ahead) <= kClockLimit)
    out_.push_back(ok(N3, subject_, text));
  else {
    out_.push_back(
        fault(N3, subject_,
              "The clocks of the back end and of this computer differ by more than the 5 minutes that Kerberos allows.",
              text, {"w32tm /query /status", "w32tm /resync", "chronyc makestep"}));
    out_.back().place = Place::back_end;
  }
}

void Judge::offer() {
  const HttpFacts& answer = facts_.anonymous;
  const std::string proof = asked_ + ": " + answer_text(answer);
  if (answer.status == 400 || answer.status == 421) {
    out_.push_back(fault(
        B7, subject_,
        "The back end does not accept the Host that the proxy sends, which is the browser's: " + facts_.host + ".",
        proof, {"New-WebBinding -Name SITE -HostHeader " + facts_.host}));
  } else {
    out_.push_back(ok(B7, subject_, proof));
  }
  if (facts_.spn.empty()) return;
  if (answer.status == 401 && !answer.offers("Negotiate") && !answer.offers("Kerberos")) {
    const std::string what = answer.challenges.empty()
                                 ? "nothing"
                                 : answer.challenges.front().substr(0, answer.challenges.front().find(' '));
    out_.push_back(fault(
        B1, subject_, "The back end does not offer Negotiate but " + what + ": it cannot use a Kerberos ticket.", proof,
        {"Set-WebConfigurationProperty -Filter system.webServer/security/authentication/windowsAuthentication "
         "-Name enabled -Value $true -PSPath IIS:\\ -Location SITE",
         "AuthType GSSAPI"}));
  } else if (answer.status == 401) {
    out_.push_back(ok(B1, subject_, proof));
  } else {
    out_.push_back(unjudged(B1, subject_, "it answers " + std::to_string(answer.status) + " without a challenge"));
  }
}

void Judge::binding(const BackEndFacts::Signed& got) {
  if (facts_.anonymous.status != 401 || !got.again || got.again->stage != HttpStage::done) {
    out_.push_back(unjudged(B6, subject_,
                            "it closes the connection, or needs no sign-in; the proxy does not share connections "
                            "between users in any case"));
  } else if (got.again->status == 401) {
    out_.push_back(ok(B6, subject_, "a second request on the connection without a token gets a challenge"));
  } else {
    out_.push_back(ok(B6, subject_,
                      "it is bound: a second request on the connection without a token was answered " +
                          std::to_string(got.again->status) + "; the proxy does not share connections between users"));
  }
}

void Judge::proof(const BackEndFacts::Signed& got) {
  switch (got.proof) {
    case ApRep::holds:
      out_.push_back(ok(B8, subject_, "its AP-REP proves that it has the ticket's key"));
      return;
    case ApRep::absent:
      out_.push_back(facts_.proof_is_required
                         ? fault(B8, subject_,
                                 "The back end sends no AP-REP, and its route has mutual = \"required\": the proxy "
                                 "answers 502.",
                                 asked_ + " with a token: " + answer_text(got.first), {"mutual = \"optional\""})
                         : unjudged(B8, subject_, "it sends no AP-REP"));
      return;
    case ApRep::modified:
    case ApRep::does_not_hold:
      break;
  }
  out_.push_back(
      fault(B8, subject_, "The back end's AP-REP is wrong: the server that answers does not have the service's key.",
            asked_ + " with a token: " + answer_text(got.first) + " " + got.error_code, {"setspn -Q " + facts_.spn}));
}

// Which user a page is for, only the application knows.
void Judge::permission(const BackEndFacts::Signed& got) {
  const std::string seen = asked_ + " with a token: " + answer_text(got.first);
  if (facts_.anonymous.status != 401) {
    out_.push_back(unjudged(B9, subject_, "it needs no sign-in"));
  } else if (got.first.status == 403) {
    out_.push_back(fault(B9, subject_,
                         "The back end takes the ticket, knows the user, and forbids them this page: the delegation "
                         "works, and the application's own permissions do not let the user in.",
                         seen, {"curl -v --negotiate -u : " + facts_.url + facts_.path, "icacls FOLDER-OF-THE-SITE"}));
  } else {
    out_.push_back(ok(B9, subject_, seen));
  }
}

void Judge::refused(const BackEndFacts::Signed& got) {
  const std::string proof = asked_ + " with a token for " + facts_.spn + ": " + answer_text(got.first) +
                            (got.error_code.empty() ? "" : ", " + got.error_code);
  if (got.after_challenge && is_accepted(*got.after_challenge)) {
    out_.push_back(
        fault(B3, subject_,
              "The back end refuses a valid token in a connection's first request, and accepts it after a challenge.",
              proof + "; after a challenge on the same connection: " + answer_text(*got.after_challenge),
              {"curl -v --negotiate -u : " + facts_.url + facts_.path}));
    skip_after(B3, {B2, S4, B4, B6, B8});
  } else if (got.raw && is_accepted(*got.raw)) {
    out_.push_back(fault(B2, subject_, "The back end accepts a raw Kerberos token, but not SPNEGO.",
                         proof + "; with a raw token: " + answer_text(*got.raw),
                         {"curl -v --negotiate -u : " + facts_.url + facts_.path}));
    skip_after(B2, {B3, S4, B4, B6, B8});
  } else if (got.unbound && is_accepted(*got.unbound)) {
    out_.push_back(
        fault(B4, subject_,
              "The back end refuses the channel binding: another server in front of it terminates TLS, with another "
              "certificate.",
              proof + "; without a binding: " + answer_text(*got.unbound),
              {"Set-WebConfigurationProperty -Filter "
               "system.webServer/security/authentication/windowsAuthentication/extendedProtection -Name "
               "tokenChecking -Value Allow -PSPath IIS:\\ -Location SITE"}));
    skip_after(B4, {B2, B3, S4, B6, B8});
  } else {
    const std::string holder = account_guess(facts_.spn);
    out_.push_back(fault(
        S4, subject_,
        "The back end refuses a ticket that its domain has just issued: it does not run as the account that has " +
            facts_.spn +
            ", or it has an old key (KRB_AP_ERR_MODIFIED). In a farm, or with an account of its own, IIS needs "
            "useAppPoolCredentials.",
        proof,
        {"setspn -Q " + facts_.spn, "setspn -S " + facts_.spn + " " + holder,
         "Set-WebConfigurationProperty -Filter system.webServer/security/authentication/windowsAuthentication -Name "
         "useAppPoolCredentials -Value $true -PSPath IIS:\\ -Location SITE",
         password_warning("ktpass", holder),
         "ktpass /out backend.keytab /princ " + facts_.spn + " /mapuser " + holder +
             " /pass * /crypto All /ptype KRB5_NT_PRINCIPAL"}));
    skip_after(S4, {B2, B3, B4, B6, B8});
  }
}

void Judge::signed_in() {
  const BackEndFacts::Signed& got = *facts_.signed_in;
  if (got.first.stage != HttpStage::done) {
    out_.push_back(
        fault(B2, subject_,
              "The back end answers without a token but not with one: the header is too long for it, or it crashes.",
              asked_ + " with a token: " + got.first.error, {"curl -v --negotiate -u : " + facts_.url + facts_.path}));
    skip_after(B2, {B3, S4, B4, B6, B8});
    return;
  }
  if (got.first.status == 401) {
    refused(got);
    return;
  }
  const std::string seen = asked_ + " with a token: " + answer_text(got.first);
  if (facts_.anonymous.status != 400 && (got.first.status == 431 || got.first.status == 400)) {
    out_.push_back(fault(U4, subject_,
                         "The user's token is too long for the back end: the user is a member of many groups.", seen,
                         {"New-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters -Name "
                          "MaxFieldLength -Value 65534",
                          "LimitRequestFieldSize 65536", "large_client_header_buffers 4 64k;"}));
    skip_after(U4, {B2, B3, S4, B4, B6, B8});
    return;
  }
  const bool asks = facts_.anonymous.status == 401;
  for (const CheckId id : {B2, B3, S4})
    out_.push_back(asks ? ok(id, subject_, seen) : unjudged(id, subject_, "it needs no sign-in"));
  if (!facts_.tls)
    skip({B4}, "plain HTTP has no TLS channel");
  else
    out_.push_back(ok(B4, subject_, "it accepts a token that is bound to the TLS channel"));
  binding(got);
  proof(got);
  permission(got);
}

Checks Judge::judge() {
  if (!facts_.spn.empty()) name();
  clock();
  if (!reached()) return std::move(out_);
  offer();
  const bool no_negotiate = std::any_of(
      out_.begin(), out_.end(), [](const Check& check) { return check.id == B1 && check.verdict == Verdict::fault; });
  if (no_negotiate)
    skip_after(B1, {B2, B3, S4, B4, B6, B8});
  else if (facts_.signed_in)
    signed_in();
  return std::move(out_);
}

}  // namespace

Checks judge_back_end(const BackEndFacts& back_end) {
  return Judge(back_end).judge();
}

}  // namespace stead::doctor
