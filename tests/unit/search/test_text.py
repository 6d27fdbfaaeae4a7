"""What a word is, in any script, and that it is found and marked however it is written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.search.query_words import query_words
from portal.search.rules import Index, IndexEntry, Kind, Text
from portal.search.text import _WITH_MARKS, fold, spans, words, words_of
from portal.search.views import CONTEXT, excerpt, marked


def index_of(*texts: str, kind: Kind = "video") -> Index:
    """Returns an index of entries with these summaries, whose ids are their places."""
    return Index(
        IndexEntry(
            kind=kind, id=str(n), texts=(Text("title", "Ω"), Text("summary", text)), place=""
        )
        for n, text in enumerate(texts)
    )


def hits(index: Index, query: str) -> list[str]:
    found = index.search(query_words(query))
    return sorted(hit.entry.id for hit in found.hits) if found.read is None else []


def marks(text: str, query: str) -> list[str]:
    """Returns what is marked in a text that is found by a query."""
    (hit,) = index_of(text).search(query_words(query)).hits
    assert hit.line is not None
    assert hit.line.text == text
    parts = marked(text, index_of(text).search(query_words(query)).terms)
    assert "".join(part.text for part in parts) == text
    return [part.text for part in parts if part.mark]


SAME = [
    "co-worker coworker co\u2010worker co\u2011worker co\u00adworker COWORKER",
    "sign-in signin Sign-In sign_in",
    "log-in login",
    "e-mail email E-Mail",
    "state-of-the-art stateoftheart",
    "don't don’t don‘t donʼt dont DON＇T",
    "R&D r&d rd",
    "claude.ai Claude.AI claudeai",
    "résumé resume re\u0301sume\u0301 RÉSUMÉ",
    "Straße strasse STRASSE straẞe",
    "ＡＩ AI ai",
    "ﬁle file",
    "４２ 42 ٤٢ ४२",
    "İstanbul istanbul ISTANBUL ıstanbul",
    "Смирнов смирнов",
    "ἀγάπη αγαπη ΑΓΆΠΗ",
    "οδός ΟΔΟΣ",
    "שָׁלוֹם שלום",
    "مُحَمَّد محمد محمــد",
    "می\u200cخواهم میخواهم",
    "ｶﾞｲﾄﾞ ガイド カ\u3099イト\u3099",
    "हिन्दी",
    "한국어 \u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165",
]


@pytest.mark.parametrize("forms", [line.split() for line in SAME], ids=lambda forms: forms[0])
def test_each_form_finds_every_other(forms: list[str]) -> None:
    for written in forms:
        text = f"Read this: {written}."
        for typed in forms:
            assert hits(index_of(text, "Other"), typed) == ["0"], (written, typed)
            assert marks(text, typed) == [written], (written, typed)


APART = [("co-worker", "co worker"), ("sign-in", "sign in"), ("set-up", "set up")]


@pytest.mark.parametrize(("hanging", "apart"), APART)
def test_words_in_two_are_the_same_too(hanging: str, apart: str) -> None:
    one = hanging.replace("-", "")
    index = index_of(f"Your {hanging} here", f"Your {apart} here", f"Your {one} here", "Your here")
    for typed in (hanging, one, apart):
        assert hits(index, typed) == ["0", "1", "2"], typed
    for typed in (hanging, one):
        assert marks(f"Your {apart} here, in a sign", typed) == [apart]


def test_words_are_not_put_together_over_other_things() -> None:
    index = index_of("The sign. In the room", "A sign, in time", "sign (in) it", "sign\n  in")
    assert hits(index, "signin") == ["3"]
    assert hits(index_of("It goes on to the end"), "onto") == []  # stop words only
    assert hits(index_of("Version 3.5"), "35") == []
    assert hits(index_of("It is a part of it"), "apart") == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("don't share", ["0"]),  # what tells nothing is not asked for
        ("what's the share", ["0"]),
        ("company's", ["1"]),
        ("company’s data", ["1"]),
        ("l'intelligence", ["2"]),
        ("AI-made share", ["0"]),
        ("data-share", []),
    ],
)
def test_what_hangs_together_by_an_apostrophe_or_hyphen(typed: str, found: list[str]) -> None:
    index = index_of("A share made by AI", "Our companies and their data", "Une intelligence")
    hit = index.search(query_words(typed))
    assert ([entry.entry.id for entry in hit.hits], hit.partial) == (found, False) or not found


RUNS = [
    ("生成式人工智能安全使用指南", ["人工智能", "智能", "安全使用", "南", "生", "使用指南"]),
    ("人工知能を使った文章の書き方", ["人工知能", "文章", "使った", "書き方", "を"]),
    ("データの保護とプライバシー", ["データ", "プライバシー", "保護"]),
    ("การใช้ปัญญาประดิษฐ์อย่างปลอดภัย", ["ปัญญาประดิษฐ์", "ปลอดภัย", "การใช้"]),
    ("ການນຳໃຊ້ປັນຍາປະດິດ", ["ປັນຍາ", "ການ"]),
    ("ការប្រើប្រាស់បញ្ញាសិប្បនិម្មិត", ["បញ្ញា", "ប្រើប្រាស់"]),
    ("ဉာဏ်ရည်တုကိုအသုံးပြုခြင်း", ["ဉာဏ်ရည်", "အသုံးပြု"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), RUNS, ids=[run[:4] for run, _ in RUNS])
def test_any_part_of_a_run_without_spaces_is_found_and_marked(text: str, parts: list[str]) -> None:
    for part in parts:
        assert hits(index_of(text, "Other"), part) == ["0"], part
        assert marks(text, part) == [part]


def test_scripts_may_change_within_a_text() -> None:
    text = "用Claude写报告：第3步，GPT-4o不是Claude"
    assert words_of(text) == [
        "用",
        "claude",
        "写报告",
        "第",
        "3",
        "步",
        "gpt",
        "4o",
        "不是",
        "claude",
    ]
    assert marks(text, "claude 报告") == ["Claude", "报告", "Claude"]
    assert marks(text, "用claude写") == ["用", "Claude", "写", "Claude"]
    assert hits(index_of(text), "gpt4o") == ["0"]


def test_two_words_in_one_run_of_a_query_are_looked_for_apart() -> None:
    index = index_of("安全地使用人工智能", "安全生产", "智能手机")
    found = index.search(query_words("人工智能安全"))
    assert [hit.entry.id for hit in found.hits][:1] == ["0"]
    assert found.read is None
    assert [hit.entry.id for hit in index.search(query_words("手机 智能")).hits] == ["2"]
    assert index.search(query_words("火车")).hits == []


@pytest.mark.parametrize("text", ["ガイド", "ｶﾞｲﾄﾞ"])
def test_another_letter_is_another_letter(text: str) -> None:
    assert hits(index_of(text), "カイト") == []
    assert hits(index_of("ปลา"), "ปล้า") == []


def test_a_mark_covers_whole_characters() -> None:
    assert marks("ｶﾞｲﾄﾞﾌﾞｯｸ", "ガイド") == ["ｶﾞｲﾄﾞ"]
    assert marks("Ein Großes Maß", "mass") == ["Maß"]
    assert marks("It’s the company’s work", "company's") == ["company’s"]


@pytest.mark.parametrize("typed", ["login", "logins", "loggin", "cofee"])
def test_no_other_word_is_guessed_from_a_beginning(typed: str) -> None:
    found = index_of("Losing data, logistics, coffeehouse").search(query_words(typed))
    assert (found.hits, found.read) == ([], None)


def test_a_line_of_a_long_text_without_spaces_shows_the_match() -> None:
    text = "前" * 300 + "人工智能" + "后" * 300
    cut = excerpt(text, frozenset({"人工智能"}))
    assert "人工智能" in cut
    assert len(cut) <= CONTEXT + 2
    assert cut[0] == cut[-1] == "…"
    text = "กิ" * 200 + "ปัญญา" + "กิ" * 200
    cut = excerpt(text, frozenset({"ปัญญา"}))
    assert "ปัญญา" in cut
    assert unicodedata.category(cut[1])[0] != "M"
    assert not cut[1:-1].endswith("ก")


def test_pythons_tables_have_no_mark_elsewhere() -> None:
    elsewhere = [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code))[0] == "M" and not any(code in r for r in _WITH_MARKS)
    ]
    assert elsewhere == []


@given(st.text(), st.text(min_size=1))
def test_marking_keeps_every_text(text: str, typed: str) -> None:
    terms = frozenset(words_of(typed))
    parts = marked(text, terms)
    assert "".join(part.text for part in parts) == text
    assert all(part.text for part in parts)
    for word in words(typed):  # every word is found in a text that is the word
        assert spans(typed, {word.term})


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    for word in words(text):
        assert fold(word.term) == word.term
