#include "kdc/ldap/entries/root_dse.h"

#include <vector>

#include "kdc/forest/controller_accounts.h"
#include "kdc/ldap/entries/fixed_entries.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/der/der_writer.h"

namespace stead::kdc {
namespace {

// MS-ADTS §3.1.1.3.4.3.
constexpr std::string_view kActiveDirectory = "1.2.840.113556.1.4.800", kV51 = "1.2.840.113556.1.4.1670",
                           kLdapIntegrity = "1.2.840.113556.1.4.1791", kV60 = "1.2.840.113556.1.4.1935",
                           kV61 = "1.2.840.113556.1.4.2080", kW8 = "1.2.840.113556.1.4.2237";

std::string ldap_time(std::chrono::sys_seconds time) {
  der::Writer writer;
  writer.generalized_time(time);
  const Buffer element = std::move(writer).finish();
  auto text = std::string(as_text(Bytes(element).subspan(2)));
  return text.insert(text.size() - 1, ".0");
}

std::vector<std::string> capabilities(Level level) {
  std::vector<std::string> out = {std::string(kActiveDirectory), std::string(kV51), std::string(kLdapIntegrity)};
  if (level >= Level::w2008) out.emplace_back(kV60);
  if (level >= Level::w2008r2) out.emplace_back(kV61);
  if (level >= Level::w2012) out.emplace_back(kW8);
  return out;
}

}  // namespace

std::vector<EntryAttribute> root_dse(const Tree& tree, std::chrono::sys_seconds now, bool has_tls) {
  std::vector<EntryAttribute> out;
  const auto put = [&](std::string_view name, const std::vector<std::string>& values) {
    EntryAttribute& attribute = out.emplace_back(EntryAttribute{std::string(name), {}});
    for (const auto& value : values) attribute.values.push_back(to_buffer(as_bytes(value)));
  };
  const Domain& domain = *tree.domain().domain;
  const Controller& controller = tree.controller();
  const auto& domain_dn = tree.domain_dn();
  const auto account = controller_account_name(controller);
  put("currentTime", {ldap_time(now)});
  put("subschemaSubentry", {"CN=Aggregate," + tree.schema_dn()});
  put("dsServiceName", {"CN=NTDS Settings," + tree.server_dn()});
  put("namingContexts", {domain_dn, tree.configuration_dn(), tree.schema_dn()});
  put("defaultNamingContext", {domain_dn});
  put("schemaNamingContext", {tree.schema_dn()});
  put("configurationNamingContext", {tree.configuration_dn()});
  put("rootDomainNamingContext", {tree.root_dn()});
  put("supportedControl", {std::string(ldap_oid::paged_results), std::string(ldap_oid::domain_scope),
                           std::string(ldap_oid::search_options), std::string(ldap_oid::permissive_modify)});
  put("supportedLDAPVersion", {"3"});
  put("highestCommittedUSN", {std::to_string(tree.snapshot().generation())});
  put("supportedSASLMechanisms", {"GSSAPI", "GSS-SPNEGO"});
  put("dnsHostName", {controller.name});
  put("ldapServiceName", {domain.forest + ':' + account + '@' + domain.realm});
  put("serverName", {tree.server_dn()});
  put("supportedCapabilities", capabilities(controller.level));
  put("isSynchronized", {"TRUE"});
  put("isGlobalCatalogReady", {"TRUE"});
  put("domainFunctionality", {std::to_string(behavior_version(tree.domain_level()))});
  put("forestFunctionality", {std::to_string(behavior_version(tree.forest_level()))});
  put("domainControllerFunctionality", {std::to_string(behavior_version(controller.level))});
  std::vector<std::string> extensions = {std::string(ldap_oid::who_am_i)};
  if (has_tls) extensions.emplace_back(ldap_oid::start_tls);
  put("supportedExtension", extensions);
  return out;
}

}  // namespace stead::kdc
