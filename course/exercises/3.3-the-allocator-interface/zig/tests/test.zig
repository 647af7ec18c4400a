const std = @import("std");
const course = @import("course");
const exercise = @import("exercise");

pub const panic = course.panic;

const first = [_]f32{ 1, -2, 0, 3 };
const second = [_]f32{ -5, 4 };

pub fn main() void {
    course.run(.{ checkFilterPositive, checkJoinPositive, checkMemoryThatRunsOut });
}

fn checkFilterPositive() void {
    var desk = course.Desk{};
    check("filterPositive", exercise.filterPositive(&first, desk.allocator()), &.{ 1, 3 }, &desk);
}

fn checkJoinPositive() void {
    var desk = course.Desk{};
    check("joinPositive", exercise.joinPositive(&first, &second, desk.allocator()), &.{ 1, 3, 4 }, &desk);
}

fn check(comptime name: []const u8, outcome: anyerror![]f32, wanted: []const f32, desk: *course.Desk) void {
    const result = course.expectMemory(name, outcome);
    course.expect(result.len == wanted.len, name ++ " keeps {d} values, not {d}", .{ result.len, wanted.len });
    desk.expectAlive(name, result);
    course.expect(std.mem.eql(f32, result, wanted), name ++ " has other values than wanted, or another order", .{});
    desk.allocator().free(result);
    desk.expectEmpty();
}

fn checkMemoryThatRunsOut() void {
    course.expectSurvives("joinPositive", joinedAndGivenBack);
}

fn joinedAndGivenBack(allocator: std.mem.Allocator) !void {
    allocator.free(try exercise.joinPositive(&first, &second, allocator));
}
