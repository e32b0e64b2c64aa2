#include "kdc/exports/client_config_export.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>
#include <system_error>

namespace stead::kdc {
namespace {

std::string host_and_port(const std::string& address, std::uint16_t port) {
  const bool v6 = address.find(':') != address.npos;
  return (v6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

Checked<void> write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  out.close();
  if (!out) return Problem{"cannot write " + path.string() + ": " + std::strerror(errno), {}, {}};
  return {};
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string krb5_conf(const Forest& forest) {
  std::string out =
      "# Made by stead-kdc client-config. No [domain_realm]: the KDCs refer to the realm that has a "
      "service.\n[libdefaults]\n";
  out += "    default_realm = " + forest.domains.front().realm + '\n';
  out +=
      "    dns_lookup_realm = false\n    dns_lookup_kdc = false\n    dns_canonicalize_hostname = false\n    rdns = "
      "false\n    forwardable = true\n";
  for (const auto& domain : forest.domains)
    if (domain.allow_rc4) {
      out += "    allow_rc4 = true\n";
      break;
    }
  out += "\n[realms]\n";
  for (const auto& domain : forest.domains) {
    if (domain.controllers.empty()) continue;
    out += "    " + domain.realm + " = {\n";
    for (const auto& controller : domain.controllers)
      out += "        kdc = " + host_and_port(controller.address, controller.kerberos_port) + '\n';
    for (const auto& controller : domain.controllers)
      out += "        kpasswd_server = " + host_and_port(controller.address, controller.kpasswd_port) + '\n';
    out += "    }\n";
  }
  return out;
}

std::string stead_toml(const Forest& forest) {
  std::string out =
      "# Made by stead-kdc client-config: where each realm's domain controllers are, in place of DNS.\n[locator]\n";
  for (const auto& domain : forest.domains) {
    if (domain.controllers.empty()) continue;
    out += "\n[locator.realm." + toml_string(domain.realm) + "]\ncontrollers = [\n";
    for (const auto& controller : domain.controllers)
      out += "  { name = " + toml_string(controller.name) + ", address = " + toml_string(controller.address) +
             ", kerberos_port = " + std::to_string(controller.kerberos_port) +
             ", ldap_port = " + std::to_string(controller.ldap_port) + " },\n";
    out += "]\n";
  }
  return out;
}

Checked<void> write_client_config(const Forest& forest, const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return Problem{"cannot create " + folder.string() + ": " + failed.message(), {}, {}};
  if (const auto ok = write_file(folder / "krb5.conf", krb5_conf(forest)); !ok) return ok;
  return write_file(folder / "stead.toml", stead_toml(forest));
}

}  // namespace stead::kdc
