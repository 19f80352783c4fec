"""What the tools of gates read to decide what to run: `file`, or `file#part` where only that part counts."""

NODE = ("package.json#scripts", "package.json#jest", "package.json#mocha", "package.json#ava", ".npmrc")
PYTEST = ("pytest.ini", ".pytest.ini", "pyproject.toml#tool.pytest", "setup.cfg#tool:pytest", "tox.ini#pytest")
CARGO = (".cargo/config.toml", ".cargo/config", "clippy.toml", ".clippy.toml", "rustfmt.toml", ".rustfmt.toml")
TOOLS = {
    **dict.fromkeys(("npm", "npx", "yarn", "pnpm", "bun", "bunx"), NODE),
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "pytest": PYTEST,
    "tox": ("tox.ini", "setup.cfg#tox:tox", "pyproject.toml#tool.tox", *PYTEST),
    "nox": ("noxfile.py", *PYTEST),
    "ruff": ("ruff.toml", ".ruff.toml", "pyproject.toml#tool.ruff"),
    "flake8": (".flake8", "setup.cfg#flake8", "tox.ini#flake8"),
    "mypy": ("mypy.ini", ".mypy.ini", "setup.cfg#mypy", "pyproject.toml#tool.mypy"),
    "cargo": CARGO,
}
SCRIPT_RUNNERS = frozenset(("npm", "npx", "yarn", "pnpm", "bun", "bunx"))
CONFIGS = ("jest.config.*", "vitest.config.*", ".mocharc*", ".eslintrc*", "eslint.config.*", "biome.json*")
