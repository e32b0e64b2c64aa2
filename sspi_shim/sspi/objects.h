#pragma once
// What the C surface's handles stand for.
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sspi_shim/krb5/gss_acceptor.h"
#include "sspi_shim/sspi/base/handle_table.h"
#include "sspi_shim/sspi/clients/client_thread.h"
#include "sspi_shim/sspi/clients/memory_ccache.h"

namespace stead::sspi {

// A user, and the Client that acts for them.
struct Token {
  ClientPtr client;
  Identity identity;
};
using TokenPtr = std::shared_ptr<const Token>;

struct Credentials {
  ULONG use = 0;                                // SECPKG_CRED_
  bool negotiate = true;                        // else Kerberos
  ClientOptions options;                        // whose keytab and principal; the principal may be empty
  bool named = false;                           // the caller named the principal: inbound tickets must be for it
  std::string ccache;                           // outbound as ourselves; empty: by the keytab
  std::shared_ptr<const GssAcceptor> acceptor;  // inbound
  TokenPtr user;                                // outbound for a user: delegated, by the user's password or TGT
  std::optional<std::chrono::system_clock::time_point> end_time;  // outbound; nothing: a keytab does not end
};
using CredentialsPtr = std::shared_ptr<const Credentials>;

struct Context {
  std::mutex mutex;  // one call at a time
  CredentialsPtr credentials;
  bool initiator = false;
  bool complete = false;
  bool failed = false;  // a token was refused: the context is of no more use
  std::unique_ptr<MemoryCcache> ccache;
  GssCredential own;  // initiator
  GssContext gss;
  GssName target;
  std::string target_text;  // the SPN: the caller's, or on the acceptor's side the client's
  std::string client_name, service_name;
  Buffer evidence;  // acceptor: the client's ticket to us
  OM_uint32 gss_flags = 0;
  ULONG asked = 0;  // ISC_REQ_ or ASC_REQ_ of the first call
  std::chrono::system_clock::time_point start = std::chrono::system_clock::now();
  std::optional<std::chrono::system_clock::time_point> expiry;
  TokenPtr token;  // acceptor: made at the first impersonation
};
using ContextPtr = std::shared_ptr<Context>;

struct LsaConnection {};

HandleTable<const Credentials, HandleKind::credentials>& credentials_table();
HandleTable<Context, HandleKind::context>& contexts();
HandleTable<const Token, HandleKind::token>& tokens();
HandleTable<const OpenClient, HandleKind::client>& clients();
HandleTable<const LsaConnection, HandleKind::lsa>& lsa_connections();

[[nodiscard]] CredentialsPtr find_credentials(const SecHandle* handle);
[[nodiscard]] ContextPtr find_context(const SecHandle* handle);
[[nodiscard]] TokenPtr find_token(HANDLE token);
[[nodiscard]] HANDLE give_token(TokenPtr token);

// The token that the calling thread impersonates; null: none.
TokenPtr& impersonated();

// True for a name that can be a target: "HTTP/host", "HTTP/host@REALM".
[[nodiscard]] bool is_service_name(const std::string& text);

}  // namespace stead::sspi
