#pragma once
// What became of one request that failed: for `stead-proxy why`.
#include <string>
#include <string_view>

#include "proxy/observe/failed_requests.h"

namespace stead::proxy {

// As pasted: without blanks around it, in lower case. Empty: it is not 32 hexadecimal digits.
[[nodiscard]] std::string request_id_in(std::string_view text);
// A line for each member; a fix has a line of its own. Nothing of a peer ends a line or moves the cursor.
[[nodiscard]] std::string why_text(const FailedRequest& request);
[[nodiscard]] std::string why_json(const FailedRequest& request);

}  // namespace stead::proxy
