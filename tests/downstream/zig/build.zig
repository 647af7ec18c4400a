const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{});
    const optimize = b.standardOptimizeOption(.{});
    const shared = b.option(bool, "shared", "Link the shared library") orelse false;
    const arpent = b.dependency("arpent", .{
        .target = target,
        .optimize = optimize,
        .linkage = @as([]const u8, if (shared) "dynamic" else "static"),
    });
    const program = b.addExecutable(.{
        .name = "app",
        .root_source_file = b.path("main.zig"),
        .target = target,
        .optimize = optimize,
    });
    program.root_module.addImport("ar_allocator", arpent.module("ar_allocator"));
    b.installArtifact(program);
    const run = b.addRunArtifact(program);
    b.step("run", "Run it").dependOn(&run.step);
}
