const std = @import("std");
const ar_allocator = @import("ar_allocator");
const course = @import("course");
const exercise = @import("exercise");

pub const panic = course.panic;

const Dataset = exercise.Dataset;

const rows = 4;
const columns = 3;

pub fn main() void {
    course.run(.{ checkOne, checkMemoryThatRunsOut, checkGeneralPurpose });
}

fn checkOne() void {
    var desk = course.Desk{};
    {
        var dataset = course.expectMemory("Dataset.init", Dataset.init(desk.allocator(), rows, columns));
        defer dataset.deinit();
        course.expect(dataset.features.len == rows * columns, "Dataset.init gives {d} features, not {d}", .{ dataset.features.len, rows * columns });
        course.expect(dataset.labels.len == rows, "Dataset.init gives {d} labels, not {d}", .{ dataset.labels.len, rows });
        desk.expectAlive("Dataset.init", dataset.features);
        desk.expectAlive("Dataset.init", dataset.labels);
        course.expect(std.mem.allEqual(f32, dataset.features, 0), "not all features are zero", .{});
        course.expect(std.mem.allEqual(i32, dataset.labels, 0), "not all labels are zero", .{});
        dataset.features[rows * columns - 1] = 1;
        dataset.labels[rows - 1] = 1;

        var moved = dataset.move();
        defer moved.deinit();
        const has_all = moved.labels.len == rows and moved.labels[rows - 1] == 1 and moved.features.len == rows * columns;
        course.expect(has_all, "a Dataset that is moved loses what it had", .{});
        desk.expectAlive("Dataset.init, once it is moved,", moved.labels);
    }
    desk.expectEmpty();
}

fn checkMemoryThatRunsOut() void {
    course.expectSurvives("Dataset.init", madeAndGivenBack);
}

fn madeAndGivenBack(allocator: std.mem.Allocator) !void {
    var dataset = try Dataset.init(allocator, rows, columns);
    dataset.deinit();
}

fn checkGeneralPurpose() void {
    var general = std.heap.GeneralPurposeAllocator(.{}){ .backing_allocator = ar_allocator.allocator() };
    var dataset = course.expectMemory("Dataset.init", Dataset.init(general.allocator(), 1000, 100));
    dataset.deinit();
    course.expect(general.deinit() == .ok, "the GeneralPurposeAllocator finds a leak at its end", .{});
}
