"""The C library as Python sees it: constants, structs and functions, nothing added.

The rest of the package is written in terms of this one; programs need it only for what has no
Python form yet.
"""
