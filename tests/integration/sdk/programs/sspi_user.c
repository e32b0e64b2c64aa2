/* A program that knows nothing of Stead: credentials of the user who runs it, and a token to a service.
 * sspi_user_test.py runs it.
 *   sspi_user null|empty|password-less SPN [PRINCIPAL]
 * Prints the name of the credentials, or "FUNCTION: STATUS TEXT" of what failed. */
#include <stdio.h>
#include <string.h>

#include "stead/sspi.h"

static int failed(const char* function, SECURITY_STATUS status) {
  SHIM_ERROR_DETAIL detail = {.Size = sizeof detail};
  ShimGetLastErrorDetail(&detail);
  printf("%s: %08x %s\n", function, (unsigned)status, detail.Text);
  return 1;
}

int main(int argc, char** argv) {
  SEC_WINNT_AUTH_IDENTITY zeros;
  SEC_WINNT_AUTH_IDENTITY blank = {(UCHAR*)"", 0, (UCHAR*)"", 0, NULL, 0, SEC_WINNT_AUTH_IDENTITY_ANSI};
  SecBuffer token = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc output = {SECBUFFER_VERSION, 1, &token};
  SecPkgCredentials_Names names;
  CredHandle credentials;
  CtxtHandle context;
  TimeStamp expiry;
  if (argc < 3) return 2;
  memset(&zeros, 0, sizeof zeros);
  void* identity = strcmp(argv[1], "null") == 0 ? NULL : strcmp(argv[1], "zeros") == 0 ? (void*)&zeros : (void*)&blank;
  SECURITY_STATUS status =
      AcquireCredentialsHandle(argc > 3 ? argv[3] : NULL, (SEC_CHAR*)"Negotiate", SECPKG_CRED_OUTBOUND, NULL, identity,
                               NULL, NULL, &credentials, &expiry);
  if (status != SEC_E_OK) return failed("AcquireCredentialsHandle", status);
  status = QueryCredentialsAttributes(&credentials, SECPKG_CRED_ATTR_NAMES, &names);
  if (status != SEC_E_OK) return failed("QueryCredentialsAttributes", status);
  status = InitializeSecurityContext(&credentials, NULL, argv[2], ISC_REQ_MUTUAL_AUTH | ISC_REQ_ALLOCATE_MEMORY, 0,
                                     SECURITY_NATIVE_DREP, NULL, 0, &context, &output, NULL, NULL);
  if (status != SEC_I_CONTINUE_NEEDED) return failed("InitializeSecurityContext", status);
  printf("%s %s\n", names.sUserName, expiry.HighPart == 0x7FFFFFFF ? "for ever" : "until");
  FreeContextBuffer(token.pvBuffer);
  FreeContextBuffer(names.sUserName);
  return DeleteSecurityContext(&context) != SEC_E_OK || FreeCredentialsHandle(&credentials) != SEC_E_OK;
}
