/* What projects write when they begin to look for leaks: a linked list over malloc, in 40 lines. Right as
 * long as every module is compiled to use it. Linked in place of libarpent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct entry {
  struct entry* next;
  void* block;
}* entries;

void* ar_heap__malloc(size_t size, const char* file, int line, const char* desc) {
  (void)file, (void)line, (void)desc;
  struct entry* entry = malloc(sizeof *entry);
  entry->block = malloc(size);
  entry->next = entries;
  entries = entry;
  return entry->block;
}
char* ar_heap__strdup(const char* str, const char* file, int line, const char* desc) {
  return strcpy(ar_heap__malloc(strlen(str) + 1, file, line, desc), str);
}
void ar_heap__free(void* block) {
  for (struct entry** link = &entries; *link != NULL; link = &(*link)->next) {
    if ((*link)->block == block) {
      struct entry* entry = *link;
      *link = entry->next;
      free(entry);
      break;
    }
  }
  free(block);
}
__attribute__((destructor)) static void report(void) {
  unsigned leaks = 0;
  for (struct entry* entry = entries; entry != NULL; entry = entry->next) {
    leaks++;
  }
  fprintf(stderr, "hand-made tracker: %u leaks\n", leaks);
}
