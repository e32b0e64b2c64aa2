#include "sspi_shim/sspi/base/memory.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/unicode.h"

namespace stead::sspi {
namespace {

struct Given {
  std::mutex mutex;
  std::unordered_map<void*, std::size_t> blocks;
};
Given& given() {
  static auto* blocks = new Given;  // never destroyed: other threads may call while the process exits
  return *blocks;
}

}  // namespace

void* allocate(std::size_t size) {
  void* block = std::calloc(1, size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  try {
    const std::lock_guard lock(given().mutex);
    given().blocks.emplace(block, size);
  } catch (...) {
    std::free(block);
    throw;
  }
  return block;
}

bool release(void* block) noexcept {
  std::size_t size = 0;
  {
    const std::lock_guard lock(given().mutex);
    const auto found = given().blocks.find(block);
    if (found == given().blocks.end()) return false;
    size = found->second;
    given().blocks.erase(found);
  }
  wipe(block, size);
  std::free(block);
  return true;
}

void hold_memory() {
  given().mutex.lock();
}
void release_memory() {
  given().mutex.unlock();
}

std::string to_utf8(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

std::string to_utf8(const char16_t* text) {
  if (text == nullptr) return {};
  const std::u16string_view view(text);
  return from_utf16le({reinterpret_cast<const std::uint8_t*>(view.data()), view.size() * 2});
}

std::string to_utf8(const UNICODE_STRING& text) {
  return from_utf16le(
      {reinterpret_cast<const std::uint8_t*>(text.Buffer), text.Buffer == nullptr ? std::size_t{0} : text.Length});
}

template <>
std::basic_string<char> from_utf8(std::string_view text) {
  return std::string(text);
}
template <>
std::basic_string<char16_t> from_utf8(std::string_view text) {
  const Buffer bytes = to_utf16le(text);
  std::u16string out(bytes.size() / 2, u'\0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char16_t>(load_le16(bytes.data() + 2 * i));
  return out;
}

template <class Char>
Char* give_text(std::string_view text) {
  const auto value = from_utf8<Char>(text);
  auto* out = static_cast<Char*>(allocate((value.size() + 1) * sizeof(Char)));
  value.copy(out, value.size());
  return out;
}
template char* give_text<char>(std::string_view);
template char16_t* give_text<char16_t>(std::string_view);

}  // namespace stead::sspi

extern "C" SECURITY_STATUS FreeContextBuffer(PVOID block) noexcept {
  return block == nullptr || stead::sspi::release(block) ? SEC_E_OK : SEC_E_INVALID_HANDLE;
}
extern "C" NTSTATUS LsaFreeReturnBuffer(PVOID block) noexcept {
  return block == nullptr || stead::sspi::release(block) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
extern "C" DWORD NetApiBufferFree(void* block) noexcept {
  return block == nullptr || stead::sspi::release(block) ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}
