//! Loses blocks of the tracked heap: through the module's functions, its allocators, and the C macros. With an argument
//! it asks for a report.

const std = @import("std");
const ar = @import("ar_allocator");
const c = @cImport(@cInclude("ar_heap.h"));

var kept: [16]?*anyopaque = undefined;

noinline fn typed() void {
    kept[0] = ar.create([11]u8, "created"); // site: created
    kept[1] = ar.alloc(u8, 12, "allocated"); // site: allocated
    kept[2] = ar.dupe("a string", "copied"); // site: copied
    kept[3] = ar.realloc(u8, ar.alloc(u8, 1, "shorter"), 14, "resized"); // site: resized
    kept[4] = ar.create(Aligned, "over-aligned"); // site: over-aligned
}

const Aligned = struct { bytes: [64]u8 align(64) };

inline fn inlined() void {
    kept[5] = ar.create([15]u8, "inlined"); // site: inlined
}

noinline fn imported() void {
    kept[6] = c.AR__HEAP__MALLOC(@as(usize, 21), "imported malloc"); // site: imported malloc
    kept[7] = c.AR__HEAP__CALLOC(@as(usize, 2), @as(usize, 11), "imported calloc"); // site: imported calloc
    kept[8] = c.AR__HEAP__REALLOC(@as(?*anyopaque, null), @as(usize, 23), "imported realloc"); // site: imported realloc
    kept[9] = c.AR__HEAP__STRDUP("string", "imported strdup"); // site: imported strdup
}

noinline fn standard() !void {
    const named = ar.namedAllocator("named");
    const slice = try named.alloc(u8, 31); // site: named
    kept[10] = slice.ptr;
    var list = std.ArrayList(u64).init(ar.namedAllocator("listed"));
    try list.append(7); // site: listed
    kept[11] = list.items.ptr;
}

pub fn main() !void {
    typed();
    inlined();
    imported();
    try standard();
    std.mem.doNotOptimizeAway(&kept);
    if (std.os.argv.len > 1) c.ar_heap__memory_report();
}
