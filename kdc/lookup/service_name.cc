#include "kdc/lookup/service_name.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

std::string_view without_port_and_name(std::string_view host) {
  return host.substr(0, host.find_first_of(":/"));
}

}  // namespace

std::string joined(const PrincipalName& name) {
  std::string out;
  for (const std::string& component : name.components) {
    if (!out.empty()) out += '/';
    out += component;
  }
  return out;
}

bool is_changepw(std::string_view name) {
  return equal_ignoring_case(name, "kadmin/changepw");
}

std::string_view host_of(const PrincipalName& spn) {
  return spn.components.size() < 2 ? std::string_view{} : without_port_and_name(spn.components[1]);
}

std::string_view host_of(std::string_view spn) {
  const std::size_t slash = spn.find('/');
  return slash == spn.npos ? std::string_view{} : without_port_and_name(spn.substr(slash + 1));
}

const AccountEntry* find_local_service(const Snapshot& snapshot, const DomainEntry& domain, std::string_view name) {
  if (const AccountEntry* found = snapshot.by_spn(domain, name)) return found;
  return name.find('/') == name.npos ? snapshot.account(domain, name) : nullptr;
}

}  // namespace stead::kdc
