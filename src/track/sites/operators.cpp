#include "track/sites/operators.hpp"

#include <cstddef>
#include <cstring>

#include "platform/runtime_names.hpp"
#include "platform/sandbox.hpp"
#include "track/region/mode.hpp"
#include "track/region/region.hpp"
#include "track/sites/modules.hpp"
#include "track/sites/symbol_table.hpp"

namespace ar::track {

namespace {

struct CodeRange {
  std::uint64_t start, end;
};

// The eight replaceable forms, and the parts that the compiler splits off.
constexpr std::size_t most_ranges = 16;

struct ModuleOperators {
  bool is_known;
  bool defines_delete;
  std::uint8_t count;
  CodeRange news[most_ranges];
};

constexpr std::size_t most_modules = 256;
ModuleOperators known_modules[most_modules];  // by index; further modules count as having none

constexpr const char* new_names[] = {"_Znwm",
                                     "_Znam",
                                     "_ZnwmRKSt9nothrow_t",
                                     "_ZnamRKSt9nothrow_t",
                                     "_ZnwmSt11align_val_t",
                                     "_ZnamSt11align_val_t",
                                     "_ZnwmSt11align_val_tRKSt9nothrow_t",
                                     "_ZnamSt11align_val_tRKSt9nothrow_t"};

// The name itself, or with what compilers and symbol tables put behind it: ".cold", "@@GLIBCXX_3.4".
bool is_named(const char* name, const char* wanted) noexcept {
  const std::size_t length = std::strlen(wanted);
  return std::strncmp(name, wanted, length) == 0 &&
         (name[length] == '\0' || name[length] == '.' || name[length] == '@');
}

void add(const Function& function, void* context) noexcept {
  auto& found = *static_cast<ModuleOperators*>(context);
  found.defines_delete = found.defines_delete || is_named(function.name, "_ZdlPv");
  for (const char* wanted : new_names) {
    if (found.count < most_ranges && is_named(function.name, wanted)) {
      found.news[found.count++] = {function.start, function.end};
    }
  }
}

// Reads the module's file once. The region's lock is held.
const ModuleOperators* operators_of(std::uint32_t index) noexcept {
  if (index == 0 || index > most_modules) {
    return nullptr;
  }
  ModuleOperators& known = known_modules[index - 1];
  if (!known.is_known) {
    const ModuleRecord* const record = module(index);
    if (record == nullptr || platform::is_sandboxed()) {
      return nullptr;  // the file cannot be opened there
    }
    for_each_function(*record, &add, &known);
    known.is_known = true;
  }
  return &known;
}

// Not for ever: the thread that holds the region's lock may wait for a lock that this one holds.
class RegionTurn {
 public:
  RegionTurn() noexcept : is_ours_(!region_lock().is_own() && region_lock().lock_in_time()) {}
  ~RegionTurn() {
    if (is_ours_) {
      region_lock().unlock();
    }
  }
  RegionTurn(const RegionTurn&) = delete;
  RegionTurn& operator=(const RegionTurn&) = delete;
  [[nodiscard]] bool is_ours() const noexcept { return is_ours_; }

 private:
  bool is_ours_;
};

}  // namespace

bool is_in_operator_new(std::uint32_t module, std::uintptr_t address) noexcept {
  const RegionTurn turn;
  const ModuleOperators* const known = turn.is_ours() ? operators_of(module) : nullptr;
  for (std::size_t i = 0; known != nullptr && i < known->count; ++i) {
    if (address >= known->news[i].start && address < known->news[i].end) {
      return true;
    }
  }
  return false;
}

bool some_module_defines_delete(bool also_shared, std::uintptr_t own_code) noexcept {
  const RegionTurn turn;
  if (!turn.is_ours() || profile() == nullptr) {
    return false;
  }
  for (std::uint32_t index = 1; index <= header()->module_count; ++index) {
    const ModuleRecord& record = *module(index);
    if (record.unloaded != 0 || (own_code >= record.start && own_code < record.end) ||
        (!also_shared && record.path != 0 && platform::is_cpp_runtime(at<const char>(record.path)))) {
      continue;
    }
    if (const ModuleOperators* known = operators_of(index); known != nullptr && known->defines_delete) {
      return true;
    }
  }
  return false;
}

}  // namespace ar::track
