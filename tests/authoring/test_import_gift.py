"""Bringing questions in GIFT: what is taken over, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.authoring.compiler import read_sources
from portal.authoring.importing.gift import NO_EXPLANATION, read_gift
from tests.authoring.checking import check
from tests.ops.command import run_portal

GIFT = r"""// Questions on safety, exported
$CATEGORY: $course$/top/Safety/Machines

::Who checks::Who checks the notes
for a machine? {
  =Somebody who knows it  #Only they can tell.
  // a comment between the answers
  ~A second model #It shares blind spots.
  ~Nobody
####Where people may be hurt, somebody who knows has to look.}

A warning line \= a check\: true or \{false\}? {F#No, it is not.#Right, it passes the risk on.}

[html]Which <b>two</b> does a machine&nbsp;need?{
  ~%50%A cover
  ~%50%A switch \~ in reach
  ~%-100%A song}

$CATEGORY: Basics/Words
Water is {~hot =wet ~old} in a glass.

Two plus two equals {=four ~five}.

TRUE is true.{TRUE}
"""


def questions(text: str) -> list[dict[str, Any]]:
    categories, found = read_gift(text, "x.gift", "X")
    assert found == []
    return [question for category in categories for question in category.questions]


def test_the_kinds_that_can_be_graded_are_taken_over() -> None:
    categories, found = read_gift(GIFT, "safety.gift", "Safety")
    assert found == []
    assert [category.title for category in categories] == ["Machines", "Words"]
    assert categories[0].questions == [
        {
            "id": "who-checks",
            "text": "Who checks the notes for a machine?",
            "kind": "single",
            "choices": [
                {"id": "a", "text": "Somebody who knows it", "right": True},
                {"id": "b", "text": "A second model"},
                {"id": "c", "text": "Nobody"},
            ],
            "explanation": "Where people may be hurt, somebody who knows has to look.",
        },
        {
            "id": "a-warning-line-a-check-true-or-false",
            "text": "A warning line = a check: true or {false}?",
            "kind": "true_false",
            "answer": False,
            "explanation": "No, it is not. Right, it passes the risk on.",
        },
        {
            "id": "which-two-does-a-machine-need",
            "text": "Which two does a machine need?",
            "kind": "multiple",
            "choices": [
                {"id": "a", "text": "A cover", "right": True},
                {"id": "b", "text": "A switch ~ in reach", "right": True},
                {"id": "c", "text": "A song"},
            ],
            "explanation": NO_EXPLANATION,
        },
    ]
    words = categories[1].questions
    assert [question["text"] for question in words] == [
        "Water is … in a glass.",
        "Two plus two equals …",
        "TRUE is true.",
    ]
    assert words[2]["answer"] is True


def test_feedback_of_the_right_answer_comes_first() -> None:
    (question,) = questions("Q{~a#Not that. =b#This one.}")
    assert question["explanation"] == "This one. Not that."


def test_a_full_percentage_is_a_single_choice() -> None:
    (question,) = questions("Q{~%100%a ~%0%b ~%-50%c}")
    assert question["kind"] == "single"
    assert [choice.get("right") for choice in question["choices"]] == [True, None, None]


def test_every_escape_is_the_character_itself() -> None:
    (question,) = questions(r"::t\:1::A \~ B \= C \# D \{ E \} F \\ G{=one\=1#because \#1 ~two}")
    assert question["id"] == "t-1"
    assert question["text"] == "A ~ B = C # D { E } F \\ G"
    assert question["choices"][0]["text"] == "one=1"
    assert question["explanation"] == "because #1"


def test_questions_of_the_same_words_get_ids_of_their_own() -> None:
    assert [q["id"] for q in questions("Why?{T}\n\nWhy?{F}\n\nWhy?{T}")] == [
        "why",
        "why-2",
        "why-3",
    ]


REFUSED = [
    ("Write about it. {}", 1, "is an essay", "Ask for a choice"),
    ("When? {#1822:5}", 1, "asks for a number", "Offer numbers"),
    ("Name it. {=this =that}", 1, "is a short answer question", "wrong answers that begin with ~"),
    ("Match. {\n=a -> 1\n=b -> 2}", 1, "is a matching question", "a question of its own"),
    ("Just a text.", 1, "has no answers in braces", "Add them"),
    ("Open {=a ~b\n\n~c}", 1, "the brace is never closed", "must not contain an empty line"),
    ("Two {=a ~b} and {=c ~d}", 1, "has two pairs of braces", r"write \{"),
    ("{=a ~b}", 1, "asks nothing", "before the brace"),
    ("Q {perhaps}", 1, '"perhaps" is no answer', "with = or ~"),
    ("Q {\n=a\n=b\n~c}", 3, "has several answers with =", "Keep one ="),
    ("Q {\n=a\n~b\n~%50%c}", 4, "gives part of the points", "remove the percentage"),
    ("Q {~a ~b}", 1, "has no right answer", "Mark it with ="),
    ("Q {~%50%a ~%50%b}", 1, "has no wrong answer", "Add one"),
    ("Q {\n=a\n~b\n~}", 4, "has an empty answer", "Write it"),
]


@pytest.mark.parametrize(("text", "line", "problem", "remedy"), REFUSED)
def test_what_cannot_be_graded_is_refused_with_its_line(
    text: str, line: int, problem: str, remedy: str
) -> None:
    before = "// first line\n\nFine?{T}\n\n"
    _, found = read_gift(before + text + "\n\nAlso fine?{F}", "x.gift", "X")
    assert found[0].where == f"line {line + 4}"
    assert problem in found[0].problem
    assert remedy in found[0].remedy
    assert str(found[0]).startswith("x.gift: line ")


TEXTS = [
    # what stands before the answers, and what is asked
    ("Is a < b and c > d true?", "Is a < b and c > d true?"),
    ("Is a<b and c>d true?", "Is a<b and c>d true?"),
    ("Is if a<b a condition?", "Is if a<b a condition?"),
    ("What is List<String> or Map<a>?", "What is List<String> or Map<a>?"),
    ("Does <b> or <strong> make it bold?", "Does <b> or <strong> make it bold?"),
    ("Is 1 <2 and 3> 2, x<-y, <3?", "Is 1 <2 and 3> 2, x<-y, <3?"),
    ("Write to <ann@example.com> or <https\\://example.com>?",
     "Write to <ann@example.com> or <https://example.com>?"),
    ("Which <b>two</b>, <i>three</i>?", "Which two, three?"),
    ("<p>One</p><p>two<br>three<br/>four</p>", "One two three four"),
    ('<p class\\="x" dir\\="ltr"><span style="color\\: red; x=y">Red</span>ness</p>', "Redness"),
    ("R&amp;D &lt;b&gt; &eacute; &#8364;", "R&D <b> é €"),
    ("H<sub>2</sub>O, x<sup>2</sup>", "H₂O, x²"),
    ("Who <!-- a remark --> knows?<style>p {}</style>".replace("{}", ""), "Who knows?"),
    ("[html]<p>Is <b>a &lt; b?", "Is a < b?"),
    ("[HTML]<b>Loud</b>", "Loud"),
    ("[moodle]<b>Bold</b>, <b> not", "Bold, <b> not"),
    ("[plain]<b>Bold</b> &amp; so on", "<b>Bold</b> &amp; so on"),
    ("[markdown]**Bold**, __too__, `code` and 2*3*4", "Bold, too, code and 2*3*4"),
    ("Is [html] a format?", "Is [html] a format?"),
    (r"One\ntwo", "One two"),
    (r"A \~ B \= C \# D \{ E \} F \: G", "A ~ B = C # D { E } F : G"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "text"), TEXTS)
def test_only_tags_are_taken_out_of_a_text(written: str, text: str) -> None:
    (question,) = questions(written + "{T}")
    assert question["text"] == text


def test_answers_and_feedback_are_texts_too() -> None:
    (question,) = questions(
        r"""[html]<p>Which holds texts?</p>{
        =[plain]List<String>#<b>Yes</b>, as a < b.
        ~<code class="x=y">Set</code>#[markdown]**No**, a < b
        ~[moodle]if a<b and c>d
        ~a &lt; b}"""
    )
    assert question["text"] == "Which holds texts?"
    assert [choice["text"] for choice in question["choices"]] == [
        "List<String>",
        "Set",
        "if a<b and c>d",
        "a < b",
    ]
    assert question["explanation"] == "Yes, as a < b. No, a < b"


LOST = [
    ('<img src="@@PLUGINFILE@@/plan.png" alt="x">', 'a picture ("plan.png") is left out'),
    (r'<img src\="plan.png" width\=30 />', 'a picture ("plan.png") is left out'),
    ("[markdown]![a plan](img/plan.png)", 'a picture ("plan.png") is left out'),
    ('<a href="https\\://example.com/?a=b">this</a>',
     'the target of a link ("https://example.com/?a=b") is left out'),
    ("[markdown][this](https\\://example.com)",
     'the target of a link ("https://example.com") is left out'),
    ('<video controls src="a.mp4">x</video>', 'a video ("a.mp4") is left out'),
    ('<audio><source src="a.mp3"></audio>', "a sound is left out"),
    ('<iframe src="https\\://example.com/x"></iframe>', 'a page within the page ("x") is left out'),
    ("<table><tr><td>1</td></tr></table>", "a table becomes a line of text"),
    ("<pre>if a:\n  b</pre>", "lines of code become one line"),
    ("<math><mi>x</mi></math>", "a formula becomes plain text"),
    (r"\(x^2\)", "a formula is shown as it is written"),
    ("$$x^2$$", "a formula is shown as it is written"),
    ("x<sup>n-k</sup>", "raised text becomes plain text"),
    ("a<sub>max</sub>", "lowered text becomes plain text"),
    ("<del>never</del>", "text that is struck out becomes plain text"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), LOST)
def test_what_gets_lost_is_told_with_its_line(text: str, problem: str) -> None:
    """In the question, in an answer and in feedback."""
    gift = f"Fine?{{T}}\n\n{text} What\nis that?{{\n=one#{text} so\n~{text} two}}"
    categories, found = read_gift(gift, "x.gift", "X")
    assert [(f.where, f.problem, f.to_do) for f in found] == [
        (f"line {line}", problem, True) for line in ((3, 5, 6) if "\n" not in text else (3, 6, 8))
    ]
    assert len(categories[0].questions) == 2


def test_a_picture_alone_is_no_answer() -> None:
    _, found = read_gift('Which?{\n=<img src="a.png">\n~b}', "x.gift", "X")
    faults = [finding for finding in found if finding.is_fault]
    assert [(f.where, f.problem, f.remedy) for f in faults] == [
        ("line 2", "has an empty answer", "Put in words what is needed of it.")
    ]


def test_an_import_says_what_got_lost(tmp_path: Path) -> None:
    file = tmp_path / "plans.gift"
    file.write_text('Fine?{T}\n\nWhat is on <img src="plan.png"> it?{F}\n')
    done = run_portal("", "content", "import", str(file), "--out", str(tmp_path / "course"))
    assert done.returncode == 0, done.stderr
    assert (
        'To do: plans.gift: line 3: a picture ("plan.png") is left out.'
        " Put in words what is needed of it." in done.stdout.splitlines()
    )


def test_every_refusal_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "mixed.gift"
    file.write_text("Fine?{T}\n\nWrite.{}\n\nMatch.{=a->1 =b->2}\n")
    refused = run_portal("", "content", "import", str(file), "--out", str(tmp_path / "course"))
    assert refused.returncode == 1
    assert [line.split(". ")[0] for line in refused.stderr.splitlines()] == [
        "mixed.gift: line 3: is an essay, which cannot be graded here",
        "mixed.gift: line 5: is a matching question",
    ]
    assert not (tmp_path / "course").exists()


def test_categories_become_videos_that_wait_for_their_address(tmp_path: Path) -> None:
    file = tmp_path / "work-safety.gift"
    file.write_text(GIFT, encoding="utf-8-sig")
    folder = tmp_path / "course"
    done = run_portal("", "content", "import", str(file), "--out", str(folder))
    assert done.returncode == 0, done.stderr
    assert "To do: 01-work-safety/machines.toml: ref: is still to be written" in done.stdout
    assert "01-work-safety/machines.toml: questions: the quiz has 3" in done.stdout
    (folder / "course.toml").write_text("min_questions = 3")
    assert check(folder) == []
    course = read_sources(folder)
    assert list(course.quizzes) == ["machines", "words"]
    assert course.quizzes["machines"].questions[2].key == ("a", "b")


def test_a_second_import_becomes_the_next_step(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    for name in ("one", "two"):
        file = tmp_path / f"{name}.txt"
        file.write_text("$CATEGORY: Words\nWater is wet in a glass.{T}")
        run_portal("", "content", "import", str(file), "--out", str(folder))
    assert sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.toml")) == [
        "01-one/step.toml",
        "01-one/words.toml",
        "02-two/step.toml",
        "02-two/words-2.toml",
    ]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.docx", b"", "x.docx is neither .gift, .txt nor .json."),
        ("x.gift", b"// nothing\n", "x.gift holds no question."),
        ("x.gift", "Qu\xe9?{T}".encode("latin-1"), "is not UTF-8; save it as UTF-8."),
        ("x.gift", None, "cannot be read: No such file or directory."),
    ],
)
def test_a_file_of_no_use_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    refused = run_portal("", "content", "import", str(file), "--out", str(tmp_path / "course"))
    assert refused.returncode == 1
    assert refused.stderr.rstrip("\n").endswith(sentence)
    assert refused.stderr.count("\n") == 1
