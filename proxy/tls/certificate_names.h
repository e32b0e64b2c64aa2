#pragma once
// The host names of a certificate as RFC 9525 matches them: the dNSNames of its subjectAltName, never its common name. A
// wildcard is the whole first label, and stands for one label: "*.example.com" is for "www.example.com", not for
// "example.com" and not for "a.b.example.com". Letter case does not count.
#include <openssl/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace stead::proxy {

class CertificateNames {
 public:
  CertificateNames() = default;
  explicit CertificateNames(const X509* certificate);
  // Names of other forms, as "w*.example.com", are left out.
  explicit CertificateNames(const std::vector<std::string>& dns_names);

  // `host`: lower case.
  [[nodiscard]] bool has(std::string_view host) const;
  [[nodiscard]] const std::vector<std::string>& exact() const { return exact_; }
  [[nodiscard]] const std::vector<std::string>& wildcards() const { return wildcards_; }  // ".example.com"
  [[nodiscard]] bool empty() const { return exact_.empty() && wildcards_.empty(); }

 private:
  void add(std::string_view name);
  std::vector<std::string> exact_, wildcards_;  // in lower case
};

// What a wildcard for the host would end with: ".example.com" for "www.example.com". Empty: the host has one label.
[[nodiscard]] std::string_view behind_first_label(std::string_view host);

}  // namespace stead::proxy
