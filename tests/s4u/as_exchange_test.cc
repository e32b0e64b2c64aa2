#include "sspi_shim/s4u/as_exchange.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/protocol/messages/preauth.h"
#include "sspi_shim/s4u/password/derivation_queue.h"
#include "sspi_shim/s4u/user_realm.h"
#include "tests/s4u/toy_kdc.h"

namespace stead {
namespace {

constexpr auto kAes256 = EncType::aes256_cts_hmac_sha1_96;

class As : public testing::Test {
 protected:
  KdcReq read(const Action& action) { return decode_kdc_req(std::get<SendToKdc>(action).request).value(); }
  Reply preauth_required(std::vector<EtypeInfo2Entry> info) {
    KrbError error;
    error.code = KrbErrc::KDC_ERR_PREAUTH_REQUIRED;
    error.realm = "A";
    error.sname = krbtgt_name("A");
    error.e_data = encode(PaDataList{{PaType::etype_info2, encode(info)}});
    return {encode(error), dc("dc1")};
  }
  Reply wrong_realm(const std::string& realm) {
    KrbError error;
    error.code = KrbErrc::KDC_ERR_WRONG_REALM;
    error.crealm = realm;
    error.realm = "A";
    error.sname = krbtgt_name("A");
    return {encode(error), dc("dc1")};
  }
  Reply ticket(const KdcReq& request, const Key& key, const std::string& cname, std::uint32_t nonce_off = 0) {
    KdcRep reply;
    reply.cname = {NameType::principal, {cname}};
    reply.crealm = request.body.realm;
    reply.ticket.realm = request.body.realm;
    reply.ticket.sname = *request.body.sname;
    reply.ticket.enc_part = {kAes256, 1, Buffer(30, 1)};
    EncKdcRepPart part;
    part.key = Key::random(kAes256).to_encryption_key();
    part.nonce = request.body.nonce + nonce_off;
    part.last_req.push_back({0, Time{}});
    part.srealm = request.body.realm;
    part.sname = *request.body.sname;
    reply.enc_part = encrypt_data(key, KeyUsage::as_rep_encrypted_part, encode(part));
    return {encode(reply), dc("dc1")};
  }
  AsExchange::Wanted own() { return {*parse_principal("front$@A"), {key_}, false, Stage::own_tgt, ""}; }

  ExchangeContext context_;
  ToyKdc kdc_;
  Key key_ = Key::random(kAes256);
};

TEST_F(As, PreauthenticatesWithTheKeyThatTheKdcNames) {
  AsExchange exchange(context_, own());
  auto action = exchange.start();
  EXPECT_FALSE(find_padata(read(action).padata, PaType::enc_timestamp));
  action =
      exchange.on_reply(preauth_required({{EncType::aes128_cts_hmac_sha1_96, "x", {}}, {kAes256, "Ahostfront.a", {}}}));
  const auto request = read(action);
  const auto* padata = find_padata(request.padata, PaType::enc_timestamp);
  ASSERT_TRUE(padata);
  EXPECT_TRUE(decrypt_data(key_, KeyUsage::as_req_timestamp, decode_encrypted_data(padata->value).value()));
  EXPECT_EQ(exchange.salt(), "Ahostfront.a");
  EXPECT_TRUE(std::holds_alternative<Finished>(exchange.on_reply(ticket(request, key_, "front$"))));
  EXPECT_EQ(exchange.tgt()->tgt_realm(), "A");
}

TEST_F(As, DerivesAPasswordsKeyAsTheKdcSalts) {
  AsExchange exchange(context_, {*parse_principal("alice@A"), {}, true, Stage::password, ""});
  (void)exchange.start();
  auto action = exchange.on_reply(preauth_required({{kAes256, "Aalice", {}}}));
  const auto* derive = std::get_if<DeriveKey>(&action);
  ASSERT_TRUE(derive);
  EXPECT_EQ(derive->salt, "Aalice");
  EXPECT_EQ(derive->type, kAes256);
  action = exchange.on_key(key_);
  EXPECT_TRUE(std::holds_alternative<Finished>(exchange.on_reply(ticket(read(action), key_, "alice"))));
}

// The hint is not authenticated: one iteration tells whoever sent it the password, 2^32 occupy a processor.
TEST_F(As, RefusesAPasswordKeyThatIsTooCheapOrTooDear) {
  const auto asked = [&](EncType type, Buffer params) {
    context_.etypes = {kAes256, EncType::aes256_cts_hmac_sha384_192, EncType::rc4_hmac};
    AsExchange exchange(context_, {*parse_principal("alice@A"), {}, true, Stage::password, ""});
    (void)exchange.start();
    return exchange.on_reply(preauth_required({{type, "Aalice", std::move(params)}}));
  };
  const auto iterations = [](std::uint32_t count) {
    Buffer out(4);
    store_be32(out.data(), count);
    return out;
  };
  for (const auto type : {kAes256, EncType::aes256_cts_hmac_sha384_192}) {
    for (const std::uint32_t count : {0u, 1u, 4095u, 1'000'001u, 1u << 20, 0xffffffffu}) {
      const auto action = asked(type, iterations(count));
      ASSERT_TRUE(std::holds_alternative<Refusal>(action)) << count;
      EXPECT_EQ(std::get<Refusal>(action).kind, FailureKind::rejected);
      EXPECT_NE(std::get<Refusal>(action).what.find("4,096 to 1,000,000"), std::string::npos);
    }
    EXPECT_TRUE(std::holds_alternative<Refusal>(asked(type, {0, 0x10, 0}))) << "three octets";
    for (const std::uint32_t count : {4096u, 32768u, 1'000'000u})
      EXPECT_TRUE(std::holds_alternative<DeriveKey>(asked(type, iterations(count)))) << count;
    EXPECT_TRUE(std::holds_alternative<DeriveKey>(asked(type, {})));
  }
  EXPECT_TRUE(std::holds_alternative<DeriveKey>(asked(EncType::rc4_hmac, iterations(1)))) << "it has none";
}

TEST_F(As, SaysThatThePasswordsKeyCameTooLate) {
  for (const Error& why : {derivation_queue_full(), derivation_too_late()}) {
    AsExchange exchange(context_, {*parse_principal("alice@A"), {}, true, Stage::password, ""});
    (void)exchange.start();
    (void)exchange.on_reply(preauth_required({{kAes256, "Aalice", {}}}));
    const auto action = exchange.on_key(why);
    ASSERT_TRUE(std::holds_alternative<Refusal>(action));
    EXPECT_EQ(std::get<Refusal>(action).kind, FailureKind::unreachable) << "the password is not judged";
  }
}

TEST_F(As, TakesAReplyWithoutPreauthenticationAndFindsAWrongPasswordInIt) {
  for (const bool right : {true, false}) {
    AsExchange exchange(context_, {*parse_principal("alice@A"), {}, true, Stage::password, ""});
    auto action = exchange.on_reply(ticket(read(exchange.start()), key_, "alice"));
    ASSERT_TRUE(std::holds_alternative<DeriveKey>(action));
    EXPECT_EQ(std::get<DeriveKey>(action).salt, "Aalice");
    action = exchange.on_key(right ? key_ : Key::random(kAes256));
    if (right)
      EXPECT_TRUE(std::holds_alternative<Finished>(action));
    else
      EXPECT_EQ(std::get<Refusal>(action).error, make_error_code(KrbErrc::KDC_ERR_PREAUTH_FAILED));
  }
}

TEST_F(As, FollowsTheUserToHisRealm) {
  AsExchange exchange(context_, {{enterprise_name("frank@corp"), "A"}, {}, true, Stage::password, ""});
  (void)exchange.start();
  auto action = exchange.on_reply(wrong_realm("B"));
  EXPECT_EQ(std::get<SendToKdc>(action).realm, "B");
  action = exchange.on_reply(wrong_realm("A"));
  EXPECT_EQ(std::get<Refusal>(action).error, make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED));
}

TEST_F(As, CorrectsTheClockOnce) {
  AsExchange exchange(context_, own());
  (void)exchange.start();
  const auto behind =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - std::chrono::hours(1);
  (void)exchange.on_reply(preauth_required({{kAes256, "s", {}}}));
  auto action = exchange.on_reply(kdc_.refuse(KrbErrc::KRB_AP_ERR_SKEW, {}, dc("dc1"), behind));
  const auto stamp = decode_pa_enc_ts_enc(
      decrypt_data(key_, KeyUsage::as_req_timestamp,
                   decode_encrypted_data(find_padata(read(action).padata, PaType::enc_timestamp)->value).value())
          .value());
  EXPECT_LE(std::chrono::abs(stamp.value().patimestamp - behind), std::chrono::seconds(5));
  EXPECT_TRUE(
      std::holds_alternative<Refusal>(exchange.on_reply(kdc_.refuse(KrbErrc::KRB_AP_ERR_SKEW, {}, dc("dc1"), behind))));
}

TEST_F(As, DoesNotFollowAClockThatIsMoreThanADayOff) {
  using namespace std::chrono;
  const auto now = floor<seconds>(system_clock::now());
  // The first and the last time that KerberosTime can name are beyond what nanoseconds since 1970 can count.
  for (const sys_seconds theirs : {now + hours(25), now - hours(25), sys_seconds(sys_days(year(9999) / 12 / 31)),
                                   sys_seconds(sys_days(year(0) / 1 / 1)), sys_seconds(seconds(1))}) {
    AsExchange exchange(context_, own());
    (void)exchange.start();
    (void)exchange.on_reply(preauth_required({{kAes256, "s", {}}}));
    const auto action = exchange.on_reply(kdc_.refuse(KrbErrc::KRB_AP_ERR_SKEW, {}, dc("dc1"), theirs));
    ASSERT_TRUE(std::holds_alternative<Refusal>(action)) << theirs.time_since_epoch().count();
    EXPECT_EQ(std::get<Refusal>(action).error, make_error_code(KrbErrc::KRB_AP_ERR_SKEW));
    EXPECT_TRUE(context_.clock_offsets.empty());
  }
}

TEST_F(As, RefusesWhatDoesNotAnswerItsRequest) {
  AsExchange exchange(context_, own());
  (void)exchange.start();
  auto request = read(exchange.on_reply(preauth_required({{kAes256, "s", {}}})));
  EXPECT_EQ(std::get<Refusal>(exchange.on_reply(ticket(request, key_, "front$", 1))).kind, FailureKind::rejected);
  EXPECT_EQ(std::get<Refusal>(exchange.on_reply(ticket(request, key_, "other$"))).kind, FailureKind::rejected);
  request.body.realm = "B";
  EXPECT_EQ(std::get<Refusal>(exchange.on_reply(ticket(request, key_, "front$"))).kind, FailureKind::rejected);
}

TEST_F(As, SaysThatTheRealmIsInTheWrongCase) {
  AsExchange exchange(context_, {*parse_principal("HTTP/front.a@a"), {key_}, false, Stage::own_tgt, ""});
  auto request = read(exchange.start());
  request.body.realm = "A";
  request.body.sname = krbtgt_name("A");
  const auto action = exchange.on_reply(ticket(request, key_, "HTTP/front.a"));
  ASSERT_TRUE(std::holds_alternative<Refusal>(action));
  EXPECT_EQ(std::get<Refusal>(action).error, make_error_code(KrbErrc::KDC_ERR_WRONG_REALM));
  EXPECT_NE(std::get<Refusal>(action).what.find("the KDC's realm is A, and a was asked for"), std::string::npos);
}

TEST_F(As, SaysThatTheKeytabLacksTheType) {
  AsExchange exchange(context_, own());
  (void)exchange.start();
  const auto action = exchange.on_reply(preauth_required({{EncType::aes128_cts_hmac_sha1_96, "s", {}}}));
  EXPECT_EQ(std::get<Refusal>(action).error, make_error_code(KrbErrc::KDC_ERR_ETYPE_NOSUPP));
}

class RealmSearch : public As {};

TEST_F(RealmSearch, FollowsWrongRealmUntilSomebodyKnowsTheName) {
  UserRealmSearch search(context_, "A", "frank@corp.example");
  auto request = read(search.start());
  EXPECT_EQ(request.body.cname->type, NameType::enterprise);
  EXPECT_EQ(request.body.cname->components.at(0), "frank@corp.example");
  EXPECT_NE(request.body.options & kdc_option::canonicalize, 0u);
  auto action = search.on_reply(wrong_realm("B"));
  EXPECT_EQ(read(action).body.realm, "B");
  EXPECT_TRUE(std::holds_alternative<Finished>(search.on_reply(preauth_required({}))));
  EXPECT_EQ(search.realm(), "B");
}

TEST_F(RealmSearch, KnowsADisabledUser) {
  UserRealmSearch search(context_, "A", "dave@a");
  (void)search.start();
  EXPECT_TRUE(std::holds_alternative<Finished>(search.on_reply(kdc_.refuse(KrbErrc::KDC_ERR_CLIENT_REVOKED))));
  EXPECT_EQ(search.realm(), "A");
}

TEST_F(RealmSearch, SaysThatNobodyKnowsHim) {
  UserRealmSearch search(context_, "A", "nobody@a");
  (void)search.start();
  EXPECT_TRUE(std::holds_alternative<Finished>(search.on_reply(kdc_.refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN))));
  EXPECT_EQ(search.realm(), "");
}

TEST_F(RealmSearch, RefusesACircle) {
  UserRealmSearch search(context_, "A", "x@y");
  (void)search.start();
  (void)search.on_reply(wrong_realm("B"));
  EXPECT_TRUE(std::holds_alternative<Refusal>(search.on_reply(wrong_realm("a"))));
}

TEST_F(RealmSearch, SendsTheCertificateUnderAnEmptyName) {
  UserRealmSearch search(context_, "A", {}, Buffer{9, 9});
  const auto request = read(search.start());
  EXPECT_EQ(request.body.cname->type, NameType::x500);
  EXPECT_EQ(find_padata(request.padata, PaType::s4u_x509_user)->value, (Buffer{9, 9}));
}

struct Written {
  const char* name;
  const char* text;
  const char *account, *suffix, *domain;
};
class UserNames : public testing::TestWithParam<Written> {};
TEST_P(UserNames, AreReadAsWritten) {
  const auto& row = GetParam();
  const auto parsed = parse_user_name(row.text);
  if (!row.account) {
    EXPECT_FALSE(parsed);
    return;
  }
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->account, row.account);
  EXPECT_EQ(parsed->suffix, row.suffix);
  EXPECT_EQ(parsed->domain, row.domain);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, UserNames,
    testing::Values(Written{"bare", "alice", "alice", "", ""},
                    Written{"upn", "alice@corp.example", "alice@corp.example", "corp.example", ""},
                    Written{"upn_with_two", "a@b@c", "a@b@c", "c", ""},
                    Written{"netbios", "CORP\\alice", "alice", "", "CORP"}, Written{"empty", "", nullptr, "", ""},
                    Written{"no_account", "CORP\\", nullptr, "", ""}, Written{"no_domain", "\\alice", nullptr, "", ""},
                    Written{"no_suffix", "alice@", nullptr, "", ""}, Written{"no_name", "@corp", nullptr, "", ""},
                    Written{"two_domains", "A\\B\\c", nullptr, "", ""}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace stead
