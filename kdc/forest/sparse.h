#pragma once
// A value that most objects leave at its default, which then costs one pointer. A directory of a million accounts has
// few whose rare attributes differ from the default.
#include <memory>
#include <utility>

namespace stead::kdc {

// Behaves as a T by value. Copies share the T until one of them is changed.
template <class T>
class Sparse {
 public:
  const T& operator*() const { return value_ ? *value_ : standard(); }
  const T* operator->() const { return &**this; }
  // Calls `change` with a T&.
  template <class Change>
  void edit(const Change& change) {
    T next = **this;
    change(next);
    value_ = next == standard() ? nullptr : std::make_shared<const T>(std::move(next));
  }
  friend bool operator==(const Sparse& a, const Sparse& b) { return a.value_ == b.value_ || *a == *b; }

 private:
  static const T& standard() {
    static const T value{};
    return value;
  }
  std::shared_ptr<const T> value_;  // null: the default
};

}  // namespace stead::kdc
