#include "profile/symbols/demangled_name.hpp"

#include <libiberty/demangle.h>

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <unordered_map>

namespace ar::profile {
namespace {

constexpr int options = DMGL_PARAMS | DMGL_TYPES;

// The tree of a C++ name, whose parts can be parts of several others. A function that walks it from the root
// meets such a part again each time.
constexpr std::size_t most_components = std::size_t{1} << 18U;
// To print a pack that is expanded, libiberty walks all below it.
constexpr std::size_t most_below_packs = std::size_t{1} << 16U;
constexpr int deepest_component = 2048;  // libiberty prints half of that
// What follows a conversion to a template parameter is read twice, and so is what follows one in there.
constexpr std::size_t most_conversions = 16;

class TreeSize {
 public:
  [[nodiscard]] bool is_bounded(const demangle_component* root) {
    const Size size = of(root, 0);
    return size.components <= most_components && size.below_packs <= most_below_packs;
  }

 private:
  struct Size {
    std::size_t components = 0;
    std::size_t below_packs = 0;
  };
  static constexpr Size unbounded{.components = most_components + 1, .below_packs = 0};

  Size of(const demangle_component* component, int depth) {
    if (component == nullptr) {
      return {};
    }
    if (depth > deepest_component) {
      return unbounded;
    }
    // Until it is known, it counts as unbounded, in case that it contains itself.
    const auto [known, is_new] = sizes_.try_emplace(component, unbounded);
    if (!is_new) {
      return known->second;
    }
    const auto [left, right] = children(*component);
    const Size first = of(left, depth + 1);
    const Size second = of(right, depth + 1);
    Size size{.components = std::min(1 + first.components + second.components, unbounded.components),
              .below_packs = std::min(first.below_packs + second.below_packs, most_below_packs + 1)};
    if (component->type == DEMANGLE_COMPONENT_PACK_EXPANSION) {
      size.below_packs = std::min(size.below_packs + size.components, most_below_packs + 1);
    }
    sizes_[component] = size;
    return size;
  }

  static std::pair<const demangle_component*, const demangle_component*> children(
      const demangle_component& component) {
    switch (component.type) {
      case DEMANGLE_COMPONENT_NAME:
      case DEMANGLE_COMPONENT_SUB_STD:
      case DEMANGLE_COMPONENT_BUILTIN_TYPE:
      case DEMANGLE_COMPONENT_EXTENDED_BUILTIN_TYPE:
      case DEMANGLE_COMPONENT_OPERATOR:
      case DEMANGLE_COMPONENT_TEMPLATE_PARAM:
      case DEMANGLE_COMPONENT_FUNCTION_PARAM:
      case DEMANGLE_COMPONENT_CHARACTER:
      case DEMANGLE_COMPONENT_NUMBER:
      case DEMANGLE_COMPONENT_UNNAMED_TYPE:
        return {};
      case DEMANGLE_COMPONENT_EXTENDED_OPERATOR:
        return {component.u.s_extended_operator.name, nullptr};
      case DEMANGLE_COMPONENT_FIXED_TYPE:
        return {component.u.s_fixed.length, nullptr};
      case DEMANGLE_COMPONENT_CTOR:
        return {component.u.s_ctor.name, nullptr};
      case DEMANGLE_COMPONENT_DTOR:
        return {component.u.s_dtor.name, nullptr};
      case DEMANGLE_COMPONENT_LAMBDA:
      case DEMANGLE_COMPONENT_DEFAULT_ARG:
        return {component.u.s_unary_num.sub, nullptr};
      default:
        return {component.u.s_binary.left, component.u.s_binary.right};
    }
  }

  std::unordered_map<const demangle_component*, Size> sizes_;
};

struct Printed {
  std::string text;
  std::jmp_buf too_long;
};

void append(const char* part, std::size_t size, void* to) {
  auto& printed = *static_cast<Printed*>(to);
  if (size > longest_name - printed.text.size()) {
    // libiberty knows no other way to end early. Between here and there are only its own functions, of C.
    std::longjmp(printed.too_long, 1);  // NOLINT(cert-err52-cpp)
  }
  printed.text.append(part, size);
}

// `to` is the caller's, so that its content is defined after the jump.
template <typename Print>
bool is_printed(Printed& to, Print print) {
  if (setjmp(to.too_long) != 0) {  // NOLINT(cert-err52-cpp)
    return false;
  }
  return print(append, &to) != 0;
}

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++at) {
    ++count;
  }
  return count;
}

// Empty if it is not one, or none within the bounds.
std::string cxx_name(const std::string& mangled) {
  if (occurrences(mangled, "cvT") > most_conversions) {
    return {};
  }
  void* memory = nullptr;
  demangle_component* const tree = ::cplus_demangle_v3_components(mangled.c_str(), options, &memory);
  const std::unique_ptr<void, decltype(&std::free)> owner{memory, &std::free};
  Printed printed;
  const bool done = tree != nullptr && TreeSize{}.is_bounded(tree) &&
                    is_printed(printed, [tree](demangle_callbackref callback, void* to) {
                      return ::cplus_demangle_print_callback(options, tree, callback, to);
                    });
  return done ? printed.text : std::string{};
}

std::string rust_name(const std::string& mangled) {
  Printed printed;
  const bool done = is_printed(printed, [&mangled](demangle_callbackref callback, void* to) {
    return ::rust_demangle_callback(mangled.c_str(), 0, callback, to);
  });
  return done ? printed.text : std::string{};
}

// What gcc calls the functions that run a file's constructors and destructors: _GLOBAL__I_NAME.
std::string name_of_global(const std::string& mangled) {
  constexpr std::string_view start = "_GLOBAL__";
  const std::string_view kind = std::string_view{mangled}.substr(start.size(), 2);
  if (kind != "I_" && kind != "D_") {
    return {};
  }
  const std::string key = mangled.substr(start.size() + kind.size());
  const std::string name = key.starts_with("_Z") ? cxx_name(key) : key;
  return name.empty()
             ? std::string{}
             : (kind == "I_" ? "global constructors keyed to " : "global destructors keyed to ") + name;
}

}  // namespace

std::string demangled(const std::string& linkage_name) {
  const bool is_of_rust = linkage_name.starts_with("_R");
  const bool is_of_cxx = linkage_name.starts_with("_Z");
  const bool is_global = linkage_name.starts_with("_GLOBAL__");
  std::string name;
  if (linkage_name.size() <= longest_mangled_name && (is_of_rust || is_of_cxx || is_global)) {
    // First as Rust's: its older mangling is C++'s, with escapes and a hash.
    name = rust_name(linkage_name);
    if (name.empty() && !is_of_rust) {
      name = is_global ? name_of_global(linkage_name) : cxx_name(linkage_name);
    }
  }
  return bounded_name(name.empty() ? linkage_name : name);
}

std::string bounded_name(std::string_view name, std::size_t most) {
  constexpr std::string_view mark = "…";
  if (name.size() <= most) {
    return std::string{name};
  }
  std::size_t size = most - mark.size();
  while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xc0U) == 0x80) {  // not within a character
    --size;
  }
  return std::string{name.substr(0, size)}.append(mark);
}

}  // namespace ar::profile
