// Allocates in every way of the C library, with figures that are the same in every run.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
  struct node* next;
  char text[40];
};
static struct node* head;

__attribute__((noinline)) static struct node* make(int i) {
  struct node* node = malloc(sizeof *node + (size_t)(i % 7));
  if (node == NULL) {
    abort();
  }
  node->next = head;
  return node;
}

int main(void) {
  for (int i = 0; i < 5000; ++i) {
    head = make(i);
  }
  char* grown = NULL;
  for (size_t size = 1; size < 100000; size *= 3) {
    grown = realloc(grown, size);
  }
  int* numbers = calloc(1000, sizeof *numbers);
  void* aligned = NULL;
  if (posix_memalign(&aligned, 256, 3000) != 0 || numbers == NULL) {
    return 1;
  }
  char* copy = strdup("a text that is copied");
  for (int i = 0; i < 4000; ++i) {
    struct node* node = head;
    head = node->next;
    free(node);
  }
  for (int i = 0; i < 3000; ++i) {
    free(malloc(16));
  }
  free(grown);
  free(copy);
  free(aligned);
  numbers[1] = 2;
  return 0;
}
