// Boost.JSON is compiled here, so that no library has to be linked.
#include <boost/json/src.hpp>
