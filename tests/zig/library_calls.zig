//! Loses what functions and containers of Zig's standard library allocate. A report must name the line here, and none
//! of theirs.

const std = @import("std");
const Allocator = std.mem.Allocator;

noinline fn joined(allocator: Allocator) !void {
    _ = try std.mem.join(allocator, ", ", &.{ "one", "two" }); // site: joined
}

noinline fn concatenated(allocator: Allocator) !void {
    _ = try std.mem.concat(allocator, u8, &.{ "one", "two" }); // site: concatenated
}

noinline fn path(allocator: Allocator) !void {
    _ = try std.fs.path.join(allocator, &.{ "one", "two" }); // site: path
}

noinline fn arguments(allocator: Allocator) !void {
    _ = try std.process.argsAlloc(allocator); // site: arguments
}

noinline fn environment(allocator: Allocator) !void {
    _ = try std.process.getEnvMap(allocator); // site: environment
}

noinline fn fileContent(allocator: Allocator) !void {
    _ = try std.fs.cwd().readFileAlloc(allocator, "/proc/self/stat", 1000000); // site: file content
}

noinline fn parsed(allocator: Allocator) !void {
    const Answer = struct { numbers: []u32, text: []u8 };
    const text = "{\"numbers\":[1,2,3],\"text\":\"a\\u0041b\"}";
    _ = try std.json.parseFromSlice(Answer, allocator, text, .{}); // site: parsed
}

noinline fn written(allocator: Allocator) !void {
    _ = try std.json.stringifyAlloc(allocator, .{ .number = 1, .text = "text" }, .{}); // site: written
}

noinline fn arena(allocator: Allocator) !void {
    var state = std.heap.ArenaAllocator.init(allocator);
    _ = try state.allocator().alloc(u8, 1234); // site: arena
}

noinline fn pool(allocator: Allocator) !void {
    var state = std.heap.MemoryPool(u64).init(allocator);
    _ = try state.create(); // site: pool
}

noinline fn onTop(allocator: Allocator) !void {
    var general_purpose = std.heap.GeneralPurposeAllocator(.{}){ .backing_allocator = allocator };
    _ = try general_purpose.allocator().alloc(u8, 77777); // site: on top
}

noinline fn namedTable(allocator: Allocator) !void {
    var table = std.StringArrayHashMap(u32).init(allocator);
    try table.put("key", 5); // site: named table
}

noinline fn textMap(allocator: Allocator) !void {
    var map = std.BufMap.init(allocator);
    try map.put("key", "value"); // site: text map
}

noinline fn bits(allocator: Allocator) !void {
    _ = try std.DynamicBitSet.initEmpty(allocator, 10000); // site: bits
}

fn smaller(_: void, one: u32, other: u32) std.math.Order {
    return std.math.order(one, other);
}

noinline fn queue(allocator: Allocator) !void {
    var state = std.PriorityQueue(u32, void, smaller).init(allocator, {});
    try state.add(3); // site: queue
}

noinline fn printed(allocator: Allocator) !void {
    var text = std.ArrayListUnmanaged(u8){};
    try text.writer(allocator).print("{d} of {s}", .{ 5, "these" }); // site: printed
}

noinline fn lineRead(allocator: Allocator) !void {
    var stream = std.io.fixedBufferStream("line one\nline two\n");
    _ = try stream.reader().readUntilDelimiterAlloc(allocator, '\n', 100); // site: line read
}

noinline fn childOutput(allocator: Allocator) !void {
    _ = try std.process.Child.run(.{ .allocator = allocator, .argv = &.{ "echo", "done" } }); // site: child output
}

pub fn main() !void {
    const all = .{
        joined, concatenated, path,       arguments, environment, fileContent, parsed,  written,  arena,
        pool,   onTop,        namedTable, textMap,   bits,        queue,       printed, lineRead, childOutput,
    };
    inline for (all) |each| try each(std.heap.c_allocator);
    try std.io.getStdOut().writeAll("done\n");
}
