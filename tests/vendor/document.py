"""The API document, and the examples in it."""

import json
import pathlib

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "openapi" / "togai.json"


class Document:
    """The merged document, with what the operations of a client need of it."""

    def __init__(self):
        self._document = json.loads(DOCUMENT.read_text(encoding="utf-8"))

    def operation(self, method, path):
        """The operation at a path, as the document has it."""
        return self._document["paths"][path][method.lower()]

    def parameter_examples(self, operation):
        """The example of each parameter, by its place and its name on the wire."""
        parameters = [self._resolve(parameter) for parameter in operation.get("parameters", [])]
        return {(parameter["in"], parameter["name"]): parameter["example"] for parameter in parameters}

    def body_example(self, operation):
        """The example of the request body, which is that of its schema where it has none of its own."""
        media = self._resolve(operation["requestBody"])["content"]["application/json"]
        return media["example"] if "example" in media else self._resolve(media["schema"])["example"]

    def _resolve(self, node):
        while "$ref" in node:
            target = self._document
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            node = target
        return node
