//! How a check ends: with one line on standard output, and status 1 if something is wrong. Ends without what is done at
//! exit: what is wrong may be in it.

const std = @import("std");

/// What the check is about while something is tried in a special way; begins the line.
pub var circumstance: ?*const fn () []const u8 = null;

pub fn refuse(comptime format: []const u8, arguments: anytype) noreturn {
    const beginning = if (circumstance) |tell| tell() else "";
    end(1, text("{s}" ++ format ++ "\n", .{beginning} ++ arguments));
}

pub fn expect(holds: bool, comptime otherwise: []const u8, arguments: anytype) void {
    if (!holds) refuse(otherwise, arguments);
}

pub fn pass() noreturn {
    end(0, "passed\n");
}

fn end(status: i32, line: []const u8) noreturn {
    std.io.getStdOut().writeAll(line) catch {};
    std.os.linux.exit_group(status);
}

/// Never given back: a check says one thing and ends.
pub fn text(comptime format: []const u8, arguments: anytype) []const u8 {
    return std.fmt.allocPrint(std.heap.page_allocator, format, arguments) catch "there is no memory to say what";
}

/// "two blocks"
pub fn counted(count: usize, comptime what: []const u8) []const u8 {
    const names = [_][]const u8{ "no", "one", "two", "three", "four", "five", "six" };
    const ending = if (count == 1) "" else "s";
    if (count < names.len) return text("{s} " ++ what ++ "{s}", .{ names[count], ending });
    return text("{d} " ++ what ++ "{s}", .{ count, ending });
}
