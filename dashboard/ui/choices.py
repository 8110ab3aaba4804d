"""What a page lets its viewer choose beyond the filters: a window, a search, a record, a page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboard.ui.filters import accept_code, clicked_on_filter

LONGEST_SEARCH: Final = 80
_TURNED: Final = "choices.turned"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several, as a widget in the filter bar, bound to the URL."""

    name: str
    label: str
    options: Mapping[str, str]
    default: str
    width: int = 180

    def draw(self) -> str:
        """Draw the widget and give the code of what is chosen."""
        codes = list(self.options)
        accept_code(self.name, self.options)
        found = st.selectbox(
            self.label,
            codes,
            index=codes.index(self.default),
            format_func=lambda code: self.options[code],
            key=self.name,
            bind="query-params",
            persist_state="session",
            label_visibility="collapsed",
            width=self.width,
        )
        return found if found in self.options else self.default

    def given(self) -> str:
        """Give the code of what is chosen without drawing, so that a page can say what it shows."""
        words = {label: code for code, label in self.options.items()}
        found = st.session_state.get(self.name) or st.query_params.get(self.name, "")
        code = words.get(found, found)
        return code if code in self.options else self.default

    def turn(self, value: str, _inner: Sequence["Kept"] = ()) -> None:
        """Choose as a click on the page asks; what is no option changes nothing."""
        if value in self.options:
            now = st.session_state.get(self.name, self.default)
            st.session_state[self.name] = self.default if now == value else value


@dataclass(frozen=True, slots=True)
class Search:
    """Words to search for, bound to the URL."""

    name: str
    label: str
    default: str = ""
    width: int = 220

    def given(self) -> str:
        """Give what is in it without drawing."""
        found = st.session_state.get(self.name) or st.query_params.get(self.name, "")
        return str(found).strip()[:LONGEST_SEARCH]

    def draw(self) -> str:
        """Draw the field and give what is in it."""
        found = st.text_input(
            self.label,
            key=self.name,
            max_chars=LONGEST_SEARCH,
            placeholder=self.label,
            icon=":material/search:",
            bind="query-params",
            persist_state="session",
            label_visibility="collapsed",
            width=self.width,
        )
        return (found or "").strip()[:LONGEST_SEARCH]

    def turn(self, value: str, _inner: Sequence["Kept"] = ()) -> None:
        """Nothing on a page writes into a search field."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that only the URL holds: the record that is open, the page of a list, its order.

    `back` are the words of a button that takes the value away. It goes by itself when one of the
    choices or filters `within` changes: another list begins with its first page.
    """

    name: str
    pattern: str
    default: str = ""
    back: str = ""
    within: tuple[str, ...] = ()

    def given(self) -> str:
        """Give the value; what does not match is dropped."""
        given = st.query_params.get(self.name, "")
        return given if re.fullmatch(self.pattern, given, re.ASCII) else self.default

    def draw(self) -> str:
        """Give the value, and draw the way back from it where there is one."""
        self._begin_anew()
        found = self.given()
        if self.back and found != self.default:
            st.button(
                self.back,
                key=f"back-{self.name}",
                icon=":material/arrow_back:",
                on_click=self._take_away,
            )
        return found

    def _begin_anew(self) -> None:
        own = st.query_params.get(self.name, "")
        around = tuple(
            str(st.session_state.get(name) or st.query_params.get(name, "")) for name in self.within
        )
        key = f"kept.{self.name}"
        own_before, around_before = st.session_state.get(key, ("", ()))
        if own not in {"", self.default} and own == own_before and around != around_before:
            self._take_away()
        st.session_state[key] = (own, around)

    def _take_away(self) -> None:
        st.query_params.pop(self.name, None)

    def turn(self, value: str, inner: Sequence["Kept"] = ()) -> None:
        """Take a new value; the same again, or none, takes it away.

        The `inner` ones, which are within it, begin anew. All in one step of the address, so that
        one step back undoes it.
        """
        if not re.fullmatch(self.pattern, value, re.ASCII) or value == self.given():
            self._take_away()
            return
        anew = {each.name: each.default for each in inner if each.name in st.query_params}
        st.query_params.update({self.name: value} | anew)


AnyChoice = Choice | Search | Kept


def choice(name: str, label: str, options: Mapping[str, str], *, default: str) -> Choice:
    """Offer one of several: code -> words. A question reads the code by `filters.choice(name)`."""
    if default not in options:
        raise ValueError(f"{name}: the default {default!r} is none of the options.")
    return Choice(name, label, options, default)


def search(name: str, label: str) -> Search:
    """Offer a search field; at most LONGEST_SEARCH characters reach the question."""
    return Search(name, label)


def kept(
    name: str, pattern: str, *, default: str = "", back: str = "", within: Sequence[str] = ()
) -> Kept:
    """Keep a value in the URL that no widget shows; what does not match the pattern is dropped.

    `back` draws a button that takes it away; see `Kept` for `within`.
    """
    return Kept(name, pattern, default, back, tuple(within))


def drawn(choices: Sequence[AnyChoice]) -> tuple[tuple[str, str], ...]:
    """Draw all of them and give the names and values of those that differ from their default."""
    found = [(each.name, each.draw(), each.default) for each in choices]
    return tuple((name, value) for name, value, default in found if value != default)


def turned(name: str, value: str) -> None:
    """Note what a click on the page chose, and run the page anew with it."""
    st.session_state[_TURNED] = (name, value[:LONGEST_SEARCH])
    st.rerun()


def apply_turned(choices: Sequence[AnyChoice], filters: Sequence[str]) -> None:
    """Do what was noted, before any widget of this run is made. Unknown names do nothing."""
    name, value = st.session_state.pop(_TURNED, ("", ""))
    known = {each.name: each for each in choices}
    if name in known:
        inner = [each for each in choices if isinstance(each, Kept) and name in each.within]
        known[name].turn(value, inner)
    elif name in filters:
        clicked_on_filter(name, value)
