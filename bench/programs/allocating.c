// Programs that do little else than allocate, for ./dev bench-tracking: allocating trees|records [SCALE]
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* take(size_t size) {
  void* block = malloc(size);
  if (block == NULL) {
    fputs("allocating: out of memory\n", stderr);
    exit(1);
  }
  return block;
}

// Binary trees, built and freed again and again: every level of the recursion is a stack of its own.
struct node {
  struct node* left;
  struct node* right;
};

static struct node* grow(int depth) {
  struct node* node = take(sizeof *node);
  node->left = depth > 0 ? grow(depth - 1) : NULL;
  node->right = depth > 0 ? grow(depth - 1) : NULL;
  return node;
}

static uint64_t fell(struct node* node) {
  uint64_t count = 1;
  if (node->left != NULL) {
    count += fell(node->left) + fell(node->right);
  }
  free(node);
  return count;
}

static uint64_t trees(long scale) {
  uint64_t count = 0;
  for (long i = 0; i < scale; ++i) {
    count += fell(grow(15));
  }
  return count;
}

// Records with texts in a table, replaced at random: a few calls deep, with sizes from 8 to 120 bytes.
enum { slots = 50000, texts = 3 };
struct record {
  char* text[texts];
  uint64_t key;
};
static struct record* table[slots];
static uint64_t state = 88172645463325252u;

static uint64_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static char* make_text(uint64_t from) {
  const size_t length = 8 + from % 113;
  char* text = take(length);
  memset(text, (int)(from % 26) + 'a', length - 1);
  text[length - 1] = '\0';
  return text;
}

static struct record* make_record(uint64_t key) {
  struct record* record = take(sizeof *record);
  record->key = key;
  for (int i = 0; i < texts; ++i) {
    record->text[i] = make_text(key >> (8 * i));
  }
  return record;
}

static uint64_t drop_record(struct record* record) {
  uint64_t sum = record->key;
  for (int i = 0; i < texts; ++i) {
    sum += (uint64_t)record->text[i][0];
    free(record->text[i]);
  }
  free(record);
  return sum;
}

static uint64_t records(long scale) {
  uint64_t sum = 0;
  for (long i = 0; i < scale * 20000; ++i) {
    const uint64_t key = next_random();
    struct record** slot = &table[key % slots];
    if (*slot != NULL) {
      sum += drop_record(*slot);
    }
    *slot = make_record(key);
  }
  for (int i = 0; i < slots; ++i) {
    if (table[i] != NULL) {
      sum += drop_record(table[i]);
    }
  }
  return sum;
}

int main(int count, char** arguments) {
  const long scale = count > 2 ? atol(arguments[2]) : 100;
  if (count < 2 || scale < 1 ||
      (strcmp(arguments[1], "trees") != 0 && strcmp(arguments[1], "records") != 0)) {
    fputs("usage: allocating trees|records [SCALE]\n", stderr);
    return 2;
  }
  printf("%llu\n", (unsigned long long)(arguments[1][0] == 't' ? trees(scale) : records(scale)));
  return 0;
}
