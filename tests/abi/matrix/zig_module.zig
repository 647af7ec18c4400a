//! Compiled twice: tracked and untracked. The module's functions, and the header's macros through @cImport.
const ar = @import("ar_allocator");
const c = @cImport(@cInclude("ar_heap.h"));
const Block = [4242]u8;
const kind = if (@hasDecl(c, "DEBUG")) "tracked" else "untracked";

fn make() callconv(.C) ?*anyopaque {
    return ar.create(Block, "Zig");
}
fn end(block: ?*anyopaque) callconv(.C) void {
    ar.free(block);
}
fn makeImported() callconv(.C) ?*anyopaque {
    return c.AR__HEAP__MALLOC(@as(usize, 4242), "Zig, by the header");
}
fn endImported(block: ?*anyopaque) callconv(.C) void {
    c.AR__HEAP__FREE(block);
}

comptime {
    @export(&make, .{ .name = "make_zig_" ++ kind });
    @export(&end, .{ .name = "end_zig_" ++ kind });
    @export(&makeImported, .{ .name = "make_zig_import_" ++ kind });
    @export(&endImported, .{ .name = "end_zig_import_" ++ kind });
}
