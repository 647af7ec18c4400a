//! The same with the Zig module: typed, and without casts.

const std = @import("std");
const ar = @import("ar_allocator");
const c = @cImport(@cInclude("list.h"));

pub const List = c.struct_list;

pub fn fill(list: *List, count: usize) void {
    for (0..count) |i| {
        var buffer: [32]u8 = undefined;
        const word = std.fmt.bufPrint(&buffer, "word {d}", .{i}) catch unreachable;
        const text = ar.dupe(word, "words: a word's text") orelse return;
        if (c.list_add(list, text) == 0) ar.free(text);
    }
}

/// Takes words off the list: releases in Zig what was allocated in C.
pub fn drain(list: *List, count: usize) usize {
    var letters: usize = 0;
    for (0..count) |_| {
        const node = c.list_take(list) orelse break;
        letters += std.mem.span(node.*.text).len;
        ar.free(node.*.text);
        ar.free(node);
    }
    return letters;
}

/// The planted leak of this module.
pub noinline fn forgetWord() void {
    std.mem.doNotOptimizeAway(ar.create([100]u8, "words: a forgotten word"));
}
