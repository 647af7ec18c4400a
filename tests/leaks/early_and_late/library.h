#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { hand_overs = 3 };

void* filled(size_t size);                     /* fresh memory */
void library_releases(int which, void* block); /* in an exit handler, a destructor, the last destructor */

#ifdef __cplusplus
}
#endif
