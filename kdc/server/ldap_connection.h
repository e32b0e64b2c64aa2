#pragma once
// One LDAP connection: reads a request, answers it, reads the next.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/ldap/ldap_caller.h"
#include "kdc/ldap/ntlm_bind.h"
#include "kdc/ldap/wire/ldap_reply.h"
#include "kdc/server/ldap_endpoint.h"

namespace stead::kdc {

class LdapConnection {
 public:
  // Both must outlive it.
  LdapConnection(LdapEndpoint& endpoint, asio::ip::tcp::socket& socket) : endpoint_(endpoint), channel_(socket) {}

  // Until the peer or an error ends it. `tls_first`: LDAPS.
  [[nodiscard]] asio::awaitable<void> serve(bool tls_first, ConnectionList::Listed& listed);

 private:
  // False: the connection is over.
  [[nodiscard]] asio::awaitable<bool> answer(Buffer message);
  [[nodiscard]] asio::awaitable<bool> bind(std::int32_t id, BindRequest request);
  [[nodiscard]] asio::awaitable<bool> bind_simple(std::int32_t id, BindRequest request);
  [[nodiscard]] asio::awaitable<bool> bind_sasl(std::int32_t id, BindRequest request);
  [[nodiscard]] asio::awaitable<bool> bind_sicily(std::int32_t id, BindRequest request);
  [[nodiscard]] asio::awaitable<bool> search(std::int32_t id, SearchRequest request, std::vector<LdapControl> controls,
                                             Bytes message);
  [[nodiscard]] asio::awaitable<bool> run_search(std::int32_t id, SearchRequest request,
                                                 std::optional<PagedResults> pages);
  [[nodiscard]] asio::awaitable<bool> extended(std::int32_t id, ExtendedRequest request);
  [[nodiscard]] asio::awaitable<bool> start_tls(std::int32_t id);
  [[nodiscard]] asio::awaitable<bool> compare(std::int32_t id, CompareRequest request);
  [[nodiscard]] asio::awaitable<bool> change(std::int32_t id, LdapOperation operation, bool permissive);
  [[nodiscard]] asio::awaitable<bool> reply(std::int32_t id, LdapReplyKind kind, LdapResult result);

  [[nodiscard]] std::string why_not_layered() const;
  void log(std::string_view kind, std::string_view target, const LdapResult& result) const;

  LdapEndpoint& endpoint_;
  LdapChannel channel_;
  LdapCaller caller_;
  std::unique_ptr<SaslBind> sasl_;  // of a bind in progress
  std::string sasl_mechanism_;
  std::unique_ptr<NtlmBind> ntlm_;  // of a Sicily bind in progress
};

}  // namespace stead::kdc
