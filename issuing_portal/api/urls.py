"""The API's own pages: the document, the readable reference, and what is nowhere. Stands after every app's addresses."""

from django.urls import path, re_path

from issuing_portal.api import reference
from issuing_portal.api.problems import no_such_address

urls = [
    path("v1/openapi.json", reference.openapi),
    path("docs/", reference.docs, name="docs"),
    re_path(r"^v1(?:/(?P<rest>.*))?\Z", no_such_address),
]
