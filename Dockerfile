# One file for every service: docker build --build-arg SERVICE=recorder .  (api, collector, recorder)
# and for the pages with the web server before them: docker build --target web .
# What is installed is what requirements.txt pins, checked against its hashes.
ARG PYTHON_IMAGE=python:3.11.14-slim-trixie
ARG NODE_IMAGE=node:22.21.1-trixie-slim
ARG CADDY_IMAGE=caddy:2.11.7-alpine

FROM ${NODE_IMAGE} AS pages
WORKDIR /build
COPY services/ui/package.json services/ui/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY services/ui ./
RUN npm run build

FROM ${CADDY_IMAGE} AS web
COPY deploy/Caddyfile /etc/caddy/Caddyfile
COPY --from=pages /build/dist /srv/pages
# Certificates: a folder of the user's own, since the image's /data is root's.
RUN mkdir -p /var/lib/caddy && chown 1000:1000 /var/lib/caddy
ENV XDG_DATA_HOME=/var/lib/caddy XDG_CONFIG_HOME=/tmp
USER 1000:1000
# 8081 answers on loopback only, for this.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8081/"]
EXPOSE 8080 8443

FROM ${PYTHON_IMAGE} AS build
ARG SERVICE
WORKDIR /build
RUN pip install --no-cache-dir uv==0.13.9 && python -m venv /opt/watchkeeper
COPY requirements.txt ./
COPY libs/common libs/common
COPY services/${SERVICE} services/${SERVICE}
# --no-sources: the workspace that a member's pyproject names is not here; its library is, by its path.
# The collector's image can watch a PostgreSQL server; a collector installed by itself leaves asyncpg out.
RUN if [ "${SERVICE}" = collector ]; then extra="[postgresql]"; else extra=""; fi \
    && uv pip install --no-cache --no-sources --python /opt/watchkeeper/bin/python --compile-bytecode \
        --constraint requirements.txt ./libs/common "./services/${SERVICE}${extra}"

FROM ${PYTHON_IMAGE} AS service
ARG SERVICE
RUN groupadd --gid 10001 watchkeeper \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/watchkeeper --shell /usr/sbin/nologin watchkeeper \
    && install -d -o 10001 -g 10001 /var/lib/watchkeeper
COPY --from=build /opt/watchkeeper /opt/watchkeeper
ENV PATH=/opt/watchkeeper/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SERVICE=${SERVICE} \
    WK_HEALTH_PORT=9100
USER 10001:10001
WORKDIR /var/lib/watchkeeper
# slim images have no curl; Python is there in any case.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['WK_HEALTH_PORT']}/readyz\", timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/bin/sh", "-c", "exec python -m \"watchkeeper.$SERVICE\" \"$@\"", "watchkeeper"]
