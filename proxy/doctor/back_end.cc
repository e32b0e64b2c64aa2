#include <algorithm>

#include "proxy/doctor/checks.h"
#include "sspi_shim/s4u/diagnosis/account_name.h"

namespace stead::doctor {

bool HttpFacts::offers(std::string_view scheme) const {
  return std::any_of(challenges.begin(), challenges.end(), [&](const std::string& challenge) {
    return equal_ignoring_case(std::string_view(challenge).substr(0, challenge.find_first_of(" ,")), scheme);
  });
}

namespace {

std::string told(const HttpFacts& answer) {
  if (answer.stage != HttpStage::done) return answer.error;
  std::string out = std::to_string(answer.status);
  for (const auto& challenge : answer.challenges)
    out += ", WWW-Authenticate: " + challenge.substr(0, challenge.find(' '));
  return out;
}

bool good(const HttpFacts& answer) {
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
  void skip(std::initializer_list<const char*> ids, const std::string& why) {
    for (const char* id : ids) out_.push_back(skipped(id, subject_, why));
  }

  const BackEndFacts& facts_;
  std::string subject_, asked_;
  Checks out_;
};

void Judge::name() {
  if (!facts_.by_name) {
    skip({"N5", "N6"}, "the upstream is given by its address");
    return;
  }
  // The SPN is the configured one, whatever DNS says: other clients than ours may build theirs from these names.
  out_.push_back(ok("N5", subject_,
                    facts_.aliases.empty() ? "it is none"
                                           : "it is an alias of " + facts_.aliases.back() + "; the proxy asks for " +
                                                 facts_.spn + " all the same"));
  if (facts_.reverse.empty())
    out_.push_back(unjudged("N6", subject_, "its address has no name in DNS; the proxy does not need one"));
  else
    out_.push_back(
        ok("N6", subject_,
           "its address is called " + facts_.reverse.front() + "; the proxy asks for " + facts_.spn + " all the same"));
}

bool Judge::reached() {
  const HttpFacts& answer = facts_.anonymous;
  if (answer.stage == HttpStage::done) {
    out_.push_back(ok("B5", subject_, asked_ + ": HTTP/1.1 " + told(answer)));
    return true;
  }
  if (answer.stage == HttpStage::answer) {
    out_.push_back(fault("B5", subject_,
                         "The back end takes the connection, but gives no answer in HTTP/1.1: it speaks HTTP/2 only, "
                         "TLS, or something else.",
                         asked_ + ": " + answer.error, {"curl -v --http1.1 " + facts_.url + facts_.path}));
    skip({"B1"}, "B5 is broken");
  } else {
    const bool tls = answer.stage == HttpStage::tls;
    out_.push_back(fault("B1", subject_,
                         tls ? "The back end's certificate or TLS is refused."
                         : answer.stage == HttpStage::name
                             ? "The back end's name is not known."
                             : "The back end cannot be reached: it is down, or a firewall is on the way.",
                         asked_ + ": " + answer.error, {"curl -v " + facts_.url + facts_.path}));
    skip({"B5"}, "B1 is broken");
  }
  skip({"B2", "B3", "S4", "B4", "B6", "B7", "B8"}, answer.stage == HttpStage::answer ? "B5 is broken" : "B1 is broken");
  return false;
}

void Judge::clock() {
  const auto& ahead = facts_.anonymous.clock;
  if (!ahead) {
    if (facts_.anonymous.stage == HttpStage::done) out_.push_back(unjudged("N3", subject_, "its answer has no Date"));
    return;
  }
  const std::string text = "its Date is " + clock_text(*ahead) + " this computer's clock";
  if (std::chrono::abs(*ahead) <= kClockLimit)
    out_.push_back(ok("N3", subject_, text));
  else
    out_.push_back(
        fault("N3", subject_,
              "The clocks of the back end and of this computer differ by more than the 5 minutes that Kerberos allows.",
              text, {"w32tm /resync", "chronyc makestep"}));
}

void Judge::offer() {
  const HttpFacts& answer = facts_.anonymous;
  const std::string proof = asked_ + ": " + told(answer);
  if (answer.status == 400 || answer.status == 421) {
    out_.push_back(fault(
        "B7", subject_,
        "The back end does not take the Host that the proxy sends it, which is the browser's: " + facts_.host + ".",
        proof, {"New-WebBinding -Name SITE -HostHeader " + facts_.host}));
  } else {
    out_.push_back(ok("B7", subject_, proof));
  }
  if (facts_.spn.empty()) return;
  if (answer.status == 401 && !answer.offers("Negotiate") && !answer.offers("Kerberos")) {
    const std::string what = answer.challenges.empty()
                                 ? "nothing"
                                 : answer.challenges.front().substr(0, answer.challenges.front().find(' '));
    out_.push_back(
        fault("B1", subject_,
              "The back end does not offer Negotiate but " + what + ": a Kerberos ticket is of no use to it.", proof,
              {"Set-WebConfigurationProperty -Filter system.webServer/security/authentication/windowsAuthentication "
               "-Name enabled -Value $true -PSPath IIS:\\ -Location SITE",
               "AuthType GSSAPI"}));
  } else if (answer.status == 401) {
    out_.push_back(ok("B1", subject_, proof));
  } else {
    out_.push_back(
        unjudged("B1", subject_, "it answers " + std::to_string(answer.status) + " without asking who it is"));
  }
}

void Judge::binding(const BackEndFacts::Signed& got) {
  if (facts_.anonymous.status != 401 || !got.again || got.again->stage != HttpStage::done) {
    out_.push_back(unjudged(
        "B6", subject_,
        "it ends the connection, or answers everybody; the proxy keeps every user's connections apart all the same"));
  } else if (got.again->status == 401) {
    out_.push_back(ok("B6", subject_, "a second request on the connection without a token is asked for one"));
  } else {
    out_.push_back(ok("B6", subject_,
                      "it is bound: a second request on the connection without a token was answered " +
                          std::to_string(got.again->status) + "; the proxy keeps every user's connections apart"));
  }
}

void Judge::proof(const BackEndFacts::Signed& got) {
  switch (got.proof) {
    case ApRep::holds:
      out_.push_back(ok("B8", subject_, "its AP-REP is made with the ticket's key"));
      return;
    case ApRep::absent:
      out_.push_back(unjudged("B8", subject_, "it sends no AP-REP"));
      return;
    case ApRep::modified:
    case ApRep::does_not_hold:
      break;
  }
  out_.push_back(
      fault("B8", subject_, "The back end's AP-REP does not hold: who answers does not have the service's key.",
            asked_ + " with a token: " + told(got.first) + " " + got.error_code, {"setspn -Q " + facts_.spn}));
}

void Judge::refused(const BackEndFacts::Signed& got) {
  const std::string proof = asked_ + " with a token for " + facts_.spn + ": " + told(got.first) +
                            (got.error_code.empty() ? "" : ", " + got.error_code);
  if (got.after_challenge && good(*got.after_challenge)) {
    out_.push_back(fault(
        "B3", subject_,
        "The back end refuses a good token in a connection's first request, and takes it after it has asked for one.",
        proof + "; after a challenge on the same connection: " + told(*got.after_challenge),
        {"curl -v --negotiate -u : " + facts_.url + facts_.path}));
    skip({"B2", "S4", "B4", "B6", "B8"}, "B3 is broken");
  } else if (got.raw && good(*got.raw)) {
    out_.push_back(fault("B2", subject_, "The back end takes a raw Kerberos token and no SPNEGO around it.",
                         proof + "; with a raw token: " + told(*got.raw),
                         {"curl -v --negotiate -u : " + facts_.url + facts_.path}));
    skip({"B3", "S4", "B4", "B6", "B8"}, "B2 is broken");
  } else if (got.unbound && good(*got.unbound)) {
    out_.push_back(fault("B4", subject_,
                         "The back end refuses the binding to the TLS channel: another server ends TLS before it, with "
                         "another certificate.",
                         proof + "; without a binding: " + told(*got.unbound),
                         {"Set-WebConfigurationProperty -Filter "
                          "system.webServer/security/authentication/windowsAuthentication/extendedProtection -Name "
                          "tokenChecking -Value Allow -PSPath IIS:\\ -Location SITE"}));
    skip({"B2", "B3", "S4", "B6", "B8"}, "B4 is broken");
  } else {
    const std::string holder = account_guess(facts_.spn);
    out_.push_back(fault(
        "S4", subject_,
        "The back end refuses a ticket that its domain has just issued: it runs as another account than the one with " +
            facts_.spn +
            ", or with an old key (KRB_AP_ERR_MODIFIED). In a farm, or under an account of its own, IIS needs "
            "useAppPoolCredentials.",
        proof,
        {"setspn -Q " + facts_.spn, "setspn -S " + facts_.spn + " " + holder,
         "Set-WebConfigurationProperty -Filter system.webServer/security/authentication/windowsAuthentication -Name "
         "useAppPoolCredentials -Value $true -PSPath IIS:\\ -Location SITE",
         "ktpass /out backend.keytab /princ " + facts_.spn + " /mapuser " + holder +
             " /pass * /crypto All /ptype KRB5_NT_PRINCIPAL"}));
    skip({"B2", "B3", "B4", "B6", "B8"}, "S4 is broken");
  }
}

void Judge::signed_in() {
  const BackEndFacts::Signed& got = *facts_.signed_in;
  if (got.first.stage != HttpStage::done) {
    out_.push_back(fault(
        "B2", subject_,
        "The back end answers without a token, and not with one: the header is too long for it, or it fails on it.",
        asked_ + " with a token: " + got.first.error, {"curl -v --negotiate -u : " + facts_.url + facts_.path}));
    skip({"B3", "S4", "B4", "B6", "B8"}, "B2 is broken");
    return;
  }
  if (got.first.status == 401) {
    refused(got);
    return;
  }
  const std::string seen = asked_ + " with a token: " + told(got.first);
  if (facts_.anonymous.status != 400 && (got.first.status == 431 || got.first.status == 400)) {
    out_.push_back(fault("U4", subject_, "The back end refuses the length of the user's token: he is in many groups.",
                         seen,
                         {"New-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters -Name "
                          "MaxFieldLength -Value 65534",
                          "LimitRequestFieldSize 65536", "large_client_header_buffers 4 64k;"}));
    skip({"B2", "B3", "S4", "B4", "B6", "B8"}, "U4 is broken");
    return;
  }
  const bool asks = facts_.anonymous.status == 401;
  for (const char* id : {"B2", "B3", "S4"})
    out_.push_back(asks ? ok(id, subject_, seen) : unjudged(id, subject_, "it answers everybody"));
  if (!facts_.tls)
    skip({"B4"}, "plain HTTP has no channel to bind to");
  else
    out_.push_back(ok("B4", subject_, "it takes a token that is bound to the TLS channel"));
  binding(got);
  proof(got);
}

Checks Judge::judge() {
  if (!facts_.spn.empty()) name();
  clock();
  if (!reached()) return std::move(out_);
  offer();
  if (facts_.signed_in) signed_in();
  return std::move(out_);
}

}  // namespace

Checks judge_back_end(const BackEndFacts& back_end) {
  return Judge(back_end).judge();
}

}  // namespace stead::doctor
