#pragma once
// Finds a user's realm (MS-SFU §3.1.5.1.1.2): an AS-REQ without preauthentication, for the UPN as an enterprise name or
// for the certificate. The KDC's error says whether the user is there or which realm to ask. The answer is not
// authenticated and proves nothing: S4U2Self follows.
#include <string>
#include <string_view>

#include "sspi_shim/s4u/action.h"

namespace stead {

// A user name as people write it.
struct UserName {
  std::string account;  // "alice"; of a UPN the whole name
  std::string suffix;   // of a UPN: what follows the last '@'
  std::string domain;   // NetBIOS name, before the '\'
  [[nodiscard]] bool is_upn() const { return !suffix.empty(); }
  [[nodiscard]] std::string before_suffix() const;  // "alice" of "alice@suffix"
};
// "alice", "alice@SUFFIX", "DOMAIN\alice". Fails if a part is empty.
[[nodiscard]] Result<UserName> parse_user_name(std::string_view text);

class UserRealmSearch final : public Machine {
 public:
  // Without a certificate, searches for the enterprise name. `home`: the realm that is asked first.
  UserRealmSearch(ExchangeContext& context, std::string home, std::string enterprise_name, Buffer certificate = {});

  Action start() override;
  Action on_reply(const Reply& reply) override;

  // After Finished: the realm; empty: no KDC that was asked knows the user.
  [[nodiscard]] const std::string& realm() const { return realm_; }

 private:
  Action send();

  ExchangeContext& context_;
  RealmPath path_;
  std::string name_;
  Buffer certificate_;
  std::string realm_;
};

}  // namespace stead
