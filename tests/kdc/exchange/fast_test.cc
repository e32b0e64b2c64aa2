// FAST (RFC 6113 §5.4) rule by rule, by a client that can break each of them.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kdc/tickets/fast_armor.h"
#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/fast.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/kdc/support/scripted_client.h"
#include "tests/kdc/support/test_forests.h"

namespace stead::kdc::test {
namespace {

constexpr EncType kAes = EncType::aes256_cts_hmac_sha1_96;
const char kDc[] = "n22.north.example";
const char kOldDc[] = "n08.north.example";

// What a test changes about a request.
struct FastAsk {
  std::optional<Ticket> other_armor_ticket = {};
  std::int32_t armor_type = kFastArmorApRequest;
  bool armor = true;
  bool armor_subkey = true;
  std::chrono::seconds armor_clock{0};
  bool wrong_checksum = false;
  std::uint32_t options = 0;
  PaDataList inner_padata = {};
  std::uint32_t kdc_options = kdc_option::forwardable | kdc_option::canonicalize;
  AuthorizationData authenticator_data = {};
};

// An answer, opened.
struct FastGot {
  std::optional<KrbError> outer_error;
  std::optional<KdcRep> reply;
  std::optional<FastResponse> inside;
  std::optional<KrbError> inner_error;

  [[nodiscard]] KrbErrc code() const { return outer_error ? outer_error->code : KrbErrc::KDC_ERR_NONE; }
  [[nodiscard]] std::vector<PaType> inner_types() const {
    std::vector<PaType> out;
    for (const PaData& padata : inside->padata) out.push_back(padata.type);
    return out;
  }
};

class Fast : public testing::Test {
 protected:
  TestForest forest{kTwoForests};
  Credential machine = forest.sign_in(kDc, "web$");

  [[nodiscard]] Time seconds() const { return std::chrono::floor<std::chrono::seconds>(forest.now); }

  Buffer ap_req(const Credential& of, const std::optional<Key>& subkey, std::chrono::seconds clock, KeyUsage usage,
                std::optional<Checksum> checksum = {}, AuthorizationData data = {}) {
    Authenticator authenticator;
    authenticator.crealm = of.crealm;
    authenticator.cname = of.cname;
    authenticator.ctime = seconds() + clock;
    authenticator.checksum = std::move(checksum);
    authenticator.authorization_data = std::move(data);
    if (subkey) authenticator.subkey = subkey->to_encryption_key();
    return encode(ApReq{.options = 0,
                        .ticket = of.ticket,
                        .authenticator = encrypt_data(of.session_key, usage, encode(authenticator))});
  }

  static FastGot read(const Buffer& bytes, const Key& armor_key) {
    FastGot got;
    PaDataList padata;
    if (bytes.at(0) == der::application(30)) {
      got.outer_error = *decode_krb_error(bytes);
      padata = method_data_of(*got.outer_error);
    } else {
      got.reply = *decode_kdc_rep(bytes);
      padata = got.reply->padata;
    }
    const PaData* fast = find_padata(padata, PaType::fx_fast);
    if (!fast || fast->value.empty()) return got;
    const auto plain = decrypt_data(armor_key, KeyUsage::fast_reply, *decode_pa_fx_fast_reply(fast->value));
    got.inside = *decode_fast_response(*plain);
    if (const PaData* error = find_padata(got.inside->padata, PaType::fx_error))
      got.inner_error = *decode_krb_error(error->value);
    return got;
  }

  KdcReqBody body(const PrincipalName& sname, std::uint32_t options) {
    KdcReqBody out;
    out.options = options;
    out.realm = "NORTH.EXAMPLE";
    out.sname = sname;
    out.till = seconds() + std::chrono::hours(24);
    out.nonce = random_nonce();
    out.etypes = {kAes};
    return out;
  }

  PaData fx_fast(const FastAsk& ask, const Key& armor_key, std::optional<FastArmorData> armor, const KdcReqBody& inner,
                 Bytes checksummed) {
    FastArmoredReq armored;
    if (ask.armor) armored.armor = std::move(armor);
    armored.req_checksum = make_checksum(armor_key, KeyUsage::fast_request_checksum, checksummed);
    if (ask.wrong_checksum) armored.req_checksum.value[0] ^= 1;
    const FastReq request{.options = ask.options, .padata = ask.inner_padata, .body = inner, .body_der = {}};
    armored.enc_fast_req = encrypt_data(armor_key, KeyUsage::fast_encrypted, encode(request));
    return {PaType::fx_fast, encode(armored)};
  }

  Key armor_key = Key::random(kAes);  // of the last request
  // An AS-REQ of olav. The outer body names nobody: the inner one counts.
  FastGot as(const FastAsk& ask, const char* dc = kDc) {
    KdcReqBody inner = body(krbtgt_name("NORTH.EXAMPLE"), ask.kdc_options);
    inner.cname = PrincipalName{NameType::principal, {"olav"}};
    KdcReq outer;
    outer.body = inner;
    outer.body.cname = PrincipalName{NameType::principal, {"nobody"}};
    outer.body.nonce = 7;
    Credential armor = machine;
    if (ask.other_armor_ticket) armor.ticket = *ask.other_armor_ticket;
    const Key subkey = Key::random(kAes);
    if (next_armor_key) {
      armor_key = *next_armor_key;
    } else {
      armor_key = *fx_cf2(subkey, armor.session_key, "subkeyarmor", "ticketarmor");
    }
    const FastArmorData armor_data{
        ask.armor_type, ap_req(armor, ask.armor_subkey ? std::optional(subkey) : std::nullopt, ask.armor_clock,
                               KeyUsage::ap_req_authenticator)};
    outer.padata = {fx_fast(ask, armor_key, armor_data, inner, encode(outer.body))};
    return read(forest.ask(dc, encode(outer)), armor_key);
  }
  std::optional<Key> next_armor_key;

  Key long_term() { return *Key::from_password(kAes, "secret", "NORTH.EXAMPLEolav"); }
  // An AS-REQ with a challenge made by `key`. The armor's subkey is chosen first, because the challenge needs its key.
  FastGot as_with_challenge(const Key& key, FastAsk ask = {}, std::chrono::seconds clock = {}) {
    const Key subkey = Key::random(kAes);
    const Key armor = *fx_cf2(subkey, machine.session_key, "subkeyarmor", "ticketarmor");
    const Key challenge_key = *fx_cf2(armor, key, "clientchallengearmor", "challengelongterm");
    const PaEncTsEnc stamp{.patimestamp = seconds() + clock, .pausec = 0};
    ask.inner_padata.push_back(
        {PaType::encrypted_challenge,
         encode(encrypt_data(challenge_key, KeyUsage::encrypted_challenge_client, encode(stamp)))});
    KdcReq outer;
    outer.body = body(krbtgt_name("NORTH.EXAMPLE"), ask.kdc_options);
    outer.body.cname = PrincipalName{NameType::principal, {"olav"}};
    inner_nonce = outer.body.nonce;
    const FastArmorData data{kFastArmorApRequest, ap_req(machine, subkey, {}, KeyUsage::ap_req_authenticator)};
    outer.padata = {fx_fast(ask, armor, data, outer.body, encode(outer.body))};
    armor_key = armor;
    raw = encode(outer);
    return read(forest.ask(kDc, raw), armor);
  }
  std::uint32_t inner_nonce = 0;
  Buffer raw;

  // A TGS-REQ of `client`; with `device` the armor is explicit. The outer body asks for another service.
  struct TgsGot : FastGot {
    Key subkey;
  };
  TgsGot tgs(const Credential& client, const FastAsk& ask = {}, const Credential* device = nullptr,
             const char* dc = kDc, bool subkey_sent = true) {
    const KdcReqBody inner = body(principal("HTTP/web.north.example"), ask.kdc_options);
    KdcReq outer;
    outer.type = MessageType::tgs_req;
    outer.body = inner;
    outer.body.sname = principal("HTTP/elsewhere.north.example");
    const Buffer outer_der = encode(outer.body);
    TgsGot out;
    out.subkey = Key::random(kAes);
    Key key = *fx_cf2(out.subkey, client.session_key, "subkeyarmor", "ticketarmor");
    std::optional<FastArmorData> armor;
    if (device) {
      const Key armor_subkey = Key::random(kAes);
      const Key explicit_key = *fx_cf2(armor_subkey, device->session_key, "subkeyarmor", "ticketarmor");
      key = *fx_cf2(explicit_key, out.subkey, "explicitarmor", "tgsarmor");
      armor = FastArmorData{kFastArmorApRequest, ap_req(*device, armor_subkey, {}, KeyUsage::ap_req_authenticator)};
    }
    const Buffer pa_tgs_req = ap_req(
        client, subkey_sent ? std::optional(out.subkey) : std::nullopt, {}, KeyUsage::tgs_req_authenticator,
        make_checksum(client.session_key, KeyUsage::tgs_req_authenticator_checksum, outer_der), ask.authenticator_data);
    outer.padata = {{PaType::tgs_req, pa_tgs_req}, fx_fast(ask, key, armor, inner, pa_tgs_req)};
    armor_key = key;
    static_cast<FastGot&>(out) = read(forest.ask(dc, encode(outer)), key);
    return out;
  }

  // The reply's encrypted part, with the strengthened key.
  EncKdcRepPart part_of(const FastGot& got, const Key& reply_key, KeyUsage usage) {
    const Key strengthen = *Key::make(*got.inside->strengthen_key);
    const Key key = *fx_cf2(strengthen, reply_key, "strengthenkey", "replykey");
    strengthened = key;
    return *decode_enc_kdc_rep_part(*decrypt_data(key, usage, got.reply->enc_part));
  }
  Key strengthened;
};

using Types = std::vector<PaType>;

TEST_F(Fast, IsAnnouncedFrom2012OnWithoutFast) {
  const auto methods = [&](const char* dc) {
    AsAsk ask{.name = {NameType::principal, {"olav"}}, .password = ""};
    Types types;
    for (const PaData& padata : method_data_of(*forest.as(dc, ask).error)) types.push_back(padata.type);
    return types;
  };
  EXPECT_EQ(methods(kDc), (Types{PaType::etype_info2, PaType::enc_timestamp, PaType::fx_fast, PaType::fx_cookie}));
  EXPECT_EQ(methods(kOldDc), (Types{PaType::etype_info2, PaType::enc_timestamp}));
}

TEST_F(Fast, ArmorsPreauthRequired) {
  const FastGot got = as({});
  EXPECT_EQ(got.code(), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
  ASSERT_TRUE(got.inside && got.inner_error);
  EXPECT_EQ(method_data_of(*got.outer_error).size(), 1U);
  EXPECT_EQ(got.inner_types(),
            (Types{PaType::fx_error, PaType::fx_cookie, PaType::etype_info2, PaType::encrypted_challenge}));
  EXPECT_EQ(got.inner_error->code, KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
  EXPECT_TRUE(got.inner_error->e_data.empty());
  EXPECT_FALSE(got.inside->finished);
}

TEST_F(Fast, TakesAnEncryptedChallengeAndProvesTheKeyItself) {
  const FastGot got = as_with_challenge(long_term(), {.inner_padata = {{PaType::req_enc_pa_rep, {}}}});
  ASSERT_TRUE(got.reply && got.inside) << int(got.code());
  EXPECT_EQ(got.reply->padata.size(), 1U);
  EXPECT_EQ(got.inner_types(), (Types{PaType::etype_info2, PaType::encrypted_challenge}));
  EXPECT_EQ(got.inside->nonce, inner_nonce);
  const Key kdc_key = *fx_cf2(armor_key, long_term(), "kdcchallengearmor", "challengelongterm");
  const auto sent = decode_encrypted_data(find_padata(got.inside->padata, PaType::encrypted_challenge)->value);
  const auto stamp = decrypt_data(kdc_key, KeyUsage::encrypted_challenge_kdc, *sent);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(decode_pa_enc_ts_enc(*stamp)->patimestamp, seconds());

  const EncKdcRepPart part = part_of(got, long_term(), KeyUsage::as_rep_encrypted_part);
  EXPECT_EQ(part.nonce, inner_nonce);
  EXPECT_TRUE(part.flags & ticket_flag::pre_authent);
  // The checksum of the request is made with the strengthened key, over the request as sent.
  const auto proof = decode_checksum(find_padata(part.encrypted_padata, PaType::req_enc_pa_rep)->value);
  EXPECT_TRUE(verify_checksum(*proof, strengthened, KeyUsage::pa_req_enc_pa_rep_checksum, raw));

  const FastFinished& finished = *got.inside->finished;
  EXPECT_EQ(to_string(finished.cname, finished.crealm), "olav@NORTH.EXAMPLE");
  EXPECT_EQ(finished.timestamp, seconds());
  EXPECT_TRUE(verify_checksum(finished.ticket_checksum, armor_key, KeyUsage::fast_finished, encode(got.reply->ticket)));
}

TEST_F(Fast, RefusesAWrongChallengeAndAWrongClock) {
  const FastGot wrong = as_with_challenge(*Key::from_password(kAes, "other", "NORTH.EXAMPLEolav"));
  EXPECT_EQ(wrong.code(), KrbErrc::KDC_ERR_PREAUTH_FAILED);
  EXPECT_EQ(wrong.inner_types(), (Types{PaType::fx_error, PaType::fx_cookie, PaType::etype_info2}));
  const FastGot late = as_with_challenge(long_term(), {}, std::chrono::seconds(-301));
  EXPECT_EQ(late.code(), KrbErrc::KRB_AP_ERR_SKEW);
  EXPECT_EQ(late.inner_types(), (Types{PaType::fx_error, PaType::fx_cookie, PaType::etype_info2}));
}

TEST_F(Fast, CountsWrongChallengesForTheLockOut) {
  forest.change([](Forest& all) { all.domains[0].policy.lockout_threshold = 2; });
  const Key wrong = *Key::from_password(kAes, "other", "NORTH.EXAMPLEolav");
  EXPECT_EQ(as_with_challenge(wrong).code(), KrbErrc::KDC_ERR_PREAUTH_FAILED);
  EXPECT_EQ(forest.locked_out, "");
  EXPECT_EQ(as_with_challenge(wrong).code(), KrbErrc::KDC_ERR_PREAUTH_FAILED);
  EXPECT_EQ(forest.locked_out, "olav");
  EXPECT_EQ(as_with_challenge(long_term()).code(), KrbErrc::KDC_ERR_CLIENT_REVOKED);
}

TEST_F(Fast, TakesNoTimestampUnderFastAndNoChallengeWithoutIt) {
  const PaEncTsEnc stamp{.patimestamp = seconds(), .pausec = 0};
  const Buffer sealed = encode(encrypt_data(long_term(), KeyUsage::as_req_timestamp, encode(stamp)));
  EXPECT_EQ(as({.inner_padata = {{PaType::enc_timestamp, sealed}}}).code(), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
  AsAsk ask{.name = {NameType::principal, {"olav"}}, .password = ""};
  ask.padata = {{PaType::encrypted_challenge, sealed}};
  EXPECT_EQ(forest.as(kDc, ask).code(), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
}

TEST_F(Fast, RefusesBeforeTheArmorWithoutArmor) {
  const auto bare = [](const FastGot& got, KrbErrc code) {
    EXPECT_EQ(got.code(), code);
    EXPECT_FALSE(got.inside);
    EXPECT_TRUE(got.outer_error->e_data.empty());
  };
  bare(as({.armor_type = 0}), KrbErrc::KDC_ERR_PREAUTH_FAILED);
  bare(as({.armor_type = 2}), KrbErrc::KDC_ERR_PREAUTH_FAILED);
  bare(as({.armor = false}), KrbErrc::KDC_ERR_PREAUTH_FAILED);
  bare(as({.armor_subkey = false}), KrbErrc::KDC_ERR_PREAUTH_FAILED);
  bare(as({.armor_clock = std::chrono::seconds(301)}), KrbErrc::KRB_AP_ERR_SKEW);
  next_armor_key = Key::random(kAes);
  bare(as({}), KrbErrc::KRB_AP_ERR_BAD_INTEGRITY);
  next_armor_key.reset();
  for (const Buffer& value : {Buffer{}, Buffer{0xa0, 0x00}, Buffer{0x30, 0x03, 0x02, 0x01, 0x05}}) {
    AsAsk ask{.name = {NameType::principal, {"olav"}}};
    ask.padata = {{PaType::fx_fast, value}};
    EXPECT_EQ(forest.as(kDc, ask).code(), KrbErrc::KRB_ERR_GENERIC);
    EXPECT_EQ(forest.as(kOldDc, ask).code(), KrbErrc::KDC_ERR_NONE);  // it does not know FAST
  }
}

TEST_F(Fast, RefusesAWrongChecksumAndUnknownCriticalOptions) {
  for (const auto& [ask, code] :
       {std::pair(FastAsk{.wrong_checksum = true}, KrbErrc::KRB_AP_ERR_MODIFIED),
        std::pair(FastAsk{.options = 0x20000000}, KrbErrc::KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS)}) {
    const FastGot got = as(ask);
    EXPECT_EQ(got.code(), code);
    EXPECT_EQ(got.inner_error.value().code, code);
  }
  EXPECT_EQ(as({.options = 0x00004000}).code(), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);  // not critical
  const Credential olav = forest.sign_in(kDc, "olav");
  EXPECT_EQ(tgs(olav, {.wrong_checksum = true}).code(), KrbErrc::KRB_AP_ERR_MODIFIED);
}

TEST_F(Fast, JudgesTheArmorAsAHeaderTgt) {
  const auto armored_by = [&](const std::function<void(EncTicketPart&, Pac&)>& change) {
    return as({.other_armor_ticket = forest.rewrite(machine.ticket, change)}).code();
  };
  EXPECT_EQ(armored_by([](EncTicketPart&, Pac&) {}), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
  EXPECT_EQ(armored_by([&](EncTicketPart& part, Pac&) { part.endtime = seconds() + std::chrono::seconds(110); }),
            KrbErrc::KRB_AP_ERR_TKT_EXPIRED);
  EXPECT_EQ(armored_by([](EncTicketPart&, Pac& pac) { pac.remove(PacType::requestor_sid); }),
            KrbErrc::KDC_ERR_TGT_REVOKED);
  EXPECT_EQ(armored_by([](EncTicketPart& part, Pac&) { part.flags |= ticket_flag::invalid; }),
            KrbErrc::KRB_AP_ERR_TKT_NYV);
  const Ticket service = forest.tgs(kDc, machine, {.sname = principal("HTTP/web.north.example")}).reply.ticket;
  EXPECT_EQ(as({.other_armor_ticket = service}).code(), KrbErrc::KDC_ERR_POLICY);
}

TEST_F(Fast, ArmorsTgsByTheHeaderOrByAMachine) {
  const Credential olav = forest.sign_in(kDc, "olav");
  for (const Credential* device : {static_cast<const Credential*>(nullptr), static_cast<const Credential*>(&machine)}) {
    const TgsGot got = tgs(olav, {}, device);
    ASSERT_TRUE(got.reply && got.inside) << int(got.code());
    EXPECT_EQ(to_string(got.reply->ticket.sname), "HTTP/web.north.example");  // the inner body's
    EXPECT_EQ(got.reply->padata.size(), 1U);
    EXPECT_TRUE(got.inside->padata.empty());
    EXPECT_TRUE(got.inside->finished);
    const EncKdcRepPart part = part_of(got, got.subkey, KeyUsage::tgs_rep_encrypted_part_subkey);
    EXPECT_EQ(part.sname, got.reply->ticket.sname);
  }
  EXPECT_EQ(tgs(olav, {}, nullptr, kDc, false).code(), KrbErrc::KDC_ERR_PREAUTH_FAILED);
  // A DC that does not know FAST reads the outer body.
  EXPECT_EQ(tgs(olav, {}, nullptr, kOldDc).code(), KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN);
}

TEST_F(Fast, ArmorsErrorsOfTgsWithTheirStatus) {
  const Credential olav = forest.sign_in(kDc, "olav");
  const TgsGot got = tgs(olav, {.kdc_options = kdc_option::cname_in_addl_tkt});
  EXPECT_EQ(got.code(), KrbErrc::KDC_ERR_BADOPTION);
  ASSERT_TRUE(got.inside);
  EXPECT_EQ(got.inner_types(), (Types{PaType::fx_error, PaType::fx_cookie}));
}

TEST_F(Fast, KeepsMarksOfFastWhereTheyBelong) {
  const Credential olav = forest.sign_in(kDc, "olav");
  const AuthorizationData armor{{AdType::fx_fast_armor, {}}}, used{{AdType::fx_fast_used, {}}};
  EXPECT_EQ(tgs(olav, {.authenticator_data = used}).code(), KrbErrc::KDC_ERR_NONE);
  EXPECT_EQ(tgs(olav, {.authenticator_data = armor}).code(), KrbErrc::KRB_AP_ERR_BAD_INTEGRITY);
  Credential marked = olav;
  marked.ticket =
      forest.rewrite(olav.ticket, [&](EncTicketPart& part, Pac&) { part.authorization_data.push_back(armor.front()); });
  EXPECT_EQ(tgs(marked).code(), KrbErrc::KRB_AP_ERR_BAD_INTEGRITY);
}

TEST_F(Fast, HidesTheClientsNameIfAsked) {
  const FastAsk ask{.options = fast_option::hide_client_names};
  const FastGot error = as(ask);
  EXPECT_EQ(error.outer_error->cname, anonymous_name());
  EXPECT_FALSE(error.inner_error->cname);
  const FastGot got = as_with_challenge(long_term(), ask);
  ASSERT_TRUE(got.reply);
  EXPECT_EQ(got.reply->cname, anonymous_name());
  EXPECT_EQ(to_string(got.inside->finished->cname), "olav");
  const Credential olav = forest.sign_in(kDc, "olav");
  EXPECT_EQ(tgs(olav, ask).reply.value().cname, anonymous_name());
}

}  // namespace
}  // namespace stead::kdc::test
