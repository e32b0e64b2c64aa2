/* The C surface compiled as C11: layouts that ported code relies on, and calls that need no KDC. */
#include <stddef.h>
#include <string.h>

#include "stead/sspi.h"

_Static_assert(sizeof(ULONG) == 4 && sizeof(SEC_WCHAR) == 2 && sizeof(TimeStamp) == 8, "Windows' widths");
_Static_assert(sizeof(SecBuffer) == 8 + sizeof(void*) && offsetof(SecBuffer, pvBuffer) == 8, "SecBuffer");
_Static_assert(sizeof(SecBufferDesc) == 8 + sizeof(void*) && sizeof(SecHandle) == 2 * sizeof(void*),
               "SecBufferDesc and SecHandle");
_Static_assert(sizeof(KERB_LOGON_SUBMIT_TYPE) == 4 && offsetof(KERB_S4U_LOGON, ClientUpn) == 8, "KERB_S4U_LOGON");
_Static_assert(offsetof(SecurityFunctionTable, DecryptMessage) == 26 * sizeof(void*), "SecurityFunctionTable");

const char* sspi_c11_check(void);

/* NULL, or the check that fails. */
const char* sspi_c11_check(void) {
  PSecurityFunctionTable table = InitSecurityInterface();
  PSecPkgInfo packages = NULL;
  ULONG count = 0;
  SecHandle handle;
  SHIM_ERROR_DETAIL detail;
  if (table->EnumerateSecurityPackages(&count, &packages) != SEC_E_OK || count != 2) return "two packages";
  if (strcmp(packages[0].Name, NEGOSSP_NAME) != 0 || strcmp(packages[1].Name, MICROSOFT_KERBEROS_NAME) != 0)
    return "their names";
  if (table->FreeContextBuffer(packages) != SEC_E_OK) return "freed once";
  if (table->FreeContextBuffer(packages) != SEC_E_INVALID_HANDLE) return "freed twice";
  SecInvalidateHandle(&handle);
  if (SecIsValidHandle(&handle)) return "SecInvalidateHandle";
  if (table->DeleteSecurityContext(&handle) != SEC_E_INVALID_HANDLE) return "a handle that never was";
  detail.Size = sizeof detail;
  if (ShimGetLastErrorDetail(&detail) != SEC_E_OK || detail.Status != SEC_E_INVALID_HANDLE || detail.Text[0] == 0)
    return "the detail";
  if (AcquireCredentialsHandle(NULL, (SEC_CHAR*)"NTLM", SECPKG_CRED_OUTBOUND, NULL, NULL, NULL, NULL, &handle, NULL) !=
      SEC_E_SECPKG_NOT_FOUND)
    return "no NTLM";
  return NULL;
}
