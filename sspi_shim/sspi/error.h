#pragma once
// Failures as a SECURITY_STATUS or NTSTATUS, with the detail as the calling thread's last error.
#include <gssapi/gssapi.h>

#include <optional>
#include <string>

#include "sspi_shim/sspi/base/types.h"
#include "stead/s4u.h"

namespace stead::sspi {

// Each stores the detail and returns the status.
SECURITY_STATUS fail(SECURITY_STATUS status, std::string text);
SECURITY_STATUS fail(const Failure& failure);
SECURITY_STATUS fail(const char* what, OM_uint32 major, OM_uint32 minor);
SECURITY_STATUS invalid_handle();
NTSTATUS fail_logon(const Failure& failure);

// For `catch (...)` in C functions: stores the current exception.
SECURITY_STATUS caught() noexcept;

// The trace of the calling thread's last failure, as JSON; nothing: it sent no request.
[[nodiscard]] std::optional<std::string> last_failure_trace();

[[nodiscard]] SECURITY_STATUS status_of(const Failure& failure);
[[nodiscard]] SECURITY_STATUS status_of(OM_uint32 major, OM_uint32 minor);
[[nodiscard]] NTSTATUS nt_status_of(const Failure& failure);

}  // namespace stead::sspi
