const std = @import("std");
const ar = @import("ar_allocator");

noinline fn lose() void {
    std.mem.doNotOptimizeAway(ar.alloc(u8, 123, "downstream Zig: the lost block")); // site: the lost block
}

noinline fn loseInLibrary() !void {
    var list = std.ArrayList(u8).init(ar.namedAllocator("downstream Zig: the lost list"));
    try list.appendNTimes('x', 321); // site: the lost list
}

pub fn main() !void {
    const kept = ar.create(u64, "released in time") orelse return error.OutOfMemory;
    defer ar.free(kept);
    lose();
    try loseInLibrary();
}
