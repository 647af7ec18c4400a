/* The same without Arpent linked in. */
#include "linked/c_library_names.c"
