//! Builds a list of words with the C module, lets Zig take some of them and C clear the rest. The argument "list" or
//! "words" plants a leak in that module.

const std = @import("std");
const words = @import("words");

extern fn list_clear(list: *words.List) void;
extern fn list_forget_node() void;

const taken_in_zig = 473;
const cleared_in_c = 100;

pub export fn main(count: c_int, arguments: [*][*:0]u8) c_int {
    var list: words.List = .{};
    words.fill(&list, taken_in_zig + cleared_in_c);
    const letters = words.drain(&list, taken_in_zig);
    list_clear(&list);
    if (count > 1) {
        const module = std.mem.span(arguments[1]);
        if (std.mem.eql(u8, module, "list")) list_forget_node();
        if (std.mem.eql(u8, module, "words")) words.forgetWord();
    }
    return if (letters > 0) 0 else 1;
}
