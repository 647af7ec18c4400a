/* Output. This module is built without DEBUG, as a library from elsewhere would be. */
#ifndef SURVEY_PRINT_H
#define SURVEY_PRINT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Prints and frees the text, which must come from malloc or from ar_heap. */
void print_and_free(const char* heading, char* text);

#ifdef __cplusplus
}
#endif
#endif
