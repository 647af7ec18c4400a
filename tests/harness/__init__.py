"""What the Python tests share. CMake puts its folder's parent on PYTHONPATH."""
