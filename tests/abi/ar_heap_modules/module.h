/* One module of a program in which some track and some do not: compiled as C and as C++, with and without
 * DEBUG, under the name that MODULE says. */
#ifndef MODULE_H
#define MODULE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct Module {
  const char* name;
  int tracked;
  void* (*allocate)(size_t size);
  void* (*zeroed)(size_t count, size_t size);
  char* (*copy)(const char* text);
  void* (*resize)(void* block, size_t size);
  void (*release)(void* block);
  void* (*leak)(size_t size); /* described as "leak of NAME" */
};

#ifdef __cplusplus
}
#endif

#endif
