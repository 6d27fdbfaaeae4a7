"""A learner of the running containers, whose session and score must outlive all of it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

NAME, PASSWORD = "alex", "claude123"  # of the demo


class Learner:
    """`expected` is the total score that the portal has acknowledged."""

    def __init__(self, site: str, course: Path) -> None:
        self.expected = 0
        self._site = site
        self._cookie = ""
        steps = json.loads(course.read_text(encoding="utf-8"))["steps"]
        videos = [video for step in steps for topic in step["topics"] for video in topic["videos"]]
        self._quizzes = [video["quiz"] for video in videos if video.get("quiz")]

    def _ask(self, path: str, body: object = None) -> tuple[int, Any, str]:
        request = urllib.request.Request(
            self._site + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json", "cookie": self._cookie},
        )
        with urllib.request.urlopen(request, timeout=15) as answer:
            cookie = (answer.headers.get("set-cookie") or "").partition(";")[0]
            return answer.status, json.load(answer), cookie

    def sign_in(self) -> None:
        _, _, self._cookie = self._ask("/api/auth/login", {"username": NAME, "password": PASSWORD})

    def take_next_quiz(self) -> None:
        """Answer every question of the next quiz rightly."""
        quiz = self._quizzes.pop(0)
        video = quiz["video_id"]
        number = self._ask(f"/api/quiz/{video}")[1]["attemptNumber"]
        answers = [
            {"questionId": question["id"], "choiceIds": question["key"]}
            if question["kind"] in {"multiple", "ordering"}
            else {"questionId": question["id"], "choiceId": question["key"][0]}
            for question in quiz["questions"]
        ]
        done = self._ask(
            "/api/quiz/submit", {"videoId": video, "attemptNumber": number, "answers": answers}
        )
        self.expected = done[1]["totalScore"]

    def score(self) -> int | None:
        """Returns the total score that the session sees; None when it is signed out.

        Tries for 20 s: the commands before it do not all wait until the service is ready.
        """
        deadline = time.monotonic() + 20
        while True:
            try:
                total: int = self._ask("/api/dashboard/kpis")[1]["totalScore"]
                return total
            except urllib.error.HTTPError as error:
                if error.code == 401:
                    return None
                problem: Exception = error
            except OSError as error:
                problem = error
            if time.monotonic() > deadline:
                raise problem
            time.sleep(0.1)
