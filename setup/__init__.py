"""Makes a fresh clone ready to run: both environments, uv to fill them, a browser for the tests.

Everything here is standard library and runs under any Python from 3.8 on, because it runs before there
is an environment. ``python3 -m setup --help`` says what it can do; ``make`` calls it.
"""
