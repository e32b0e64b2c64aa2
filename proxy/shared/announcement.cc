#include "proxy/shared/announcement.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {

std::string_view name_of(SharedTopic topic) {
  return topic == SharedTopic::signed_out ? "signed-out" : "failed-passwords";
}

std::optional<SharedTopic> shared_topic(std::string_view name) {
  for (const SharedTopic topic : kSharedTopics)
    if (name_of(topic) == name) return topic;
  return std::nullopt;
}

// The content: END ' ' TEXT, END in seconds since 1970.
std::string seal_announcement(const SessionKeys& keys, SharedTopic topic, const Announcement& announcement) {
  const std::string content = std::to_string(announcement.expires.time_since_epoch().count()) + ' ' + announcement.text;
  return keys.seal(as_bytes(content), {.purpose = name_of(topic), .host = {}});
}

std::optional<Announcement> open_announcement(const SessionKeys& keys, SharedTopic topic, std::string_view sealed) {
  const auto opened = keys.open_sealed(sealed, {.purpose = name_of(topic), .host = {}});
  if (!opened) return std::nullopt;
  const std::string content(opened->begin(), opened->end());
  const std::size_t blank = content.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  const auto end = parse_number<std::int64_t>(std::string_view(content).substr(0, blank));
  if (!end) return std::nullopt;
  return Announcement{.text = content.substr(blank + 1),
                      .expires = std::chrono::sys_seconds(std::chrono::seconds(*end))};
}

}  // namespace stead::proxy
