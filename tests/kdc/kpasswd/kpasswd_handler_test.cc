#include "kdc/kpasswd/kpasswd_handler.h"
#include "kdc/directory/password_policy.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "kdc/forest/forest_file.h"
#include "kdc/kpasswd/seen_requests.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/kpasswd_messages.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_buffers.h"

namespace stead::kdc {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kForest = R"(
[[domain]]
realm = "A.TEST"
sid = "S-1-5-21-1-1-1"
[[domain.account]]
name = "krbtgt"
key = "aes256-cts-hmac-sha1-96:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
[[domain.account]]
name = "alice"
password = "old"
[[domain.account]]
name = "bob"
password = "old"
[[domain.account]]
name = "root"
password = "old"
groups = ["Domain Admins"]
)";

class KpasswdHandler : public testing::Test {
 public:
  explicit KpasswdHandler(std::string_view forest = kForest) : directory(parse_forest(forest, "f.toml", ".").forest) {}
  void TestBody() override {}

  struct Request {
    std::string client = "alice";
    std::uint16_t version = kKpasswdChange;
    std::uint32_t flags = ticket_flag::initial;
    PrincipalName sname{NameType::srv_inst, {"kadmin", "changepw"}};
    Time ctime{}, endtime{};
    bool subkey = true;
    std::optional<Pac> pac = {};
    Buffer data = to_buffer(as_bytes("new password"));
  };
  struct Answer {
    std::optional<KpasswdResult> sealed;  // in a KRB-PRIV that our key opens
    std::optional<KpasswdResult> open;    // in a KRB-ERROR
    std::string text;
  };

  [[nodiscard]] Request request() const {
    Request out;
    out.ctime = now;
    out.endtime = now + 1min;  // two minutes in all
    return out;
  }
  [[nodiscard]] Request set(std::string_view client, std::string_view target, std::uint32_t flags = 0) const {
    auto out = request();
    out.client = client;
    out.version = kKpasswdSet;
    out.flags = flags;
    ChangePasswdData data;
    data.new_password = to_secret(as_bytes("new password"));
    data.target_name = PrincipalName{NameType::principal, {std::string(target)}};
    data.target_realm = "A.TEST";
    const auto encoded = encode(data);
    out.data.assign(encoded.begin(), encoded.end());
    return out;
  }

  Buffer bytes_of(const Request& in) {
    EncTicketPart part;
    part.flags = in.flags;
    part.key = session.to_encryption_key();
    part.crealm = "A.TEST";
    part.cname = {NameType::principal, {in.client}};
    part.authtime = now - 1min;
    part.endtime = in.endtime;
    const auto snapshot = directory.snapshot();
    const auto* krbtgt = snapshot->domain("A.TEST")->krbtgt->keys->find(EncType::aes256_cts_hmac_sha1_96);
    const auto sealed =
        in.pac ? encode_with_signed_pac(part, *in.pac, *krbtgt, *krbtgt, PacSignatures::server_and_kdc) : encode(part);
    ApReq ap;
    ap.ticket = {"A.TEST", in.sname, encrypt_data(*krbtgt, KeyUsage::ticket, sealed, 1)};
    Authenticator authenticator;
    authenticator.crealm = part.crealm;
    authenticator.cname = part.cname;
    authenticator.ctime = in.ctime;
    authenticator.seq_number = 7;
    if (in.subkey) authenticator.subkey = subkey.to_encryption_key();
    ap.authenticator = encrypt_data(session, KeyUsage::ap_req_authenticator, encode(authenticator));
    EncKrbPrivPart priv;
    priv.user_data = to_secret(in.data);
    priv.seq_number = 7;
    priv.s_address = {2, {127, 0, 0, 1}};
    return encode(
        KpasswdFrame{in.version, encode(ap),
                     encode_krb_priv(encrypt_data(in.subkey ? subkey : session, KeyUsage::krb_priv, encode(priv)))});
  }

  Answer send(const Buffer& bytes, bool with_subkey = true) {
    const auto reply = kpasswd_reply(directory, "A.TEST", bytes, now, std::array<std::uint8_t, 4>{127, 0, 0, 2});
    Answer out;
    const auto frame = decode_kpasswd_frame(reply);
    if (!frame) return out;
    const auto read = [&](Bytes data) {
      EXPECT_GE(data.size(), 2u);
      out.text = as_text(data.subspan(2));
      return static_cast<KpasswdResult>(load_be16(data.data()));
    };
    if (frame->ap_message.empty()) {
      const auto error = decode_krb_error(frame->message);
      EXPECT_TRUE(error);
      out.open = read(error->e_data);
      return out;
    }
    const auto ap_rep = decode_ap_rep(frame->ap_message);
    const auto proof =
        decode_enc_ap_rep_part(*decrypt_data(session, KeyUsage::ap_rep_encrypted_part, ap_rep->enc_part));
    const auto plain =
        decrypt_data(with_subkey ? subkey : session, KeyUsage::krb_priv, *decode_krb_priv(frame->message));
    EXPECT_TRUE(plain);
    const auto part = decode_enc_krb_priv_part(*plain);
    EXPECT_EQ(part->seq_number, proof->seq_number);
    EXPECT_EQ(part->s_address.address, (Buffer{127, 0, 0, 2}));
    out.sealed = read(part->user_data);
    return out;
  }
  Answer send(const Request& in) { return send(bytes_of(in), in.subkey); }
  std::uint32_t kvno(std::string_view name) {
    const auto snapshot = directory.snapshot();
    return snapshot->account(*snapshot->domain("A.TEST"), name)->keys->kvno();
  }

  Time now{std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())};
  Directory directory;
  Key session = Key::random(EncType::aes256_cts_hmac_sha1_96), subkey = Key::random(EncType::aes256_cts_hmac_sha1_96);
};

TEST_F(KpasswdHandler, ChangesOnesOwnPassword) {
  EXPECT_EQ(send(request()).sealed, KpasswdResult::success);
  EXPECT_EQ(kvno("alice"), 2u);
  auto without_subkey = request();
  without_subkey.subkey = false;
  EXPECT_EQ(send(without_subkey).sealed, KpasswdResult::success);
  EXPECT_EQ(kvno("alice"), 3u);
}

TEST_F(KpasswdHandler, WantsATicketGotWithThePassword) {
  auto forwarded = request();
  forwarded.flags = 0;
  EXPECT_EQ(send(forwarded).sealed, KpasswdResult::initial_flag_needed);
  EXPECT_EQ(send(set("alice", "alice")).sealed, KpasswdResult::initial_flag_needed);
  EXPECT_EQ(kvno("alice"), 1u);
}

TEST_F(KpasswdHandler, LetsOnlyAdministratorsSetOthersPasswords) {
  EXPECT_EQ(send(set("alice", "bob", ticket_flag::initial)).sealed, KpasswdResult::access_denied);
  EXPECT_EQ(kvno("bob"), 1u);
  EXPECT_EQ(send(set("root", "bob")).sealed, KpasswdResult::success);
  EXPECT_EQ(kvno("bob"), 2u);
  EXPECT_EQ(send(set("root", "nobody")).sealed, KpasswdResult::hard_error);
  EXPECT_EQ(send(set("root", "krbtgt")).sealed, KpasswdResult::access_denied);
}

// A stock client sends it by UDP too where TCP is slow: the first answer to come must not be a rejection.
TEST_F(KpasswdHandler, GivesTheSameAnswerToTheSameRequest) {
  const auto bytes = bytes_of(request());
  EXPECT_EQ(send(bytes).sealed, KpasswdResult::success);
  EXPECT_EQ(send(request()).sealed, KpasswdResult::success);
  EXPECT_EQ(kvno("alice"), 3u);
  EXPECT_EQ(send(bytes).sealed, KpasswdResult::success);
  EXPECT_EQ(kvno("alice"), 3u);  // the password before does not come back
}

TEST_F(KpasswdHandler, RefusesAnAuthenticatorInAnotherRequest) {
  const auto bytes = bytes_of(request());
  EXPECT_EQ(send(bytes).sealed, KpasswdResult::success);
  auto frame = decode_kpasswd_frame(bytes);
  ASSERT_TRUE(frame);
  frame->message.back() ^= 1;
  EXPECT_EQ(send(encode(*frame)).open, KpasswdResult::auth_error);
  EXPECT_EQ(kvno("alice"), 2u);
}

TEST_F(KpasswdHandler, RefusesWhatIsNotFresh) {
  auto late = request();
  late.endtime = now - 1h;
  EXPECT_EQ(send(late).open, KpasswdResult::auth_error);
  auto skewed = request();
  skewed.ctime = now + 1h;
  EXPECT_EQ(send(skewed).open, KpasswdResult::auth_error);
  auto other_service = request();
  other_service.sname = {NameType::srv_inst, {"krbtgt", "A.TEST"}};
  EXPECT_EQ(send(other_service).open, KpasswdResult::auth_error);
}

// krbtgt's key opens both, and the name outside of the encrypted part is anybody's to change.
TEST_F(KpasswdHandler, RefusesATgtThatIsRenamed) {
  auto tgt = request();
  tgt.endtime = now + 10h;
  EXPECT_EQ(send(tgt).open, KpasswdResult::auth_error);
  auto short_tgt = request();
  Pac pac;
  pac.set(PacType::requestor_sid, encode(*parse_sid("S-1-5-21-1-1-1-1103")));
  short_tgt.pac = pac;
  EXPECT_EQ(send(short_tgt).open, KpasswdResult::auth_error);
  pac = {};
  pac.set(PacType::client_info, encode(PacClientInfo{0, "alice"}));
  short_tgt.pac = pac;
  EXPECT_EQ(send(short_tgt).sealed, KpasswdResult::success);
}

TEST_F(KpasswdHandler, WantsNameAndRealmOfTheTargetOrNeither) {
  for (const bool with_name : {true, false}) {
    auto in = set("root", "bob");
    ChangePasswdData data;
    data.new_password = to_secret(as_bytes("new password"));
    if (with_name)
      data.target_name = PrincipalName{NameType::principal, {"bob"}};
    else
      data.target_realm = "A.TEST";
    const auto encoded = encode(data);
    in.data.assign(encoded.begin(), encoded.end());
    EXPECT_EQ(send(in).sealed, KpasswdResult::malformed);
  }
  EXPECT_EQ(kvno("bob"), 1u);
}

class KpasswdPolicy : public KpasswdHandler {
 protected:
  KpasswdPolicy()
      : KpasswdHandler(
            std::string(kForest).insert(std::string(kForest).find("sid ="),
                                        "password_min_length = 7\npassword_history = 2\npassword_complexity = "
                                        "true\npassword_min_age = \"1d\"\npassword_max_age = \"42d\"\n")) {}

  Answer change(const std::string& password) {
    auto in = request();
    in.data = to_buffer(as_bytes(password));
    return send(in);
  }
  Answer reset(std::string_view target, std::string_view password) {
    auto in = set("root", target);
    ChangePasswdData data;
    data.new_password = to_secret(as_bytes(password));
    data.target_name = PrincipalName{NameType::principal, {std::string(target)}};
    data.target_realm = "A.TEST";
    const auto encoded = encode(data);
    in.data.assign(encoded.begin(), encoded.end());
    return send(in);
  }
};

// In place of a text a DC sends its policy, which clients of MIT and Windows show in words.
TEST_F(KpasswdPolicy, IsSentWithTheRefusal) {
  const auto got = change("short");
  EXPECT_EQ(got.sealed, KpasswdResult::soft_error);
  EXPECT_EQ(to_hex(as_bytes(got.text)),
            "0000"
            "00000007"          // characters
            "00000002"          // passwords of the history
            "00000001"          // complex
            "00002100f5598000"  // 42 days of 100 ns
            "000000c92a69c000");
  EXPECT_EQ(kvno("alice"), 1u);
}

TEST_F(KpasswdPolicy, WantsThreeKindsOfCharactersWithoutTheName) {
  for (const char* bad : {"alllower", "Lowerupper", "12345678", "xALICEx1!"})
    EXPECT_EQ(change(bad).sealed, KpasswdResult::soft_error) << bad;
  EXPECT_EQ(change("Lower1upper").sealed, KpasswdResult::success);
}

TEST_F(KpasswdPolicy, HistoryAndMinimumAgeCountForOnesOwnChange) {
  EXPECT_EQ(change("First-1").sealed, KpasswdResult::success);
  EXPECT_EQ(change("Second-2").sealed, KpasswdResult::soft_error) << "too soon";
  now += 24h + 5s;
  EXPECT_EQ(change("First-1").sealed, KpasswdResult::soft_error) << "the present one";
  EXPECT_EQ(change("Second-2").sealed, KpasswdResult::success);
  now += 24h + 5s;
  EXPECT_EQ(change("First-1").sealed, KpasswdResult::soft_error) << "the one before";
  EXPECT_EQ(change("Third-33").sealed, KpasswdResult::success);
  now += 24h + 5s;
  EXPECT_EQ(change("First-1").sealed, KpasswdResult::success) << "two are remembered";
}

TEST_F(KpasswdPolicy, AnAdministratorMaySetAnEarlierPasswordButNoBadOne) {
  EXPECT_EQ(reset("bob", "First-1").sealed, KpasswdResult::success);
  EXPECT_EQ(reset("bob", "First-1").sealed, KpasswdResult::success);
  EXPECT_EQ(reset("bob", "short").sealed, KpasswdResult::soft_error);
}

TEST(PasswordFault, ComparesNoTimesWithoutAMinimumAge) {
  Account account;
  account.name = "alice";
  account.password_last_set = 1001;
  Domain domain;
  EXPECT_EQ(password_fault(domain, account, "Second-2", PasswordChange::own, 1000), "");
  domain.policy.password_min_age = 1min;
  EXPECT_NE(password_fault(domain, account, "Second-2", PasswordChange::own, 1000), "");
}

TEST_F(KpasswdHandler, RefusesAnAccountThatMayNotSignIn) {
  KpasswdHandler locked(std::string(kForest) +
                        "[[domain.account]]\nname = \"ann\"\npassword = \"x\"\nflags = [\"locked_out\"]\n");
  auto in = locked.request();
  in.client = "ann";
  EXPECT_EQ(locked.send(in).sealed, KpasswdResult::access_denied);
}

TEST(SeenRequests, AreForgottenInTheirOrder) {
  SeenRequests seen;
  const auto name = [](int i) { return to_buffer(as_bytes("authenticator " + std::to_string(i))); };
  const Time begin{1000h};
  constexpr int kMany = 20000;  // all of them at once were searched at each request
  const auto claim = [&](int i, const Buffer& request, Time now) {
    return seen.claim(name(i), request, "user " + std::to_string(i / 100), now);
  };
  for (int i = 0; i < kMany; ++i) EXPECT_FALSE(claim(i, name(i), begin + std::chrono::seconds(i / 100)));
  EXPECT_EQ(claim(0, name(0), begin + 10min)->kind, SeenRequests::Earlier::Kind::same_request);
  EXPECT_FALSE(claim(0, name(0), begin + 10min + 1s));
  EXPECT_EQ(claim(kMany - 1, name(0), begin + 10min + 1s)->kind, SeenRequests::Earlier::Kind::other_request);
}

TEST(SeenRequests, OneCallerCannotFillTheMemory) {
  SeenRequests seen;
  const Time begin{1000h};
  const auto claim = [&](int i, const std::string& caller, Time now) {
    const Buffer name = to_buffer(as_bytes(caller + std::to_string(i)));
    return seen.claim(name, name, caller, now);
  };
  for (int i = 0; i < int(SeenRequests::kMaxOfCaller); ++i) EXPECT_FALSE(claim(i, "mallory@A.TEST", begin));
  EXPECT_EQ(claim(-1, "mallory@A.TEST", begin)->kind, SeenRequests::Earlier::Kind::no_room);
  EXPECT_FALSE(claim(-1, "alice@A.TEST", begin)) << "others go on";
  EXPECT_EQ(claim(0, "mallory@A.TEST", begin)->kind, SeenRequests::Earlier::Kind::same_request);
  EXPECT_FALSE(claim(-1, "mallory@A.TEST", begin + 10min + 1s)) << "and the caller too, when the first are forgotten";
}

TEST_F(KpasswdHandler, RefusesBytesThatDoNotHold) {
  auto empty = request();
  empty.data.clear();
  EXPECT_EQ(send(empty).sealed, KpasswdResult::soft_error);
  auto no_data = set("alice", "alice", ticket_flag::initial);
  no_data.data = {0x30};
  EXPECT_EQ(send(no_data).sealed, KpasswdResult::malformed);
  auto bytes = bytes_of(request());
  bytes[3] = 9;
  EXPECT_EQ(send(bytes).open, KpasswdResult::bad_version);
  bytes = bytes_of(request());
  bytes.back() ^= 1;
  EXPECT_EQ(send(bytes).open, KpasswdResult::malformed);
  bytes = bytes_of(request());
  for (std::size_t size = 0; size < bytes.size(); size += 7)
    EXPECT_TRUE(kpasswd_reply(directory, "A.TEST", Bytes(bytes).first(size), now, {}).empty());
  EXPECT_EQ(kvno("alice"), 1u);
}

}  // namespace
}  // namespace stead::kdc
