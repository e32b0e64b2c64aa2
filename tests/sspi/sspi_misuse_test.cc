// Each function of stead/sspi.h with null pointers, wrong sizes, and handles that are stale, of another kind or made up:
// it returns a status and does not crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "sspi_shim/protocol/messages/spnego.h"
#include "stead/s4u.h"
#include "tests/krb5/ticket_fixture.h"

#include "stead/sspi.h"

namespace stead {
namespace {

class SspiMisuse : public test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    ASSERT_TRUE(export_ccache(issue(), (folder_ / "alice").string()));
    ccache_ = (folder_ / "alice").string();
    SHIM_KEYTAB_IDENTITY identity{SHIM_KEYTAB_IDENTITY_VERSION, sizeof identity, nullptr, keytab_.c_str(),
                                  ccache_.c_str()};
    ASSERT_EQ(AcquireCredentialsHandleA(nullptr, package_, SECPKG_CRED_BOTH, nullptr, &identity, nullptr, nullptr,
                                        &credential_, nullptr),
              SEC_E_OK);
    shake_hands();
    ASSERT_EQ(QuerySecurityContextToken(&server_, &token_), SEC_E_OK);
    ASSERT_EQ(LsaConnectUntrusted(&lsa_), STATUS_SUCCESS);
  }
  void TearDown() override {
    LsaDeregisterLogonProcess(lsa_);
    CloseHandle(token_);
    DeleteSecurityContext(&client_);
    DeleteSecurityContext(&server_);
    FreeCredentialsHandle(&credential_);
    TicketFixture::TearDown();
  }
  void shake_hands() {
    SecBuffer first{0, SECBUFFER_TOKEN, nullptr}, second{0, SECBUFFER_TOKEN, nullptr},
        third{0, SECBUFFER_TOKEN, nullptr};
    SecBufferDesc a{SECBUFFER_VERSION, 1, &first}, b{SECBUFFER_VERSION, 1, &second}, c{SECBUFFER_VERSION, 1, &third};
    constexpr ULONG flags = ISC_REQ_MUTUAL_AUTH | ISC_REQ_CONFIDENTIALITY | ISC_REQ_INTEGRITY | ISC_REQ_ALLOCATE_MEMORY;
    ASSERT_EQ(InitializeSecurityContextA(&credential_, nullptr, spn_, flags, 0, 0, nullptr, 0, &client_, &a, nullptr,
                                         nullptr),
              SEC_I_CONTINUE_NEEDED);
    ASSERT_EQ(
        AcceptSecurityContext(&credential_, nullptr, &a, ASC_REQ_ALLOCATE_MEMORY, 0, &server_, &b, nullptr, nullptr),
        SEC_E_OK);
    ASSERT_EQ(
        InitializeSecurityContextA(&credential_, &client_, spn_, flags, 0, 0, &b, 0, &client_, &c, nullptr, nullptr),
        SEC_E_OK);
    for (const SecBuffer* buffer : {&first, &second, &third}) FreeContextBuffer(buffer->pvBuffer);
  }
  // Handles of every other kind, and made-up ones.
  std::vector<SecHandle> wrong(const SecHandle& right) {
    const auto id = reinterpret_cast<std::uintptr_t>(token_), lsa = reinterpret_cast<std::uintptr_t>(lsa_);
    std::vector<SecHandle> out = {{0, 0},
                                  {~ULONG_PTR{0}, ~ULONG_PTR{0}},
                                  {1, 2},
                                  {0xFFFFFFFF, right.dwUpper},
                                  {id & 0xFFFFFFFF, id >> 32},
                                  {lsa & 0xFFFFFFFF, lsa >> 32},
                                  {right.dwLower, right.dwUpper + 1},
                                  {right.dwLower | ULONG_PTR{1} << 40, right.dwUpper}};
    for (const SecHandle& other : {credential_, client_}) {
      if (other.dwUpper != right.dwUpper) out.push_back(other);
    }
    return out;
  }

  char package_[10] = "Negotiate", spn_[32] = "HTTP/web.corp.test@CORP.TEST";
  std::string ccache_;
  CredHandle credential_{};
  CtxtHandle client_{}, server_{};
  void* token_ = nullptr;
  HANDLE lsa_ = nullptr;
};

TEST_F(SspiMisuse, CredentialsHandles) {
  for (SecHandle& handle : wrong(credential_)) {
    CtxtHandle made{};
    SecBuffer buffer{0, SECBUFFER_TOKEN, nullptr};
    SecBufferDesc desc{SECBUFFER_VERSION, 1, &buffer};
    SecPkgCredentials_NamesA name{};
    SECURITY_STATUS status = 0;
    EXPECT_EQ(FreeCredentialsHandle(&handle), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(QueryCredentialsAttributesA(&handle, SECPKG_CRED_ATTR_NAMES, &name), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(QueryCredentialsAttributesW(&handle, SECPKG_CRED_ATTR_NAMES, &name), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(InitializeSecurityContextA(&handle, nullptr, spn_, 0, 0, 0, nullptr, 0, &made, &desc, nullptr, nullptr),
              SEC_E_INVALID_HANDLE);
    EXPECT_EQ(AcceptSecurityContext(&handle, nullptr, &desc, 0, 0, &made, &desc, nullptr, nullptr),
              SEC_E_INVALID_HANDLE);
    EXPECT_EQ(ShimInitializeSecurityContextAsync(
                  &handle, "HTTP/x", [](void*, SECURITY_STATUS) {}, nullptr),
              SEC_E_INVALID_HANDLE);
    EXPECT_EQ(ShimInitializeSecurityContextEvent(&handle, "HTTP/x", 0, &status), SEC_E_INVALID_HANDLE);
  }
}

TEST_F(SspiMisuse, ContextHandles) {
  for (SecHandle& handle : wrong(client_)) {
    CtxtHandle made{};
    char text[64] = {};
    SecBuffer buffers[] = {{60, SECBUFFER_TOKEN, text}, {4, SECBUFFER_DATA, text + 60}};
    SecBufferDesc desc{SECBUFFER_VERSION, 2, buffers};
    SecPkgContext_Sizes sizes{};
    void* token = nullptr;
    EXPECT_EQ(DeleteSecurityContext(&handle), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(CompleteAuthToken(&handle, &desc), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(QueryContextAttributesA(&handle, SECPKG_ATTR_SIZES, &sizes), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(QueryContextAttributesW(&handle, SECPKG_ATTR_SIZES, &sizes), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(
        InitializeSecurityContextA(&credential_, &handle, spn_, 0, 0, 0, &desc, 0, &made, &desc, nullptr, nullptr),
        SEC_E_INVALID_HANDLE);
    EXPECT_EQ(AcceptSecurityContext(&credential_, &handle, &desc, 0, 0, &made, &desc, nullptr, nullptr),
              SEC_E_INVALID_HANDLE);
    EXPECT_EQ(EncryptMessage(&handle, 0, &desc, 0), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(DecryptMessage(&handle, &desc, 0, nullptr), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(MakeSignature(&handle, 0, &desc, 0), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(VerifySignature(&handle, &desc, 0, nullptr), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(ImpersonateSecurityContext(&handle), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(RevertSecurityContext(&handle), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(QuerySecurityContextToken(&handle, &token), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(ShimTokenFromContext(&handle, &token), SEC_E_INVALID_HANDLE);
  }
  // One side's calls with the other side's context.
  SecBuffer buffer{0, SECBUFFER_TOKEN, nullptr};
  SecBufferDesc desc{SECBUFFER_VERSION, 1, &buffer};
  EXPECT_EQ(AcceptSecurityContext(&credential_, &client_, &desc, 0, 0, nullptr, &desc, nullptr, nullptr),
            SEC_E_INVALID_HANDLE);
  EXPECT_EQ(
      InitializeSecurityContextA(&credential_, &server_, spn_, 0, 0, 0, &desc, 0, nullptr, &desc, nullptr, nullptr),
      SEC_E_INVALID_HANDLE);
}

TEST_F(SspiMisuse, TokensClientsAndLsaHandles) {
  const char* spns[] = {"HTTP/x"};
  for (const SecHandle& other : {credential_, client_, SecHandle{0, 0}, SecHandle{~ULONG_PTR{0}, ~ULONG_PTR{0}}}) {
    const auto handle = reinterpret_cast<HANDLE>(other.dwUpper << 32 | (other.dwLower & 0xFFFFFFFF));
    EXPECT_EQ(ShimImpersonateToken(handle), SEC_E_INVALID_HANDLE);
    EXPECT_FALSE(ImpersonateLoggedOnUser(handle));
    EXPECT_FALSE(CloseHandle(handle));
    EXPECT_EQ(ShimExportCCache(handle, spns, 1, "MEMORY:x", 0), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(LsaDeregisterLogonProcess(handle), STATUS_INVALID_HANDLE);
  }
  EXPECT_FALSE(CloseHandle(lsa_));
  EXPECT_EQ(LsaDeregisterLogonProcess(token_), STATUS_INVALID_HANDLE);
  for (SecHandle& handle : wrong(client_)) {
    HANDLE made = nullptr;
    EXPECT_EQ(ShimCloseClient(&handle), SEC_E_INVALID_HANDLE);
    EXPECT_EQ(ShimCreateTokenForUser(&handle, "alice", &made), SEC_E_INVALID_HANDLE);
  }
  EXPECT_EQ(ShimCloseClient(nullptr), SEC_E_INVALID_HANDLE);
}

TEST_F(SspiMisuse, NullPointers) {
  SecBuffer buffer{0, SECBUFFER_TOKEN, nullptr};
  SecBufferDesc desc{SECBUFFER_VERSION, 1, &buffer}, none{SECBUFFER_VERSION, 3, nullptr};
  CredHandle made{};
  CtxtHandle context{};
  HANDLE handle = nullptr;
  EXPECT_NE(AcquireCredentialsHandleA(nullptr, nullptr, SECPKG_CRED_OUTBOUND, nullptr, nullptr, nullptr, nullptr, &made,
                                      nullptr),
            SEC_E_OK);
  EXPECT_EQ(AcquireCredentialsHandleA(nullptr, package_, SECPKG_CRED_OUTBOUND, nullptr, nullptr, nullptr, nullptr,
                                      nullptr, nullptr),
            SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(AcquireCredentialsHandleW(nullptr, nullptr, 0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
            SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(QueryCredentialsAttributesA(&credential_, SECPKG_CRED_ATTR_NAMES, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(QueryCredentialsAttributesA(nullptr, SECPKG_CRED_ATTR_NAMES, nullptr), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(QueryCredentialsAttributesW(&credential_, 99, nullptr), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(
      InitializeSecurityContextA(nullptr, nullptr, nullptr, 0, 0, 0, nullptr, 0, nullptr, nullptr, nullptr, nullptr),
      SEC_E_INVALID_HANDLE);
  EXPECT_EQ(InitializeSecurityContextW(&credential_, nullptr, nullptr, 0, 0, 0, nullptr, 0, &context, &desc, nullptr,
                                       nullptr),
            SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(
      InitializeSecurityContextA(&credential_, nullptr, spn_, 0, 0, 0, nullptr, 0, nullptr, &desc, nullptr, nullptr),
      SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(
      InitializeSecurityContextA(&credential_, nullptr, spn_, 0, 0, 0, nullptr, 0, &context, nullptr, nullptr, nullptr),
      SEC_E_BUFFER_TOO_SMALL);
  EXPECT_EQ(
      InitializeSecurityContextA(&credential_, nullptr, spn_, 0, 0, 0, &none, 0, &context, &none, nullptr, nullptr),
      SEC_E_BUFFER_TOO_SMALL);
  EXPECT_EQ(AcceptSecurityContext(nullptr, nullptr, nullptr, 0, 0, nullptr, nullptr, nullptr, nullptr),
            SEC_E_INVALID_HANDLE);
  EXPECT_EQ(AcceptSecurityContext(&credential_, nullptr, nullptr, 0, 0, nullptr, nullptr, nullptr, nullptr),
            SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(AcceptSecurityContext(&credential_, nullptr, nullptr, 0, 0, &context, nullptr, nullptr, nullptr),
            SEC_E_INVALID_TOKEN);
  EXPECT_EQ(AcceptSecurityContext(&credential_, nullptr, &none, 0, 0, &context, &none, nullptr, nullptr),
            SEC_E_INVALID_TOKEN);
  EXPECT_EQ(CompleteAuthToken(nullptr, nullptr), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(QueryContextAttributesA(&client_, SECPKG_ATTR_SIZES, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(QueryContextAttributesW(nullptr, SECPKG_ATTR_SIZES, nullptr), SEC_E_INVALID_HANDLE);
  for (SecBufferDesc* message : {static_cast<SecBufferDesc*>(nullptr), &none}) {
    EXPECT_EQ(EncryptMessage(&client_, 0, message, 0), SEC_E_INVALID_TOKEN);
    EXPECT_EQ(DecryptMessage(&client_, message, 0, nullptr), SEC_E_INVALID_TOKEN);
    EXPECT_EQ(MakeSignature(&client_, 0, message, 0), SEC_E_INVALID_TOKEN);
    EXPECT_EQ(VerifySignature(&client_, message, 0, nullptr), SEC_E_INVALID_TOKEN);
  }
  EXPECT_EQ(QuerySecurityContextToken(&server_, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimTokenFromContext(&server_, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimTokenFromContext(nullptr, &handle), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(ImpersonateSecurityContext(nullptr), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(RevertSecurityContext(nullptr), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(EnumerateSecurityPackagesA(nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(EnumerateSecurityPackagesW(nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(QuerySecurityPackageInfoA(nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  PSecPkgInfoW package = nullptr;
  EXPECT_EQ(QuerySecurityPackageInfoW(nullptr, &package), SEC_E_SECPKG_NOT_FOUND);
  EXPECT_EQ(FreeContextBuffer(nullptr), SEC_E_OK);
  EXPECT_EQ(LsaFreeReturnBuffer(nullptr), STATUS_SUCCESS);
  EXPECT_EQ(NetApiBufferFree(nullptr), ERROR_SUCCESS);
  EXPECT_EQ(LsaRegisterLogonProcess(nullptr, nullptr, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(LsaConnectUntrusted(nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(LsaLookupAuthenticationPackage(lsa_, nullptr, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(LsaLookupAuthenticationPackage(nullptr, nullptr, nullptr), STATUS_INVALID_HANDLE);
  EXPECT_EQ(LsaLogonUser(lsa_, nullptr, Network, 2, nullptr, 0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                         nullptr, nullptr),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(LsaLogonUser(lsa_, nullptr, Network, 2, nullptr, 64, nullptr, nullptr, nullptr, nullptr, nullptr, &handle,
                         nullptr, nullptr),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(DsGetDcNameW(nullptr, nullptr, nullptr, nullptr, 0, nullptr), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(ShimSetDefaultConfig(nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimOpenClient(nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimCreateTokenForUser(nullptr, nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimExportCCache(token_, nullptr, 0, nullptr, 0), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimExportCCache(token_, nullptr, 3, "MEMORY:x", 0), SEC_E_INVALID_PARAMETER);
  const char* spns[] = {nullptr};
  EXPECT_NE(ShimExportCCache(token_, spns, 1, "MEMORY:x", 0), SEC_E_OK);
  EXPECT_EQ(ShimGetLastErrorDetail(nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimGetLastErrorTrace(nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimInitializeSecurityContextAsync(&credential_, "HTTP/x", nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimInitializeSecurityContextEvent(&credential_, "HTTP/x", -1, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ShimInitializeSecurityContextAsync(
                &credential_, nullptr, [](void*, SECURITY_STATUS) {}, nullptr),
            SEC_E_INVALID_PARAMETER);
}

TEST_F(SspiMisuse, SizesThatAreNotTheStructures) {
  for (const ULONG length : {ULONG{0}, ULONG{8}, ULONG{sizeof(SHIM_KEYTAB_IDENTITY) - 1}}) {
    CredHandle made{};
    // At the end of its memory, so that a sanitizer sees reads beyond it.
    std::vector<ULONG> block = {SHIM_KEYTAB_IDENTITY_VERSION, length};
    EXPECT_EQ(AcquireCredentialsHandleA(nullptr, package_, SECPKG_CRED_OUTBOUND, nullptr, block.data(), nullptr,
                                        nullptr, &made, nullptr),
              SEC_E_UNKNOWN_CREDENTIALS);
    block[0] = SEC_WINNT_AUTH_IDENTITY_VERSION;
    EXPECT_EQ(AcquireCredentialsHandleA(nullptr, package_, SECPKG_CRED_OUTBOUND, nullptr, block.data(), nullptr,
                                        nullptr, &made, nullptr),
              SEC_E_UNKNOWN_CREDENTIALS);
  }
  for (ULONG size = 0; size <= sizeof(SHIM_ERROR_DETAIL) + 8; size += size < 24 ? 1 : 97) {
    std::vector<std::uint8_t> block(std::max<std::size_t>(size, sizeof(ULONG)), 0xEE);
    std::memcpy(block.data(), &size, sizeof size);
    const auto status = ShimGetLastErrorDetail(reinterpret_cast<PSHIM_ERROR_DETAIL>(block.data()));
    EXPECT_EQ(status, size < 8 ? SEC_E_INVALID_PARAMETER : SEC_E_OK) << size;
    if (status != SEC_E_OK) continue;
    ULONG filled = 0;
    std::memcpy(&filled, block.data(), sizeof filled);
    EXPECT_EQ(filled, std::min<std::size_t>(size, sizeof(SHIM_ERROR_DETAIL)));
    if (size > filled) {
      EXPECT_EQ(block[filled], 0xEE) << "nothing is written behind it";
    }
  }
  KERB_S4U_LOGON logon{};
  logon.MessageType = KerbS4ULogon;
  HANDLE token = nullptr;
  for (const ULONG size : {ULONG{0}, ULONG{3}, ULONG{4}, ULONG{sizeof logon - 1}}) {
    EXPECT_EQ(LsaLogonUser(lsa_, nullptr, Network, 2, &logon, size, nullptr, nullptr, nullptr, nullptr, nullptr, &token,
                           nullptr, nullptr),
              STATUS_INVALID_PARAMETER);
  }
  char16_t outside[] = u"alice";
  logon.ClientUpn = {10, 10, outside};
  EXPECT_EQ(LsaLogonUser(lsa_, nullptr, Network, 2, &logon, sizeof logon, nullptr, nullptr, nullptr, nullptr, nullptr,
                         &token, nullptr, nullptr),
            STATUS_INVALID_PARAMETER)
      << "beyond its block";
  logon.ClientUpn = {10, 10, nullptr};
  EXPECT_EQ(LsaLogonUser(lsa_, nullptr, Network, 2, &logon, sizeof logon, nullptr, nullptr, nullptr, nullptr, nullptr,
                         &token, nullptr, nullptr),
            STATUS_INVALID_PARAMETER);
  SecBuffer missing[] = {{0, SECBUFFER_TOKEN, nullptr}, {40, SECBUFFER_CHANNEL_BINDINGS, nullptr}};
  SecBufferDesc desc{SECBUFFER_VERSION, 2, missing};
  CtxtHandle context{};
  EXPECT_EQ(InitializeSecurityContextA(&credential_, nullptr, spn_, ISC_REQ_ALLOCATE_MEMORY, 0, 0, &desc, 0, &context,
                                       &desc, nullptr, nullptr),
            SEC_E_INVALID_PARAMETER)
      << "bindings that are not there must not pass for none";
}

TEST_F(SspiMisuse, MessagesThatAreNone) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::uint8_t> token(random() % 90), data(random() % 40);
    for (auto* bytes : {&token, &data})
      std::generate(bytes->begin(), bytes->end(), [&] { return static_cast<std::uint8_t>(random()); });
    constexpr std::uint8_t kWrap[] = {5, 4}, kMic[] = {4, 4};
    if (token.size() >= 2 && round % 3 != 0) std::copy_n(round % 3 == 1 ? kWrap : kMic, 2, token.begin());
    const ULONG type = round % 2 == 0 ? SECBUFFER_TOKEN : SECBUFFER_STREAM;
    SecBuffer buffers[] = {{static_cast<ULONG>(token.size()), type, token.data()},
                           {static_cast<ULONG>(data.size()), SECBUFFER_DATA, data.data()}};
    SecBufferDesc desc{SECBUFFER_VERSION, 2, buffers};
    EXPECT_NE(DecryptMessage(&server_, &desc, 0, nullptr), SEC_E_OK);
    buffers[0].BufferType = SECBUFFER_TOKEN;
    EXPECT_NE(VerifySignature(&server_, &desc, 0, nullptr), SEC_E_OK);
    CtxtHandle context{};
    SecBuffer out{0, SECBUFFER_TOKEN, nullptr};
    SecBufferDesc reply{SECBUFFER_VERSION, 1, &out};
    EXPECT_NE(AcceptSecurityContext(&credential_, nullptr, &desc, ASC_REQ_ALLOCATE_MEMORY, 0, &context, &reply, nullptr,
                                    nullptr),
              SEC_E_OK);
  }
}

// libgssapi 1.20 reads beyond the list of mechanisms for such a token, and accepts it or not by what is there.
TEST_F(SspiMisuse, AMechanismWithoutAName) {
  NegTokenInit init = decode_neg_token_init(make_negotiate_token(issue()).value().token).value();
  init.mech_types.emplace_back();
  Buffer token = encode(init);
  SecBuffer in{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()}, out{0, SECBUFFER_TOKEN, nullptr};
  SecBufferDesc asked{SECBUFFER_VERSION, 1, &in}, reply{SECBUFFER_VERSION, 1, &out};
  CtxtHandle context{};
  EXPECT_EQ(AcceptSecurityContext(&credential_, nullptr, &asked, ASC_REQ_ALLOCATE_MEMORY, 0, &context, &reply, nullptr,
                                  nullptr),
            SEC_E_INVALID_TOKEN);
}

TEST_F(SspiMisuse, WhatIsNotOffered) {
  SecBuffer out{0, SECBUFFER_TOKEN, nullptr};
  SecBufferDesc desc{SECBUFFER_VERSION, 1, &out};
  CtxtHandle context{};
  for (const ULONG flags : {ISC_REQ_DATAGRAM, ISC_REQ_USE_SESSION_KEY}) {
    EXPECT_EQ(InitializeSecurityContextA(&credential_, nullptr, spn_, flags | ISC_REQ_ALLOCATE_MEMORY, 0, 0, nullptr, 0,
                                         &context, &desc, nullptr, nullptr),
              SEC_E_UNSUPPORTED_FUNCTION);
  }
  EXPECT_EQ(AcceptSecurityContext(&credential_, nullptr, &desc, ASC_REQ_DATAGRAM, 0, &context, &desc, nullptr, nullptr),
            SEC_E_UNSUPPORTED_FUNCTION);
  char bad[] = "@";
  EXPECT_EQ(
      InitializeSecurityContextA(&credential_, nullptr, bad, 0, 0, 0, nullptr, 0, &context, &desc, nullptr, nullptr),
      SEC_E_TARGET_UNKNOWN);
  PDOMAIN_CONTROLLER_INFOA info = nullptr;
  for (const char* name : {"a b", "..", ".x", "a..b", "a/b", "A\\B", "x@y"}) {
    EXPECT_EQ(DsGetDcNameA(nullptr, name, nullptr, nullptr, 0, &info), ERROR_INVALID_DOMAINNAME) << name;
  }
  EXPECT_EQ(DsGetDcNameA(nullptr, std::string(64, 'x').c_str(), nullptr, nullptr, 0, &info), ERROR_INVALID_DOMAINNAME);
}

TEST_F(SspiMisuse, HandlesThatAreFreedWhileOthersUseThem) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([this, i] {
      for (int round = 0; round < 200; ++round) {
        CtxtHandle context = server_;
        SecPkgContext_NamesA names{};
        const auto status = QueryContextAttributesA(&context, SECPKG_ATTR_NAMES, &names);
        EXPECT_TRUE(status == SEC_E_OK || status == SEC_E_INVALID_HANDLE);
        if (status == SEC_E_OK) FreeContextBuffer(names.sUserName);
        char text[64] = {};
        SecBuffer buffers[] = {{60, SECBUFFER_TOKEN, text}, {4, SECBUFFER_DATA, text + 60}};
        SecBufferDesc desc{SECBUFFER_VERSION, 2, buffers};
        const auto encrypted = EncryptMessage(&context, 0, &desc, 0);
        EXPECT_TRUE(encrypted == SEC_E_OK || encrypted == SEC_E_INVALID_HANDLE);
        (void)ImpersonateSecurityContext(&context);
        EXPECT_EQ(ShimRevert(), SEC_E_OK);
        if (i == 15 && round == 100) {
          EXPECT_EQ(DeleteSecurityContext(&context), SEC_E_OK);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(DeleteSecurityContext(&server_), SEC_E_INVALID_HANDLE);
}

}  // namespace
}  // namespace stead
