// Boost.URL is compiled here, so that no library has to be linked.
#include <boost/url/src.hpp>
