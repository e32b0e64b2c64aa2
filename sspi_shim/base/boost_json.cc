// Boost.JSON, compiled once: no library to link.
#include <boost/json/src.hpp>
