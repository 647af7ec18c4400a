//! All tests of the module as one program, which takes a third of the time that three take to compile.

test {
    _ = @import("functions.zig");
    _ = @import("allocator.zig");
    _ = @import("header.zig");
}
