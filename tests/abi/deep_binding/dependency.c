#include <stdlib.h>
#include <string.h>
char* dependency_copy(const char* text) { return strdup(text); }
void dependency_free(char* text) { free(text); }
