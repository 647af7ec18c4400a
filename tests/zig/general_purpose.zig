//! Takes its memory from an allocator that stands on mapped pages. Its thread, with an argument and -lc, takes a little
//! from libc.

const std = @import("std");

fn work(allocator: std.mem.Allocator) void {
    const parcel = allocator.alloc(u8, 1000) catch return;
    defer allocator.free(parcel);
    std.mem.doNotOptimizeAway(parcel.ptr);
}

pub fn main() !void {
    var general_purpose = std.heap.GeneralPurposeAllocator(.{}){};
    work(general_purpose.allocator());
    if (std.os.argv.len > 1) {
        const thread = try std.Thread.spawn(.{}, work, .{general_purpose.allocator()});
        thread.join();
    }
    try std.io.getStdOut().writeAll("worked\n");
}
