const std = @import("std");
const ar_allocator = @import("ar_allocator");
const course = @import("course");
const exercise = @import("exercise");

pub const panic = course.panic;

const Allocator = std.mem.Allocator;
const SimpleModel = exercise.SimpleModel;

const input = [_]f32{ 1, 2 };
const wanted = [_]f32{ -6, -2, 0 };

pub fn main() void {
    course.run(.{ checkModel, checkMemoryThatRunsOut });
}

// Stays, so that whoever looks at the caller's arrays once they are given back is caught.
var caller = course.Desk{};

fn make(long_lived: Allocator) Allocator.Error!SimpleModel {
    const weights = course.expectMemory("the test", caller.allocator().dupe(f32, &.{ 1, 1, 0, 3, 4, 2 }));
    defer caller.allocator().free(weights);
    const biases = course.expectMemory("the test", caller.allocator().dupe(f32, &.{ 0, 1, 1 }));
    defer caller.allocator().free(biases);
    return SimpleModel.init(weights, biases, 2, long_lived);
}

fn checkAnswer(model: *const SimpleModel, scratch: Allocator, desk: *course.Desk) void {
    const answer = course.expectMemory("predict", model.predict(&input, scratch, desk.allocator()));
    course.expect(answer.len == 3, "predict gives {d} numbers, not 3", .{answer.len});
    desk.expectAlive("predict", answer);
    course.expect(std.mem.eql(f32, answer, &wanted), "predict gives other numbers than wanted", .{});
    desk.allocator().free(answer);
    desk.expectEmpty();
}

fn checkModel() void {
    var long_lived = course.Desk{};
    var backing = course.Desk{};
    var result = course.Desk{};
    {
        var model = course.expectMemory("SimpleModel.init", make(long_lived.allocator()));
        defer model.deinit();
        const kept = long_lived.allocations;
        var arena = std.heap.ArenaAllocator.init(backing.allocator());
        defer arena.deinit();
        checkAnswer(&model, arena.allocator(), &result);
        course.expect(kept == 2, "the model takes {s} from `long_lived`, not two: its weights and its biases", .{course.counted(kept, "block")});
        course.expect(backing.allocations != 0, "predict takes nothing from `scratch`", .{});
        _ = arena.reset(.retain_capacity);
        const taken = backing.allocations;
        for (0..100) |_| {
            checkAnswer(&model, arena.allocator(), &result);
            _ = arena.reset(.retain_capacity);
        }
        course.expect(backing.allocations == taken, "a warm inference takes memory from the arena's backing", .{});
        course.expect(long_lived.allocations == kept, "an inference takes memory from `long_lived`", .{});
    }
    long_lived.expectEmpty();
    backing.expectEmpty();
}

fn checkMemoryThatRunsOut() void {
    course.expectSurvives("SimpleModel", modelUsedAndGivenBack);
}

fn modelUsedAndGivenBack(allocator: Allocator) !void {
    var model = try make(allocator);
    defer model.deinit();
    var arena = std.heap.ArenaAllocator.init(ar_allocator.allocator());
    defer arena.deinit();
    allocator.free(try model.predict(&input, arena.allocator(), allocator));
}
