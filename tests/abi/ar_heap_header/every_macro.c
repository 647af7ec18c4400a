/* Every macro and function of ar_heap.h, in C89 to C23 and, copied to another name, in C++98 to C++23. */
#include <ar_heap.h>
#include <stdio.h>

static int evaluated;
static size_t count_size(size_t size) {
  ++evaluated;
  return size;
}

/* Macros as expressions: arguments, operands of ?: and the comma, without braces. */
static void* choose(int which, void* block) {
  return which ? AR__HEAP__MALLOC(5, "chosen") : (AR__HEAP__FREE(block), (void*)NULL);
}

static int use_all(void) {
  const char* described = "only described";
  char made[20] = "made at run time";
  char* first = (char*)AR__HEAP__MALLOC(count_size(10), described);
  char* second = (char*)AR__HEAP__CALLOC(count_size(2), count_size(5), NULL);
  char* third = (char*)AR__HEAP__STRDUP("text", made);
  char* fourth;
  (void)described; /* the macros for Zig, in which translate-c does that, do not use it */
  (void)made;
  if (evaluated != 3) return 1;
  fourth = (char*)AR__HEAP__REALLOC(first, count_size(20), made + 1);
  if (evaluated != 4) return 2;
  if (fourth == NULL || second == NULL || third == NULL)
    return 3;
  else
    AR__HEAP__FREE(fourth);
  for (evaluated = 0; evaluated < 2; ++evaluated) AR__HEAP__FREE(NULL);
  AR__HEAP__FREE(second);
  AR__HEAP__FREE(third);
  if (choose(0, choose(1, NULL)) != NULL) return 4;
  return 0;
}

int main(void) {
  const int failed = use_all();
  if (failed) printf("step %d failed\n", failed);
  return failed;
}
