#pragma once
// What a replica tells all others, and how it is sealed: nobody without the session keys can read or make one.
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/sessions/session_keys.h"

namespace stead::proxy {

enum class SharedTopic { signed_out, failed_password };
inline constexpr std::array kSharedTopics{SharedTopic::signed_out, SharedTopic::failed_password};

[[nodiscard]] std::string_view name_of(SharedTopic topic);  // "signed-out", "failed-passwords"
[[nodiscard]] std::optional<SharedTopic> shared_topic(std::string_view name);

struct Announcement {
  std::string text;
  std::chrono::sys_seconds expires{};  // then it means nothing any more
  friend bool operator==(const Announcement&, const Announcement&) = default;
};

// Each call gives another text, by which an announcement is told from one with the same content.
[[nodiscard]] std::string seal_announcement(const SessionKeys& keys, SharedTopic topic,
                                            const Announcement& announcement);
// Nothing: sealed by another key or for another topic, or changed.
[[nodiscard]] std::optional<Announcement> open_announcement(const SessionKeys& keys, SharedTopic topic,
                                                            std::string_view sealed);

}  // namespace stead::proxy
