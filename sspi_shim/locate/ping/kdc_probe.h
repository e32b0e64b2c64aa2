#pragma once
// Whether a KDC is there at all: MIT's and Heimdal's answer no netlogon ping.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "stead/locator.h"

namespace stead {

// An AS-REQ for the realm's krbtgt without preauthentication; whatever the answer, it is one.
[[nodiscard]] boost::asio::awaitable<bool> kdc_answers(boost::asio::any_io_executor executor,
                                                       ControllerAddress controller, std::string realm,
                                                       std::chrono::milliseconds timeout);

}  // namespace stead
