// The C surface without a KDC: contexts between two of its own handles, messages, and misused handles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <ios>
#include <string>
#include <thread>
#include <utility>

#include "sspi_shim/base/hex.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/ticket_fixture.h"

#include "stead/sspi.h"

extern "C" const char* sspi_c11_check();

namespace stead {
namespace {

struct Token {
  explicit Token(Bytes bytes = {}) : data(bytes.begin(), bytes.end()) {
    buffers[0] = {static_cast<ULONG>(data.size()), SECBUFFER_TOKEN, data.data()};
    desc = {SECBUFFER_VERSION, 1, buffers};
  }
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;
  [[nodiscard]] Bytes bytes() const {
    return {static_cast<const std::uint8_t*>(buffers[0].pvBuffer), buffers[0].cbBuffer};
  }
  Buffer data;
  SecBuffer buffers[2] = {};
  SecBufferDesc desc{};
};

std::string last_error() {
  SHIM_ERROR_DETAIL detail{};
  detail.Size = sizeof detail;
  ShimGetLastErrorDetail(&detail);
  return detail.Text;
}

// The ticket of TicketFixture, in a ccache for credentials of the C surface.
class SspiTest : public test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    ccache_ = (folder_ / "alice.ccache").string();
    ASSERT_TRUE(export_ccache(issue(), ccache_));
    SHIM_KEYTAB_IDENTITY identity{SHIM_KEYTAB_IDENTITY_VERSION, sizeof identity, nullptr, keytab_.c_str(),
                                  ccache_.c_str()};
    ASSERT_EQ(AcquireCredentialsHandleA(nullptr, negotiate_, SECPKG_CRED_BOTH, nullptr, &identity, nullptr, nullptr,
                                        &credential_, nullptr),
              SEC_E_OK)
        << last_error();
  }
  void TearDown() override {
    EXPECT_EQ(FreeCredentialsHandle(&credential_), SEC_E_OK);
    TicketFixture::TearDown();
  }
  SECURITY_STATUS initiate(CtxtHandle* known, CtxtHandle& context, Bytes in, Buffer& out, ULONG flags = kFlags) {
    Token input(in), output;
    const auto status = InitializeSecurityContextA(&credential_, known, spn_, flags | ISC_REQ_ALLOCATE_MEMORY, 0,
                                                   SECURITY_NATIVE_DREP, in.empty() ? nullptr : &input.desc, 0,
                                                   &context, &output.desc, &attributes_, nullptr);
    out = to_buffer(output.bytes());
    FreeContextBuffer(output.buffers[0].pvBuffer);
    return status;
  }
  SECURITY_STATUS accept(CtxtHandle& context, Bytes in, Buffer& out) {
    Token input(in), output;
    const auto status = AcceptSecurityContext(&credential_, nullptr, &input.desc, ASC_REQ_ALLOCATE_MEMORY,
                                              SECURITY_NATIVE_DREP, &context, &output.desc, &attributes_, nullptr);
    out = to_buffer(output.bytes());
    FreeContextBuffer(output.buffers[0].pvBuffer);
    return status;
  }
  void shake_hands() {
    Buffer token, reply, rest;
    ASSERT_EQ(initiate(nullptr, client_, {}, token), SEC_I_CONTINUE_NEEDED) << last_error();
    ASSERT_EQ(accept(server_, token, reply), SEC_E_OK) << last_error();
    ASSERT_EQ(initiate(&client_, client_, reply, rest), SEC_E_OK) << last_error();
  }

  static constexpr ULONG kFlags = ISC_REQ_MUTUAL_AUTH | ISC_REQ_CONFIDENTIALITY | ISC_REQ_INTEGRITY |
                                  ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT;
  char negotiate_[10] = "Negotiate";
  char spn_[32] = "HTTP/web.corp.test@CORP.TEST";
  std::string ccache_;
  CredHandle credential_{};
  CtxtHandle client_{}, server_{};
  ULONG attributes_ = 0;
};

TEST(SspiC11, CompilesAndHolds) {
  const char* wrong = sspi_c11_check();
  EXPECT_EQ(wrong, nullptr) << wrong;
}

TEST_F(SspiTest, AContextIsMadeAndTellsWhoIsWho) {
  shake_hands();
  EXPECT_TRUE(attributes_ & ISC_RET_MUTUAL_AUTH);
  EXPECT_TRUE(attributes_ & ISC_RET_INTEGRITY);
  SecPkgContext_NamesA names{};
  ASSERT_EQ(QueryContextAttributesA(&server_, SECPKG_ATTR_NAMES, &names), SEC_E_OK);
  EXPECT_STREQ(names.sUserName, "alice@HOME.TEST");
  EXPECT_EQ(FreeContextBuffer(names.sUserName), SEC_E_OK);
  SecPkgContext_NativeNamesW native{};
  ASSERT_EQ(QueryContextAttributesW(&server_, SECPKG_ATTR_NATIVE_NAMES, &native), SEC_E_OK);
  EXPECT_EQ(std::u16string(native.sServerName), u"HTTP/web.corp.test@CORP.TEST");
  FreeContextBuffer(native.sClientName);
  FreeContextBuffer(native.sServerName);
  SecPkgContext_ClientSpecifiedTarget target{};
  ASSERT_EQ(QueryContextAttributesA(&server_, SECPKG_ATTR_CLIENT_SPECIFIED_TARGET, &target), SEC_E_OK);
  EXPECT_EQ(std::u16string(target.sTargetName), u"HTTP/web.corp.test");
  FreeContextBuffer(target.sTargetName);
  SecPkgContext_Sizes sizes{};
  ASSERT_EQ(QueryContextAttributesA(&client_, SECPKG_ATTR_SIZES, &sizes), SEC_E_OK);
  EXPECT_EQ(sizes.cbMaxSignature, 28U);  // as on Windows, for AES
  EXPECT_EQ(sizes.cbSecurityTrailer, 60U);
  EXPECT_EQ(sizes.cbBlockSize, 1U);
  SecPkgContext_NegotiationInfoA negotiated{};
  ASSERT_EQ(QueryContextAttributesA(&client_, SECPKG_ATTR_NEGOTIATION_INFO, &negotiated), SEC_E_OK);
  EXPECT_STREQ(negotiated.PackageInfo->Name, "Kerberos");
  EXPECT_EQ(negotiated.NegotiationState, static_cast<ULONG>(SECPKG_NEGOTIATION_COMPLETE));
  FreeContextBuffer(negotiated.PackageInfo);
  SecPkgContext_SessionKey ours{}, theirs{};
  ASSERT_EQ(QueryContextAttributesA(&client_, SECPKG_ATTR_SESSION_KEY, &ours), SEC_E_OK);
  ASSERT_EQ(QueryContextAttributesA(&server_, SECPKG_ATTR_SESSION_KEY, &theirs), SEC_E_OK);
  EXPECT_EQ(to_hex({ours.SessionKey, ours.SessionKeyLength}), to_hex({theirs.SessionKey, theirs.SessionKeyLength}));
  FreeContextBuffer(ours.SessionKey);
  FreeContextBuffer(theirs.SessionKey);
  EXPECT_EQ(QueryContextAttributesA(&client_, 4711, &sizes), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(DeleteSecurityContext(&client_), SEC_E_OK);
  EXPECT_EQ(DeleteSecurityContext(&server_), SEC_E_OK);
}

TEST_F(SspiTest, EachOtherAttributeHasItsValue) {
  shake_hands();
  SecPkgContext_NamesW ours{};
  ASSERT_EQ(QueryContextAttributesW(&client_, SECPKG_ATTR_NAMES, &ours), SEC_E_OK);
  EXPECT_EQ(std::u16string(ours.sUserName), u"alice@HOME.TEST") << "an initiator's is its own";
  FreeContextBuffer(ours.sUserName);
  SecPkgContext_Lifespan life{};
  ASSERT_EQ(QueryContextAttributesA(&server_, SECPKG_ATTR_LIFESPAN, &life), SEC_E_OK);
  const auto seconds = [](const TimeStamp& at) {
    return ((static_cast<std::uint64_t>(at.HighPart) << 32 | at.LowPart) / 10000000) - 11644473600U;
  };
  const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  EXPECT_NEAR(static_cast<double>(seconds(life.tsStart)), static_cast<double>(now), 10);
  EXPECT_GE(seconds(life.tsExpiry), now + 3590);
  EXPECT_LE(seconds(life.tsExpiry), now + 3910) << "the ticket's end, and the skew that GSSAPI allows";
  SecPkgContext_PackageInfoA package{};
  ASSERT_EQ(QueryContextAttributesA(&client_, SECPKG_ATTR_PACKAGE_INFO, &package), SEC_E_OK);
  EXPECT_STREQ(package.PackageInfo->Name, "Negotiate");
  FreeContextBuffer(package.PackageInfo);
  SecPkgContext_Flags flags{};
  ASSERT_EQ(QueryContextAttributesA(&client_, SECPKG_ATTR_FLAGS, &flags), SEC_E_OK);
  EXPECT_EQ(flags.Flags & (ISC_RET_MUTUAL_AUTH | ISC_RET_INTEGRITY | ASC_RET_INTEGRITY),
            static_cast<ULONG>(ISC_RET_MUTUAL_AUTH | ISC_RET_INTEGRITY));
  ASSERT_EQ(QueryContextAttributesA(&server_, SECPKG_ATTR_FLAGS, &flags), SEC_E_OK);
  EXPECT_EQ(flags.Flags & (ISC_RET_INTEGRITY | ASC_RET_INTEGRITY), static_cast<ULONG>(ASC_RET_INTEGRITY))
      << "the two have different numbers";
  SecPkgContext_AccessToken token{};
  ASSERT_EQ(QueryContextAttributesA(&server_, SECPKG_ATTR_ACCESS_TOKEN, &token), SEC_E_OK) << last_error();
  EXPECT_TRUE(CloseHandle(token.AccessToken));
  EXPECT_EQ(QueryContextAttributesA(&client_, SECPKG_ATTR_ACCESS_TOKEN, &token), SEC_E_NO_IMPERSONATION);
  SecPkgContext_Target target{};
  ASSERT_EQ(QueryContextAttributesA(&server_, SECPKG_ATTR_TARGET, &target), SEC_E_OK);
  EXPECT_EQ(std::string(target.Target, target.TargetLength), "HTTP/web.corp.test");
  FreeContextBuffer(target.Target);
}

// ISC_ and ASC_ flags differ in INTEGRITY and IDENTIFY only; QueryContextAttributes gives the flags that the call
// returned.
TEST_F(SspiTest, FlagsAreThoseOfEachSide) {
  Buffer token, rest;
  ASSERT_EQ(initiate(nullptr, client_, {}, token, kFlags | ISC_REQ_CONNECTION | ISC_REQ_IDENTIFY),
            SEC_I_CONTINUE_NEEDED)
      << last_error();
  Token input(token), output;
  ULONG accepted = 0;
  ASSERT_EQ(AcceptSecurityContext(&credential_, nullptr, &input.desc, ASC_REQ_CONNECTION, SECURITY_NATIVE_DREP,
                                  &server_, nullptr, &accepted, nullptr),
            SEC_E_BUFFER_TOO_SMALL)
      << "no place for the reply";
  Buffer again;
  ASSERT_EQ(initiate(nullptr, client_, {}, again, kFlags | ISC_REQ_CONNECTION | ISC_REQ_IDENTIFY),
            SEC_I_CONTINUE_NEEDED)
      << last_error();
  Token second(again);
  ASSERT_EQ(AcceptSecurityContext(&credential_, nullptr, &second.desc, ASC_REQ_CONNECTION | ASC_REQ_ALLOCATE_MEMORY,
                                  SECURITY_NATIVE_DREP, &server_, &output.desc, &accepted, nullptr),
            SEC_E_OK)
      << last_error();
  ASSERT_EQ(initiate(&client_, client_, output.bytes(), rest, kFlags | ISC_REQ_CONNECTION | ISC_REQ_IDENTIFY), SEC_E_OK)
      << last_error();
  FreeContextBuffer(output.buffers[0].pvBuffer);
  constexpr ULONG kBoth = ISC_RET_MUTUAL_AUTH | ISC_RET_REPLAY_DETECT | ISC_RET_SEQUENCE_DETECT |
                          ISC_RET_CONFIDENTIALITY | ISC_RET_CONNECTION;
  EXPECT_EQ(attributes_, kBoth | ISC_RET_INTEGRITY | ISC_RET_IDENTIFY | ISC_RET_ALLOCATED_MEMORY);
  EXPECT_EQ(accepted, kBoth | ASC_RET_INTEGRITY | ASC_RET_IDENTIFY | ASC_RET_ALLOCATED_MEMORY);
  SecPkgContext_Flags flags{};
  ASSERT_EQ(QueryContextAttributesA(&client_, SECPKG_ATTR_FLAGS, &flags), SEC_E_OK);
  EXPECT_EQ(flags.Flags, kBoth | ISC_RET_INTEGRITY | ISC_RET_IDENTIFY);
  ASSERT_EQ(QueryContextAttributesA(&server_, SECPKG_ATTR_FLAGS, &flags), SEC_E_OK);
  EXPECT_EQ(flags.Flags, kBoth | ASC_RET_INTEGRITY | ASC_RET_IDENTIFY);
  SecBufferDesc none{SECBUFFER_VERSION, 0, nullptr};
  EXPECT_EQ(CompleteAuthToken(&server_, &none), SEC_E_OK);
}

TEST_F(SspiTest, TheExpiryIsTheTicketsEnd) {
  const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  const auto from_now = [now](const TimeStamp& at) {
    const auto seconds = (static_cast<std::uint64_t>(at.HighPart) << 32 | at.LowPart) / 10000000 - 11644473600U;
    return static_cast<std::int64_t>(seconds) - static_cast<std::int64_t>(now);
  };
  Buffer first, reply;
  ASSERT_EQ(initiate(nullptr, client_, {}, first), SEC_I_CONTINUE_NEEDED) << last_error();
  Token input(first), output;
  TimeStamp accepted{}, initiated{}, acquired{};
  ASSERT_EQ(AcceptSecurityContext(&credential_, nullptr, &input.desc, ASC_REQ_ALLOCATE_MEMORY, SECURITY_NATIVE_DREP,
                                  &server_, &output.desc, nullptr, &accepted),
            SEC_E_OK)
      << last_error();
  Token answer(output.bytes()), none;
  ASSERT_EQ(InitializeSecurityContextA(&credential_, &client_, spn_, kFlags | ISC_REQ_ALLOCATE_MEMORY, 0,
                                       SECURITY_NATIVE_DREP, &answer.desc, 0, nullptr, &none.desc, nullptr, &initiated),
            SEC_E_OK)
      << last_error();
  FreeContextBuffer(output.buffers[0].pvBuffer);
  FreeContextBuffer(none.buffers[0].pvBuffer);
  ASSERT_EQ(ImpersonateSecurityContext(&server_), SEC_E_OK) << last_error();
  CredHandle user{}, own{};
  ASSERT_EQ(AcquireCredentialsHandleA(nullptr, negotiate_, SECPKG_CRED_OUTBOUND, nullptr, nullptr, nullptr, nullptr,
                                      &user, &acquired),
            SEC_E_OK);
  EXPECT_EQ(RevertSecurityContext(&server_), SEC_E_OK);
  for (const TimeStamp& at : {accepted, initiated, acquired}) {
    EXPECT_GE(from_now(at), 3590);
    EXPECT_LE(from_now(at), 3910) << "the ticket's end, and at an acceptor the skew that GSSAPI allows";
  }
  ASSERT_EQ(AcquireCredentialsHandleA(nullptr, negotiate_, SECPKG_CRED_INBOUND, nullptr, nullptr, nullptr, nullptr,
                                      &own, &acquired),
            SEC_E_OK);
  EXPECT_EQ(acquired.HighPart, 0x7FFFFFFF) << "a keytab has no end";
  EXPECT_EQ(FreeCredentialsHandle(&user), SEC_E_OK);
  EXPECT_EQ(FreeCredentialsHandle(&own), SEC_E_OK);
}

TEST_F(SspiTest, DceStyleTakesThreeTokens) {
  char kerberos[] = "Kerberos";
  SHIM_KEYTAB_IDENTITY identity{SHIM_KEYTAB_IDENTITY_VERSION, sizeof identity, nullptr, keytab_.c_str(),
                                ccache_.c_str()};
  ASSERT_EQ(FreeCredentialsHandle(&credential_), SEC_E_OK);
  ASSERT_EQ(AcquireCredentialsHandleA(nullptr, kerberos, SECPKG_CRED_BOTH, nullptr, &identity, nullptr, nullptr,
                                      &credential_, nullptr),
            SEC_E_OK);
  Buffer first, third;
  ASSERT_EQ(initiate(nullptr, client_, {}, first, kFlags | ISC_REQ_USE_DCE_STYLE), SEC_I_CONTINUE_NEEDED)
      << last_error();
  Token input(first), second;
  ASSERT_EQ(AcceptSecurityContext(&credential_, nullptr, &input.desc, ASC_REQ_ALLOCATE_MEMORY | ASC_REQ_USE_DCE_STYLE,
                                  0, &server_, &second.desc, nullptr, nullptr),
            SEC_I_CONTINUE_NEEDED)
      << last_error();
  ASSERT_EQ(initiate(&client_, client_, second.bytes(), third, kFlags | ISC_REQ_USE_DCE_STYLE), SEC_E_OK)
      << last_error();
  EXPECT_TRUE(attributes_ & ISC_RET_USED_DCE_STYLE);
  ASSERT_FALSE(third.empty());
  Token last(third), none;
  EXPECT_EQ(AcceptSecurityContext(&credential_, &server_, &last.desc, ASC_REQ_ALLOCATE_MEMORY, 0, nullptr, &none.desc,
                                  &attributes_, nullptr),
            SEC_E_OK)
      << last_error();
  EXPECT_TRUE(attributes_ & ASC_RET_USED_DCE_STYLE);
  FreeContextBuffer(second.buffers[0].pvBuffer);
  FreeContextBuffer(none.buffers[0].pvBuffer);
}

TEST(SspiSettings, AreReadAsWritten) {
  for (const auto& [key, value] :
       {std::pair("cache_entries", "5000"), std::pair("cache_bytes", "1048576"), std::pair("ticket_life", "600"),
        std::pair("refusal_life", "60"), std::pair("request_deadline", "15000"), std::pair("kdc_timeout", "2000"),
        std::pair("allow_proxy_credentials", "false"), std::pair("allow_rc4", "false"),
        std::pair("pa_for_user", "true"), std::pair("pa_for_user", "false"), std::pair("pa_for_user", "auto"),
        std::pair("uncached_service", "HTTP/x")}) {
    EXPECT_EQ(ShimSetDefaultConfig(key, value), SEC_E_OK) << key;
  }
  for (const auto& [key, value] :
       {std::pair("cache_entries", "0"), std::pair("cache_entries", "-1"), std::pair("ticket_life", "10s"),
        std::pair("ticket_life", ""), std::pair("cache_bytes", "9999999999999"), std::pair("allow_rc4", "yes"),
        std::pair("pa_for_user", "maybe"), std::pair("uncached_service", ""), std::pair("colour", "blue"),
        std::pair("config", "/no/such/file")}) {
    EXPECT_EQ(ShimSetDefaultConfig(key, value), SEC_E_INVALID_PARAMETER) << key << ' ' << value;
    EXPECT_NE(last_error(), "");
  }
}

TEST_F(SspiTest, MessagesAreProtectedAndChangesSeen) {
  shake_hands();
  std::string text = "attack at dawn";
  Buffer token(60);
  SecBuffer buffers[] = {{60, SECBUFFER_TOKEN, token.data()},
                         {static_cast<ULONG>(text.size()), SECBUFFER_DATA, text.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  ASSERT_EQ(EncryptMessage(&client_, 0, &message, 0), SEC_E_OK) << last_error();
  EXPECT_NE(text, "attack at dawn");
  Buffer stream = to_buffer({token.data(), buffers[0].cbBuffer});
  append(stream, as_bytes(text));
  ULONG qop = 7;
  ASSERT_EQ(DecryptMessage(&server_, &message, 0, &qop), SEC_E_OK) << last_error();
  EXPECT_EQ(text, "attack at dawn");
  EXPECT_EQ(qop, 0U);

  SecBuffer streamed[] = {{static_cast<ULONG>(stream.size()), SECBUFFER_STREAM, stream.data()},
                          {0, SECBUFFER_DATA, nullptr}};
  SecBufferDesc again{SECBUFFER_VERSION, 2, streamed};
  EXPECT_EQ(DecryptMessage(&server_, &again, 0, nullptr), SEC_E_OUT_OF_SEQUENCE) << "a replay";

  buffers[0] = {60, SECBUFFER_TOKEN, token.data()};
  ASSERT_EQ(EncryptMessage(&client_, 0, &message, 0), SEC_E_OK);
  stream = to_buffer({token.data(), buffers[0].cbBuffer});
  append(stream, as_bytes(text));
  streamed[0] = {static_cast<ULONG>(stream.size()), SECBUFFER_STREAM, stream.data()};
  ASSERT_EQ(DecryptMessage(&server_, &again, 0, nullptr), SEC_E_OK) << last_error();
  EXPECT_EQ(as_text({static_cast<const std::uint8_t*>(streamed[1].pvBuffer), streamed[1].cbBuffer}), "attack at dawn");

  buffers[0] = {60, SECBUFFER_TOKEN, token.data()};
  text = "attack at dawn";
  ASSERT_EQ(EncryptMessage(&client_, 0, &message, 0), SEC_E_OK);
  text[3] = static_cast<char>(text[3] ^ 1);
  EXPECT_NE(DecryptMessage(&server_, &message, 0, nullptr), SEC_E_OK);
  EXPECT_EQ(EncryptMessage(&client_, 0, nullptr, 0), SEC_E_INVALID_TOKEN);
  buffers[0] = {59, SECBUFFER_TOKEN, token.data()};
  EXPECT_EQ(EncryptMessage(&client_, 0, &message, 0), SEC_E_BUFFER_TOO_SMALL);
}

TEST_F(SspiTest, SignaturesAreVerified) {
  shake_hands();
  std::string text = "signed";
  Buffer mic(28);
  SecBuffer buffers[] = {{static_cast<ULONG>(text.size()), SECBUFFER_DATA, text.data()},
                         {28, SECBUFFER_TOKEN, mic.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  ASSERT_EQ(MakeSignature(&server_, 0, &message, 0), SEC_E_OK) << last_error();
  EXPECT_EQ(VerifySignature(&client_, &message, 0, nullptr), SEC_E_OK) << last_error();
  ASSERT_EQ(MakeSignature(&server_, 0, &message, 0), SEC_E_OK);
  text[0] = 'S';
  EXPECT_EQ(VerifySignature(&client_, &message, 0, nullptr), SEC_E_MESSAGE_ALTERED);
}

TEST_F(SspiTest, AnAcceptedContextIsAUserToImpersonateOnThisThreadAlone) {
  shake_hands();
  EXPECT_EQ(RevertSecurityContext(&server_), SEC_E_NO_IMPERSONATION);
  EXPECT_EQ(ImpersonateSecurityContext(&client_), SEC_E_NO_IMPERSONATION) << "an initiator's";
  ASSERT_EQ(ImpersonateSecurityContext(&server_), SEC_E_OK) << last_error();
  CredHandle user{}, other{};
  SecPkgCredentials_NamesA names{};
  ASSERT_EQ(AcquireCredentialsHandleA(nullptr, negotiate_, SECPKG_CRED_OUTBOUND, nullptr, nullptr, nullptr, nullptr,
                                      &user, nullptr),
            SEC_E_OK);
  ASSERT_EQ(QueryCredentialsAttributesA(&user, SECPKG_CRED_ATTR_NAMES, &names), SEC_E_OK);
  EXPECT_STREQ(names.sUserName, "alice@HOME.TEST");
  FreeContextBuffer(names.sUserName);
  std::thread([&] {
    EXPECT_EQ(RevertSecurityContext(&server_), SEC_E_NO_IMPERSONATION);
    ASSERT_EQ(AcquireCredentialsHandleA(nullptr, negotiate_, SECPKG_CRED_OUTBOUND, nullptr, nullptr, nullptr, nullptr,
                                        &other, nullptr),
              SEC_E_OK);
    ASSERT_EQ(QueryCredentialsAttributesA(&other, SECPKG_CRED_ATTR_NAMES, &names), SEC_E_OK) << last_error();
    EXPECT_STREQ(names.sUserName, "HTTP/web.corp.test@CORP.TEST");
    FreeContextBuffer(names.sUserName);
  }).join();
  EXPECT_EQ(RevertSecurityContext(&server_), SEC_E_OK);
  EXPECT_EQ(RevertSecurityContext(&server_), SEC_E_NO_IMPERSONATION);
  void* token = nullptr;
  ASSERT_EQ(QuerySecurityContextToken(&server_, &token), SEC_E_OK);
  EXPECT_TRUE(CloseHandle(token));
  EXPECT_FALSE(CloseHandle(token));
  EXPECT_FALSE(ImpersonateLoggedOnUser(token));
  EXPECT_EQ(FreeCredentialsHandle(&user), SEC_E_OK);
  EXPECT_EQ(FreeCredentialsHandle(&other), SEC_E_OK);
}

TEST_F(SspiTest, HandlesThatAreStaleOrOfAnotherKindAreRefused) {
  shake_hands();
  CtxtHandle stale = server_;
  ASSERT_EQ(DeleteSecurityContext(&server_), SEC_E_OK);
  EXPECT_EQ(DeleteSecurityContext(&server_), SEC_E_INVALID_HANDLE);
  shake_hands();  // takes the slot again
  SecPkgContext_Flags flags{};
  EXPECT_EQ(QueryContextAttributesA(&stale, SECPKG_ATTR_FLAGS, &flags), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(FreeCredentialsHandle(&server_), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(DeleteSecurityContext(&credential_), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(DeleteSecurityContext(nullptr), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(FreeContextBuffer(&stale), SEC_E_INVALID_HANDLE);
  Buffer out;
  EXPECT_EQ(initiate(&client_, client_, as_bytes("x"), out), SEC_E_OUT_OF_SEQUENCE);
}

TEST_F(SspiTest, TokensThatDoNotHoldAreRefused) {
  Buffer token, reply;
  ASSERT_EQ(initiate(nullptr, client_, {}, token), SEC_I_CONTINUE_NEEDED);
  CtxtHandle none{};
  EXPECT_EQ(accept(none, as_bytes("NTLMSSP"), reply), SEC_E_INVALID_TOKEN);
  EXPECT_EQ(accept(none, {}, reply), SEC_E_INVALID_TOKEN);
  EXPECT_NE(accept(none, Bytes(token).first(token.size() - 1), reply), SEC_E_OK);
  ASSERT_EQ(accept(server_, token, reply), SEC_E_OK);
  EXPECT_NE(accept(none, token, reply), SEC_E_OK) << "a replay";
}

TEST_F(SspiTest, OnlyTicketsForTheServiceNamedAreTaken) {
  add_key(*parse_principal("host/web.corp.test@CORP.TEST"), 1, Key::random(EncType::aes256_cts_hmac_sha1_96));
  char name[] = "host/web.corp.test@CORP.TEST", missing[] = "HTTP/other@CORP.TEST";
  SHIM_KEYTAB_IDENTITY identity{SHIM_KEYTAB_IDENTITY_VERSION, sizeof identity, nullptr, keytab_.c_str(), nullptr};
  CredHandle host{};
  ASSERT_EQ(AcquireCredentialsHandleA(name, negotiate_, SECPKG_CRED_INBOUND, nullptr, &identity, nullptr, nullptr,
                                      &host, nullptr),
            SEC_E_OK)
      << last_error();
  Buffer token;
  ASSERT_EQ(initiate(nullptr, client_, {}, token), SEC_I_CONTINUE_NEEDED);
  Token input(token), output;
  EXPECT_EQ(AcceptSecurityContext(&host, nullptr, &input.desc, ASC_REQ_ALLOCATE_MEMORY, 0, &server_, &output.desc,
                                  nullptr, nullptr),
            SEC_E_LOGON_DENIED);
  EXPECT_THAT(last_error(), testing::HasSubstr("the ticket is for HTTP/web.corp.test@CORP.TEST, not for host/"));
  EXPECT_EQ(FreeCredentialsHandle(&host), SEC_E_OK);
  EXPECT_EQ(AcquireCredentialsHandleA(missing, negotiate_, SECPKG_CRED_INBOUND, nullptr, &identity, nullptr, nullptr,
                                      &host, nullptr),
            SEC_E_NO_CREDENTIALS);
  EXPECT_THAT(last_error(), testing::HasSubstr("has no key for HTTP/other@CORP.TEST"));
}

TEST_F(SspiTest, ChannelBindingsMustBeTheAcceptors) {
  struct {
    SEC_CHANNEL_BINDINGS header;
    char data[24];
  } bound{{0, 0, 0, 0, 0, 0, 24, sizeof(SEC_CHANNEL_BINDINGS)}, "tls-server-end-point:xx"};
  const auto with_bindings = [&](Token& token) {
    token.buffers[1] = {sizeof bound, SECBUFFER_CHANNEL_BINDINGS, &bound};
    token.desc.cBuffers = 2;
  };
  const auto first_token = [&](bool bind) {
    Token input, output;
    with_bindings(input);
    EXPECT_EQ(InitializeSecurityContextA(&credential_, nullptr, spn_, kFlags | ISC_REQ_ALLOCATE_MEMORY, 0, 0,
                                         bind ? &input.desc : nullptr, 0, &client_, &output.desc, nullptr, nullptr),
              SEC_I_CONTINUE_NEEDED)
        << last_error();
    Buffer token = to_buffer(output.bytes());
    FreeContextBuffer(output.buffers[0].pvBuffer);
    return token;
  };
  const auto accept_bound = [&](const Buffer& token, ULONG flags) {
    Token input(token), output;
    with_bindings(input);
    const auto status = AcceptSecurityContext(&credential_, nullptr, &input.desc, ASC_REQ_ALLOCATE_MEMORY | flags, 0,
                                              &server_, &output.desc, nullptr, nullptr);
    if (status == SEC_E_OK) FreeContextBuffer(output.buffers[0].pvBuffer);
    return status;
  };
  const Buffer good = first_token(true), missing = first_token(false), missing_too = first_token(false);
  EXPECT_EQ(accept_bound(good, 0), SEC_E_OK) << last_error();
  EXPECT_EQ(accept_bound(missing, 0), SEC_E_BAD_BINDINGS);
  EXPECT_EQ(accept_bound(missing_too, ASC_REQ_ALLOW_MISSING_BINDINGS), SEC_E_OK) << last_error();
  const Buffer other = first_token(true);
  bound.data[22] = 'y';
  EXPECT_EQ(accept_bound(other, 0), SEC_E_BAD_BINDINGS);
  bound.header.cbApplicationDataLength = 4000;
  EXPECT_EQ(accept_bound(first_token(false), 0), SEC_E_INVALID_PARAMETER);
}

TEST_F(SspiTest, SmallBuffersAreTold) {
  Token output;
  std::uint8_t small[8];
  output.buffers[0] = {sizeof small, SECBUFFER_TOKEN, small};
  EXPECT_EQ(InitializeSecurityContextA(&credential_, nullptr, spn_, kFlags, 0, 0, nullptr, 0, &client_, &output.desc,
                                       nullptr, nullptr),
            SEC_E_BUFFER_TOO_SMALL);
  EXPECT_GT(output.buffers[0].cbBuffer, sizeof small);
}

TEST(SspiLsa, BlocksThatAreNotWholeAreRefused) {
  HANDLE lsa = nullptr, token = nullptr;
  NTSTATUS sub = 0;
  ASSERT_EQ(LsaConnectUntrusted(&lsa), STATUS_SUCCESS);
  char name[] = "Kerberos";
  LSA_STRING text{8, 9, name};
  ULONG package = 77;
  EXPECT_EQ(LsaLookupAuthenticationPackage(lsa, &text, &package), STATUS_SUCCESS);
  EXPECT_EQ(LsaDeregisterLogonProcess(lsa), STATUS_SUCCESS);
  EXPECT_EQ(LsaDeregisterLogonProcess(lsa), STATUS_INVALID_HANDLE);
  KERB_S4U_LOGON logon{};
  EXPECT_EQ(LsaLogonUser(lsa, &text, Network, package, &logon, sizeof logon, nullptr, nullptr, nullptr, nullptr,
                         nullptr, &token, nullptr, &sub),
            STATUS_INVALID_HANDLE);
}

TEST(SspiLsa, EitherConnectionLooksUpBothPackages) {
  LSA_OPERATIONAL_MODE mode = 7;
  HANDLE registered = nullptr, untrusted = nullptr;
  char process[] = "web server", kerberos[] = "Kerberos", negotiate[] = "negotiate", ntlm[] = "NTLM";
  LSA_STRING name{10, 11, process};
  ASSERT_EQ(LsaRegisterLogonProcess(&name, &registered, &mode), STATUS_SUCCESS);
  EXPECT_EQ(mode, 0U);
  ASSERT_EQ(LsaConnectUntrusted(&untrusted), STATUS_SUCCESS);
  for (HANDLE lsa : {registered, untrusted}) {
    ULONG numbers[2] = {77, 77};
    LSA_STRING text{8, 9, kerberos};
    EXPECT_EQ(LsaLookupAuthenticationPackage(lsa, &text, &numbers[0]), STATUS_SUCCESS);
    text = {9, 10, negotiate};
    EXPECT_EQ(LsaLookupAuthenticationPackage(lsa, &text, &numbers[1]), STATUS_SUCCESS);
    EXPECT_EQ(numbers[0], 2U) << "MICROSOFT_KERBEROS_NAME's, as Windows has it";
    EXPECT_EQ(numbers[1], 0U);
    text = {4, 5, ntlm};
    EXPECT_EQ(LsaLookupAuthenticationPackage(lsa, &text, &numbers[0]), STATUS_NO_SUCH_PACKAGE);
    EXPECT_EQ(LsaDeregisterLogonProcess(lsa), STATUS_SUCCESS);
  }
}

TEST(SspiLocate, FlagsThatContradictOneAnotherAreRefused) {
  PDOMAIN_CONTROLLER_INFOA info = nullptr;
  for (const ULONG flags :
       {DS_GC_SERVER_REQUIRED | DS_PDC_REQUIRED, DS_PDC_REQUIRED | DS_KDC_REQUIRED, DS_IS_FLAT_NAME | DS_IS_DNS_NAME,
        DS_RETURN_DNS_NAME | DS_RETURN_FLAT_NAME, DS_DIRECTORY_SERVICE_REQUIRED | DS_DIRECTORY_SERVICE_8_REQUIRED,
        DS_GOOD_TIMESERV_PREFERRED | DS_KDC_REQUIRED, 0x2U}) {
    EXPECT_EQ(DsGetDcNameA(nullptr, "corp.test", nullptr, nullptr, flags, &info), ERROR_INVALID_FLAGS)
        << std::hex << flags;
  }
  EXPECT_EQ(DsGetDcNameA(nullptr, "corp.test", nullptr, "Site", DS_TRY_NEXTCLOSEST_SITE, &info), ERROR_INVALID_FLAGS);
  EXPECT_EQ(DsGetDcNameA(nullptr, "corp.test", nullptr, nullptr, 0, nullptr), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(NetApiBufferFree(&info), ERROR_INVALID_PARAMETER);
}

}  // namespace
}  // namespace stead
