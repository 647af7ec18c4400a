/* What a boundary encloses. */
#ifndef SURVEY_BOUNDARY_H
#define SURVEY_BOUNDARY_H

#include "parcel_store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In square metres; 0 for fewer than three stones, and when there is no memory. */
double boundary_area(const struct stone* stones, size_t count);

#ifdef __cplusplus
}
#endif
#endif
