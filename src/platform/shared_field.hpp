// Fields that one thread changes while others may be looking: plain in layout, atomic in each access.
//
// `publish` and `observe` keep the order of several fields: who observes a new value also sees whatever was
// published before it. The relaxed ones are for single values. On x86-64 all of them are plain instructions.
#pragma once

#include <type_traits>

namespace ar::platform {

template <typename T>
[[nodiscard, gnu::always_inline]] inline T load_relaxed(const T& field) noexcept {
  return __atomic_load_n(&field, __ATOMIC_RELAXED);
}

template <typename T>
[[gnu::always_inline]] inline void store_relaxed(T& field, std::type_identity_t<T> value) noexcept {
  __atomic_store_n(&field, value, __ATOMIC_RELAXED);
}

template <typename T>
[[nodiscard, gnu::always_inline]] inline T observe(const T& field) noexcept {
  return __atomic_load_n(&field, __ATOMIC_ACQUIRE);
}

template <typename T>
[[gnu::always_inline]] inline void publish(T& field, std::type_identity_t<T> value) noexcept {
  __atomic_store_n(&field, value, __ATOMIC_RELEASE);
}

}  // namespace ar::platform
