"""Templates of the pages that stand beside their modules."""

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@lru_cache
def load_template(package: str, name: str) -> Template:
    """A template in a package's folder; what it is given is escaped, and a name that it is not given is an error."""
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
