#pragma once

#include <cstddef>

inline void swap_values(int* first, int* second) {
  const int kept = *first;
  *first = *second;
  *second = kept;
}

inline void increment(int* counter) {
  if (counter != nullptr) {
    ++*counter;
  }
}

inline int* find_largest(int* values, std::size_t count) {
  if (count == 0) {
    return nullptr;
  }
  int* largest = values;
  for (std::size_t index = 1; index < count; ++index) {
    if (values[index] > *largest) {
      largest = values + index;
    }
  }
  return largest;
}
