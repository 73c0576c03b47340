from __future__ import annotations

import re
from html.parser import HTMLParser

from septet.ingress.http.openapi import document
from tests.ingress.http.conftest import Site


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_names_every_operation_and_needs_nothing_from_elsewhere(site: Site) -> None:
    found = site("GET", "/docs", authorization="")
    assert (found.status, found.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = Page(found.body.decode())
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe"}
    assert not [attrs for _, attrs in page.tags if re.match("https?:|//", attrs.get("href") or "")]
    assert document()["paths"].keys() <= set(page.words)


def test_every_link_within_the_page_leads_somewhere(site: Site) -> None:
    page = Page(site("GET", "/docs").body.decode())
    links = {href[1:] for _, attrs in page.tags if (href := attrs.get("href") or "").startswith("#")}
    assert links
    assert links <= {attrs.get("id") for _, attrs in page.tags}
