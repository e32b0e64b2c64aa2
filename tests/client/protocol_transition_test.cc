// S4U2Self: who a user is, is what our key opens, and never what the reply says in clear.
#include "sspi_shim/client/protocol_transition.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/krb5/identity.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "tests/client/client_parts.h"

namespace stead {
namespace {

class ProtocolTransitionTest : public ClientPartTest {
 protected:
  ProtocolTransitionTest() { open({key_}); }
  void open(std::vector<Key> keys, OwnKeys::Read read = {}) {
    context_ = new_context(std::move(keys), std::move(read));
    tickets_ = std::make_shared<OwnTickets>(context_);
    transition_ =
        std::make_unique<ProtocolTransition>(context_, tickets_, std::make_shared<UserFinder>(context_, tickets_));
  }
  Fetched<Identity> fetch(const std::string& name) {
    return run(transition_->fetch(UserRequest{name}, Freshness::cached));
  }
  void refused(const std::string& name, const std::string& says) {
    const auto got = fetch(name);
    ASSERT_FALSE(got) << name;
    EXPECT_EQ(got.error().failure.kind, FailureKind::rejected);
    EXPECT_NE(got.error().failure.text.find(says), std::string::npos) << got.error().failure.text;
  }
  // The EncTicketPart with a PAC that says this UPN.
  void put_upn(EncTicketPart& part, const std::string& upn) {
    UpnDnsInfo info;
    info.upn = upn;
    info.dns_domain_name = "A";
    Pac pac;
    pac.set(PacType::upn_dns_info, encode(info));
    const auto der = encode_with_signed_pac(part, std::move(pac), key_, key_, PacSignatures::server_and_kdc);
    part = decode_enc_ticket_part(der).value();
  }

  ClientContextPtr context_;
  std::shared_ptr<OwnTickets> tickets_;
  std::unique_ptr<ProtocolTransition> transition_;
};

TEST_F(ProtocolTransitionTest, TheUserIsTheOneInTheTicket) {
  const auto got = fetch("alice");
  ASSERT_TRUE(got) << got.error().failure.text;
  EXPECT_EQ(got->principal(), "alice@A");
  EXPECT_TRUE(got->state().forwardable);
  realm_->spoil = [](EncTicketPart& part) { part.flags = 0; };
  EXPECT_FALSE(fetch("alice")->state().forwardable) << "the reply says that it is";
}

TEST_F(ProtocolTransitionTest, RefusesEvidenceThatIsNotInOrder) {
  struct Row {
    std::function<void(EncTicketPart&)> spoil;
    std::function<void(Ticket&)> swap;
    const char* says;
  };
  const Ticket of_bob = realm_->evidence_of("bob"), of_alice = realm_->evidence_of("alice");
  const Row rows[] = {
      {[](EncTicketPart& part) { part.cname.components = {"bob"}; }, {}, "in the name of bob@A"},
      {[](EncTicketPart& part) { part.crealm = "B"; }, {}, "in the name of alice@B"},
      {[](EncTicketPart& part) { part.endtime = part.authtime; }, {}, "expired"},
      {[](EncTicketPart& part) { part.flags |= ticket_flag::invalid; }, {}, "INVALID"},
      {[](EncTicketPart& part) { part.starttime = part.authtime + std::chrono::hours(1); }, {}, "not valid before"},
      {[](EncTicketPart& part) { part.key = Key::random(part.key.type).to_encryption_key(); }, {}, "session key"},
      {{}, [&](Ticket& ticket) { ticket = of_bob; }, "session key"},
      {{}, [&](Ticket& ticket) { ticket = of_alice; }, "session key"},
      {{}, [](Ticket& ticket) { ticket.sname = service_name("HTTP/other.a"); }, "not valid"},
      {{}, [](Ticket& ticket) { ticket.realm = "B"; }, "not valid"},
      {{}, [](Ticket& ticket) { ticket.enc_part.cipher.back() ^= 1; }, "no key of the keytab opens"},
  };
  for (const bool echo : {true, false}) {
    realm_->echoes = echo;
    for (const Row& row : rows) {
      realm_->spoil = row.spoil;
      realm_->swap = row.swap;
      for (const char* name : {"alice", "alice@A"}) refused(name, row.says);
    }
  }
}

// Samba, and DCs of 2003.
TEST_F(ProtocolTransitionTest, TakesTheAnswerOfAKdcThatKnowsPaForUserAlone) {
  realm_->echoes = false;
  const auto got = fetch("alice");
  ASSERT_TRUE(got) << got.error().failure.text;
  EXPECT_EQ(got->principal(), "alice@A");
  options_.pa_for_user = PaForUserUse::never;
  open({key_});
  EXPECT_EQ(fetch("alice").error().failure.error, make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP));
}

// A PA-FOR-USER that was recorded from another request can be put in the place of ours: the name must be the user's.
TEST_F(ProtocolTransitionTest, AUpnThatTheKdcDoesNotConfirmMustBeTheUsers) {
  realm_->echoes = false;
  realm_->accounts = {{"al@example.com", "alice"}, {"alice@example.com", "alice"}};
  refused("al@example.com", "al@example.com is alice@A");
  EXPECT_TRUE(fetch("alice@example.com")) << "the account's name before the suffix";
  realm_->spoil = [this](EncTicketPart& part) { put_upn(part, "AL@example.com"); };
  const auto got = fetch("al@example.com");
  ASSERT_TRUE(got) << got.error().failure.text;
  EXPECT_EQ(got->principal(), "alice@A");
  refused("alice@example.com", "alice@example.com is alice@A");

  realm_->spoil = {};
  options_.pa_for_user = PaForUserUse::always;
  open({key_});
  EXPECT_TRUE(fetch("al@example.com")) << "the configuration trusts the KDC's word";
}

TEST_F(ProtocolTransitionTest, LooksForANewKeyOnceAndSaysWhereThereIsNone) {
  std::vector<Key> file = {key_};
  int looks = 0;
  const Key other = Key::random(EncType::aes256_cts_hmac_sha1_96);
  open({key_}, [&]() -> Result<std::vector<Key>> {
    ++looks;
    return file;
  });
  ASSERT_TRUE(fetch("alice"));
  EXPECT_EQ(looks, 0);
  realm_->seal_with = other;  // the account has a new password
  refused("bob", "keytab");
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(fetch("bob").error().failure.trace.diagnosis->code, "keytab_kvno_old");

  open({key_}, [&]() -> Result<std::vector<Key>> { return std::vector<Key>{other, key_}; });
  EXPECT_TRUE(fetch("bob"));
}

}  // namespace
}  // namespace stead
