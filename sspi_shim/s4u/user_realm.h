#pragma once
// Which realm a user lives in (MS-SFU §3.1.5.1.1.2): an AS-REQ without preauthentication for his name as an enterprise
// name, or for his certificate; the refusal tells. Nothing is proven by it: S4U2Self is asked afterwards.
#include "sspi_shim/s4u/action.h"

namespace stead {

// A user as people write him.
struct UserName {
  std::string account;  // "alice"; of a UPN the whole of it
  std::string suffix;   // after the last '@' of a UPN
  std::string domain;   // before the '\': a NetBIOS name
  [[nodiscard]] bool is_upn() const { return !suffix.empty(); }
  [[nodiscard]] std::string before_suffix() const;  // "alice" of "alice@suffix"
};
// "alice", "alice@SUFFIX", "DOMAIN\alice". Fails where a part is empty.
[[nodiscard]] Result<UserName> parse_user_name(std::string_view text);

class UserRealmSearch final : public Machine {
 public:
  // By enterprise name where `certificate` is empty. `home`: the realm that is asked first.
  UserRealmSearch(ExchangeContext& context, std::string home, std::string enterprise_name, Buffer certificate = {});

  Action start() override;
  Action on_reply(const Reply& reply) override;

  // After Finished: the realm; empty where nobody knows the name.
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
