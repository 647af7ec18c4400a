//! Takes its memory from pages that it maps itself. With an argument, libc allocates as well, unasked.

const std = @import("std");
const builtin = @import("builtin");

extern fn get_current_dir_name() ?[*:0]u8;

pub fn main() !void {
    const parcel = try std.heap.page_allocator.alloc(u8, 100000);
    defer std.heap.page_allocator.free(parcel);
    std.mem.doNotOptimizeAway(parcel.ptr);
    if (builtin.link_libc and !builtin.abi.isMusl() and std.os.argv.len > 1) _ = get_current_dir_name();
    try std.io.getStdOut().writeAll("worked\n");
}
