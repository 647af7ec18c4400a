const std = @import("std");

const Allocator = std.mem.Allocator;

pub const Layer = []f32;

pub fn countDistinct(values: []const i32, allocator: Allocator) Allocator.Error!usize {
    const sorted = try allocator.dupe(i32, values);
    std.mem.sort(i32, sorted, {}, std.sort.asc(i32));
    var count: usize = 0;
    for (sorted, 0..) |value, index| {
        if (index == 0 or value != sorted[index - 1]) count += 1;
    }
    return count;
}

pub fn makeLayers(sizes: []const usize, allocator: Allocator) Allocator.Error![]Layer {
    const layers = try allocator.alloc(Layer, sizes.len);
    var made: usize = 0;
    for (sizes) |size| {
        layers[made] = try allocator.alloc(f32, size);
        @memset(layers[made], 0);
        made += 1;
    }
    return layers;
}

pub fn append(items: []i32, value: i32, allocator: Allocator) Allocator.Error![]i32 {
    const larger = try allocator.alloc(i32, items.len + 1);
    allocator.free(items);
    @memcpy(larger[0..items.len], items);
    larger[items.len] = value;
    return larger;
}
