"""A small course that is written from the right, with words from the left in it."""

from __future__ import annotations

from msgspec.structs import replace

from portal.learning.course import (
    Choice,
    Course,
    Cue,
    Question,
    Step,
    Task,
    Topic,
    Video,
    content_hash,
)
from tests.learning.courses import video

NAME = "נועה כהן"

QUESTIONS = (
    Question(
        id="first",
        kind="single",
        text="Claude הוא מודל שפה. מה הוא עושה (בעיקר)?",
        choices=(
            Choice("a", "כותב טקסט, מילה אחר מילה."),
            Choice("b", "מחפש ב-Google!"),
            Choice("c", "GPT-4 (2023) הוא התשובה."),
        ),
        key=("a",),
        explanation="Claude חוזה את המילה הבאה; הוא אינו מחפש ברשת.",
        at=10,
    ),
    Question(
        id="second",
        kind="ordering",
        text="סדרו את השלבים:",
        choices=(Choice("a", "תכנון"), Choice("b", "ביצוע ב-Excel"), Choice("c", "בדיקה")),
        key=("a", "b", "c"),
        explanation="מתכננים, מבצעים ובודקים.",
    ),
)


def _video(name: str, title: str, position: int) -> Video:
    return replace(
        video(name, QUESTIONS, duration=262),
        title=title,
        summary="Claude הוא עוזר: סרטון קצר על מה שהוא יודע, ומה לא.",
        objectives=("להסביר במילים פשוטות מהו מודל שפה", "לבחור משימה מתאימה ל-Claude"),
        step_id="1",
        topic_id="basics",
        position=position,
        transcript=(Cue(0.0, "שלום וברוכים הבאים."), Cue(12.0, "Claude הוא עוזר.")),
    )


_VIDEOS = (
    _video("welcome", "מבוא לבינה מלאכותית (AI)", 1),
    _video("second", "Claude בעבודה: שיעור 2", 2),
)
_STEP = Step(
    "1",
    "צעדים ראשונים",
    "Claude הוא עוזר, ולא מנוע חיפוש.",
    ("להבין מהי בינה מלאכותית.",),
    (Task("try-it", "נסו משימה אחת ב-Claude, וכתבו מה למדתם."),),
    (Topic("basics", "יסודות (חלק א׳)", "מה זה בכלל AI?", _VIDEOS),),
)
HEBREW = Course((_STEP,), content_hash((_STEP,)), "he")
