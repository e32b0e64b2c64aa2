// EncryptMessage, DecryptMessage, MakeSignature and VerifySignature: RFC 4121 tokens by GSSAPI. Without a trailer
// buffer GSSAPI rotates the trailer into the header: the data stay in place, and the token is what SSPI calls the
// security trailer.
#include "sspi_shim/sspi/messages.h"
#include "sspi_shim/base/process/fork_gate.h"

#include <gssapi/gssapi_ext.h>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <vector>

#include "sspi_shim/sspi/base/buffers.h"
#include "sspi_shim/sspi/error.h"

namespace stead::sspi {
namespace {

// The buffers of a message as GSSAPI takes them: one header, and the data in their order.
struct Message {
  std::vector<gss_iov_buffer_desc> iov;
  SecBuffer *token = nullptr, *stream = nullptr, *data = nullptr, *padding = nullptr;
};

bool read_message(const SecBufferDesc* desc, Message& out) {
  if (desc == nullptr || (desc->pBuffers == nullptr && desc->cBuffers != 0)) return false;
  for (ULONG i = 0; i < desc->cBuffers; ++i) {
    SecBuffer& buffer = desc->pBuffers[i];
    if (buffer.pvBuffer == nullptr && buffer.cbBuffer != 0) return false;
    gss_iov_buffer_desc iov{};
    iov.buffer = {buffer.cbBuffer, buffer.pvBuffer};
    switch (buffer.BufferType & ~SECBUFFER_ATTRMASK) {
      case SECBUFFER_TOKEN:
        iov.type = GSS_IOV_BUFFER_TYPE_HEADER;
        out.token = &buffer;
        break;
      case SECBUFFER_STREAM:
        iov.type = GSS_IOV_BUFFER_TYPE_STREAM;
        out.stream = &buffer;
        break;
      case SECBUFFER_DATA:
        if ((buffer.BufferType & SECBUFFER_READONLY) != 0) continue;  // neither encrypted nor signed
        iov.type = (buffer.BufferType & SECBUFFER_READONLY_WITH_CHECKSUM) != 0 ? GSS_IOV_BUFFER_TYPE_SIGN_ONLY
                                                                               : GSS_IOV_BUFFER_TYPE_DATA;
        if (iov.type == GSS_IOV_BUFFER_TYPE_DATA) out.data = &buffer;
        break;
      case SECBUFFER_PADDING:
        iov.type = GSS_IOV_BUFFER_TYPE_PADDING;
        out.padding = &buffer;
        break;
      default:
        continue;
    }
    out.iov.push_back(iov);
  }
  return true;
}

gss_iov_buffer_desc* find(Message& message, OM_uint32 type) {
  const auto found = std::find_if(message.iov.begin(), message.iov.end(),
                                  [&](const auto& iov) { return GSS_IOV_BUFFER_TYPE(iov.type) == type; });
  return found == message.iov.end() ? nullptr : &*found;
}

SECURITY_STATUS encrypt(Context& context, ULONG qop, const SecBufferDesc* desc) {
  Message message;
  if (!read_message(desc, message) || message.token == nullptr || message.data == nullptr)
    return fail(SEC_E_INVALID_TOKEN, "a TOKEN buffer and a DATA buffer are needed");
  const int confidential = qop != SECQOP_WRAP_NO_ENCRYPT;
  OM_uint32 minor = 0;
  auto sizes = message;
  OM_uint32 major = gss_wrap_iov_length(&minor, context.gss.value, confidential, GSS_C_QOP_DEFAULT, nullptr,
                                        sizes.iov.data(), static_cast<int>(sizes.iov.size()));
  if (GSS_ERROR(major)) return fail("the message's size", major, minor);
  for (std::size_t i = 0; i < message.iov.size(); ++i) {
    const auto type = GSS_IOV_BUFFER_TYPE(message.iov[i].type);
    if (type != GSS_IOV_BUFFER_TYPE_HEADER && type != GSS_IOV_BUFFER_TYPE_PADDING) continue;
    if (message.iov[i].buffer.length < sizes.iov[i].buffer.length)
      return fail(SEC_E_BUFFER_TOO_SMALL, "the TOKEN or the PADDING buffer is too small");
    message.iov[i].buffer.length = sizes.iov[i].buffer.length;
  }
  int encrypted = 0;
  major = gss_wrap_iov(&minor, context.gss.value, confidential, GSS_C_QOP_DEFAULT, &encrypted, message.iov.data(),
                       static_cast<int>(message.iov.size()));
  if (GSS_ERROR(major)) return fail("the message cannot be protected", major, minor);
  if (confidential && !encrypted) return fail(SEC_E_QOP_NOT_SUPPORTED, "the context has no confidentiality");
  message.token->cbBuffer = static_cast<ULONG>(find(message, GSS_IOV_BUFFER_TYPE_HEADER)->buffer.length);
  if (message.padding != nullptr)
    message.padding->cbBuffer = static_cast<ULONG>(find(message, GSS_IOV_BUFFER_TYPE_PADDING)->buffer.length);
  return SEC_E_OK;
}

SECURITY_STATUS decrypt(Context& context, const SecBufferDesc* desc, ULONG* qop) {
  Message message;
  if (!read_message(desc, message) || message.data == nullptr ||
      (message.token == nullptr) == (message.stream == nullptr))
    return fail(SEC_E_INVALID_TOKEN, "a DATA buffer and either a TOKEN or a STREAM buffer are needed");
  int encrypted = 0;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_unwrap_iov(&minor, context.gss.value, &encrypted, nullptr, message.iov.data(),
                                         static_cast<int>(message.iov.size()));
  if (GSS_ERROR(major)) {
    const SECURITY_STATUS status = fail("the message", major, minor);
    return status == SEC_E_LOGON_DENIED ? fail(SEC_E_DECRYPT_FAILURE, "the message cannot be decrypted") : status;
  }
  // A replayed or late message is well formed, but its content must not be used.
  if (major != GSS_S_COMPLETE) return fail("the message", major, minor);
  if (message.stream != nullptr) {  // the data lie within the stream's buffer
    const auto* data = find(message, GSS_IOV_BUFFER_TYPE_DATA);
    message.data->pvBuffer = data->buffer.value;
    message.data->cbBuffer = static_cast<ULONG>(data->buffer.length);
  }
  if (qop != nullptr) *qop = encrypted ? 0 : SECQOP_WRAP_NO_ENCRYPT;
  return SEC_E_OK;
}

// What is signed: all data buffers but the READONLY ones.
Buffer signed_data(const SecBufferDesc* desc) {
  Buffer out;
  for (ULONG i = 0; i < desc->cBuffers; ++i) {
    const SecBuffer& buffer = desc->pBuffers[i];
    const bool counts =
        (buffer.BufferType & ~SECBUFFER_ATTRMASK) == SECBUFFER_DATA && (buffer.BufferType & SECBUFFER_READONLY) == 0;
    if (counts) append(out, bytes_of(&buffer));
  }
  return out;
}

SECURITY_STATUS sign(Context& context, const SecBufferDesc* desc) {
  SecBuffer* token = find_buffer(desc, SECBUFFER_TOKEN);
  if (token == nullptr) return fail(SEC_E_INVALID_TOKEN, "a TOKEN buffer is needed");
  const Buffer data = signed_data(desc);
  gss_buffer_desc in = borrow_gss_buffer(data);
  GssBuffer mic;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_get_mic(&minor, context.gss.value, GSS_C_QOP_DEFAULT, &in, &mic.value);
  if (GSS_ERROR(major)) return fail("the message cannot be signed", major, minor);
  return put_token(desc, mic.bytes(), TokenMemory::callers)
             ? SEC_E_OK
             : fail(SEC_E_BUFFER_TOO_SMALL, "the TOKEN buffer is too small");
}

SECURITY_STATUS verify(Context& context, const SecBufferDesc* desc, ULONG* qop) {
  const SecBuffer* token = find_buffer(desc, SECBUFFER_TOKEN);
  if (token == nullptr) return fail(SEC_E_INVALID_TOKEN, "a TOKEN buffer is needed");
  const Buffer data = signed_data(desc);
  gss_buffer_desc in = borrow_gss_buffer(data), mic = borrow_gss_buffer(bytes_of(token));
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_verify_mic(&minor, context.gss.value, &in, &mic, nullptr);
  if (major != GSS_S_COMPLETE) return fail("the signature", major, minor);
  if (qop != nullptr) *qop = 0;
  return SEC_E_OK;
}

template <class Work>
SECURITY_STATUS with_context(const SecHandle* handle, Work work) {
  const auto context = find_context(handle);
  if (!context) return invalid_handle();
  const std::lock_guard lock(context->mutex);
  if (!context->complete) return fail(SEC_E_INVALID_HANDLE, "the context is not complete yet");
  return work(*context);
}

}  // namespace

void message_sizes(const Context& context, SecPkgContext_Sizes& sizes) {
  OM_uint32 minor = 0;
  gss_iov_buffer_desc iov[3] = {};
  iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER;
  iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
  iov[2].type = GSS_IOV_BUFFER_TYPE_PADDING;
  const int confidential = (context.gss_flags & GSS_C_CONF_FLAG) != 0;
  if (!GSS_ERROR(gss_wrap_iov_length(&minor, context.gss.value, confidential, GSS_C_QOP_DEFAULT, nullptr, iov, 3))) {
    sizes.cbSecurityTrailer = static_cast<ULONG>(iov[0].buffer.length);
    sizes.cbBlockSize = static_cast<ULONG>(std::max<std::size_t>(iov[2].buffer.length, 1));
  }
  gss_iov_buffer_desc mic[2] = {};
  mic[0].type = GSS_IOV_BUFFER_TYPE_DATA;
  mic[1].type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN;
  if (!GSS_ERROR(gss_get_mic_iov_length(&minor, context.gss.value, GSS_C_QOP_DEFAULT, mic, 2))) {
    sizes.cbMaxSignature = static_cast<ULONG>(mic[1].buffer.length);
  }
}

}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS EncryptMessage(PCtxtHandle context, ULONG qop, PSecBufferDesc message, ULONG) noexcept try {
  const stead::ForkGate at_work;
  return with_context(context, [&](Context& it) { return encrypt(it, qop, message); });
} catch (...) {
  return caught();
}
extern "C" SECURITY_STATUS DecryptMessage(PCtxtHandle context, PSecBufferDesc message, ULONG, PULONG qop) noexcept try {
  const stead::ForkGate at_work;
  return with_context(context, [&](Context& it) { return decrypt(it, message, qop); });
} catch (...) {
  return caught();
}
extern "C" SECURITY_STATUS MakeSignature(PCtxtHandle context, ULONG, PSecBufferDesc message, ULONG) noexcept try {
  const stead::ForkGate at_work;
  return with_context(context, [&](Context& it) { return sign(it, message); });
} catch (...) {
  return caught();
}
extern "C" SECURITY_STATUS VerifySignature(PCtxtHandle context, PSecBufferDesc message, ULONG, PULONG qop) noexcept
    try {
  const stead::ForkGate at_work;
  return with_context(context, [&](Context& it) { return verify(it, message, qop); });
} catch (...) {
  return caught();
}
