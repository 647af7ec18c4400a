// The report of ar_heap as a whole: what is written, where, and what is said about it. Start reading at
// report.cpp; the words are report_text.hpp's, the way to the file report_file.hpp's, symbols
// symbolizer.hpp's.
#pragma once

namespace ar::abi {

// What ar_heap__memory_report does: always writes a report. Keeps errno. From any thread, and from a signal
// handler; when it interrupted this thread's own report, it returns at once.
void write_report_now() noexcept;

// The report at exit: called after the last destructor, and by _exit.
void write_exit_report() noexcept;

}  // namespace ar::abi
