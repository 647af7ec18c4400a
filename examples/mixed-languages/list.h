/* A list of words, in C. Nodes are handed to whoever takes them off the list, and so are their texts: blocks
 * cross from one language into the other in both directions. */
#ifndef LIST_H
#define LIST_H

struct node {
  struct node* next;
  char* text;
};

struct list {
  struct node* first;
};

/* The list owns `text` from now on, a block of any heap function of the process. 0 when there is no memory.
 */
int list_add(struct list* list, char* text);

/* The caller owns the node and its text; null when the list is empty. */
struct node* list_take(struct list* list);

/* Releases all nodes and their texts. */
void list_clear(struct list* list);

/* A node that the list forgets: the planted leak of this module. */
void list_forget_node(void);

#endif
