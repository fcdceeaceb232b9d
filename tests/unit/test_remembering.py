"""What is remembered of texts and kept of a holder: not made again; of texts never more than a bound."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from cds_service.remembering import kept, remembered


def counting(characters):
    made = []

    @remembered(characters)
    def upper(text, times=1):
        made.append((text, times))
        return text.upper() * times

    return upper, made


def test_a_text_is_worked_on_once_for_each_way_of_asking():
    upper, made = counting(10_000)
    assert [upper("a"), upper("a"), upper("a", 2), upper("a", times=2), upper("a", 2)] == [
        "A",
        "A",
        "AA",
        "AA",
        "AA",
    ]
    assert made == [("a", 1), ("a", 2), ("a", 2)]


def test_what_was_made_first_is_forgotten_first():
    upper, made = counting(3_300)
    one, two, three, four = ("1" * 1_000, "2" * 1_000, "3" * 1_000, "4" * 1_000)
    for text in (one, two, three, one, four):
        upper(text)
    made.clear()
    for text in (four, three, two, one):
        upper(text)
    assert [text for text, _ in made] == [one]


def test_short_texts_count_too_and_a_text_beyond_the_bound_is_not_kept_and_pushes_nothing_out():
    upper, made = counting(1_000)
    for n in range(100):
        upper(str(n))
    upper("x" * 1_001)
    made.clear()
    for text in ("99", "x" * 1_001, "0"):
        upper(text)
    assert [text for text, _ in made] == ["x" * 1_001, "0"]


def test_threads_get_the_same_results():
    upper, _ = counting(2_000)
    texts = [str(n % 40) for n in range(4_000)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(upper, texts)) == texts


class Holder:
    def __init__(self, find):
        self.find = find

    @kept
    def fact(self):
        """What is found."""
        return self.find()


def test_what_is_kept_is_found_once_for_each_holder():
    found = []
    one, other = Holder(lambda: found.append("one")), Holder(lambda: found.append("other"))
    assert [one.fact, one.fact, other.fact] == [None, None, None]
    assert found == ["one", "other"]


def test_a_holder_does_not_wait_for_another():
    other_is_done = Event()
    one, other = Holder(lambda: other_is_done.wait(10)), Holder(other_is_done.set)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(lambda: one.fact)
        pool.submit(lambda: other.fact)
        assert waiting.result() is True
