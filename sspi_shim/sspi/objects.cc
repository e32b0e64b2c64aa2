#include "sspi_shim/sspi/objects.h"

#include <cstdint>
#include <string>
#include <utility>

#include "sspi_shim/sspi/fork.h"

namespace stead::sspi {
namespace {

[[maybe_unused]] const int forks_handled = handle_forks();

}  // namespace

// The tables are never destroyed: other threads may call while the process exits.
HandleTable<const Credentials, HandleKind::credentials>& credentials_table() {
  static auto* table = new HandleTable<const Credentials, HandleKind::credentials>;
  return *table;
}
HandleTable<Context, HandleKind::context>& contexts() {
  static auto* table = new HandleTable<Context, HandleKind::context>;
  return *table;
}
HandleTable<const Token, HandleKind::token>& tokens() {
  static auto* table = new HandleTable<const Token, HandleKind::token>;
  return *table;
}
HandleTable<const OpenClient, HandleKind::client>& clients() {
  static auto* table = new HandleTable<const OpenClient, HandleKind::client>;
  return *table;
}
HandleTable<const LsaConnection, HandleKind::lsa>& lsa_connections() {
  static auto* table = new HandleTable<const LsaConnection, HandleKind::lsa>;
  return *table;
}

CredentialsPtr find_credentials(const SecHandle* handle) {
  return credentials_table().find(HandleTable<const Credentials, HandleKind::credentials>::to_id(handle));
}
ContextPtr find_context(const SecHandle* handle) {
  return contexts().find(HandleTable<Context, HandleKind::context>::to_id(handle));
}
TokenPtr find_token(HANDLE token) {
  return tokens().find(reinterpret_cast<std::uintptr_t>(token));
}
HANDLE give_token(TokenPtr token) {
  return reinterpret_cast<HANDLE>(static_cast<std::uintptr_t>(tokens().insert(std::move(token))));
}

TokenPtr& impersonated() {
  thread_local TokenPtr token;
  return token;
}

bool is_service_name(const std::string& text) {
  const auto service = parse_principal(text);
  return service && !service->name.empty() && !service->name.components.front().empty();
}

}  // namespace stead::sspi
