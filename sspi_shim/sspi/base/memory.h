#pragma once
// Memory for callers of the C surface, who return it by FreeContextBuffer, LsaFreeReturnBuffer or NetApiBufferFree.
// These recognize what was allocated here.
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sspi_shim/sspi/base/types.h"

namespace stead::sspi {

// Zeroed. Throws std::bad_alloc.
[[nodiscard]] void* allocate(std::size_t size);
// Wipes and frees it. False: it was not allocated here or is freed already; nothing is done.
bool release(void* block) noexcept;
// Around fork(): between them no other thread uses the functions above.
void hold_memory();
void release_memory();

[[nodiscard]] std::string to_utf8(const char* text);  // nullptr is empty
[[nodiscard]] std::string to_utf8(const char16_t* text);
[[nodiscard]] std::string to_utf8(const UNICODE_STRING& text);
template <class Char>
[[nodiscard]] std::basic_string<Char> from_utf8(std::string_view text);

// A zero-terminated copy for the caller.
template <class Char>
[[nodiscard]] Char* give_text(std::string_view text);

// One block, freed by one call: one T or several, then the strings that they point to.
template <class T, class Char>
class Block {
 public:
  explicit Block(std::size_t count = 1) : count_(count) {}
  // Makes `field` of item `index` point to `text`.
  void text(std::size_t index, Char* T::* field, std::string_view text) {
    texts_.push_back({index, field, from_utf8<Char>(text)});
  }
  [[nodiscard]] T* give(const std::vector<T>& items) const {
    std::size_t size = sizeof(T) * count_;
    for (const Text& text : texts_) size += (text.value.size() + 1) * sizeof(Char);
    auto* block = static_cast<unsigned char*>(allocate(size));
    T* out = reinterpret_cast<T*>(block);
    for (std::size_t i = 0; i < count_; ++i) out[i] = items[i];
    auto* at = reinterpret_cast<Char*>(block + sizeof(T) * count_);
    for (const Text& text : texts_) {
      out[text.index].*text.field = at;
      text.value.copy(at, text.value.size());
      at += text.value.size() + 1;
    }
    return out;
  }

 private:
  struct Text {
    std::size_t index;
    Char* T::* field;
    std::basic_string<Char> value;
  };
  std::size_t count_;
  std::vector<Text> texts_;
};

}  // namespace stead::sspi
