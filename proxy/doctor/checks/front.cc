#include "proxy/doctor/checks/front.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "proxy/doctor/checks/fact_text.h"

namespace stead::doctor {
namespace {

using enum CheckId;

// A browser that resolves the alias asks for a ticket to the canonical name.
Check judge_public_name(const PublicNameFacts& name) {
  if (name.aliases.empty()) return ok(F2, name.host, "DNS has no alias for it");
  const std::string& behind = name.aliases.back();
  const std::string proof = "DNS: " + name.host + " is an alias of " + behind;
  if (!name.behind)
    return unjudged(F2, name.host, "it is an alias of " + behind + "; no ticket for its SPN could be requested");
  if (name.behind->opened_by) return ok(F2, name.host, proof + ", whose SPN is the front end's, too");
  return fault(
      F2, name.host,
      "The public name is an alias: browsers ask for a ticket to HTTP/" + behind + ", which is not the front end's.",
      proof + "; " + last_step_text(name.behind->question.steps),
      {"setspn -S HTTP/" + behind + " " + name.account,
       "Add-DnsServerResourceRecordA -Name " + name.host.substr(0, name.host.find('.')) + " -ZoneName " +
           name.host.substr(std::min(name.host.find('.') + 1, name.host.size())) + " -IPv4Address ADDRESS"});
}

}  // namespace

Check judge_certificate(const CertificateFacts& certificate) {
  if (!certificate.error.empty())
    return fault(F5, certificate.path, "The certificate cannot be read.", certificate.path + ": " + certificate.error,
                 {"openssl x509 -noout -text -in " + certificate.path});
  const std::string proof = "it is valid from " + certificate.begins + " to " + certificate.ends;
  const std::string& name = certificate.not_named.empty() ? certificate.name : certificate.not_named.front();
  const std::string request = "openssl req -new -key " + certificate.key + " -subj /CN=" + name +
                              " -addext subjectAltName=DNS:" + name + " -out new.csr";
  if (!certificate.holds_now)
    return fault(F5, certificate.path,
                 "The certificate has expired or is not valid yet: browsers and other clients refuse it.", proof,
                 {request});
  if (certificate.not_named.empty()) return ok(F5, certificate.path, proof);
  std::string names;
  for (const std::string& each : certificate.not_named) names += (names.empty() ? "" : ", ") + each;
  return fault(F5, certificate.path,
               "The certificate does not have every public name: browsers refuse it for " + names + ".",
               "it has no name that matches " + names, {request});
}

Checks judge_front(const std::vector<PublicNameFacts>& names, std::size_t header_bytes,
                   const std::optional<std::size_t>& token_bytes) {
  Checks out;
  for (const PublicNameFacts& name : names) out.push_back(judge_public_name(name));
  const std::string limit = "[limits] header_bytes is " + std::to_string(header_bytes);
  if (!token_bytes) {
    out.push_back(ok(F3, "", limit));
  } else if (*token_bytes + 2048 > header_bytes) {
    out.push_back(
        fault(F3, "", "The user's token and the other headers of a browser exceed the proxy's limit: requests get 431.",
              limit + "; the token has " + std::to_string(*token_bytes) + " bytes in base64",
              {"header_bytes = " + std::to_string((*token_bytes + 16384) / 1024 * 1024)}));
  } else {
    out.push_back(ok(F3, "", limit + "; the user's token has " + std::to_string(*token_bytes) + " bytes in base64"));
  }
  return out;
}

}  // namespace stead::doctor
