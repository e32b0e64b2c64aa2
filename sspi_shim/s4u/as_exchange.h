#pragma once
// The AS exchange (RFC 4120 §3.1) with encrypted timestamp: our own TGT with the keytab's keys, or a user's with his
// password. The KDC says with ETYPE-INFO2 which key it wants; its clock is taken over once where ours differs; a
// WRONG_REALM is followed.
#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "sspi_shim/s4u/action.h"

namespace stead {

class AsExchange final : public Machine {
 public:
  struct Wanted {
    Principal client;           // as the AS-REQ names him
    std::vector<Key> keys;      // his, any order; empty: a DeriveKey action asks for what a password gives
    bool canonicalize = false;  // the reply has the account's own name
    Stage stage = Stage::own_tgt;
    std::string detail;
  };
  AsExchange(ExchangeContext& context, Wanted wanted);

  Action start() override;
  Action on_reply(const Reply& reply) override;
  Action on_key(Result<Key> key) override;

  [[nodiscard]] const CredentialPtr& tgt() const { return tgt_; }  // after Finished
  // The salt that the KDC named; empty: none was. AD's tell the account's name.
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
  std::optional<Key> key_;         // chosen; preauthentication is sent once it is there
  std::optional<KdcRep> waiting_;  // a reply that waits for its key
  KnownController from_;
  std::string salt_;
  bool clock_corrected_ = false;
  CredentialPtr tgt_;
};

// What ETYPE-INFO2, or the older hints, say of the key for one encryption type.
struct KeyHint {
  EncType type{};
  std::string salt;
  Buffer params;
};
// In the KDC's order; `default_salt` where it names none.
[[nodiscard]] std::vector<KeyHint> key_hints(const PaDataList& padata, const std::string& default_salt);

}  // namespace stead
