#include "proxy/doctor/checks/account.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proxy/doctor/checks/fact_text.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/s4u/diagnosis/new_keytab.h"

namespace stead::doctor {
namespace {

using enum CheckId;

using Code = KrbErrc;

std::vector<KeytabLine> lines_of(const AccountFacts& account, const Principal& name) {
  std::vector<KeytabLine> out;
  std::copy_if(account.lines.begin(), account.lines.end(), std::back_inserter(out),
               [&](const KeytabLine& line) { return same_service(line.principal, name); });
  return out;
}

std::string names_in(const std::vector<KeytabLine>& lines) {
  std::set<std::string> names;
  for (const KeytabLine& line : lines) names.insert(to_string(line.principal));
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "nothing" : out;
}

std::string kvnos_in(const std::vector<KeytabLine>& lines) {
  std::set<std::uint32_t> kvnos;
  for (const KeytabLine& line : lines) kvnos.insert(line.kvno);
  std::string out;
  for (const auto kvno : kvnos) out += (out.empty() ? "" : ", ") + std::to_string(kvno);
  return out;
}

std::string etypes_in(const std::vector<KeytabLine>& lines) {
  std::set<EncType> types;
  for (const KeytabLine& line : lines) types.insert(line.type);
  std::string out;
  for (const auto type : types) out += (out.empty() ? "" : ", ") + enctype_name(type);
  return out;
}

// As libkrb5 compares them: 0 fits all; an old file has 8 bits only.
bool same_kvno(std::uint32_t in_keytab, std::uint32_t in_ticket) {
  return in_keytab == 0 || in_keytab == in_ticket || (in_keytab < 256 && in_keytab == (in_ticket & 0xff));
}

const ServiceFacts* own_ticket(const AccountFacts& account) {
  const auto wanted = to_string(account.principal.name);
  const auto found = std::find_if(account.published.begin(), account.published.end(),
                                  [&](const auto& service) { return equal_ignoring_case(service.spn, wanted); });
  return found == account.published.end() ? nullptr : &*found;
}

std::vector<std::string> new_keytab(const AccountFacts& account) {
  const ServiceFacts* own = own_ticket(account);
  return new_keytab_commands({.file = account.keytab,
                              .principal = to_string(account.principal),
                              .account = account_name(account),
                              .salt = account.salt,
                              .kvno = own != nullptr && own->kvno ? *own->kvno : 0});
}

bool signed_on(const AccountFacts& account) {
  return account.sign_on && account.sign_on->granted();
}

// The check that a refused AS exchange breaks; nothing: it was granted.
BrokenCheck broken_by(const AccountFacts& account) {
  if (!account.sign_on) return A2;
  if (account.sign_on->granted()) return std::nullopt;
  const auto& refusal = *account.sign_on->refusal;
  if (refusal.kind == FailureKind::unreachable) return N2;
  if (refusal.kind == FailureKind::rejected) return A2;
  const auto& error = refusal.error;
  // Another name of the keytab works: the key is right, and the SPN is on another account.
  if (account.other && (error == Code::KDC_ERR_PREAUTH_FAILED || error == Code::KRB_AP_ERR_BAD_INTEGRITY)) return A5;
  // The account has the SPN, but a client name must be an account name or a UPN.
  const ServiceFacts* own = own_ticket(account);
  if (account.other && error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN) return own != nullptr && own->opened_by ? A1 : A4;
  if (error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN || error == Code::KDC_ERR_CLIENT_REVOKED ||
      error == Code::KDC_ERR_KEY_EXPIRED || error == Code::KDC_ERR_NAME_EXP || error == Code::KDC_ERR_CLIENT_NOTYET ||
      error == Code::KDC_ERR_PRINCIPAL_NOT_UNIQUE)
    return A1;
  if (error == Code::KDC_ERR_ETYPE_NOSUPP || error == Code::KDC_ERR_NULL_KEY) return A3;
  if (error == Code::KDC_ERR_POLICY || error == Code::KDC_ERR_PADATA_TYPE_NOSUPP ||
      error == Code::KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS)
    return A8;
  if (error == Code::KRB_AP_ERR_SKEW || error == Code::KRB_AP_ERR_TKT_NYV) return N3;
  return A2;
}

Check judge_account_itself(const AccountFacts& account, BrokenCheck broken) {
  const std::string name = to_string(account.principal);
  if (!broken) return ok(A1, name, last_step_text(account.sign_on->steps));
  if (broken != A1) {
    if (account.other) return ok(A1, to_string(*account.other), "the KDC gives it a TGT by the keytab's key");
    return skipped_by(*broken, A1, name);
  }
  if (account.other) {
    return fault(
        A1, name,
        "The account exists and has the SPN, but it cannot sign on by that name: a controller finds a client by its "
        "account name or its UPN.",
        last_step_text(account.sign_on->steps),
        {"principal = \"" + to_string(*account.other) + "\"",
         "Set-ADUser " + account_name(account) + " -UserPrincipalName " + name});
  }
  const Diagnosis diagnosis = diagnosis_of(*account.sign_on, account, {});
  return fault(A1, name, diagnosis.summary, last_step_text(account.sign_on->steps), diagnosis.fix);
}

bool has_weak_keys_only(const AccountFacts& account, const std::vector<KeytabLine>& lines) {
  return !account.allow_rc4 && !lines.empty() &&
         std::all_of(lines.begin(), lines.end(), [](const auto& line) { return is_weak(line.type); });
}

Check judge_keytab(const AccountFacts& account, BrokenCheck broken) {
  const std::string file = account.keytab;
  if (!account.keytab_error.empty())
    return fault(A2, file, "The keytab cannot be read.", account.keytab_error, new_keytab(account));
  const auto lines = lines_of(account, account.principal);
  if (lines.empty()) {
    return fault(A2, file,
                 "The keytab has no key for " + to_string(account.principal) +
                     ": it belongs to another account, or was written for another name.",
                 "klist -k: " + names_in(account.lines), new_keytab(account));
  }
  const std::string ours = "the keytab has kvno " + kvnos_in(lines) + " (" + etypes_in(lines) + ")";
  const auto other_case = std::find_if(lines.begin(), lines.end(), [](const KeytabLine& line) {
    return line.principal.realm != to_upper(line.principal.realm);
  });
  if (other_case != lines.end()) {
    return fault(A2, file,
                 "The keytab has the realm as " + other_case->principal.realm +
                     ": Kerberos tells realms by case, and a domain's is in upper case.",
                 "klist -k: " + names_in(lines), new_keytab(account));
  }
  if (has_weak_keys_only(account, lines)) return skipped_by(A3, A2, file);
  if (broken == A2) {
    if (!account.sign_on) return fault(A2, file, "The keytab has no key that may be used.", ours, new_keytab(account));
    const std::string whose = account.account.empty() ? ""
                                                      : " The domain has " + to_string(account.principal) +
                                                            " as the account " + account.account + ".";
    return fault(
        A2, file,
        "The keytab's key is not the account's: the password was changed after the keytab was written, the key "
        "belongs to another account, or it was derived with another salt than the account's." +
            whose,
        last_step_text(account.sign_on->steps) + "; " + ours +
            (account.salt.empty() ? "" : "; the account's salt is " + account.salt),
        new_keytab(account));
  }
  if (broken && broken != A5 && broken != A4) return skipped_by(*broken, A2, file);
  const ServiceFacts* own = own_ticket(account);
  if (own == nullptr || !own->question.granted())
    return ok(A2, file, (account.sign_on ? "the KDC accepts the key; " : "") + ours);
  if (!own->opened_by) return skipped(A2, file, "a ticket to itself does not open with it: see A3 and A5");
  const bool same = !own->kvno || std::any_of(lines.begin(), lines.end(),
                                              [&](const auto& line) { return same_kvno(line.kvno, *own->kvno); });
  if (!same) {
    return fault(A2, file,
                 "The key is right, but its number is not: an acceptor looks for the ticket's kvno " +
                     std::to_string(*own->kvno) + " and finds none.",
                 last_step_text(own->question.steps) + " with kvno " + std::to_string(*own->kvno) + "; " + ours,
                 new_keytab(account));
  }
  return ok(A2, file,
            "a ticket to " + own->spn + (own->kvno ? " of kvno " + std::to_string(*own->kvno) : "") +
                " opens with it; " + ours);
}

Check judge_etypes(const AccountFacts& account, BrokenCheck broken) {
  const std::string name = account_name(account);
  const auto lines = lines_of(account, account.principal);
  const std::vector<std::string> aes = {(name.ends_with('$') ? "Set-ADComputer " : "Set-ADUser ") + name +
                                        " -KerberosEncryptionType AES128,AES256 -Server " + account.principal.realm};
  if (lines.empty()) return skipped_by(A2, A3, name);
  if (has_weak_keys_only(account, lines)) {
    auto fix = aes;
    for (auto& line : new_keytab(account)) fix.push_back(std::move(line));
    return fault(A3, name,
                 "The keytab has weak keys only (" + etypes_in(lines) +
                     "), and those are not used: controllers refuse RC4 by default since 2026.",
                 "klist -ke " + account.keytab, fix);
  }
  if (broken == A3) {
    const Diagnosis diagnosis = diagnosis_of(*account.sign_on, account, {});
    return fault(A3, name, diagnosis.summary,
                 last_step_text(account.sign_on->steps) + "; the keytab has " + etypes_in(lines), aes);
  }
  const ServiceFacts* own = own_ticket(account);
  if (own == nullptr || !own->question.granted()) return skipped_by(broken.value_or(A4), A3, name);
  const std::string proof = "a ticket to " + own->spn + " is encrypted with " + enctype_name(own->etype) +
                            "; the keytab has " + etypes_in(lines);
  if (is_weak(own->etype) && !account.allow_rc4)
    return fault(A3, name,
                 "The domain encrypts tickets to the front end with " + enctype_name(own->etype) +
                     ": the account's msDS-SupportedEncryptionTypes has no AES.",
                 proof, aes);
  const bool have = std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return line.type == own->etype; });
  if (!have)
    return fault(A3, name, "The keytab has no key of the type that the domain uses, " + enctype_name(own->etype) + ".",
                 proof, new_keytab(account));
  return ok(A3, name, proof);
}

// One SPN that is published: does the account have it (A4), and no other one (A5)?
void judge_published(const AccountFacts& account, const ServiceFacts& service, Checks& out) {
  const std::string name = account_name(account);
  const std::string add = "setspn -S " + service.spn + " " + name;
  const auto& question = service.question;
  if (!question.granted()) {
    const auto& refusal = *question.refusal;
    if (refusal.kind == FailureKind::unreachable) {
      out.push_back(skipped_by(N2, A4, service.spn));
      return;
    }
    const bool is_account = service.spn.find('/') == std::string::npos;
    const bool none = refusal.error == Code::KDC_ERR_S_PRINCIPAL_UNKNOWN && !is_account;
    const bool twice = refusal.error == Code::KDC_ERR_PRINCIPAL_NOT_UNIQUE;
    if (none || twice) {
      out.push_back(fault(A4, service.spn,
                          none ? "No account has this SPN, or several have it: browsers get no ticket and fall back to "
                                 "NTLM, and S4U2Self is not possible."
                               : "More than one account has this SPN.",
                          last_step_text(question.steps),
                          none ? std::vector<std::string>{add}
                               : std::vector<std::string>{"setspn -X", "setspn -D " + service.spn + " ACCOUNT"}));
    } else if (refusal.error == Code::KDC_ERR_MUST_USE_USER2USER ||
               refusal.error == Code::KDC_ERR_S_PRINCIPAL_UNKNOWN) {
      out.push_back(fault(
          A4, service.spn, "The account has no SPN: there are no tickets to it, and S4U2Self is not possible.",
          last_step_text(question.steps),
          {"setspn -S HTTP/" + name.substr(0, name.find('$')) + "." + to_lower(account.principal.realm) + " " + name}));
    } else {
      const Diagnosis diagnosis = diagnosis_of(question, account, service.spn);
      const bool no_key = refusal.error == Code::KDC_ERR_ETYPE_NOSUPP || refusal.error == Code::KDC_ERR_NULL_KEY;
      out.push_back(
          fault(no_key ? A3 : A4, service.spn, diagnosis.summary, last_step_text(question.steps), diagnosis.fix));
    }
    out.push_back(skipped_by(out.back().id, A5, service.spn));
    return;
  }
  out.push_back(ok(A4, service.spn, last_step_text(question.steps)));
  const std::string sealed = last_step_text(question.steps) + ", " + enctype_name(service.etype) +
                             (service.kvno ? ", kvno " + std::to_string(*service.kvno) : "");
  if (service.opened_by) {
    out.push_back(
        ok(A5, service.spn, "the ticket opens with the keytab's key of kvno " + std::to_string(*service.opened_by)));
    return;
  }
  const bool have_type = std::any_of(account.lines.begin(), account.lines.end(),
                                     [&](const auto& line) { return line.type == service.etype; });
  if (!have_type) {
    out.push_back(skipped_by(A3, A5, service.spn));
    return;
  }
  out.push_back(fault(
      A5, service.spn,
      "The ticket for this SPN does not open with the keytab: the SPN is set on another account than the keytab's.",
      sealed, {"setspn -Q " + service.spn, "setspn -D " + service.spn + " THAT-ACCOUNT", add}));
}

Check judge_file(const FileFacts& file) {
  const std::string subject = std::string(to_string(file.kind)) + " " + file.path;
  if (!file.exists) {
    if (file.kind == FileKind::session_key)
      return ok(A6, subject, "it does not exist yet: the proxy creates it, mode 0600, at its first start");
    return fault(A6, subject, "The file cannot be read.", "stat: " + file.error, {"ls -l " + file.path});
  }
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", file.mode & 07777U);
  // A TLS key is often readable by a group of its own.
  const bool group_may_read = file.kind == FileKind::tls_key;
  const unsigned forbidden = group_may_read ? 0037U : 0077U;
  if ((file.mode & forbidden) != 0) {
    return harm(A6, subject,
                "Others than its owner may read the file. Its content lets them act as the front end, for every user "
                "that the front end may delegate.",
                "mode " + std::string(mode), {"chmod " + std::string(group_may_read ? "640 " : "600 ") + file.path});
  }
  return ok(A6, subject, "mode " + std::string(mode));
}

Check judge_armor(const AccountFacts& account, BrokenCheck broken) {
  if (broken == A8) {
    return fault(A8, account.principal.realm,
                 "The domain refuses the sign-on by policy: it requires FAST armor (\"Fail unarmored authentication "
                 "requests\"), or the account has an authentication policy.",
                 last_step_text(account.sign_on->steps),
                 {"Get-ADDefaultDomainPasswordPolicy -Server " + account.principal.realm,
                  "Get-ADComputer " + account_name(account) + " -Properties msDS-AssignedAuthNPolicy"});
  }
  if (broken) return skipped_by(*broken, A8, account.principal.realm);
  return ok(A8, account.principal.realm, "the sign-on needed none");
}

// Browsers forward their TGT only to a service whose ticket says OK-AS-DELEGATE.
void judge_forwarding(const AccountFacts& account, Checks& out) {
  if (!account.wants_forwarded_tgts) return;
  const auto lacks = std::find_if(account.published.begin(), account.published.end(), [](const ServiceFacts& service) {
    return service.question.granted() && !service.ok_as_delegate && !service.realm.empty();
  });
  if (lacks == account.published.end()) return;
  const std::string name = account_name(account);
  out.push_back(
      fault(D8, lacks->spn,
            "A route has delegation = \"forwarded-tgt\", and the front end's account is not trusted for "
            "delegation: the tickets to it lack OK-AS-DELEGATE, and browsers forward no TGT to it.",
            last_step_text(lacks->question.steps),
            {"Set-ADAccountControl " + name + " -TrustedForDelegation $true -Server " + account.principal.realm}));
}

}  // namespace

Checks judge_account(const AccountFacts& account) {
  Checks out;
  const BrokenCheck broken = broken_by(account);
  out.push_back(judge_account_itself(account, broken));
  out.push_back(judge_keytab(account, broken));
  out.push_back(judge_etypes(account, broken));
  out.push_back(judge_armor(account, broken));
  const bool asked = signed_on(account) || account.other;
  if (!asked) out.push_back(skipped_by(broken.value_or(A2), A4, ""));
  for (const ServiceFacts& service : account.published) {
    if (asked) judge_published(account, service, out);
  }
  judge_forwarding(account, out);
  // The SPN as a client's name belongs to another account, and no ticket has shown that.
  const bool reported = std::any_of(out.begin(), out.end(), [&](const Check& check) {
    return check.id == broken && check.verdict == Verdict::fault;
  });
  if ((broken == A5 || broken == A4) && !reported) {
    const std::string spn = to_string(account.principal.name);
    out.push_back(fault(
        *broken, spn,
        "The domain does not know " + spn + " as a name of the keytab's account " + to_string(*account.other) + ".",
        last_step_text(account.sign_on->steps),
        {"setspn -Q " + spn, "setspn -S " + spn + " " + to_string(account.other->name)}));
  }
  for (const FileFacts& file : account.files) out.push_back(judge_file(file));
  return out;
}

}  // namespace stead::doctor
