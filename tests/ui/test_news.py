"""The count of open alerts that a push brings must not be the one before it."""

from collections.abc import Callable

from dashboard.ui.news import Desk, News


def counting() -> tuple[Callable[[], News], list[int]]:
    """A source whose every answer has one more alert, and the numbers it has given."""
    given: list[int] = []

    def ask() -> News:
        given.append(len(given) + 1)
        return News(known=True, critical=given[-1])

    return ask, given


def test_those_who_read_at_about_the_same_time_share_one_answer() -> None:
    ask, given = counting()
    desk = Desk(ask)
    assert [desk.read().critical for _ in range(3)] == [1, 1, 1]
    assert given == [1]


def test_what_was_read_just_before_a_change_is_not_shown_after_it() -> None:
    ask, _ = counting()
    desk = Desk(ask)
    before = desk.read()
    desk.changed()
    assert desk.read().critical == before.critical + 1


def test_an_answer_that_was_under_way_when_a_change_came_is_not_shown_after_it() -> None:
    ask, given = counting()

    def slow() -> News:
        answer = ask()
        if len(given) == 1:
            desk.changed()
        return answer

    desk = Desk(slow)
    assert desk.read().critical == 1
    assert desk.read().critical == 2
