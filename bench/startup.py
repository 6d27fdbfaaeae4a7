"""From exec to the first 200 of `portal serve`, against a minimal Litestar application on uvicorn.

Both are started in turn, RUNS times; the medians are compared. The portal must stay within LIMIT
times the baseline, and one worker within MAX_MEMORY_MB after its first request.

    .venv/bin/python bench/startup.py
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from portal.db.embedded import embedded

RUNS = 9
LIMIT = 1.4
MAX_MEMORY_MB = 110.0

MINIMAL = """
import sys
import uvicorn
from litestar import Litestar, get

@get("/api/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}

uvicorn.Server(uvicorn.Config(Litestar([health]), host="127.0.0.1", port=int(sys.argv[1]),
    loop="uvloop", http="httptools", ws="none", log_level="error")).run()
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def first_answer(command: list[str], port: int, env: dict[str, str]) -> tuple[float, float]:
    """Returns milliseconds from exec to the first 200, and resident megabytes afterwards."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=env)
    try:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", "/api/health")
                if connection.getresponse().status == 200:
                    break
            except OSError:
                time.sleep(0.002)
            finally:
                connection.close()
        elapsed = (time.perf_counter() - started) * 1000
        return elapsed, psutil.Process(process.pid).memory_info().rss / 1e6
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def main() -> int:
    scripts = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        minimal = Path(folder) / "minimal.py"
        minimal.write_text(MINIMAL, encoding="utf-8")
        with embedded(Path(folder) / "postgres", durable=False) as server:
            env = {**os.environ, "DATABASE_URL": server.url("postgres"), "HOST": "127.0.0.1"}
            subprocess.run([scripts / "portal", "migrate"], env=env, check=True, stdout=sys.stderr)
            times: dict[str, list[float]] = {"minimal": [], "portal": []}
            memory: dict[str, list[float]] = {"minimal": [], "portal": []}
            for _ in range(RUNS):
                for name, measured in times.items():
                    port = free_port()
                    command = (
                        [sys.executable, str(minimal), str(port)]
                        if name == "minimal"
                        else [str(scripts / "portal"), "serve"]
                    )
                    took, rss = first_answer(command, port, {**env, "PORT": str(port)})
                    measured.append(took)
                    memory[name].append(rss)
    for name, values in times.items():
        print(
            f"{name:8} first 200 after {statistics.median(values):6.0f} ms"
            f" ({min(values):.0f} to {max(values):.0f}), {max(memory[name]):.0f} MB"
        )
    ratio = statistics.median(times["portal"]) / statistics.median(times["minimal"])
    print(f"ratio {ratio:.2f} (at most {LIMIT}), memory at most {MAX_MEMORY_MB:.0f} MB")
    return 0 if ratio <= LIMIT and max(memory["portal"]) < MAX_MEMORY_MB else 1


if __name__ == "__main__":
    sys.exit(main())
