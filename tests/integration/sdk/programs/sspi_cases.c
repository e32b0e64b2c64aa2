/* What a ported C program does with stead/sspi.h, against the demo forest; sspi_c_test.py runs it.
 *   sspi_cases stead.toml KEYTAB PRINCIPAL CERTIFICATE.der SHARED.der STRANGE_KEYTAB
 * Prints "ok NAME" for each case, or "not ok NAME: what" and the last error. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stead/sspi.h"

#define BACKEND "HTTP/backend.corp.contoso.com"
#define REPORTS "HTTP/reports.root.fabrikam.com"
#define EXPECT(condition) \
  if (!(condition)) return #condition

static const char *certificate_file, *shared_certificate_file, *keytab_file, *strange_keytab_file;

static SECURITY_STATUS make_token(PCredHandle credential, const char* target) {
  CtxtHandle context;
  SecBuffer buffer = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc output = {SECBUFFER_VERSION, 1, &buffer};
  const SECURITY_STATUS status =
      InitializeSecurityContext(credential, NULL, (SEC_CHAR*)target, ISC_REQ_MUTUAL_AUTH | ISC_REQ_ALLOCATE_MEMORY, 0,
                                SECURITY_NATIVE_DREP, NULL, 0, &context, &output, NULL, NULL);
  if (status == SEC_I_CONTINUE_NEEDED) {
    FreeContextBuffer(buffer.pvBuffer);
    DeleteSecurityContext(&context);
  }
  return status;
}

static SECURITY_STATUS acquire(const char* package, ULONG use, void* identity, PCredHandle out) {
  return AcquireCredentialsHandle(NULL, (SEC_CHAR*)package, use, NULL, identity, NULL, NULL, out, NULL);
}

/* ---- Passwords ---- */

static SEC_WINNT_AUTH_IDENTITY utf8_identity(const char* user, const char* domain, const char* password) {
  SEC_WINNT_AUTH_IDENTITY out = {(UCHAR*)user,
                                 (ULONG)strlen(user),
                                 (UCHAR*)domain,
                                 (ULONG)strlen(domain),
                                 (UCHAR*)password,
                                 (ULONG)strlen(password),
                                 SEC_WINNT_AUTH_IDENTITY_ANSI};
  return out;
}

static const char* a_password_signs_in_as_oneself(void) {
  static const char* const names[][2] = {{"alice", "ROOT.FABRIKAM.COM"},
                                         {"alice", "root"},
                                         {"alice", ""},
                                         {"alice@root.fabrikam.com", ""},
                                         {"ROOT\\alice", ""}};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    SEC_WINNT_AUTH_IDENTITY identity = utf8_identity(names[i][0], names[i][1], "Passw0rd!");
    CredHandle credential;
    SecPkgCredentials_Names name;
    EXPECT(acquire(i % 2 == 0 ? "Negotiate" : "Kerberos", SECPKG_CRED_OUTBOUND, &identity, &credential) == SEC_E_OK);
    EXPECT(QueryCredentialsAttributes(&credential, SECPKG_CRED_ATTR_NAMES, &name) == SEC_E_OK);
    EXPECT(strcmp(name.sUserName, "alice@ROOT.FABRIKAM.COM") == 0);
    FreeContextBuffer(name.sUserName);
    EXPECT(make_token(&credential, REPORTS) == SEC_I_CONTINUE_NEEDED);
    EXPECT(make_token(&credential, BACKEND) == SEC_I_CONTINUE_NEEDED);
    EXPECT(FreeCredentialsHandle(&credential) == SEC_E_OK);
  }
  return NULL;
}

static const char* a_password_in_utf16(void) {
  SEC_WINNT_AUTH_IDENTITY_W identity = {
      (USHORT*)u"alice", 5, (USHORT*)u"ROOT", 4, (USHORT*)u"Passw0rd!", 9, SEC_WINNT_AUTH_IDENTITY_UNICODE};
  SEC_WINNT_AUTH_IDENTITY_EXW extended = {SEC_WINNT_AUTH_IDENTITY_VERSION,
                                          sizeof extended,
                                          (USHORT*)u"alice",
                                          5,
                                          NULL,
                                          0,
                                          (USHORT*)u"Passw0rd!",
                                          9,
                                          SEC_WINNT_AUTH_IDENTITY_UNICODE,
                                          NULL,
                                          0};
  CredHandle credential;
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, &identity, &credential) == SEC_E_OK);
  EXPECT(make_token(&credential, REPORTS) == SEC_I_CONTINUE_NEEDED);
  EXPECT(FreeCredentialsHandle(&credential) == SEC_E_OK);
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, &extended, &credential) == SEC_E_OK);
  EXPECT(make_token(&credential, REPORTS) == SEC_I_CONTINUE_NEEDED);
  EXPECT(FreeCredentialsHandle(&credential) == SEC_E_OK);
  return NULL;
}

static const char* a_wrong_password_is_denied(void) {
  SEC_WINNT_AUTH_IDENTITY wrong = utf8_identity("alice", "", "Password"),
                          nobody = utf8_identity("nobody", "", "Passw0rd!"),
                          nowhere = utf8_identity("alice", "NOWHERE", "Passw0rd!"),
                          odd = utf8_identity("alice", "", "Passw0rd!");
  CredHandle credential;
  EXPECT(acquire("Kerberos", SECPKG_CRED_OUTBOUND, &wrong, &credential) == SEC_E_LOGON_DENIED);
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, &wrong, &credential) == SEC_E_LOGON_DENIED);
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, &nobody, &credential) == SEC_E_LOGON_DENIED);
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, &nowhere, &credential) == SEC_E_NO_AUTHENTICATING_AUTHORITY);
  odd.Flags = 7;
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, &odd, &credential) == SEC_E_UNKNOWN_CREDENTIALS);
  odd.Flags = SEC_WINNT_AUTH_IDENTITY_ANSI;
  EXPECT(acquire("Negotiate", SECPKG_CRED_INBOUND, &odd, &credential) == SEC_E_UNKNOWN_CREDENTIALS);
  odd.UserLength = 0;
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, &odd, &credential) == SEC_E_UNKNOWN_CREDENTIALS);
  return NULL;
}

/* The KDC must prove that it knows our key: one that does not is as good as false. */
static const char* a_password_is_a_logon_where_there_is_a_keytab(void) {
  static const char* const names[][2] = {{"alice", ""},
                                         {"alice", "ROOT"},
                                         {"alice@root.fabrikam.com", ""},
                                         {"erin", "EMEA.ROOT.FABRIKAM.COM"},
                                         {"EMEA\\erin", ""}};
  SEC_WINNT_AUTH_IDENTITY identity, wrong = utf8_identity("alice", "", "Password");
  CredHandle credential;
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    identity = utf8_identity(names[i][0], names[i][1], "Passw0rd!");
    EXPECT(acquire("Negotiate", SECPKG_CRED_BOTH, &identity, &credential) == SEC_E_OK);
    EXPECT(make_token(&credential, REPORTS) == SEC_I_CONTINUE_NEEDED);
    EXPECT(FreeCredentialsHandle(&credential) == SEC_E_OK);
  }
  EXPECT(acquire("Negotiate", SECPKG_CRED_BOTH, &wrong, &credential) == SEC_E_LOGON_DENIED);
  identity = utf8_identity("alice", "", "Passw0rd!");
  EXPECT(ShimSetDefaultConfig("keytab", strange_keytab_file) == SEC_E_OK);
  EXPECT(acquire("Negotiate", SECPKG_CRED_BOTH, &identity, &credential) == SEC_E_ILLEGAL_MESSAGE);
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, &identity, &credential) == SEC_E_OK &&
         FreeCredentialsHandle(&credential) == SEC_E_OK);
  EXPECT(ShimSetDefaultConfig("keytab", "/no/such.keytab") == SEC_E_OK);
  EXPECT(acquire("Negotiate", SECPKG_CRED_BOTH, &identity, &credential) == SEC_E_NO_CREDENTIALS);
  EXPECT(ShimSetDefaultConfig("keytab", keytab_file) == SEC_E_OK);
  return NULL;
}

/* ---- Logon in a user's name ---- */

static NTSTATUS log_on(void* information, ULONG size, HANDLE* token) {
  HANDLE lsa;
  ULONG package;
  LSA_STRING name = {8, 9, (CHAR*)"Kerberos"};
  NTSTATUS status = LsaConnectUntrusted(&lsa);
  if (status == STATUS_SUCCESS) status = LsaLookupAuthenticationPackage(lsa, &name, &package);
  if (status == STATUS_SUCCESS)
    status =
        LsaLogonUser(lsa, &name, Network, package, information, size, NULL, NULL, NULL, NULL, NULL, token, NULL, NULL);
  LsaDeregisterLogonProcess(lsa);
  return status;
}

static const char* a_certificate_names_the_user(void) {
  union {
    KERB_CERTIFICATE_S4U_LOGON logon;
    UCHAR bytes[sizeof(KERB_CERTIFICATE_S4U_LOGON) + 8192];
  } block;
  KERB_CERTIFICATE_S4U_LOGON* logon = &block.logon;
  FILE* file = fopen(certificate_file, "rb");
  HANDLE token;
  CredHandle credential;
  SecPkgCredentials_Names name;
  ULONG size;
  EXPECT(file != NULL);
  memset(&block, 0, sizeof block);
  logon->MessageType = KerbCertificateS4ULogon;
  logon->Certificate = block.bytes + sizeof *logon;
  logon->CertificateLength = (ULONG)fread(logon->Certificate, 1, 8192, file);
  fclose(file);
  size = (ULONG)sizeof *logon + logon->CertificateLength;
  EXPECT(log_on(&block, size, &token) == STATUS_SUCCESS);
  EXPECT(ImpersonateLoggedOnUser(token));
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, NULL, &credential) == SEC_E_OK);
  EXPECT(RevertToSelf() && CloseHandle(token));
  EXPECT(QueryCredentialsAttributes(&credential, SECPKG_CRED_ATTR_NAMES, &name) == SEC_E_OK);
  EXPECT(strcmp(name.sUserName, "alice@ROOT.FABRIKAM.COM") == 0);
  FreeContextBuffer(name.sUserName);
  EXPECT(make_token(&credential, BACKEND) == SEC_I_CONTINUE_NEEDED);
  EXPECT(FreeCredentialsHandle(&credential) == SEC_E_OK);

  EXPECT(log_on(&block, size - 1, &token) == STATUS_INVALID_PARAMETER);
  EXPECT(log_on(&block, sizeof *logon - 1, &token) == STATUS_INVALID_PARAMETER);
  logon->Flags = KERB_CERTIFICATE_S4U_LOGON_FLAG_FAIL_IF_NT_AUTH_POLICY_REQUIRED;
  EXPECT(log_on(&block, size, &token) == STATUS_NOT_SUPPORTED);
  logon->Flags = 0;
  logon->Certificate[logon->CertificateLength / 2] ^= 0x55; /* a certificate of nobody, or none at all */
  EXPECT(log_on(&block, size, &token) != STATUS_SUCCESS);
  return NULL;
}

/* A logon with the certificate that is mapped to alice and to bob: who it is, or the status. */
static const char* log_on_shared(const char16_t* name, const char16_t* domain, ULONG flags) {
  static char out[256];
  union {
    KERB_CERTIFICATE_S4U_LOGON logon;
    UCHAR bytes[sizeof(KERB_CERTIFICATE_S4U_LOGON) + 8192];
  } block;
  KERB_CERTIFICATE_S4U_LOGON* logon = &block.logon;
  const char16_t* texts[] = {name, domain};
  UNICODE_STRING* strings[] = {&logon->UserPrincipalName, &logon->DomainName};
  UCHAR* at = block.bytes + sizeof *logon;
  FILE* file = fopen(shared_certificate_file, "rb");
  HANDLE token;
  CredHandle credential;
  SecPkgCredentials_Names named;
  NTSTATUS status;
  memset(&block, 0, sizeof block);
  logon->MessageType = KerbCertificateS4ULogon;
  logon->Flags = flags;
  for (int i = 0; i < 2; ++i) {
    while (texts[i][strings[i]->Length / 2] != 0) strings[i]->Length += 2;
    strings[i]->Buffer = (WCHAR*)(void*)at;
    memcpy(at, texts[i], strings[i]->Length);
    at += strings[i]->Length;
  }
  logon->Certificate = at;
  logon->CertificateLength = file == NULL ? 0 : (ULONG)fread(at, 1, 4096, file);
  if (file != NULL) fclose(file);
  status = log_on(&block, (ULONG)(at - block.bytes) + logon->CertificateLength, &token);
  snprintf(out, sizeof out, "0x%08X", (unsigned)status);
  if (status != STATUS_SUCCESS) return out;
  ImpersonateLoggedOnUser(token);
  if (acquire("Negotiate", SECPKG_CRED_OUTBOUND, NULL, &credential) == SEC_E_OK) {
    if (QueryCredentialsAttributes(&credential, SECPKG_CRED_ATTR_NAMES, &named) == SEC_E_OK) {
      snprintf(out, sizeof out, "%s", named.sUserName);
      FreeContextBuffer(named.sUserName);
    }
    FreeCredentialsHandle(&credential);
  }
  RevertToSelf();
  CloseHandle(token);
  return out;
}

static SECURITY_STATUS last_status(void) {
  SHIM_ERROR_DETAIL detail;
  detail.Size = sizeof detail;
  ShimGetLastErrorDetail(&detail);
  return detail.Status;
}

static const char* a_certificate_of_two_needs_a_name(void) {
  EXPECT(strcmp(log_on_shared(u"", u"", 0), "0xC000006D") == 0 && last_status() == SEC_E_MULTIPLE_ACCOUNTS);
  EXPECT(strcmp(log_on_shared(u"bob@root.fabrikam.com", u"", 0), "bob@ROOT.FABRIKAM.COM") == 0);
  EXPECT(strcmp(log_on_shared(u"alice", u"ROOT", 0), "alice@ROOT.FABRIKAM.COM") == 0);
  EXPECT(strcmp(log_on_shared(u"alice@root.fabrikam.com", u"root.fabrikam.com.", 0), "alice@ROOT.FABRIKAM.COM") == 0);
  EXPECT(strcmp(log_on_shared(u"carol", u"", 0), "0xC000006D") == 0); /* whose certificate it is not */
  EXPECT(strcmp(log_on_shared(u"nobody", u"", 0), "0xC0000064") == 0);
  EXPECT(strcmp(log_on_shared(u"bob", u"", KERB_CERTIFICATE_S4U_LOGON_FLAG_CHECK_DUPLICATES), "0xC000006D") == 0 &&
         last_status() == SEC_E_MULTIPLE_ACCOUNTS);
  EXPECT(strcmp(log_on_shared(u"", u"emea.root.fabrikam.com", 0), "0xC000006D") != 0); /* there it is erin's */
  EXPECT(strcmp(log_on_shared(u"", u"EMEA", 0), "erin@EMEA.ROOT.FABRIKAM.COM") == 0);
  return NULL;
}

static const char* logon_hours_count_where_the_flag_says_so(void) {
  union {
    KERB_S4U_LOGON logon;
    UCHAR bytes[sizeof(KERB_S4U_LOGON) + 64];
  } block;
  static const WCHAR name[] = u"night";
  HANDLE token;
  memset(&block, 0, sizeof block);
  memcpy(block.bytes + sizeof block.logon, name, sizeof name);
  block.logon.MessageType = KerbS4ULogon;
  block.logon.ClientUpn.Length = block.logon.ClientUpn.MaximumLength = sizeof name - sizeof *name;
  block.logon.ClientUpn.Buffer = (WCHAR*)(void*)(block.bytes + sizeof block.logon);
  EXPECT(log_on(&block, sizeof block, &token) == STATUS_SUCCESS && CloseHandle(token));
  block.logon.Flags = KERB_S4U_LOGON_FLAG_CHECK_LOGONHOURS;
  EXPECT(log_on(&block, sizeof block, &token) == (NTSTATUS)0xC000006F); /* STATUS_INVALID_LOGON_HOURS */
  block.logon.Flags = KERB_S4U_LOGON_FLAG_IDENTIFY;
  EXPECT(log_on(&block, sizeof block, &token) == STATUS_SUCCESS && CloseHandle(token));
  return NULL;
}

static HANDLE token_of(const char* user) {
  HANDLE token = NULL;
  return ShimCreateTokenForUser(NULL, user, &token) == SEC_E_OK ? token : NULL;
}

static const char* the_wide_names_and_their_table(void) {
  PSecurityFunctionTableW table = InitSecurityInterfaceW();
  HANDLE token = token_of("bob");
  CredHandle credential;
  CtxtHandle context;
  SecBuffer buffer = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc output = {SECBUFFER_VERSION, 1, &buffer};
  SecPkgContext_NamesW name;
  PDOMAIN_CONTROLLER_INFOW info;
  EXPECT(token != NULL && ShimImpersonateToken(token) == SEC_E_OK);
  EXPECT(table->dwVersion >= SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION);
  EXPECT(table->AcquireCredentialsHandleW(NULL, (SEC_WCHAR*)u"Kerberos", SECPKG_CRED_OUTBOUND, NULL, NULL, NULL, NULL,
                                          &credential, NULL) == SEC_E_OK);
  EXPECT(ShimRevert() == SEC_E_OK && CloseHandle(token));
  EXPECT(table->InitializeSecurityContextW(&credential, NULL, (SEC_WCHAR*)u"HTTP/backend.corp.contoso.com",
                                           ISC_REQ_ALLOCATE_MEMORY, 0, SECURITY_NATIVE_DREP, NULL, 0, &context, &output,
                                           NULL, NULL) == SEC_E_OK);
  EXPECT(table->QueryContextAttributesW(&context, SECPKG_ATTR_NAMES, &name) == SEC_E_OK);
  EXPECT(memcmp(name.sUserName, u"ROOT\\bob", sizeof u"ROOT\\bob") == 0);
  EXPECT(table->FreeContextBuffer(name.sUserName) == SEC_E_OK && table->FreeContextBuffer(buffer.pvBuffer) == SEC_E_OK);
  EXPECT(table->DeleteSecurityContext(&context) == SEC_E_OK && table->FreeCredentialsHandle(&credential) == SEC_E_OK);
  EXPECT(DsGetDcNameW(NULL, u"corp.contoso.com", NULL, NULL, DS_RETURN_DNS_NAME, &info) == ERROR_SUCCESS);
  EXPECT(memcmp(info->DomainName, u"corp.contoso.com", sizeof u"corp.contoso.com") == 0);
  EXPECT(NetApiBufferFree(info) == ERROR_SUCCESS);
  return NULL;
}

static const char* without_impersonation_it_is_oneself(void) {
  CredHandle credential;
  CtxtHandle context;
  SecBuffer buffer = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc output = {SECBUFFER_VERSION, 1, &buffer};
  SecPkgContext_NativeNames names;
  EXPECT(acquire("Kerberos", SECPKG_CRED_OUTBOUND, NULL, &credential) == SEC_E_OK);
  EXPECT(InitializeSecurityContext(&credential, NULL, (SEC_CHAR*)"HTTP/denied.corp.contoso.com",
                                   ISC_REQ_ALLOCATE_MEMORY, 0, SECURITY_NATIVE_DREP, NULL, 0, &context, &output, NULL,
                                   NULL) == SEC_E_OK); /* nobody is delegated */
  EXPECT(QueryContextAttributes(&context, SECPKG_ATTR_NATIVE_NAMES, &names) == SEC_E_OK);
  EXPECT(strncmp(names.sClientName, "HTTP/frontend.", 14) == 0 &&
         strcmp(names.sServerName, "HTTP/denied.corp.contoso.com@CORP.CONTOSO.COM") == 0);
  FreeContextBuffer(names.sClientName);
  FreeContextBuffer(names.sServerName);
  FreeContextBuffer(buffer.pvBuffer);
  EXPECT(DeleteSecurityContext(&context) == SEC_E_OK);
  EXPECT(make_token(&credential, "HTTP/nowhere.root.fabrikam.com") == SEC_E_TARGET_UNKNOWN);
  EXPECT(FreeCredentialsHandle(&credential) == SEC_E_OK);
  return NULL;
}

/* ---- Without blocking ---- */

struct arrival {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int calls;
  SECURITY_STATUS status, inside;
  pthread_t thread;
  CredHandle credential;
};

/* On the library's thread: what would block is refused there. */
static void arrived(void* arg, SECURITY_STATUS status) {
  struct arrival* here = arg;
  const SECURITY_STATUS inside = make_token(&here->credential, REPORTS);
  pthread_mutex_lock(&here->mutex);
  here->calls++;
  here->status = status;
  here->inside = inside;
  here->thread = pthread_self();
  pthread_cond_signal(&here->changed);
  pthread_mutex_unlock(&here->mutex);
}

static void wait_for(struct arrival* here, int calls) {
  pthread_mutex_lock(&here->mutex);
  while (here->calls < calls) pthread_cond_wait(&here->changed, &here->mutex);
  pthread_mutex_unlock(&here->mutex);
}

static const char* a_callback_tells_that_the_ticket_is_there(void) {
  struct arrival here = {
      PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, SEC_E_OK, SEC_E_OK, pthread_self(), {0, 0}};
  HANDLE token = token_of("bob");
  EXPECT(token != NULL && ShimImpersonateToken(token) == SEC_E_OK);
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, NULL, &here.credential) == SEC_E_OK);
  EXPECT(ShimRevert() == SEC_E_OK && CloseHandle(token));
  EXPECT(ShimInitializeSecurityContextAsync(&here.credential, REPORTS, arrived, &here) == SEC_E_OK);
  wait_for(&here, 1);
  EXPECT(here.status == SEC_E_OK && here.inside == SEC_E_INTERNAL_ERROR && !pthread_equal(here.thread, pthread_self()));
  EXPECT(make_token(&here.credential, REPORTS) == SEC_I_CONTINUE_NEEDED);
  EXPECT(ShimInitializeSecurityContextAsync(&here.credential, "HTTP/denied.corp.contoso.com", arrived, &here) ==
         SEC_E_OK);
  wait_for(&here, 2);
  EXPECT(here.status == SEC_E_DELEGATION_POLICY);
  EXPECT(ShimInitializeSecurityContextAsync(&here.credential, "@", arrived, &here) == SEC_E_TARGET_UNKNOWN);
  EXPECT(ShimInitializeSecurityContextAsync(&here.credential, REPORTS, arrived, &here) ==
         SEC_E_OK); /* with its handle gone */
  EXPECT(FreeCredentialsHandle(&here.credential) == SEC_E_OK);
  wait_for(&here, 3);
  EXPECT(here.status == SEC_E_OK && here.calls == 3);
  return NULL;
}

static const char* a_callback_needs_a_users_credentials(void) {
  struct arrival here = {
      PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, SEC_E_OK, SEC_E_OK, pthread_self(), {0, 0}};
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, NULL, &here.credential) == SEC_E_OK);
  EXPECT(ShimInitializeSecurityContextAsync(&here.credential, REPORTS, arrived, &here) == SEC_E_NO_IMPERSONATION);
  EXPECT(FreeCredentialsHandle(&here.credential) == SEC_E_OK && here.calls == 0);
  return NULL;
}

/* ---- What is behind a failure ---- */

static const char* a_refusal_is_told_in_detail(void) {
  HANDLE token = token_of("bob");
  CredHandle credential;
  SHIM_ERROR_DETAIL detail;
  char* trace = NULL;
  detail.Size = sizeof detail;
  EXPECT(token != NULL && ShimImpersonateToken(token) == SEC_E_OK);
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, NULL, &credential) == SEC_E_OK && ShimRevert() == SEC_E_OK &&
         CloseHandle(token));
  EXPECT(make_token(&credential, "HTTP/denied.corp.contoso.com") == SEC_E_DELEGATION_POLICY);
  EXPECT(ShimGetLastErrorDetail(&detail) == SEC_E_OK && detail.KerberosError == 13 &&
         detail.NtStatus == (NTSTATUS)0xC0000225);
  EXPECT(strcmp(detail.Controller, "dc12.corp.contoso.com") == 0 && strcmp(detail.Level, "2012") == 0);
  EXPECT(detail.Retryable == 0 && detail.CacheableFor > 0 && detail.CacheableFor <= 120000);
  EXPECT(ShimGetLastErrorTrace(&trace) == SEC_E_OK && trace != NULL);
  EXPECT(strstr(trace, "\"steps\"") != NULL && strstr(trace, "Set-ADComputer") != NULL &&
         strstr(trace, "dc12.corp.contoso.com") != NULL);
  EXPECT(FreeContextBuffer(trace) == SEC_E_OK && FreeContextBuffer(trace) == SEC_E_INVALID_HANDLE);
  EXPECT(FreeCredentialsHandle(&credential) == SEC_E_OK && FreeCredentialsHandle(&credential) == SEC_E_INVALID_HANDLE);
  EXPECT(ShimGetLastErrorTrace(&trace) == SEC_E_OK && trace == NULL);
  return NULL;
}

static const char* a_proxy_credential_needs_leave(void) {
  HANDLE token = token_of("bob"), other = NULL;
  const char* spns[] = {REPORTS};
  EXPECT(token != NULL);
  EXPECT(ShimExportCCache(token, NULL, 0, "MEMORY:proxy", SHIM_EXPORT_PROXY_CREDENTIAL) == SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT(ShimExportCCache(token, spns, 1, "MEMORY:proxy", SHIM_EXPORT_PROXY_CREDENTIAL) == SEC_E_INVALID_PARAMETER);
  EXPECT(ShimExportCCache(token, spns, 1, "MEMORY:proxy", 2) == SEC_E_INVALID_PARAMETER);
  EXPECT(ShimSetDefaultConfig("allow_proxy_credentials", "true") == SEC_E_OK);
  EXPECT(ShimExportCCache(token, NULL, 0, "MEMORY:proxy", SHIM_EXPORT_PROXY_CREDENTIAL) ==
         SEC_E_UNSUPPORTED_FUNCTION); /* its client has no leave */
  other = token_of("bob");
  EXPECT(ShimExportCCache(other, NULL, 0, "MEMORY:proxy", SHIM_EXPORT_PROXY_CREDENTIAL) == SEC_E_OK);
  EXPECT(CloseHandle(token) && CloseHandle(other));
  EXPECT(ShimSetDefaultConfig("allow_proxy_credentials", "false") == SEC_E_OK);
  return NULL;
}

/* ---- Handles and threads ---- */

static void* acquires_elsewhere(void* out) {
  CredHandle credential;
  SecPkgCredentials_Names name;
  if (acquire("Negotiate", SECPKG_CRED_OUTBOUND, NULL, &credential) == SEC_E_OK &&
      QueryCredentialsAttributes(&credential, SECPKG_CRED_ATTR_NAMES, &name) == SEC_E_OK) {
    snprintf(out, 256, "%s", name.sUserName);
    FreeContextBuffer(name.sUserName);
    FreeCredentialsHandle(&credential);
  }
  ShimRevert(); /* of this thread, which impersonates nobody */
  return NULL;
}

static const char* impersonation_is_of_one_thread(void) {
  HANDLE token = token_of("bob");
  char elsewhere[256] = "", here[256] = "";
  pthread_t thread;
  EXPECT(token != NULL && ShimImpersonateToken(token) == SEC_E_OK);
  EXPECT(pthread_create(&thread, NULL, acquires_elsewhere, elsewhere) == 0 && pthread_join(thread, NULL) == 0);
  EXPECT(strncmp(elsewhere, "HTTP/frontend", 13) == 0);
  acquires_elsewhere(here);
  EXPECT(strcmp(here, "bob@ROOT.FABRIKAM.COM") == 0);
  EXPECT(CloseHandle(token));
  return NULL;
}

static const char* a_stale_handle_is_told(void) {
  HANDLE token = token_of("bob"), other;
  CredHandle credential, again;
  SHIM_CLIENT client;
  const char* spns[] = {BACKEND};
  EXPECT(token != NULL && ShimImpersonateToken(token) == SEC_E_OK);
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, NULL, &credential) == SEC_E_OK && ShimRevert() == SEC_E_OK);
  EXPECT(DeleteSecurityContext(&credential) == SEC_E_INVALID_HANDLE); /* of another kind */
  EXPECT(FreeCredentialsHandle(&credential) == SEC_E_OK);
  EXPECT(FreeCredentialsHandle(&credential) == SEC_E_INVALID_HANDLE);
  EXPECT(make_token(&credential, BACKEND) == SEC_E_INVALID_HANDLE);
  EXPECT(acquire("Negotiate", SECPKG_CRED_OUTBOUND, NULL, &again) == SEC_E_OK); /* may take the slot */
  EXPECT(FreeCredentialsHandle(&credential) == SEC_E_INVALID_HANDLE);
  EXPECT(FreeCredentialsHandle(&again) == SEC_E_OK);
  EXPECT(CloseHandle(token) && !CloseHandle(token));
  EXPECT(ShimImpersonateToken(token) == SEC_E_INVALID_HANDLE);
  EXPECT(ShimExportCCache(token, spns, 1, "MEMORY:x", 0) == SEC_E_INVALID_HANDLE);
  EXPECT(ShimOpenClient(NULL, &client) == SEC_E_OK && ShimCloseClient(&client) == SEC_E_OK &&
         ShimCloseClient(&client) == SEC_E_INVALID_HANDLE);
  EXPECT(ShimCreateTokenForUser(&client, "bob", &other) == SEC_E_INVALID_HANDLE);
  EXPECT(FreeCredentialsHandle(NULL) == SEC_E_INVALID_HANDLE && FreeContextBuffer(&client) == SEC_E_INVALID_HANDLE);
  return NULL;
}

/* ---- Domain controllers ---- */

static DWORD locate(ULONG flags, const char* site, char* name, size_t size) {
  PDOMAIN_CONTROLLER_INFOA info;
  const DWORD status = DsGetDcNameA(NULL, "corp.contoso.com", NULL, site, flags, &info);
  if (status == ERROR_SUCCESS) {
    snprintf(name, size, "%s", info->DomainControllerName);
    NetApiBufferFree(info);
  }
  return status;
}

static const char* flags_of_ds_get_dc_name(void) {
  static const ULONG good[] = {DS_FORCE_REDISCOVERY,
                               DS_ONLY_LDAP_NEEDED,
                               DS_BACKGROUND_ONLY,
                               DS_TRY_NEXTCLOSEST_SITE,
                               DS_TRY_NEXTCLOSEST_SITE | DS_FORCE_REDISCOVERY,
                               DS_IP_REQUIRED | DS_AVOID_SELF,
                               DS_WRITABLE_REQUIRED | DS_KDC_REQUIRED,
                               DS_GOOD_TIMESERV_PREFERRED,
                               DS_DIRECTORY_SERVICE_PREFERRED | DS_BACKGROUND_ONLY};
  static const ULONG bad[] = {DS_RETURN_DNS_NAME | DS_RETURN_FLAT_NAME, DS_IS_DNS_NAME | DS_IS_FLAT_NAME,
                              DS_PDC_REQUIRED | DS_GC_SERVER_REQUIRED, 0x02000000U, DS_IS_FLAT_NAME};
  char name[256] = "";
  for (size_t i = 0; i < sizeof good / sizeof *good; ++i) {
    name[0] = '\0';
    EXPECT(locate(good[i], NULL, name, sizeof name) == ERROR_SUCCESS);
    EXPECT(strncmp(name, "\\\\dc", 4) == 0 && strstr(name, ".corp.contoso.com") != NULL);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i)
    EXPECT(locate(bad[i], NULL, name, sizeof name) == ERROR_INVALID_FLAGS);
  EXPECT(locate(DS_TRY_NEXTCLOSEST_SITE, "Default-First-Site-Name", name, sizeof name) == ERROR_INVALID_FLAGS);
  EXPECT(locate(0, "Nowhere", name, sizeof name) == ERROR_NO_SUCH_DOMAIN);
  EXPECT(locate(0, "Default-First-Site-Name", name, sizeof name) == ERROR_SUCCESS);
  EXPECT(locate(DS_RETURN_FLAT_NAME, NULL, name, sizeof name) == ERROR_SUCCESS && strchr(name, '.') == NULL);
  EXPECT(locate(DS_DIRECTORY_SERVICE_8_REQUIRED | DS_RETURN_DNS_NAME, NULL, name, sizeof name) == ERROR_SUCCESS);
  EXPECT(strcmp(name, "\\\\dc12.corp.contoso.com") == 0);
  return NULL;
}

int main(int count, char** words) {
  static const struct {
    const char* name;
    const char* (*run)(void);
  } cases[] = {{"a_password_signs_in_as_oneself", a_password_signs_in_as_oneself},
               {"a_password_in_utf16", a_password_in_utf16},
               {"a_wrong_password_is_denied", a_wrong_password_is_denied},
               {"a_password_is_a_logon_where_there_is_a_keytab", a_password_is_a_logon_where_there_is_a_keytab},
               {"a_certificate_names_the_user", a_certificate_names_the_user},
               {"a_certificate_of_two_needs_a_name", a_certificate_of_two_needs_a_name},
               {"logon_hours_count_where_the_flag_says_so", logon_hours_count_where_the_flag_says_so},
               {"without_impersonation_it_is_oneself", without_impersonation_it_is_oneself},
               {"a_callback_tells_that_the_ticket_is_there", a_callback_tells_that_the_ticket_is_there},
               {"a_callback_needs_a_users_credentials", a_callback_needs_a_users_credentials},
               {"a_refusal_is_told_in_detail", a_refusal_is_told_in_detail},
               {"a_proxy_credential_needs_leave", a_proxy_credential_needs_leave},
               {"the_wide_names_and_their_table", the_wide_names_and_their_table},
               {"impersonation_is_of_one_thread", impersonation_is_of_one_thread},
               {"a_stale_handle_is_told", a_stale_handle_is_told},
               {"flags_of_ds_get_dc_name", flags_of_ds_get_dc_name}};
  int failed = 0;
  if (count != 7)
    return fprintf(stderr, "usage: sspi_cases stead.toml KEYTAB PRINCIPAL CERTIFICATE.der SHARED.der STRANGE_KEYTAB\n"),
           2;
  ShimSetDefaultConfig("config", words[1]);
  ShimSetDefaultConfig("keytab", words[2]);
  ShimSetDefaultConfig("principal", words[3]);
  certificate_file = words[4];
  shared_certificate_file = words[5];
  keytab_file = words[2];
  strange_keytab_file = words[6];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const char* wrong = cases[i].run();
    SHIM_ERROR_DETAIL detail;
    detail.Size = sizeof detail;
    ShimGetLastErrorDetail(&detail);
    if (wrong == NULL) {
      printf("ok %s\n", cases[i].name);
    } else {
      printf("not ok %s: %s; last error 0x%08X %s\n", cases[i].name, wrong, (unsigned)detail.Status, detail.Text);
      failed = 1;
    }
    ShimRevert();
  }
  return failed;
}
