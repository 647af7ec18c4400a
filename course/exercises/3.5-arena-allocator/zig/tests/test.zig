const std = @import("std");
const course = @import("course");
const exercise = @import("exercise");

pub const panic = course.panic;

const first = [_]f32{ 1, 3, 5, 3 };
const second = [_]f32{ 2, 2 };
const third = [_]f32{9};
const ones = [_]f32{1} ** 3000;

pub fn main() void {
    course.run(.{ checkMovingAverage, checkLargestAverages, checkMemoryOfManyBatches, checkMemoryThatRunsOut });
}

fn checkMovingAverage() void {
    var scratch_desk = course.Desk{};
    var result_desk = course.Desk{};
    var arena = std.heap.ArenaAllocator.init(scratch_desk.allocator());
    defer arena.deinit();
    const scratch = arena.allocator();
    const result = course.expectMemory("movingAverage", exercise.movingAverage(&first, 2, scratch, result_desk.allocator()));
    course.expect(result.len == 3, "movingAverage gives {d} averages of four values, not 3", .{result.len});
    result_desk.expectAlive("movingAverage", result);
    course.expect(std.mem.eql(f32, result, &.{ 2, 4, 4 }), "movingAverage gives other averages than wanted", .{});
    result_desk.allocator().free(result);
    result_desk.expectEmpty();
    course.expect(scratch_desk.allocations != 0, "movingAverage takes nothing from `scratch`", .{});
    const none = course.expectMemory("movingAverage", exercise.movingAverage(&second, 3, scratch, result_desk.allocator()));
    course.expect(none.len == 0, "movingAverage of fewer values than the window must be empty", .{});
    const zero = course.expectMemory("movingAverage", exercise.movingAverage(&second, 0, scratch, result_desk.allocator()));
    course.expect(zero.len == 0, "movingAverage with a window of 0 must be empty", .{});
}

fn checkLargestAverages() void {
    var desk = course.Desk{};
    const result = course.expectMemory("largestAverages", exercise.largestAverages(&.{ &first, &second, &third }, 2, desk.allocator()));
    course.expect(result.len == 3, "largestAverages gives {d} values for three batches", .{result.len});
    desk.expectAlive("largestAverages", result);
    course.expect(std.mem.eql(f32, result, &.{ 4, 2, 0 }), "largestAverages gives other values than wanted", .{});
    desk.allocator().free(result);
    desk.expectEmpty();
}

fn checkMemoryOfManyBatches() void {
    const batches = [_][]const f32{ones[0..1000]} ** 100;
    var desk = course.Desk{ .limit = 65536 };
    const result = exercise.largestAverages(&batches, 10, desk.allocator()) catch
        course.refuse("largestAverages needs more than 64 KiB for a hundred batches of 4 KiB: each batch's memory is kept until the end", .{});
    desk.allocator().free(result);
}

// An arena that is reset does without the memory that it cannot have, so that one failure alone may do nothing.
fn checkMemoryThatRunsOut() void {
    course.expectSurvivesLimits("largestAverages", averagedAndGivenBack);
}

fn averagedAndGivenBack(allocator: std.mem.Allocator) !void {
    allocator.free(try exercise.largestAverages(&.{ &first, &ones }, 2, allocator));
}
