"""What connects the C library's callbacks with Python's objects."""
