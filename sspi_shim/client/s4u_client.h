#pragma once
// The Client of stead/s4u.h. It checks what the caller named, and passes the call to the part that serves it:
//
//   caching_client.h        identities and tickets from memory, fetched once for all who ask
//   protocol_transition.h   S4U2Self: evidence for a user who signed in without Kerberos
//   delegation.h            a ticket to a service, by S4U2Proxy or with the user's own TGT
//   password_logon.h        a user's TGT by password
//   user_finder.h           the realm of a user
//   own_tickets.h           the TGTs of this service
//   controller_finder.h     DCs by level and by what DsGetDcName requires
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/client/caching_client.h"
#include "sspi_shim/client/controller_finder.h"
#include "sspi_shim/client/delegation.h"
#include "sspi_shim/client/password_logon.h"

namespace stead {

class S4uClient final : public Client, public std::enable_shared_from_this<S4uClient> {
 public:
  explicit S4uClient(ClientContextPtr context);
  // As ClientContext.
  S4uClient(boost::asio::any_io_executor executor, ClientOptions options, Principal self, std::vector<Key> keys,
            std::shared_ptr<KdcTransport> transport, std::shared_ptr<DcLocator> locator, ClientContext::Now clock = {},
            OwnKeys::Read read_keys = {});

  Awaitable<Outcome<Identity>> user(std::string name) override;
  Awaitable<Outcome<Identity>> user_by_certificate(std::vector<std::uint8_t> der, CertificateHints hints) override;
  Awaitable<Outcome<Identity>> user_within_logon_hours(std::string name, std::vector<std::uint8_t> certificate,
                                                       CertificateHints hints) override;
  Result<Identity> from_ticket(std::vector<std::uint8_t> ticket_der) override;
  Outcome<Identity> from_forwarded_tgt(std::vector<std::uint8_t> ap_req_der) override;
  Awaitable<Outcome<std::string>> check_password(std::string name, std::string password) override;
  Awaitable<Outcome<std::string>> check_password_from(std::string address, std::string name,
                                                      std::string password) override;
  Awaitable<Outcome<Identity>> user_by_password(std::string name, std::string password) override;
  Awaitable<Outcome<Identity>> self() override;
  Awaitable<Outcome<ProxyCredentialPtr>> proxy_credential(Identity identity) override;
  Awaitable<Outcome<TicketPtr>> ticket_for(Identity identity, std::string spn) override;
  Awaitable<Outcome<TicketPtr>> ticket_past_refusal(Identity identity, std::string spn) override;
  Awaitable<Outcome<TicketPtr>> ticket_for_user(std::string name, std::string spn) override;
  Awaitable<Outcome<LocatedController>> locate(std::string realm, std::string level) override;
  Awaitable<Outcome<LocatedController>> find_controller(std::string realm,
                                                        ControllerRequirements requirements) override;
  void forget_user(std::string_view principal) override;
  [[nodiscard]] Statistics statistics() const override;
  [[nodiscard]] CacheView cache_view(std::string_view user) const override;

 private:
  Awaitable<Outcome<TicketPtr>> cached_ticket(Identity identity, std::string spn, RememberedRefusals refusals);
  Awaitable<Outcome<Identity>> sign_in(std::string caller, std::string name, std::string password);
  Awaitable<Fetched<Identity>> own_identity();

  ClientContextPtr context_;
  std::shared_ptr<OwnTickets> tickets_;
  std::shared_ptr<UserFinder> finder_;
  std::shared_ptr<ProtocolTransition> transition_;
  std::shared_ptr<Delegation> delegation_;
  std::shared_ptr<PasswordLogon> passwords_;
  std::shared_ptr<ControllerFinder> controllers_;
  std::shared_ptr<CachingClient> cache_;
};

}  // namespace stead
