#pragma once
// SecBufferDesc: what is in it, and tokens put into it.
#include <gssapi/gssapi.h>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/sspi/types.h"

namespace stead::sspi {

// The first buffer of this type, attributes aside; nullptr: none.
[[nodiscard]] SecBuffer* find_buffer(const SecBufferDesc* desc, ULONG type);
[[nodiscard]] Bytes bytes_of(const SecBuffer* buffer);
// Puts a token into the TOKEN buffer of `desc`, in memory of ours where `allocate` says so. False: no such buffer, or
// too small.
[[nodiscard]] bool put_token(const SecBufferDesc* desc, Bytes token, bool allocate);
// The channel bindings among the buffers. Only their application data counts, as with TLS.
struct ChannelBindings {
  bool there = false;
  bool well_formed = true;
  Bytes application_data;
};
[[nodiscard]] ChannelBindings find_bindings(const SecBufferDesc* desc);

}  // namespace stead::sspi
