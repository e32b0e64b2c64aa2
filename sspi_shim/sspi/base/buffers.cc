#include "sspi_shim/sspi/base/buffers.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "sspi_shim/sspi/base/memory.h"

namespace stead::sspi {

SecBuffer* find_buffer(const SecBufferDesc* desc, ULONG type) {
  if (desc == nullptr || desc->pBuffers == nullptr) return nullptr;
  for (ULONG i = 0; i < desc->cBuffers; ++i) {
    if ((desc->pBuffers[i].BufferType & ~SECBUFFER_ATTRMASK) == type) return &desc->pBuffers[i];
  }
  return nullptr;
}

Bytes bytes_of(const SecBuffer* buffer) {
  if (buffer == nullptr || buffer->pvBuffer == nullptr) return {};
  return {static_cast<const std::uint8_t*>(buffer->pvBuffer), buffer->cbBuffer};
}

bool put_token(const SecBufferDesc* desc, Bytes token, TokenMemory memory) {
  SecBuffer* out = find_buffer(desc, SECBUFFER_TOKEN);
  if (out == nullptr) return token.empty();
  if (memory == TokenMemory::allocated) {
    out->pvBuffer = token.empty() ? nullptr : allocate(token.size());
  } else if (out->cbBuffer < token.size() || (out->pvBuffer == nullptr && !token.empty())) {
    out->cbBuffer = static_cast<ULONG>(token.size());  // the size that is needed
    return false;
  }
  std::copy(token.begin(), token.end(), static_cast<std::uint8_t*>(out->pvBuffer));
  out->cbBuffer = static_cast<ULONG>(token.size());
  return true;
}

ChannelBindings find_bindings(const SecBufferDesc* desc) {
  const SecBuffer* buffer = find_buffer(desc, SECBUFFER_CHANNEL_BINDINGS);
  const Bytes bytes = bytes_of(buffer);
  ChannelBindings out;
  if (buffer == nullptr || buffer->cbBuffer == 0) return out;
  out.there = true;
  SEC_CHANNEL_BINDINGS header{};
  out.well_formed = bytes.size() >= sizeof header;
  if (!out.well_formed) return out;
  std::memcpy(&header, bytes.data(), sizeof header);
  out.well_formed = header.dwApplicationDataOffset <= bytes.size() &&
                    header.cbApplicationDataLength <= bytes.size() - header.dwApplicationDataOffset;
  if (out.well_formed)
    out.application_data = bytes.subspan(header.dwApplicationDataOffset, header.cbApplicationDataLength);
  return out;
}

}  // namespace stead::sspi
