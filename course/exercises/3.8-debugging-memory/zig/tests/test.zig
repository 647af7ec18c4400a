const std = @import("std");
const course = @import("course");
const exercise = @import("exercise");

pub const panic = course.panic;

const Allocator = std.mem.Allocator;

const values = [_]i32{ 4, 2, 4, 7 };
const sizes = [_]usize{ 3, 1, 2 };

pub fn main() void {
    course.run(.{ checkCountDistinct, checkMakeLayers, checkAppend, checkMemoryThatRunsOut });
}

fn checkCountDistinct() void {
    var desk = course.Desk{};
    const count = course.expectMemory("countDistinct", exercise.countDistinct(&values, desk.allocator()));
    course.expect(count == 3, "countDistinct finds {d} different values, not 3", .{count});
    const none = course.expectMemory("countDistinct", exercise.countDistinct(&.{}, desk.allocator()));
    course.expect(none == 0, "countDistinct of no values must be 0", .{});
    desk.expectEmpty();
}

fn checkMakeLayers() void {
    var desk = course.Desk{};
    const layers = course.expectMemory("makeLayers", exercise.makeLayers(&sizes, desk.allocator()));
    course.expect(layers.len == sizes.len, "makeLayers makes another number of layers than wanted", .{});
    desk.expectAlive("makeLayers", layers);
    for (layers, sizes) |layer, size| {
        course.expect(layer.len == size, "a layer of makeLayers has another size than wanted", .{});
        desk.expectAlive("makeLayers", layer);
        course.expect(std.mem.allEqual(f32, layer, 0), "a layer of makeLayers has other numbers than zero", .{});
        desk.allocator().free(layer);
    }
    desk.allocator().free(layers);
    desk.expectEmpty();
}

fn checkAppend() void {
    var desk = course.Desk{};
    const items = course.expectMemory("the test", desk.allocator().dupe(i32, &values));
    const larger = course.expectMemory("append", exercise.append(items, 9, desk.allocator()));
    course.expect(larger.len == 5, "append returns {d} items, not 5", .{larger.len});
    desk.expectAlive("append", larger);
    course.expect(std.mem.eql(i32, larger, &.{ 4, 2, 4, 7, 9 }), "append returns other items than wanted", .{});
    desk.allocator().free(larger);
    desk.expectEmpty();
}

fn checkMemoryThatRunsOut() void {
    course.expectSurvives("countDistinct", distinctCounted);
    course.expectSurvives("makeLayers", layersMadeAndGivenBack);
    course.expectSurvives("append", appendedAndGivenBack);
}

fn distinctCounted(allocator: Allocator) !void {
    _ = try exercise.countDistinct(&values, allocator);
}

fn layersMadeAndGivenBack(allocator: Allocator) !void {
    const layers = try exercise.makeLayers(&sizes, allocator);
    for (layers) |layer| allocator.free(layer);
    allocator.free(layers);
}

// When append fails, the items are still the caller's.
fn appendedAndGivenBack(allocator: Allocator) !void {
    const items = try allocator.dupe(i32, &values);
    const larger = exercise.append(items, 9, allocator) catch |problem| {
        allocator.free(items);
        return problem;
    };
    allocator.free(larger);
}
