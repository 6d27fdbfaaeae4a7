# The locked dependencies in a virtual environment. It changes with its lock only, so a release of the
# portal's own code is one small layer more. LOCK=otel adds OpenTelemetry.
FROM python:3.13-slim AS dependencies
ARG LOCK=runtime
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY locks/$LOCK.txt /build/locks/
# Bytecode is compiled here because nothing can be written where the image runs: without it a start
# takes four times as long. unchecked-hash: no look at the source files at every import.
RUN python -m venv --without-pip /opt/portal \
    && pip --python /opt/portal/bin/python install --no-compile --only-binary :all: \
        --require-hashes --no-deps -r "/build/locks/$LOCK.txt" \
    && rm -f /opt/portal/bin/vba_extract.py \
    && cd /opt/portal/lib/python3.*/site-packages \
    && find . -type d \( -name tests -o -name testsuite \) -prune -exec rm -r {} + \
    && find . -type f \( -name '*.c' -o -name '*.h' -o -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' \) \
        -delete \
    && python -m compileall -q --invalidation-mode unchecked-hash .


# The portal's own code, installed below /image as it will lie in the image.
FROM dependencies AS package
COPY locks/build.txt /build/locks/
RUN pip install --require-hashes --no-deps -r /build/locks/build.txt
COPY pyproject.toml README.md LICENSE /build/
COPY src /build/src
COPY piccolo_migrations /build/piccolo_migrations
RUN pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /build/dist /build \
    && pip --python /opt/portal/bin/python install --no-compile --no-deps --no-index --root /image \
        /build/dist/*.whl \
    && python -m compileall -q --invalidation-mode unchecked-hash -s /image /image/opt/portal/lib


FROM python:3.13-slim
# The base image has no bytecode of the standard library; nothing here installs packages or needs
# another user's rights.
RUN python -m compileall -q --invalidation-mode unchecked-hash \
        -x '/(ensurepip|idlelib|pydoc_data|site-packages|test|tkinter|turtledemo)/' \
        /usr/local/lib/python3.* \
    && rm -r /usr/local/lib/python3.*/site-packages/* /usr/local/lib/python3.*/ensurepip \
        /usr/local/bin/pip* \
    && groupadd --gid 10001 portal \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin portal \
    && find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
COPY --chmod=0755 entrypoint.sh /usr/local/bin/entrypoint.sh
COPY --from=dependencies /opt/portal /opt/portal
COPY --from=package /image/opt/portal /opt/portal
ENV PATH=/opt/portal/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /opt/portal
USER 10001:10001
EXPOSE 3000
STOPSIGNAL SIGTERM
# Alive from the first second on, with or without a database: what takes time is the interpreter.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["portal", "healthcheck"]
ENTRYPOINT ["entrypoint.sh"]
ARG GIT_SHA=unknown
ARG SOURCE_URL=
LABEL org.opencontainers.image.title="AI Training Portal" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.source="$SOURCE_URL" \
    org.opencontainers.image.revision="$GIT_SHA"
