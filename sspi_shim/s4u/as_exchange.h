#pragma once
// The AS exchange (RFC 4120 §3.1) with an encrypted timestamp: our own TGT with the keytab's keys, or a user's TGT with
// their password. ETYPE-INFO2 selects the key. If the KDC says that the clocks differ, the request is sent once more
// with the KDC's time. KDC_ERR_WRONG_REALM is followed (RFC 6806 §7).
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "sspi_shim/s4u/action.h"

namespace stead {

class AsExchange final : public Machine {
 public:
  struct Wanted {
    Principal client;       // as the AS-REQ names them
    std::vector<Key> keys;  // of the client, in any order; empty: a DeriveKey action makes the key from the password
    bool canonicalize = false;  // the reply may have the account's canonical name
    Stage stage = Stage::own_tgt;
    std::string detail;
  };
  AsExchange(ExchangeContext& context, Wanted wanted);

  Action start() override;
  Action on_reply(const Reply& reply) override;
  Action on_key(Result<Key> key) override;

  [[nodiscard]] const CredentialPtr& tgt() const { return tgt_; }  // after Finished
  // The salt that the KDC named; empty: it named none. AD's salt contains the account's name.
  [[nodiscard]] const std::string& salt() const { return salt_; }

 private:
  Action send();
  Action on_error(const KrbError& error, const KnownController& from);
  Action choose_key(const PaDataList& hints, const KnownController& from, std::optional<EncType> only);
  Action take(const KdcRep& reply, const KnownController& from);
  [[nodiscard]] bool usable(EncType type) const;

  ExchangeContext& context_;
  Wanted wanted_;
  RealmPath path_;
  std::uint32_t nonce_ = 0;
  Buffer request_;
  std::optional<Key> key_;         // the one that the KDC selected; with it, requests are preauthenticated
  std::optional<KdcRep> waiting_;  // a reply that cannot be decrypted before its key is derived
  KnownController from_;
  std::string salt_;
  bool clock_corrected_ = false;
  CredentialPtr tgt_;
};

// What ETYPE-INFO2 says about the key of one encryption type.
struct KeyHint {
  EncType type{};
  std::string salt;
  Buffer params;
};
// In the KDC's order. `default_salt`: for an entry without a salt.
[[nodiscard]] std::vector<KeyHint> key_hints(const PaDataList& padata, const std::string& default_salt);

}  // namespace stead
