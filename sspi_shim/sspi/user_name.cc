#include "sspi_shim/sspi/user_name.h"

#include <optional>
#include <string>

#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"
#include "sspi_shim/sspi/locate.h"

namespace stead::sspi {
namespace {

std::optional<std::string> name_in_pac(const EncTicketPart& part) {
  const auto bytes = pac_bytes_of(part);
  if (!bytes || bytes->empty()) return std::nullopt;
  const auto pac = decode_pac(*bytes);
  const Buffer* buffer = pac ? pac->find(PacType::logon_info) : nullptr;
  if (buffer == nullptr) return std::nullopt;
  const auto info = decode_pac_logon_info(*buffer);
  if (!info || info->logon_domain_name.empty() || info->effective_name.empty()) return std::nullopt;
  return info->logon_domain_name + '\\' + info->effective_name;
}

std::optional<std::string> name_in_evidence(const Context& context) {
  const auto service = parse_principal(context.service_name);
  const auto ticket = decode_ticket(context.evidence);
  if (!service || !ticket) return std::nullopt;
  const auto entries = read_keys_of(context.credentials->options.keytab, *service);
  if (!entries) return std::nullopt;
  const auto opened = decrypt_own_ticket(*ticket, keys_of(*entries, WeakKeys::included));
  return opened ? name_in_pac(opened->part) : std::nullopt;
}

}  // namespace

std::string windows_name_of_client(const Context& context) {
  if (!context.initiator) return name_in_evidence(context).value_or(context.client_name);
  const auto client = parse_principal(context.client_name);
  if (!client || client->name.components.size() != 1) return context.client_name;
  const std::string domain = flat_name_of_realm(client->realm);
  return domain.empty() ? context.client_name : domain + '\\' + client->name.components.front();
}

}  // namespace stead::sspi
