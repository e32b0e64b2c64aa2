#pragma once
// What the C surface's handles stand for, and the configuration that they are made with.
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sspi_shim/krb5/gss_handles.h"
#include "sspi_shim/sspi/client_thread.h"
#include "sspi_shim/sspi/handle_table.h"

namespace stead::sspi {

// Somebody to act for, and the Client that does it.
struct Token {
  ClientPtr client;
  Identity identity;
};
using TokenPtr = std::shared_ptr<const Token>;

// A MEMORY ccache of our own; goes with it.
class MemoryCcache {
 public:
  MemoryCcache();
  MemoryCcache(const MemoryCcache&) = delete;
  MemoryCcache& operator=(const MemoryCcache&) = delete;
  ~MemoryCcache();
  [[nodiscard]] const std::string& name() const { return name_; }  // "MEMORY:…"

 private:
  std::string name_;
};

struct Credentials {
  ULONG use = 0;           // SECPKG_CRED_
  bool negotiate = true;   // else Kerberos
  ClientOptions options;   // whose keytab and principal; the principal may be empty
  bool named = false;      // the caller named the principal: inbound tickets must be for it
  std::string ccache;      // outbound as ourselves; empty: by the keytab
  GssCredential acceptor;  // inbound
  TokenPtr user;           // outbound for a user: delegated, or himself by his password
};
using CredentialsPtr = std::shared_ptr<const Credentials>;

struct Context {
  std::mutex mutex;  // one call at a time
  CredentialsPtr credentials;
  bool initiator = false;
  bool complete = false;
  bool failed = false;  // a step was refused: nothing more can be done with it
  std::unique_ptr<MemoryCcache> ccache;
  GssCredential own;  // initiator
  GssContext gss;
  GssName target;
  std::string target_text;  // the SPN as the caller gave it, or as the client asked for it
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

// The token that the calling thread impersonates; empty: none.
TokenPtr& impersonated();

// The default configuration with these in their places where they are not empty; what is missing is taken from
// krb5.conf.
[[nodiscard]] ClientOptions configured(const std::string& principal, const std::string& keytab);
// A Client for these options, shared by all that ask for the same principal and keytab. With no principal it is the
// keytab's first.
[[nodiscard]] ClientPtr client_for(ClientOptions options, std::string& message);

// One without keys for users of a realm who have passwords; as shared.
[[nodiscard]] ClientPtr keyless_client_for(ClientOptions options, const std::string& realm);

// "HTTP/host", "HTTP/host@REALM".
[[nodiscard]] bool is_service_name(const std::string& text);

// The realm of a domain that is called by its DNS name or its flat one, which is looked for as DsGetDcName does; empty:
// ours. Empty: it is not found.
[[nodiscard]] std::string realm_of_domain(const std::string& domain);

// The token of an accepted context. Nothing: `status` says why, and the detail is noted.
[[nodiscard]] TokenPtr token_of(Context& context, SECURITY_STATUS& status);

// What it is, in the words of its side: ISC_RET_ or ASC_RET_, which differ in INTEGRITY and IDENTIFY.
[[nodiscard]] ULONG flags_of(const Context& context);

[[nodiscard]] TimeStamp to_time_stamp(std::chrono::system_clock::time_point time);
[[nodiscard]] TimeStamp never();

}  // namespace stead::sspi
