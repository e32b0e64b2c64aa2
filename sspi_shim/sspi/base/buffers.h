#pragma once
// Reads a SecBufferDesc, and puts tokens into it.
#include <gssapi/gssapi.h>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/sspi/base/types.h"

namespace stead::sspi {

// The first buffer of this type, attributes aside; nullptr: none.
[[nodiscard]] SecBuffer* find_buffer(const SecBufferDesc* desc, ULONG type);
[[nodiscard]] Bytes bytes_of(const SecBuffer* buffer);

enum class TokenMemory {
  callers,    // the buffer's own
  allocated,  // for FreeContextBuffer
};
// Puts a token into the TOKEN buffer of `desc`. False: there is none, or the caller's is too small.
[[nodiscard]] bool put_token(const SecBufferDesc* desc, Bytes token, TokenMemory memory);

// The channel bindings among the buffers. Reads their application data and no addresses, as TLS has none.
struct ChannelBindings {
  bool there = false;
  bool well_formed = true;
  Bytes application_data;
};
[[nodiscard]] ChannelBindings find_bindings(const SecBufferDesc* desc);

}  // namespace stead::sspi
