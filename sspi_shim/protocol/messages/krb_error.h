#pragma once
// KRB-ERROR (RFC 4120 §5.9.1) and the e-data that AD puts into it (MS-KILE §2.2.1, §2.2.2).
#include <cstdint>
#include <optional>
#include <string>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

//   KRB-ERROR ::= [APPLICATION 30] SEQUENCE { pvno [0], msg-type [1], ctime [2] OPTIONAL, cusec [3] OPTIONAL, stime
//   [4], susec [5],
//     error-code [6], crealm [7] OPTIONAL, cname [8] OPTIONAL, realm [9], sname [10], e-text [11] OPTIONAL, e-data [12]
//     OPTIONAL }
struct KrbError {
  std::optional<Time> ctime;
  std::optional<std::int32_t> cusec;
  Time stime{};
  std::int32_t susec = 0;
  KrbErrc code{};
  std::string crealm;  // empty: absent
  std::optional<PrincipalName> cname;
  std::string realm;
  PrincipalName sname;
  std::string e_text;
  Buffer e_data;
  friend bool operator==(const KrbError&, const KrbError&) = default;
};
[[nodiscard]] Result<KrbError> decode_krb_error(Bytes der);
[[nodiscard]] Buffer encode(const KrbError& value);

//   KERB-ERROR-DATA ::= SEQUENCE { data-type [1] INTEGER, data-value [2] OCTET STRING OPTIONAL }
// data-type 3: 12 bytes, NTSTATUS, reserved 0, flags (1 in AS errors, 3 in TGS errors; ignored on reading). Type 2:
// clock skew recovery.
struct KerbErrorData {
  std::int32_t data_type = 3;
  std::optional<NtStatus> status;  // with data-type 3
  std::uint32_t flags = 3;
  friend bool operator==(const KerbErrorData&, const KerbErrorData&) = default;
};
[[nodiscard]] Result<KerbErrorData> decode_kerb_error_data(Bytes der);
[[nodiscard]] Buffer encode(const KerbErrorData& value);
// The same as padata, which is its form in METHOD-DATA and under FAST.
[[nodiscard]] PaData to_padata(const KerbErrorData& value);

// The NTSTATUS in an error's e-data, in either form: KERB-ERROR-DATA, or padata 3 inside METHOD-DATA. Nothing if the
// e-data is absent or has other content, which is not an error.
[[nodiscard]] std::optional<NtStatus> nt_status_of(const KrbError& error);
// METHOD-DATA of KDC_ERR_PREAUTH_REQUIRED and the like; empty if the e-data has other content.
[[nodiscard]] PaDataList method_data_of(const KrbError& error);

}  // namespace stead
