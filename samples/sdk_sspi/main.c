/* What an app server written to SSPI does: log a user on by name, act as them, and make a token for a back end.
 *   sdk_sspi stead.toml KEYTAB PRINCIPAL USER SPN
 * stead.toml has the tables [locator] and, if wanted, [identity]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stead/sspi.h"

static int complain(const char* what) {
  SHIM_ERROR_DETAIL detail;
  detail.Size = sizeof detail;
  ShimGetLastErrorDetail(&detail);
  fprintf(stderr, "%s: 0x%08X %s%s%s\n", what, (unsigned)detail.Status, detail.Text, detail.Diagnosis[0] ? ": " : "",
          detail.Diagnosis);
  return 1;
}

/* LsaLogonUser takes the user's name in one block with its structure. */
static HANDLE log_on(const char* user) {
  HANDLE lsa, token = NULL;
  LSA_STRING name = {8, 9, (CHAR*)"Kerberos"};
  ULONG package;
  size_t length = strlen(user), size = sizeof(KERB_S4U_LOGON) + length * sizeof(WCHAR);
  KERB_S4U_LOGON* logon = calloc(1, size);
  NTSTATUS status;
  if (logon == NULL) return NULL;
  logon->MessageType = KerbS4ULogon;
  logon->ClientUpn.Length = logon->ClientUpn.MaximumLength = (USHORT)(length * sizeof(WCHAR));
  logon->ClientUpn.Buffer = (WCHAR*)(logon + 1);
  for (size_t i = 0; i < length; ++i) logon->ClientUpn.Buffer[i] = (unsigned char)user[i];
  status = LsaConnectUntrusted(&lsa);
  if (status == STATUS_SUCCESS) status = LsaLookupAuthenticationPackage(lsa, &name, &package);
  if (status == STATUS_SUCCESS)
    LsaLogonUser(lsa, &name, Network, package, logon, (ULONG)size, NULL, NULL, NULL, NULL, NULL, &token, NULL, NULL);
  LsaDeregisterLogonProcess(lsa);
  free(logon);
  return token;
}

int main(int count, char** arguments) {
  CredHandle user;
  CtxtHandle context;
  SecBuffer buffer = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc output = {SECBUFFER_VERSION, 1, &buffer};
  HANDLE token;
  SECURITY_STATUS status;
  if (count != 6) return fprintf(stderr, "usage: sdk_sspi stead.toml KEYTAB PRINCIPAL USER SPN\n"), 2;
  if (ShimSetDefaultConfig("config", arguments[1]) != SEC_E_OK ||
      ShimSetDefaultConfig("keytab", arguments[2]) != SEC_E_OK ||
      ShimSetDefaultConfig("principal", arguments[3]) != SEC_E_OK)
    return complain("configuration");
  token = log_on(arguments[4]);
  if (token == NULL) return complain("LsaLogonUser");
  ImpersonateLoggedOnUser(token);
  status = AcquireCredentialsHandle(NULL, (SEC_CHAR*)NEGOSSP_NAME, SECPKG_CRED_OUTBOUND, NULL, NULL, NULL, NULL, &user,
                                    NULL);
  RevertToSelf();
  CloseHandle(token);
  if (status != SEC_E_OK) return complain("AcquireCredentialsHandle");
  status = InitializeSecurityContext(&user, NULL, arguments[5], ISC_REQ_MUTUAL_AUTH | ISC_REQ_ALLOCATE_MEMORY, 0,
                                     SECURITY_NATIVE_DREP, NULL, 0, &context, &output, NULL, NULL);
  FreeCredentialsHandle(&user);
  if (status != SEC_I_CONTINUE_NEEDED && status != SEC_E_OK) return complain("InitializeSecurityContext");
  printf("%s -> %s: a token of %u bytes\n", arguments[4], arguments[5], (unsigned)buffer.cbBuffer);
  FreeContextBuffer(buffer.pvBuffer);
  DeleteSecurityContext(&context);
  return 0;
}
