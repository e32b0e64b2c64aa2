// judge_plain_token and libgssapi with the same tokens: the first accepts none that libgssapi refuses.
#include "sspi_shim/krb5/plain_token.h"
#include "sspi_shim/base/hex.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/protocol/pac/pac.h"
#include "stead/s4u.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/ticket_fixture.h"
#include "tests/krb5/token_draft.h"

namespace stead {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;
constexpr std::string_view kOurs = "tls-server-end-point:0123456789abcdef",
                           kOthers = "tls-server-end-point:fedcba9876543210";

using Draft = test::TokenDraft;

AuthorizationElement if_relevant(AdType type, Buffer data) {
  return {AdType::if_relevant, encode(AuthorizationData{{type, std::move(data)}})};
}

class PlainTokenTest : public test::TicketFixture {
 protected:
  [[nodiscard]] Draft draft() const {
    Draft out(service_, service_key_, 3, Key::random(EncType::aes256_cts_hmac_sha1_96),
              std::chrono::floor<std::chrono::seconds>(system_clock::now()));
    out.authenticator.cusec = ++cusec_;
    return out;
  }
  [[nodiscard]] AcceptSettings settings() const { return read_accept_settings(keytab_, {service_}).value(); }
  [[nodiscard]] bool takes(Bytes token, std::string_view bindings = {},
                           BindingsPolicy policy = BindingsPolicy::allow) const {
    return judge_plain_token(token, as_bytes(bindings), policy, settings(), system_clock::now()).has_value();
  }
  mutable std::int32_t cusec_ = 0;
};

enum class Judge { neither, gssapi, both };  // which accept it
struct Row {
  const char* name;
  Judge judge;
  std::function<void(Draft&)> change;
};

TEST_F(PlainTokenTest, TakesWhatTheStockAcceptorTakesAndNoMore) {
  using enum Judge;
  const Key another = Key::random(EncType::aes256_cts_hmac_sha1_96), rc4 = Key::random(EncType::rc4_hmac),
            old = Key::random(EncType::aes256_cts_hmac_sha1_96),
            sha2 = Key::random(EncType::aes256_cts_hmac_sha384_192),
            short_sha2 = Key::random(EncType::aes128_cts_hmac_sha256_128);
  for (const auto& [kvno, key] :
       {std::pair(2U, old), std::pair(3U, rc4), std::pair(4U, sha2), std::pair(5U, short_sha2)})
    add_key(service_, kvno, key);
  const Buffer pac = encode(Pac{{{PacType::logon_info, Buffer(16)}}});
  const auto spoil = [](auto change) {
    return [change](Bytes der) {
      ApReq request = decode_ap_req(der).value();
      change(request);
      return encode(request);
    };
  };
  const auto with_session_key = [](Draft& d, const Key& key) {
    d.session_key = key, d.part.key = key.to_encryption_key();
  };
  const auto with_subkey = [](Draft& d, EncType type) {
    d.authenticator.subkey = Key::random(type).to_encryption_key();
  };
  const Row rows[] = {
      {"as it is", both, [](Draft&) {}},
      {"without mutual authentication", both, [](Draft& d) { d.checksum->flags = 0, d.options = 0; }},
      {"with a subkey", both,
       [&](Draft& d) { with_subkey(d, EncType::aes256_cts_hmac_sha1_96), d.authenticator.seq_number = 7; }},
      {"a session key of AES-128", both,
       [&](Draft& d) { with_session_key(d, Key::random(EncType::aes128_cts_hmac_sha1_96)); }},
      {"a session key of AES-SHA2", both,
       [&](Draft& d) { with_session_key(d, Key::random(EncType::aes256_cts_hmac_sha384_192)); }},
      {"a name with odd characters", both,
       [](Draft& d) { d.part.cname = d.authenticator.cname = {NameType::principal, {"a/b@c d", "\\x"}}; }},
      {"the service in other letters", both, [](Draft& d) { d.service.name.components = {"http", "WEB.corp.test"}; }},

      // The ticket.
      {"a key of before", both, [&](Draft& d) { d.service_key = old, d.kvno = 2; }},
      {"a key of AES-SHA2, 256 bits", both, [&](Draft& d) { d.service_key = sha2, d.kvno = 4; }},
      {"a key of AES-SHA2, 128 bits", both, [&](Draft& d) { d.service_key = short_sha2, d.kvno = 5; }},
      {"a version that the keytab does not have", gssapi, [](Draft& d) { d.kvno = 9; }},
      {"no version", gssapi, [](Draft& d) { d.kvno.reset(); }},
      {"a key that is not ours", neither, [&](Draft& d) { d.service_key = another; }},
      {"a key of RC4", gssapi, [&](Draft& d) { d.service_key = rc4; }},
      {"a service that the keytab does not have", gssapi,
       [](Draft& d) { d.service.name.components = {"HTTP", "other"}; }},
      {"a spoilt ticket", neither,
       [&](Draft& d) { d.change_request = spoil([](ApReq& r) { r.ticket.enc_part.cipher[50] ^= 1; }); }},
      {"a ticket cut short", neither,
       [&](Draft& d) { d.change_request = spoil([](ApReq& r) { r.ticket.enc_part.cipher.resize(20); }); }},
      {"expired within the clock skew", both, [](Draft& d) { d.part.endtime = d.authenticator.ctime - 4min; }},
      {"expired", neither, [](Draft& d) { d.part.endtime = d.authenticator.ctime - 6min; }},
      {"valid soon, within the clock skew", both, [](Draft& d) { d.part.starttime = d.authenticator.ctime + 4min; }},
      {"valid later", neither, [](Draft& d) { d.part.starttime = d.authenticator.ctime + 6min; }},
      {"postdated and never validated", neither, [](Draft& d) { d.part.flags |= ticket_flag::invalid; }},
      {"a realm on the way that nobody vouches for", neither,
       [](Draft& d) { d.part.transited.contents = to_buffer(as_bytes("EVIL.TEST")); }},
      {"a realm on the way that a KDC vouches for", both,
       [](Draft& d) {
         d.part.transited.contents = to_buffer(as_bytes("ROOT.TEST")),
         d.part.flags |= ticket_flag::transited_policy_checked;
       }},
      {"authorization data that must be understood", gssapi,
       [](Draft& d) { d.part.authorization_data = {{AdType(4711), {1}}}; }},
      {"authorization data that need not be understood", both,
       [](Draft& d) { d.part.authorization_data = {if_relevant(AdType(4711), {1})}; }},
      {"authorization data within the data that need not be understood", gssapi,
       [](Draft& d) {
         d.part.authorization_data = {if_relevant(AdType::if_relevant, encode(AuthorizationData{{AdType(4711), {1}}}))};
       }},
      {"authorization data that is none, in the ticket", neither,
       [](Draft& d) { d.part.authorization_data = {{AdType::if_relevant, {0x30, 0x05, 1}}}; }},
      {"what the KDC issued, and is none", neither,
       [](Draft& d) { d.part.authorization_data = {if_relevant(AdType::kdc_issued, {1})}; }},
      {"what a CAMMAC guards, and is none", neither,
       [](Draft& d) { d.part.authorization_data = {if_relevant(AdType::cammac, {1})}; }},
      {"a PAC", both, [&](Draft& d) { d.part.authorization_data = {if_relevant(AdType::win2k_pac, pac)}; }},
      {"a PAC cut short", neither,
       [&](Draft& d) { d.part.authorization_data = {if_relevant(AdType::win2k_pac, {pac.begin(), pac.end() - 8})}; }},
      {"a PAC of nothing", neither,
       [](Draft& d) { d.part.authorization_data = {if_relevant(AdType::win2k_pac, encode(Pac{}))}; }},
      {"a way of no type", neither, [](Draft& d) { d.part.transited.type = 256; }},
      {"an end that 32 bits do not hold", neither, [](Draft& d) { d.part.endtime = Time(0x1'0000'0000s + 1h); }},
      {"an end that 32 bits do not hold with the clock skew", neither,
       [](Draft& d) { d.part.endtime = Time(0xffff'ffffs - 1min); }},
      {"an end before all time", neither, [](Draft& d) { d.part.renew_till = Time(-1s); }},
      {"a start at the beginning of time, which is none", neither,
       [](Draft& d) { d.part.starttime = Time(), d.part.authtime = d.authenticator.ctime + 6min; }},
      {"a session key of RC4", gssapi, [&](Draft& d) { with_session_key(d, rc4); }},
      {"a session key of no size", neither, [](Draft& d) { d.part.key.value.resize(5); }},

      // The authenticator.
      {"another session key", neither, [&](Draft& d) { d.session_key = another; }},
      {"a spoilt authenticator", neither,
       [&](Draft& d) { d.change_request = spoil([](ApReq& r) { r.authenticator.cipher[20] ^= 1; }); }},
      {"no authenticator", neither,
       [&](Draft& d) { d.change_request = spoil([](ApReq& r) { r.authenticator.cipher.clear(); }); }},
      {"another user", neither, [](Draft& d) { d.authenticator.cname.components = {"bob"}; }},
      {"a user of another realm", neither, [](Draft& d) { d.authenticator.crealm = "OTHER.TEST"; }},
      {"a name in other letters", neither, [](Draft& d) { d.authenticator.cname.components = {"Alice"}; }},
      {"a clock that is slow, within the clock skew", both, [](Draft& d) { d.authenticator.ctime -= 4min; }},
      {"a clock that is slow", neither, [](Draft& d) { d.authenticator.ctime -= 6min; }},
      {"a clock that is fast", neither, [](Draft& d) { d.authenticator.ctime += 6min; }},
      {"a subkey of RC4", gssapi, [&](Draft& d) { with_subkey(d, EncType::rc4_hmac); }},
      {"a subkey of no type", neither,
       [&](Draft& d) { with_subkey(d, EncType::aes256_cts_hmac_sha1_96), d.authenticator.subkey->type = EncType(99); }},
      {"no checksum", gssapi, [](Draft& d) { d.checksum.reset(); }},
      {"a checksum over nothing", gssapi,
       [](Draft& d) {
         d.checksum.reset();
         d.authenticator.checksum = make_checksum(d.session_key, KeyUsage::ap_req_authenticator_checksum, {});
       }},
      {"a checksum over something", neither,
       [](Draft& d) {
         d.checksum.reset();
         d.authenticator.checksum =
             make_checksum(d.session_key, KeyUsage::ap_req_authenticator_checksum, as_bytes("data"));
       }},
      {"a checksum cut short", neither,
       [](Draft& d) { d.checksum.reset(), d.authenticator.checksum = Checksum{kGssChecksumType, Buffer(23)}; }},
      {"a checksum of another length", neither,
       [](Draft& d) { d.checksum.reset(), d.authenticator.checksum = Checksum{kGssChecksumType, Buffer(24)}; }},
      {"an extension", gssapi, [](Draft& d) { d.after_checksum = {0, 0, 0, 9, 0, 0, 0, 1, 1}; }},
      {"an extension cut short", neither, [](Draft& d) { d.after_checksum = {0, 0, 0, 9, 0, 0, 0, 2, 1}; }},
      {"a forwarded TGT that is none", neither,
       [](Draft& d) { d.checksum->flags |= gss_flag::delegate, d.checksum->delegated_credential = {1, 2, 3}; }},
      {"DCE's three rounds", neither, [](Draft& d) { d.checksum->flags |= 0x1000; }},
      {"a wish for an encryption type", both,
       [](Draft& d) {
         d.authenticator.authorization_data = {if_relevant(AdType::etype_negotiation, from_hex("300302 0112"))};
       }},
      {"a wish for an encryption type that must be understood", both,
       [](Draft& d) { d.authenticator.authorization_data = {{AdType::etype_negotiation, from_hex("300302 0112")}}; }},
      {"a wish for nothing", neither,
       [](Draft& d) { d.authenticator.authorization_data = {if_relevant(AdType::etype_negotiation, {1, 2, 3})}; }},
      {"a wish for what is no number", neither,
       [](Draft& d) { d.authenticator.authorization_data = {{AdType::etype_negotiation, from_hex("300304 0112")}}; }},
      {"the options of a client that binds, where there is no channel", both,
       [](Draft& d) { d.authenticator.authorization_data = {if_relevant(AdType::ap_options, {0, 0x40, 0, 0})}; }},
      {"options of no size", neither,
       [](Draft& d) { d.authenticator.authorization_data = {if_relevant(AdType::ap_options, {0, 0x40})}; }},
      {"authorization data that is none", neither,
       [](Draft& d) { d.authenticator.authorization_data = {{AdType::if_relevant, {0x30, 0x05, 1}}}; }},

      // The frames.
      {"no SPNEGO", both, [](Draft& d) { d.mech_types.clear(); }},
      {"Microsoft's name for Kerberos first", both,
       [](Draft& d) { d.mech_types = {mech_oid::ms_kerberos, mech_oid::kerberos, mech_oid::ntlm}; }},
      {"a checksum over the mechanisms that does not hold", neither,
       [](Draft& d) { d.mech_list_mic = {0x04, 0x02, 1, 2}; }},
      {"a key that both must have", neither,
       [](Draft& d) { d.options |= ap_option::use_session_key, d.service_key = d.session_key; }},
      {"an answer in place of a request", neither, [](Draft& d) { d.id = KrbTokenId::ap_rep; }},
  };
  for (const Row& row : rows) {
    Draft changed = draft();
    row.change(changed);
    const Buffer token = changed.token();
    const auto stock = test::accept(token);
    EXPECT_EQ(takes(token), row.judge == both) << row.name;
    EXPECT_EQ(stock.complete, row.judge != neither) << row.name << ": " << stock.error;
    if (row.judge != both || !stock.complete) continue;
    const auto plain = judge_plain_token(token, {}, BindingsPolicy::allow, settings(), system_clock::now());
    EXPECT_EQ(plain->client.user, stock.client) << row.name;
    EXPECT_NEAR(double(plain->client.reply.size()), double(stock.reply.size()), 6)
        << row.name << " (numbers in them may be shorter)";
  }
}

// libgssapi accepts seven bits of reqFlags and nothing else.
TEST_F(PlainTokenTest, TakesTheFlagsOfNegotiationAsTheStockAcceptorDoes) {
  for (const auto& [flags, taken] :
       {std::pair("0102", true), std::pair("0002", false), std::pair("010200", false), std::pair("01", false)}) {
    Draft changed = draft();
    changed.req_flags = from_hex(flags);
    const Buffer token = changed.token();
    EXPECT_EQ(takes(token), taken) << flags;
    EXPECT_EQ(test::accept(token).complete, taken) << flags;
  }
}

// libkrb5 takes the octet as it is, so that the ticket is invalid.
TEST_F(PlainTokenTest, TakesNoFlagsWithBitsThatAreNoneOfThem) {
  Draft changed = draft();
  changed.change_part = [](Bytes whole) {
    der::Reader in(whole);
    der::Writer out;
    in.element(der::application(3), [&](der::Reader& app) {
      app.sequence([&](der::Reader& seq) {
        seq.any();
        out.element(der::application(3), [&](der::Writer& w) {
          w.sequence([&](der::Writer& fields) {
            fields.any(from_hex("a004 03020701"));
            fields.any(seq.rest());
          });
        });
        seq.skip_rest();
      });
    });
    return std::move(out).finish();
  };
  const Buffer token = changed.token();
  EXPECT_FALSE(takes(token));
  EXPECT_FALSE(test::accept(token).complete);
}

TEST_F(PlainTokenTest, LeavesOtherMechanismsToTheLibrary) {
  Draft second = draft();
  second.mech_types = {mech_oid::ntlm, mech_oid::kerberos};
  EXPECT_FALSE(takes(second.token())) << "another mechanism is wanted first";
  Draft none = draft();
  const Buffer framed = decode_neg_token_init(none.token()).value().mech_token;
  EXPECT_FALSE(takes(encode(NegTokenInit{{}, framed}))) << "no mechanism is named";
  EXPECT_FALSE(takes(encode(NegTokenInit{{mech_oid::kerberos}, {}}))) << "no token of the mechanism";
  EXPECT_FALSE(takes(encode(NegTokenInit{{mech_oid::kerberos}, decode_krb_token(framed).value().message})))
      << "an AP-REQ without a frame";
  Buffer of_microsoft = framed;
  std::search(of_microsoft.begin(), of_microsoft.end(), mech_oid::kerberos.begin(), mech_oid::kerberos.end())[3] = 0x82;
  EXPECT_FALSE(takes(of_microsoft)) << "Microsoft's name in Kerberos' own frame, which the reply must have too";
}

TEST_F(PlainTokenTest, RefusesEveryPartOfAToken) {
  const Buffer whole = draft().token();
  const AcceptSettings kept = settings();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(judge_plain_token(Bytes(whole).first(size), {}, BindingsPolicy::allow, kept, system_clock::now()))
        << size;
  Buffer longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(takes(longer));
}

TEST_F(PlainTokenTest, RefusesEveryChangeOfWhatIsEncrypted) {
  const Buffer whole = draft().token();
  const AcceptSettings kept = settings();
  const Buffer request = ap_req_of_negotiate_token(whole).value();
  const auto refused_where = [&](const Buffer& cipher) {
    const auto start =
        static_cast<std::size_t>(std::search(whole.begin(), whole.end(), cipher.begin(), cipher.end()) - whole.begin());
    ASSERT_LT(start, whole.size());
    for (std::size_t i = start; i < start + cipher.size(); ++i) {
      Buffer changed = whole;
      changed[i] ^= 0x40;
      EXPECT_FALSE(judge_plain_token(changed, {}, BindingsPolicy::allow, kept, system_clock::now())) << i;
    }
  };
  const ApReq decoded = decode_ap_req(request).value();
  refused_where(decoded.ticket.enc_part.cipher);
  refused_where(decoded.authenticator.cipher);
}

struct Channel {
  const char* name;
  std::string_view client, ours;
  BindingsPolicy policy;
  bool aware;  // the client says that it supports bindings
  bool plain, gssapi;
};
TEST_F(PlainTokenTest, HoldsTheChannelAsTheStockAcceptorDoes) {
  using enum BindingsPolicy;
  for (const Channel& row : {Channel{"ours", kOurs, kOurs, allow, false, true, true},
                             Channel{"ours, required", kOurs, kOurs, require, true, true, true},
                             Channel{"none", "", kOurs, allow, false, true, true},
                             Channel{"none, from a client that binds", "", kOurs, allow, true, false, false},
                             Channel{"another's", kOthers, kOurs, allow, false, false, false},
                             Channel{"another's, ignored", kOthers, kOurs, ignore, true, true, false},
                             Channel{"none, required", "", kOurs, require, false, false, true},
                             Channel{"there is none", kOthers, "", allow, true, true, true},
                             Channel{"there is none, required", kOthers, "", require, false, false, true}}) {
    Draft changed = draft();
    if (!row.client.empty()) changed.checksum->bindings_md5 = channel_bindings_md5(as_bytes(row.client));
    if (row.aware) changed.authenticator.authorization_data = {if_relevant(AdType::ap_options, {0, 0x40, 0, 0})};
    const Buffer token = changed.token();
    EXPECT_EQ(takes(token, row.ours, row.policy), row.plain) << row.name;
    EXPECT_EQ(test::accept(token, as_bytes(row.ours)).complete, row.gssapi)
        << row.name << " (libgssapi, which knows no policy)";
  }
}

TEST_F(PlainTokenTest, HoldsToKrb5Conf) {
  const auto configure = [&](const std::string& line) {
    std::ofstream(folder_ / "krb5.conf") << "[libdefaults]\ndefault_realm = HOME.TEST\n" << line << "\n";
  };
  Draft slow = draft();
  slow.authenticator.ctime -= 4min;
  configure("clockskew = 60");
  EXPECT_FALSE(takes(slow.token()));
  configure("clockskew = 600");
  slow.authenticator.ctime -= 4min;
  EXPECT_TRUE(takes(slow.token()));
  configure("permitted_enctypes = aes128-cts-hmac-sha1-96");
  EXPECT_FALSE(takes(draft().token()));
  EXPECT_FALSE(test::accept(draft().token()).complete);
  configure("permitted_enctypes = aes256-cts-hmac-sha1-96");
  EXPECT_TRUE(takes(draft().token()));
  Draft mixed = draft();
  mixed.authenticator.subkey = Key::random(EncType::aes128_cts_hmac_sha1_96).to_encryption_key();
  EXPECT_FALSE(takes(mixed.token()));
  EXPECT_FALSE(test::accept(mixed.token()).complete);
  configure("clockskew = soon");
  EXPECT_FALSE(read_accept_settings(keytab_, {service_}));
}

TEST_F(PlainTokenTest, TheTagIsWhatLibkrb5Remembers) {
  for (const EncType type : {EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96,
                             EncType::aes256_cts_hmac_sha384_192, EncType::aes128_cts_hmac_sha256_128}) {
    Draft changed = draft();
    changed.session_key = Key::random(type);
    changed.part.key = changed.session_key.to_encryption_key();
    const Buffer token = changed.token();
    ASSERT_TRUE(test::accept(token).complete);
    const auto plain = judge_plain_token(token, {}, BindingsPolicy::allow, settings(), system_clock::now());
    ASSERT_TRUE(plain);
    EXPECT_EQ(settings().replay_cache.remember(plain->replay_tag,
                                               std::chrono::floor<std::chrono::seconds>(system_clock::now()), 5min),
              ReplayCache::Answer::replay)
        << static_cast<int>(type);
  }
}

// A token of a client whose clock is fast is remembered for as long as it is valid.
TEST_F(PlainTokenTest, IsRememberedAsLongAsItHolds) {
  const AcceptSettings kept = settings();
  Draft fast = draft();
  const Time now = fast.authenticator.ctime, last = now + 2 * kept.clock_skew;
  fast.authenticator.ctime += kept.clock_skew;
  const Buffer token = fast.token();
  const auto plain = judge_plain_token(token, {}, BindingsPolicy::allow, kept, now);
  ASSERT_TRUE(plain);
  ASSERT_EQ(kept.replay_cache.remember(plain->replay_tag, now, kept.replay_life()), ReplayCache::Answer::fresh);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    Buffer other(12);
    store_be32(other.data(), i);
    ASSERT_EQ(kept.replay_cache.remember(other, last, kept.replay_life()), ReplayCache::Answer::fresh);
  }
  ASSERT_TRUE(judge_plain_token(token, {}, BindingsPolicy::allow, kept, last));
  EXPECT_EQ(kept.replay_cache.remember(plain->replay_tag, last, kept.replay_life()), ReplayCache::Answer::replay);
  EXPECT_FALSE(judge_plain_token(token, {}, BindingsPolicy::allow, kept, last + 1s));
}

// libgssapi's initiator, with a ticket in its ccache, accepts our reply.
TEST_F(PlainTokenTest, TheReplySatisfiesTheStockInitiator) {
  for (const bool raw : {false, true}) {
    const std::string ccache = "FILE:" + (folder_ / "user.ccache").string();
    ASSERT_TRUE(export_ccache(issue(), ccache));
    ::setenv("KRB5CCNAME", ccache.c_str(), 1);
    OM_uint32 minor = 0, flags = 0;
    gss_buffer_desc text = test::view(as_bytes("HTTP/web.corp.test@CORP.TEST")), first = GSS_C_EMPTY_BUFFER,
                    last = GSS_C_EMPTY_BUFFER;
    gss_OID_desc principal{10, const_cast<char*>("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01")};
    gss_OID_desc spnego{6, const_cast<char*>("\x2b\x06\x01\x05\x05\x02")},
        kerberos{9, const_cast<char*>("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")};
    gss_name_t name = GSS_C_NO_NAME;
    ASSERT_EQ(gss_import_name(&minor, &text, &principal, &name), GSS_S_COMPLETE);
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    const auto step = [&](gss_buffer_t in, gss_buffer_t out) {
      return gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, name, raw ? &kerberos : &spnego,
                                  GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS, in, nullptr, out,
                                  &flags, nullptr);
    };
    ASSERT_EQ(step(GSS_C_NO_BUFFER, &first), GSS_S_CONTINUE_NEEDED) << test::gss_text(minor, GSS_C_MECH_CODE);
    const auto plain = judge_plain_token(test::take(first), {}, BindingsPolicy::allow, settings(), system_clock::now());
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->client.user, "alice@HOME.TEST");
    gss_buffer_desc reply = test::view(plain->client.reply);
    EXPECT_EQ(step(&reply, &last), GSS_S_COMPLETE) << test::gss_text(minor, GSS_C_MECH_CODE);
    EXPECT_TRUE(flags & GSS_C_MUTUAL_FLAG);
    gss_release_name(&minor, &name);
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  }
}

}  // namespace
}  // namespace stead
