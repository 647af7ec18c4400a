//! Leaks through the allocators of Zig's standard library that stand on malloc, each by its own function. The lines
//! that a report must name end with "site: NAME".

const std = @import("std");

const Record = struct { number: u64, text: [33]u8 };

noinline fn loseRecord(allocator: std.mem.Allocator) void {
    _ = allocator.create(Record) catch unreachable; // site: record
}

noinline fn loseSlice(allocator: std.mem.Allocator) void {
    _ = allocator.alloc(u8, 301) catch unreachable; // site: slice
}

noinline fn loseCopy(allocator: std.mem.Allocator) void {
    _ = allocator.dupe(u8, "a copy of a string that nobody will release") catch unreachable; // site: copy
}

noinline fn loseText(allocator: std.mem.Allocator) void {
    _ = std.fmt.allocPrint(allocator, "{s} {d}: a text that was formatted", .{ "number", 1234567 }) catch unreachable; // site: text
}

noinline fn loseAligned(allocator: std.mem.Allocator) void {
    _ = allocator.alignedAlloc(u8, 64, 640) catch unreachable; // site: aligned
}

noinline fn loseList(allocator: std.mem.Allocator) void {
    var list = std.ArrayList(u64).init(allocator);
    list.append(7) catch unreachable; // site: list
    list.appendNTimes(8, 500) catch unreachable; // site: grown list
}

noinline fn loseTable(allocator: std.mem.Allocator) void {
    var table = std.AutoHashMap(u64, u64).init(allocator);
    table.put(1, 2) catch unreachable; // site: table
}

noinline fn loseNothing(allocator: std.mem.Allocator) void {
    const scores = allocator.alloc(f32, 1000) catch unreachable; // site: released
    defer allocator.free(scores);
    std.mem.doNotOptimizeAway(scores.ptr);
}

// The stack holds no pointer to what was lost.
noinline fn forget() void {
    var bytes: [4096]u8 = undefined;
    @memset(&bytes, 0);
    std.mem.doNotOptimizeAway(&bytes);
}

pub fn loseAll(allocator: std.mem.Allocator) void {
    loseRecord(allocator);
    loseSlice(allocator);
    loseCopy(allocator);
    loseText(allocator);
    loseAligned(allocator);
    loseList(allocator);
    loseTable(allocator);
    loseNothing(allocator);
    forget();
}

pub fn main() !void {
    loseAll(std.heap.c_allocator);
    try std.io.getStdOut().writeAll("done\n");
}
