"""What a search finds, in which order, and what of it is marked."""

from __future__ import annotations

import pytest

from portal.errors import Invalid
from portal.search.query_words import query_words
from portal.search.rules import Field, Index, IndexEntry, Kind, Text
from portal.search.text import content_words, fold, stem, words_of
from portal.search.views import CONTEXT, Part, checked, excerpt, marked, results_for


def entry(
    number: int, *fields: tuple[Field, str], kind: Kind = "video", key: str | None = None
) -> IndexEntry:
    return IndexEntry(
        kind=kind,
        id=str(number),
        texts=tuple(Text(field, text) for field, text in fields),
        place="Step 1",
        href=f"/video/{number}",
        key=("hash", key) if key else None,
    )


def titles(*texts: str) -> Index:
    return Index(entry(number, ("title", text)) for number, text in enumerate(texts))


def ids(index: Index, query: str, *seen: str) -> list[str]:
    hits = index.search(query_words(query), frozenset(("hash", key) for key in seen))
    return [hit.entry.id for hit in hits.hits]


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Delegation", "delegation"),
        ("ÜBERSICHT", "ubersicht"),
        ("Éléments", "elements"),
        ("français", "francais"),
        ("Straße", "strasse"),
        ("œuvre", "oeuvre"),
        ("Smørrebrød", "smorrebrod"),
        ("ﬁle", "file"),
        ("４D", "4d"),
    ],
)
def test_words_are_folded(word: str, folded: str) -> None:
    assert fold(word) == folded


@pytest.mark.parametrize(
    "family",
    [
        "delegate delegates delegated delegating delegation delegations",
        "prompt prompts prompted prompting",
        "write writes writing writer",
        "connect connects connector connectors connection connections connecting",
        "company companies",
        "finance financial financing",
        "model models modeling",
        "analyse analysis analyses",
    ],
)
def test_a_family_has_one_stem(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("general", "generate"),
        ("format", "form"),
        ("story", "store"),
        ("content", "context"),
        ("use", "us"),
        ("data", "date"),
    ],
)
def test_strangers_have_two(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_stop_words_and_single_letters_tell_nothing() -> None:
    assert content_words(words_of("What is the use of a project, and what's 4 D?")) == [
        "use",
        "project",
        "4",
    ]


def test_title_before_objective_before_summary_before_explanation() -> None:
    index = Index(
        [
            entry(1, ("question", "Which one?"), ("explanation", "Delegation."), key="q1"),
            entry(2, ("title", "Other"), ("summary", "About delegation.")),
            entry(3, ("title", "Other"), ("objective", "Practise delegation")),
            entry(4, ("title", "Delegation and more")),
        ]
    )
    assert ids(index, "delegation", "q1") == ["4", "3", "2", "1"]


def test_exact_before_family_before_beginning() -> None:
    index = titles("promptbook now", "prompting now", "prompt now")
    assert ids(index, "prompt") == ["2", "1", "0"]


def test_the_nearest_spelling_only_when_the_word_does_not_exist() -> None:
    index = titles("Content", "Context")
    assert ids(index, "content") == ["0"]
    assert ids(index, "contexxt") == ["1"]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("delagation", "delegation"),  # replaced
        ("delgation", "delegation"),  # left out
        ("dellegation", "delegation"),  # doubled
        ("deelgation", "delegation"),  # swapped
        ("dlegatoin", "delegation"),  # two of them in a long word
        ("skils", "skills"),
        ("trubleshoot", "troubleshooting"),  # misspelt and of the family only
        ("troublsh", "troubleshooting"),  # misspelt and unfinished
        ("gihtub", "GitHub"),
    ],
)
def test_misspelt_words(typed: str, read: str) -> None:
    index = titles("The delegation of skills", "On troubleshooting", "About GitHub")
    hits = index.search(query_words(typed))
    assert hits.read == read
    assert len(hits.hits) == 1


def test_the_nearest_member_of_a_family_before_the_commoner() -> None:
    index = titles("Prompting", "Prompting at work", "Prompts and prompting", "A prompt")
    assert index.search(query_words("promt")).read == "prompt"
    assert index.search(query_words("promtps")).read == "Prompts"
    # When only the stem is near, the word that has the fewest letters more.
    index = titles("Troubleshooting", "More troubleshooting", "It troubleshoots")
    assert index.search(query_words("trubleshot")).read == "troubleshoots"


@pytest.mark.parametrize("typed", ["dlgtn", "hr", "exl", "quantum", "xyzzy"])
def test_no_guess_goes_too_far(typed: str) -> None:
    hits = titles("The delegation of skills", "Excel").search(query_words(typed))
    assert (hits.hits, hits.read) == ([], None)


def test_every_word_is_needed_if_something_has_them_all() -> None:
    index = titles("Financial services", "A financial model", "A model")
    assert ids(index, "financial model") == ["1"]
    hits = index.search(query_words("financial model"))
    assert not hits.partial


def test_otherwise_those_with_the_most_words() -> None:
    index = titles("Survey data in a report", "A report", "Other data")
    hits = index.search(query_words("survey report tomorrow"))
    assert [hit.entry.id for hit in hits.hits] == ["0"]
    assert hits.partial


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    index = titles("Claude one", "Claude two", "Claude three", "Excel four", "Claude five")
    assert ids(index, "claude excel")[0] == "3"


def test_a_title_that_says_only_this_comes_first() -> None:
    index = titles("The integration of many other things", "Lesson 3A: Integration")
    assert ids(index, "integration") == ["1", "0"]


def test_words_that_were_typed_apart() -> None:
    index = titles("GitHub", "Spreadsheets", "Nonprofits", "A sheet")
    assert ids(index, "git hub") == ["0"]
    assert ids(index, "spread sheets")[0] == "1"
    assert ids(index, "non profit") == ["2"]


def test_beginnings_while_typing() -> None:
    index = titles("Thinking partner", "Artifacts", "Delegation")
    for typed in ("t", "th", "thinking p", "thinking par", "partn"):
        assert ids(index, typed) == ["0"], typed


def test_accents_and_case_do_not_matter() -> None:
    index = titles("Überblick für Anfänger", "Les données personnelles")
    assert ids(index, "uberblick") == ids(index, "ÜBERBLICK anfanger") == ["0"]
    assert ids(index, "donnees") == ids(index, "DONNÉES") == ["1"]


def test_stop_words_alone_are_looked_for() -> None:
    assert ids(titles("What is it?", "Other"), "what is it") == ["0"]


def test_only_the_first_words_of_a_long_query_count() -> None:
    index = titles("one two three four five six seven eight", "nine")
    assert ids(index, "one two three four five six seven eight nine") == ["0"]


@pytest.mark.parametrize("query", ["", "   ", "?!", "–", "\0", "🙂"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    hits = titles("Delegation").search(query_words(query))
    assert (hits.hits, hits.partial, hits.suggestions) == ([], False, [])


class TestWhatWasNotAnswered:
    """An explanation that this learner has not seen leaves no trace."""

    index = Index(
        [
            entry(1, ("title", "Delegation")),
            entry(
                2,
                ("question", "Which?"),
                ("explanation", "Because a zeppelin is not delegation."),
                kind="explanation",
                key="q2",
            ),
        ]
    )

    def test_it_is_not_found(self) -> None:
        assert ids(self.index, "delegation") == ["1"]
        assert ids(self.index, "zeppelin") == []
        assert ids(self.index, "zeppelin", "q2") == ["2"]
        assert ids(self.index, "zeppelin", "another") == []

    @pytest.mark.parametrize("typed", ["zepp", "zeppelins", "zepelin", "zep pelin"])
    def test_its_words_correct_nothing(self, typed: str) -> None:
        hits = self.index.search(query_words(typed))
        assert (hits.hits, hits.read, hits.suggestions) == ([], None, [])
        assert "zeppelin" not in hits.terms

    def test_it_changes_no_rank(self) -> None:
        alone = Index([entry(1, ("title", "Delegation"))])
        assert (
            self.index.search(query_words("delegation")).hits
            == alone.search(query_words("delegation")).hits
        )


def test_words_that_exist_are_suggested() -> None:
    index = titles("Delegation", "Spreadsheets")
    assert index.search(query_words("delgtion")).read == "Delegation"
    hits = index.search(query_words("dlegatn"))
    assert (hits.hits, hits.suggestions) == ([], ["Delegation"])


def test_matching_words_are_marked_whole() -> None:
    assert marked("A skill, or Skills?", frozenset({"skill", "skills"})) == [
        Part("A ", mark=False),
        Part("skill", mark=True),
        Part(", or ", mark=False),
        Part("Skills", mark=True),
        Part("?", mark=False),
    ]
    assert marked("Données", frozenset({"donnees"})) == [Part("Données", mark=True)]
    assert marked("", frozenset({"x"})) == []
    text = "<b>&amp; 'skill'"
    assert "".join(part.text for part in marked(text, frozenset({"skill"}))) == text


def test_a_long_text_is_cut_around_its_first_match() -> None:
    text = " ".join(["before"] * 40 + ["here"] + ["after"] * 40)
    cut = excerpt(text, frozenset({"here"}))
    assert cut.startswith("…before")
    assert cut.endswith("after…")
    assert " here " in cut
    assert len(cut) <= CONTEXT + 2
    assert excerpt("short text", frozenset()) == "short text"
    assert excerpt("x" * 1_000, frozenset()).startswith("xxx")


def test_the_line_below_the_title_shows_the_match() -> None:
    index = Index(
        [
            entry(
                1,
                ("title", "Delegation"),
                ("objective", "Keep some tasks"),
                ("objective", "Share a task with a machine"),
                ("summary", "What to hand over."),
            )
        ]
    )

    def context(query: str) -> str:
        shown = results_for(query, index.search(query_words(query)), {}).groups[0].results[0]
        return "".join(part.text for part in shown.context)

    assert context("delegation") == "What to hand over."
    assert context("hand") == "What to hand over."
    assert context("machine tasks") == "Share a task with a machine"


def test_a_transcript_leads_to_the_moment() -> None:
    said = (
        Text("transcript", "Welcome, everybody.", 0),
        Text("transcript", "Zeppelins were early airships.", 65),
        Text("transcript", "Airships and zeppelins are no planes.", 130),
    )
    title, summary = Text("title", "Delegation"), Text("summary", "On planes.")
    index = Index(
        [IndexEntry(kind="video", id="1", texts=(title, summary, *said), place="", href="/v")]
    )

    def shown(query: str) -> tuple[str, str]:
        result = results_for(query, index.search(query_words(query)), {}).groups[0].results[0]
        return result.href, "".join(part.text for part in result.context)

    assert shown("zeppelins") == ("/v?t=65", "Zeppelins were early airships.")
    assert shown("zeppelins planes") == ("/v?t=130", "Airships and zeppelins are no planes.")
    assert shown("planes") == ("/v", "On planes.")
    # who gives the title means the video as a whole
    assert shown("delegation zeppelins") == ("/v", "Zeppelins were early airships.")


def test_at_most_twenty_and_the_number_of_the_others() -> None:
    index = titles(*(f"Skill {number}" for number in range(23)))
    shown = results_for("skill", index.search(query_words("skill")), {})
    assert (shown.total, shown.more) == (23, 3)
    assert sum(len(group.results) for group in shown.groups) == 20


def test_the_group_of_the_best_result_comes_first() -> None:
    index = Index(
        [
            entry(1, ("title", "Other"), ("summary", "Power.")),
            entry(2, ("title", "Power features"), kind="step"),
        ]
    )
    shown = results_for("power", index.search(query_words("power")), {})
    assert [group.heading for group in shown.groups] == ["Steps", "Videos"]


def test_a_query_is_bounded() -> None:
    assert checked("  two   words ") == "two words"
    assert checked("x" * 100) == "x" * 100
    with pytest.raises(Invalid, match="at most 100 characters"):
        checked("x" * 101)
