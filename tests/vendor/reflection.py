"""The operations of the vendor's client 1.0.3, found in the client itself."""

import dataclasses
import importlib
import inspect
import pkgutil
import typing

import pydantic
import togai_client
import togai_client.api

# Beside each operation the client has a method that answers with the status as well, and one that decodes nothing.
SUFFIXES = ("_with_http_info", "_without_preload_content")


@dataclasses.dataclass(frozen=True)
class Operation:
    """An operation as the client has it."""

    api_name: str
    api: type
    name: str
    # As they are on the wire.
    method: str
    path: str
    # The name of the client's argument for each parameter, which goes by its place and its name on the wire.
    arguments: dict
    # The argument that takes the body, and the type it has; None where there is no body.
    body_argument: str
    body_type: type


def find_operations():
    """All operations of all modules of `togai_client.api`, in the order of their names."""
    found = []
    for module_info in pkgutil.iter_modules(togai_client.api.__path__):
        module = importlib.import_module(f"togai_client.api.{module_info.name}")
        for _, api in inspect.getmembers(module, inspect.isclass):
            # What the module only imports belongs elsewhere.
            if api.__module__ == module.__name__:
                found += [_look_into(module_info.name, api, name) for name in _names(api)]
    return found


def _names(api):
    for name, _ in inspect.getmembers(api, inspect.isfunction):
        if not name.startswith("_") and not name.endswith(SUFFIXES):
            yield name


class _Request(Exception):
    """What the client would have sent."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts


class _Recorder(togai_client.ApiClient):
    """A client that shows the parts of a request instead of putting them together."""

    def param_serialize(self, **parts):
        raise _Request(parts)


def _look_into(api_name, api, name):
    """Lets the client make a request in which each value is the name of its argument, and looks where they end up."""
    serialize = getattr(api(_Recorder()), f"_{name}_serialize")
    names = [argument for argument in inspect.signature(serialize).parameters]
    settings = {argument: None for argument in names if argument.startswith("_")}
    try:
        serialize(**settings, **{argument: argument for argument in names if not argument.startswith("_")})
    except _Request as request:
        parts = request.parts
    arguments = {("path", wire_name): argument for wire_name, argument in parts["path_params"].items()}
    arguments |= {("query", wire_name): argument for wire_name, argument in parts["query_params"]}
    body_argument = parts["body"]
    body_type = None
    if body_argument is not None:
        body_type = _type_of(inspect.signature(getattr(api, name)).parameters[body_argument].annotation)
    return Operation(api_name, api, name, parts["method"], parts["resource_path"], arguments, body_argument, body_type)


def _type_of(annotation):
    """The model in `Annotated[Optional[Model], ...]`."""
    if inspect.isclass(annotation) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    for inner in typing.get_args(annotation):
        found = _type_of(inner)
        if found is not None:
            return found
    return None
