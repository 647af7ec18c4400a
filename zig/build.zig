//! The package `arpent` with its module `ar_allocator`. README.md says how a project depends on it.

const std = @import("std");

const Linkage = enum { static, dynamic };

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{});
    const optimize = b.standardOptimizeOption(.{});
    const tracked = b.option(bool, "tracked", "Record what is allocated (default: in Debug builds)") orelse
        (optimize == .Debug);
    const linkage = b.option(Linkage, "linkage", "Link libarpent.a or libarpent.so (default: static)") orelse .static;
    const headers = b.option([]const u8, "include", "Folder of ar_heap.h, where it is not with an installed Arpent");
    const libraries = b.option([]const u8, "library", "Folder of libarpent, where it is not with an installed Arpent");
    const without_library = b.option(bool, "no-library", "Link no libarpent: the program gets it elsewhere, or runs under `arpent run`") orelse
        false;

    const module = b.addModule("ar_allocator", .{
        .root_source_file = b.path("ar_allocator.zig"),
        .target = target,
        .optimize = optimize,
        .link_libc = true,
    });
    if (tracked) module.addCMacro("DEBUG", "1");

    const include = headers orelse find(b, &.{ "../include", "../../../include" }, "ar_heap.h") orelse
        pkgConfig(b, "includedir");
    const library = libraries orelse find(b, &.{ "../build/lib", "../../../lib" }, "libarpent.a") orelse
        pkgConfig(b, "libdir");
    if (include) |folder| module.addIncludePath(.{ .cwd_relative = folder });
    if (!without_library) {
        if (library) |folder| switch (linkage) {
            .static => module.addObjectFile(.{ .cwd_relative = b.pathJoin(&.{ folder, "libarpent.a" }) }),
            .dynamic => {
                module.addLibraryPath(.{ .cwd_relative = folder });
                module.addRPath(.{ .cwd_relative = folder });
                module.linkSystemLibrary("arpent", .{ .use_pkg_config = .no, .preferred_link_mode = .dynamic });
            },
        } else module.linkSystemLibrary("arpent", .{
            .use_pkg_config = .no,
            .preferred_link_mode = switch (linkage) {
                .static => .static,
                .dynamic => .dynamic,
            },
        });
    }

    const test_step = b.step("test", "Run the module's tests");
    inline for (.{ "functions", "allocator", "header" }) |name| {
        const tests = b.addTest(.{
            .name = name,
            .root_source_file = b.path("tests/" ++ name ++ ".zig"),
            .target = target,
            .optimize = optimize,
        });
        tests.root_module.addImport("ar_allocator", module);
        if (tracked) tests.root_module.addCMacro("DEBUG", "1");
        if (include) |folder| tests.root_module.addIncludePath(.{ .cwd_relative = folder });
        const run = b.addRunArtifact(tests);
        const report = b.cache_root.join(b.allocator, &.{name ++ "-report.log"}) catch @panic("out of memory");
        run.setEnvironmentVariable("ARPENT_REPORT", report);
        test_step.dependOn(&run.step);
    }
}

/// The first of these folders, seen from here, that holds the file: in Arpent's source tree, or where it is
/// installed. Null where it is in neither.
fn find(b: *std.Build, folders: []const []const u8, file: []const u8) ?[]const u8 {
    for (folders) |folder| {
        const path = b.pathFromRoot(folder);
        std.fs.cwd().access(b.pathJoin(&.{ path, file }), .{}) catch continue;
        return path;
    }
    return null;
}

/// What pkg-config knows of an installed Arpent. `zig fetch` copies this package away from the library, and the
/// standard library's own use of pkg-config passes over an archive's path.
fn pkgConfig(b: *std.Build, comptime variable: []const u8) ?[]const u8 {
    const program = b.graph.env_map.get("PKG_CONFIG") orelse "pkg-config";
    var status: u8 = undefined;
    const answer = b.runAllowFail(&.{ program, "--variable=" ++ variable, "arpent" }, &status, .Ignore) catch return null;
    const folder = std.mem.trim(u8, answer, &std.ascii.whitespace);
    if (folder.len == 0) return null;
    return std.mem.replaceOwned(u8, b.allocator, folder, "\\ ", " ") catch @panic("out of memory");
}
