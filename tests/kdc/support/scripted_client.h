#pragma once
// A forest in process and a client that asks its DCs whatever a test wants, right or wrong. No sockets: requests go to
// kdc::handle.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/exchange/dispatcher.h"
#include "kdc/forest/forest_file.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "sspi_shim/protocol/messages/s4u_messages.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::kdc::test {

// A ticket with what its holder knows of it.
struct Credential {
  Ticket ticket;
  Key session_key;
  std::string crealm;
  PrincipalName cname;
};

// One answer, whatever it is.
struct Got {
  std::optional<KrbError> error;
  KdcRep reply;
  EncKdcRepPart part;
  Credential credential;

  [[nodiscard]] bool ok() const { return !error; }
  [[nodiscard]] KrbErrc code() const { return error ? error->code : KrbErrc::KDC_ERR_NONE; }
  [[nodiscard]] std::optional<NtStatus> status() const { return error ? nt_status_of(*error) : std::nullopt; }
  // "ticket", "referral to REALM", or the error with its NTSTATUS: "KDC_ERR_BADOPTION STATUS_NOT_FOUND".
  [[nodiscard]] std::string text() const;
};

struct AsAsk {
  PrincipalName name;
  std::string password = "secret";  // empty: no preauthentication
  std::string realm = {};           // default: the DC's
  std::optional<PrincipalName> sname = {};
  std::uint32_t options = kdc_option::forwardable | kdc_option::renewable;
  std::vector<EncType> etypes = {EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96};
  PaDataList padata = {};
  std::chrono::seconds clock_offset{0};
  std::vector<HostAddress> addresses = {};
};

enum class S4uForm { x509_user, for_user, both };

struct TgsAsk {
  PrincipalName sname;
  std::uint32_t options = kdc_option::forwardable | kdc_option::canonicalize;
  std::vector<EncType> etypes = {EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96};
  std::vector<Ticket> additional = {};
  std::optional<std::uint32_t> pac_options = {};
  PaDataList padata = {};
  std::optional<Principal> user = {};  // S4U2Self
  S4uForm form = S4uForm::x509_user;
  Buffer certificate = {};  // S4U2Self by certificate
  bool subkey = true;
  bool checksum = true;
  std::chrono::seconds clock_offset{0};
};

class TestForest {
 public:
  explicit TestForest(std::string_view toml);

  Got as(const std::string& dc, const AsAsk& ask);
  Got tgs(const std::string& dc, const Credential& header, const TgsAsk& ask);
  // A TGT for an account by its password "secret".
  Credential sign_in(const std::string& dc, const std::string& name, std::vector<EncType> etypes = AsAsk{}.etypes);
  // S4U2Self of the service for a user of its own domain.
  Got self(const std::string& dc, const Credential& service, const std::string& service_name, const std::string& user);
  // S4U2Proxy with the RBCD bit.
  Got proxy(const std::string& dc, const Credential& header, const Ticket& evidence, const std::string& target,
            bool rbcd_bit = true);

  // A ticket as its recipient sees it: an account's, krbtgt's or a trust's key opens it.
  struct Seen {
    EncTicketPart part;
    SecretBuffer der;
    Buffer pac_bytes;
    Pac pac;
    PacLogonInfo logon;
    PacClientInfo client;
    std::optional<S4uDelegationInfo> delegation;
    [[nodiscard]] bool has(std::uint32_t flag) const { return (part.flags & flag) != 0; }
    [[nodiscard]] bool has_buffer(PacType type) const { return pac.find(type) != nullptr; }
  };
  Seen open(const Ticket& ticket);
  const Key& key_of(const Ticket& ticket);
  // The ticket with its encrypted part changed, its PAC signed anew (or left as it is) and encrypted again.
  Ticket rewrite(const Ticket& ticket, const std::function<void(EncTicketPart&, Pac&)>& change, bool sign = true);

  Buffer ask(const std::string& dc, Bytes request);
  // An administrator changes the forest: a new snapshot, made from the present one.
  void change(const std::function<void(Forest&)>& edit);
  [[nodiscard]] const Snapshot& snapshot() const { return *snapshot_; }
  // The account that the last request locked out; empty: none.
  std::string locked_out;
  int audit = 0, event = 0;  // of the last request: see event_ids.h
  Instant now = Instant{std::chrono::seconds{1795000000}};

 private:
  void find_controllers();
  struct Dc {
    const Controller* controller;
    const DomainEntry* domain;
  };
  [[nodiscard]] const Dc& dc(const std::string& name) const { return dcs_.at(name); }
  std::unique_ptr<Snapshot> snapshot_;
  std::map<std::string, Dc> dcs_;
};

PrincipalName principal(const std::string& text);  // NT-PRINCIPAL or NT-SRV-INST
const std::vector<EncType>& rc4_only();

}  // namespace stead::kdc::test
