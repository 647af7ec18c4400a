// Calls that the loader resolves only when they are made.
#include <stdlib.h>
#include <string.h>

void call_lazily(char* text);

void call_lazily(char* text) {
  text[0] = (char)('0' + abs(-(int)strcspn(text, "x")));
  text[1] = (char)('0' + (strpbrk(text, "yz") != NULL));
}
