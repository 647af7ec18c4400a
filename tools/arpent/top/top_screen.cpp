#include "arpent/top/top_screen.hpp"

#define NCURSES_NOMACROS 1  // 'move' and 'timeout' are names of others too
#include <curses.h>
#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <optional>
#include <string_view>
#include <vector>

#include "arpent/top/top_text.hpp"

namespace ar::command {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int control_c = 3;
constexpr int escape = 27;
constexpr int backspace = 127;
constexpr int list_start = 4;  // the first line of sites

constexpr std::string_view key_line =
    "q quit  / filter  space pause  r growth from now  Enter stack  sort: l live g grown p peak a blocks b "
    "bytes t "
    "temporary";

std::optional<TopOrder> order_of_key(int key) {
  switch (key) {
    case 'l':
      return TopOrder::live;
    case 'g':
      return TopOrder::grown;
    case 'p':
      return TopOrder::peak;
    case 'a':
      return TopOrder::allocations;
    case 'b':
      return TopOrder::bytes;
    case 't':
      return TopOrder::temporary;
    default:
      return std::nullopt;
  }
}

// The terminal, ours from construction to destruction.
class Terminal {
 public:
  Terminal() : screen_(::newterm(nullptr, stdout, stdin)) {
    if (screen_ != nullptr) {
      ::set_escdelay(50);  // milliseconds: the escape key itself, not the start of another
      ::raw();             // Ctrl-C is a key: the terminal is restored on the way out
      ::noecho();
      ::keypad(stdscr, TRUE);
      ::curs_set(0);
    }
  }
  ~Terminal() {
    if (screen_ != nullptr) {
      ::endwin();
      ::delscreen(screen_);
    }
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  [[nodiscard]] bool is_there() const { return screen_ != nullptr; }

 private:
  SCREEN* screen_;
};

// One line of the screen, cut at its edge, the rest of it blank.
void put(int line, std::string_view text, attr_t attributes = A_NORMAL) {
  if (line >= LINES) {
    return;
  }
  const std::string bytes{text};
  std::mbstate_t state{};
  const char* from = bytes.c_str();
  std::vector<wchar_t> wide(bytes.size() + 1);
  if (std::mbsrtowcs(wide.data(), &from, wide.size(), &state) == static_cast<std::size_t>(-1)) {
    std::ranges::transform(bytes, wide.begin(), [](char letter) {
      return letter >= ' ' && letter <= '~' ? static_cast<wchar_t>(letter) : L'?';
    });
  }
  int columns = 0;
  int count = 0;
  while (wide[static_cast<std::size_t>(count)] != L'\0') {
    const int width = std::max(::wcwidth(wide[static_cast<std::size_t>(count)]), 0);
    if (columns + width > COLS) {
      break;
    }
    columns += width;
    ++count;
  }
  ::attrset(static_cast<int>(attributes));
  ::move(line, 0);
  ::clrtoeol();
  ::mvaddnwstr(line, 0, wide.data(), count);
  ::attrset(A_NORMAL);
}

class TopScreen {
 public:
  TopScreen(LiveSites& process, TopChoice choice, const LookAgain& look)
      : process_(process), choice_(std::move(choice)), look_(look) {}

  void run() {
    auto next = Clock::now() + choice_.interval;
    while (!left_) {
      draw();
      const bool waits = ended_ || paused_;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now());
      ::timeout(waits ? -1 : static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      const int key = ::getch();
      if (key != ERR) {
        press(key);
      } else if (waits) {
        left_ = true;  // the terminal is gone
      }
      if (!ended_ && !paused_ && Clock::now() >= next) {
        ended_ = !look_(process_);
        next = Clock::now() + choice_.interval;
      }
    }
  }

 private:
  [[nodiscard]] std::string status() const {
    std::string line = ended_    ? "The process has ended: these are its last figures. "
                       : paused_ ? "Paused. "
                                 : "";
    if (filtering_ || !choice_.filter.empty()) {
      line += fmt::format("Filter: {}{}", choice_.filter, filtering_ ? "_" : "");
    }
    return line;
  }

  void draw() {
    ::erase();
    const std::vector<LiveSite> sites = process_.sites(choice_.order, choice_.filter);
    selected_ = std::clamp(selected_, 0, std::max(static_cast<int>(sites.size()) - 1, 0));
    const std::vector<std::string> summary = summary_lines(process_);
    put(0, summary[0], A_BOLD);
    put(1, summary[1]);
    put(2, status());
    const TopColumns columns{choice_.order, COLS};
    put(list_start - 1, columns.heading(), A_REVERSE);
    const int room = std::max(LINES - list_start - 1, 1);
    // The selected row is kept in sight, with the stack under it when that is open.
    first_ = std::clamp(first_, std::max(selected_ - room + 1, 0), selected_);
    int line = list_start;
    for (int i = first_; i < static_cast<int>(sites.size()) && line < list_start + room; ++i) {
      const LiveSite& site = sites[static_cast<std::size_t>(i)];
      put(line++, columns.row(site), i == selected_ ? A_BOLD | A_UNDERLINE : A_NORMAL);
      if (i == selected_ && open_) {
        for (const std::string& caller : process_.callers(site.label)) {
          if (line < list_start + room) {
            put(line++, fmt::format("{:>{}}  called from {}", "", columns.width(), caller), A_DIM);
          }
        }
      }
    }
    if (sites.empty()) {
      put(line, choice_.filter.empty() ? "No allocations yet." : "No site matches.");
    }
    put(LINES - 1, key_line, A_DIM);
    ::refresh();
  }

  void press(int key) {
    if (key == control_c) {
      left_ = true;
    } else if (filtering_) {
      edit_filter(key);
    } else if (const auto order = order_of_key(key)) {
      choice_.order = *order;
      selected_ = 0;
    } else {
      command(key);
    }
  }

  void edit_filter(int key) {
    if (key == '\n' || key == KEY_ENTER) {
      filtering_ = false;
    } else if (key == escape) {
      filtering_ = false;
      choice_.filter.clear();
    } else if (key == KEY_BACKSPACE || key == backspace || key == '\b') {
      // A character of UTF-8 goes as a whole.
      while (!choice_.filter.empty() &&
             (static_cast<unsigned char>(choice_.filter.back()) & 0xc0U) == 0x80U) {
        choice_.filter.pop_back();
      }
      if (!choice_.filter.empty()) {
        choice_.filter.pop_back();
      }
    } else if (key >= ' ' && key < KEY_MIN) {
      choice_.filter += static_cast<char>(key);
    }
    selected_ = 0;
  }

  void command(int key) {
    switch (key) {
      case 'q':
        left_ = true;
        break;
      case '/':
        filtering_ = true;
        break;
      case escape:
        choice_.filter.clear();
        break;
      case ' ':
        paused_ = !paused_;
        break;
      case 'r':
        process_.mark();
        break;
      case '\n':
      case KEY_ENTER:
        open_ = !open_;
        break;
      case KEY_UP:
      case 'k':
        --selected_;
        break;
      case KEY_DOWN:
      case 'j':
        ++selected_;
        break;
      case KEY_PPAGE:
        selected_ -= std::max(LINES - list_start - 1, 1);
        break;
      case KEY_NPAGE:
        selected_ += std::max(LINES - list_start - 1, 1);
        break;
      case KEY_HOME:
        selected_ = 0;
        break;
      default:  // KEY_RESIZE too: it is drawn anew
        break;
    }
  }

  LiveSites& process_;
  TopChoice choice_;
  const LookAgain& look_;
  int selected_ = 0;
  int first_ = 0;
  bool open_ = false;
  bool filtering_ = false;
  bool paused_ = false;
  bool ended_ = false;
  bool left_ = false;
};

}  // namespace

std::expected<void, std::string> show_top(LiveSites& process, TopChoice choice, const LookAgain& look) {
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) {
    std::setlocale(LC_CTYPE, "C.UTF-8");
  }
  const Terminal terminal;
  if (!terminal.is_there()) {
    const char* const name = std::getenv("TERM");
    return std::unexpected(
        fmt::format("a terminal of the kind '{}' cannot show a screen: set TERM, or use --count",
                    name == nullptr ? "" : name));
  }
  TopScreen{process, std::move(choice), look}.run();
  return {};
}

}  // namespace ar::command
