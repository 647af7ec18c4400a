const course = @import("course");
const exercise = @import("exercise");

pub const panic = course.panic;

pub fn main() void {
    course.run(.{ checkSwapValues, checkIncrement, checkFindLargest });
}

fn checkSwapValues() void {
    var first: i32 = 3;
    var second: i32 = 8;
    exercise.swapValues(&first, &second);
    course.expect(first != 3 or second != 8, "swapValues leaves both values as they were", .{});
    course.expect(first == 8 and second == 3, "swapValues gives other values than wanted", .{});
    exercise.swapValues(&first, &first);
    course.expect(first == 8, "swapValues changes a value that is swapped with itself", .{});
}

fn checkIncrement() void {
    var counter: i32 = 4;
    exercise.increment(&counter);
    course.expect(counter == 5, "increment makes {d} of 4, not 5", .{counter});
    exercise.increment(null);
}

fn checkFindLargest() void {
    var values = [_]i32{ 4, 9, 2, 9 };
    const largest = exercise.findLargest(&values) orelse
        course.refuse("findLargest finds nothing among four values", .{});
    course.expect(course.isWithin(i32, largest[0..1], &values), "the pointer that findLargest returns is not into the caller's values, but to something that may be gone", .{});
    const index = (@intFromPtr(largest) - @intFromPtr(&values)) / @sizeOf(i32);
    course.expect(index == 1, "findLargest finds item {d} of 4, 9, 2, 9, not 1", .{index});
    largest.* = 0;
    course.expect(values[1] == 0, "the value cannot be changed through the pointer", .{});
    var negative = [_]i32{ -4, -2, -3 };
    course.expect(exercise.findLargest(&negative) == &negative[1], "findLargest does not find the largest of values below zero", .{});
    course.expect(exercise.findLargest(values[0..0]) == null, "findLargest of no values must be null", .{});
}
