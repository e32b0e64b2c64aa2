#pragma once
// Whether a host has a KDC: those of MIT and Heimdal answer no netlogon ping.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "sspi_shim/base/bytes.h"
#include "stead/locator.h"

namespace stead {

// An AS-REQ for the realm's krbtgt without preauthentication. A KDC refuses it, and its KRB-ERROR has its time.
[[nodiscard]] Buffer kdc_probe_request(const std::string& realm);

// Sends the request. True on any reply, errors included.
[[nodiscard]] boost::asio::awaitable<bool> kdc_answers(boost::asio::any_io_executor executor,
                                                       ControllerAddress controller, std::string realm,
                                                       std::chrono::milliseconds timeout);

}  // namespace stead
