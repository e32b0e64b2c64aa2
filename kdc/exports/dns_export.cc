#include "kdc/exports/dns_export.h"

#include <cstdint>
#include <set>
#include <string>

#include "kdc/directory/domain_guid.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/messages/netlogon.h"

namespace stead::kdc {

std::string dnsmasq_configuration(const Forest& forest) {
  std::string out = "# Made by stead-kdc dns: the records Active Directory publishes, for dnsmasq --conf-file=THIS.\n";
  const auto srv = [&](const std::string& name, const std::string& target, std::uint16_t port) {
    out += "srv-host=" + name + ',' + target + ',' + std::to_string(port) + ",0,100\n";
  };
  for (const auto& domain : forest.domains) {
    const auto zone = to_lower(domain.realm);
    const auto& root = domain.forest;
    out += "\n# " + domain.realm + "\nlocal=/" + zone + "/\n";
    std::set<std::string> addresses;
    for (const auto& controller : domain.controllers) {
      out += "host-record=" + controller.name + ',' + controller.address + '\n';
      if (addresses.insert(controller.address).second) {
        out += "host-record=" + zone + ',' + controller.address + '\n';
        out += "host-record=gc._msdcs." + root + ',' + controller.address + '\n';
      }
    }
    for (const auto& controller : domain.controllers) {
      const auto& host = controller.name;
      const auto sites = '.' + controller.site + "._sites";
      srv("_kerberos._udp." + zone, host, controller.kerberos_port);
      srv("_kpasswd._udp." + zone, host, controller.kpasswd_port);
      srv("_kpasswd._tcp." + zone, host, controller.kpasswd_port);
      srv("_ldap._tcp." + guid_text(domain_guid(domain)) + ".domains._msdcs." + root, host, controller.ldap_port);
      for (const auto& place : {std::string(), sites}) {
        for (const auto* of_dc : {"", ".dc._msdcs"}) {
          srv("_kerberos._tcp" + place + of_dc + '.' + zone, host, controller.kerberos_port);
          srv("_ldap._tcp" + place + of_dc + '.' + zone, host, controller.ldap_port);
        }
        srv("_gc._tcp" + place + '.' + root, host, controller.ldap_port);
        srv("_ldap._tcp" + place + ".gc._msdcs." + root, host, controller.ldap_port);
      }
    }
    if (!domain.controllers.empty())
      srv("_ldap._tcp.pdc._msdcs." + zone, domain.controllers.front().name, domain.controllers.front().ldap_port);
  }
  return out;
}

}  // namespace stead::kdc
