//! Makes and takes words with the macros of ar_heap.h: with -DDEBUG they track, without they are malloc and free.

const std = @import("std");
const c = @cImport({
    @cDefine("__ZIG__", "1");
    @cInclude("ar_heap.h");
    @cInclude("list.h");
});

pub const List = c.struct_list;

pub fn fill(list: *List, count: usize) void {
    for (0..count) |i| {
        var buffer: [32]u8 = undefined;
        const word = std.fmt.bufPrintZ(&buffer, "word {d}", .{i}) catch unreachable;
        const text = c.AR__HEAP__STRDUP(word.ptr, "words: a word's text");
        if (text == null) return;
        if (c.list_add(list, text) == 0) c.AR__HEAP__FREE(text);
    }
}

/// Takes words off the list: releases in Zig what was allocated in C.
pub fn drain(list: *List, count: usize) usize {
    var letters: usize = 0;
    for (0..count) |_| {
        const node = c.list_take(list);
        if (node == null) break;
        letters += std.mem.span(node.*.text).len;
        c.AR__HEAP__FREE(node.*.text);
        c.AR__HEAP__FREE(node);
    }
    return letters;
}

/// The planted leak of this module.
pub noinline fn forgetWord() void {
    std.mem.doNotOptimizeAway(c.AR__HEAP__MALLOC(@as(usize, 100), "words: a forgotten word"));
}
