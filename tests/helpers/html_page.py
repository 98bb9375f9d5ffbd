"""Parses a written page for tests."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "input", "link", "line", "circle", "wbr"}


class Page(HTMLParser):
    """Parses a page strictly enough to notice tags left open, and keeps what the tests ask for."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.stack, self.ids, self.links, self.sources, self.problems = [], [], [], [], []
        self.tables, self.tags, self.text, self._cell, self._joined = {}, [], [], None, False
        self.feed(html)
        self.close()
        self.problems += [f"<{tag}> is left open" for tag in self.stack]

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self._joined |= tag == "wbr"  # A name that may break here is one text.
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        self.sources += [given[k] for k in ("src", "srcset", "data", "poster") if k in given] + (
            [given["href"]] if tag in ("link", "use", "image") and "href" in given else []
        )
        if tag == "table":
            self._rows = self.tables.setdefault(given["id"], [])
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th") and "table" in self.stack:
            self._cell = {"text": "", **given, "tag": tag}
            self._rows[-1].append(self._cell)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.stack or self.stack[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.stack[-1:]}")
        else:
            self.stack.pop()
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data):
        if not {"style", "script"} & set(self.stack[-1:]):
            if self._joined:
                self.text[-1] += data
            else:
                self.text.append(data)
            self._joined = False
        if self._cell is not None and "svg" not in self.stack:
            self._cell["text"] += data


def page_of(path):
    return Page(path.read_text(encoding="utf-8"))
