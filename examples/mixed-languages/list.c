#include "list.h"

#include "ar_heap.h"

static struct node* new_node(const char* description) {
  (void)description; /* unused without DEBUG */
  return AR__HEAP__MALLOC(sizeof(struct node), description);
}

int list_add(struct list* list, char* text) {
  struct node* node = new_node("list: node");
  if (node == NULL) {
    return 0;
  }
  node->text = text;
  node->next = list->first;
  list->first = node;
  return 1;
}

struct node* list_take(struct list* list) {
  struct node* node = list->first;
  if (node != NULL) {
    list->first = node->next;
  }
  return node;
}

void list_clear(struct list* list) {
  for (struct node* node = list_take(list); node != NULL; node = list_take(list)) {
    AR__HEAP__FREE(node->text);
    AR__HEAP__FREE(node);
  }
}

void list_forget_node(void) {
  struct node* node = new_node("list: forgotten node");
  if (node != NULL) {
    node->next = NULL;
  }
}
