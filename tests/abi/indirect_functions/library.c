#define NAME check_library
#include "resolver.h"
