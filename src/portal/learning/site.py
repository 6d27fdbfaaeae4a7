"""The course that an application serves."""

from __future__ import annotations

from portal.learning.course import Course
from portal.web.site import Req, site


def course_of(request: Req) -> Course:
    """Returns the course that the application that got this request serves."""
    course: Course = site(request).course
    return course
