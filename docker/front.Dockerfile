# Debian's nginx as the public front of peculiar-server, whose network it shares: TLS, limits, probes, metrics.
# Build from the root of the sources: docker build -f docker/front.Dockerfile -t peculiar-front .
ARG BASE=debian:bookworm-slim

FROM ${BASE}
COPY deploy/setup deploy/packages.txt /setup/
RUN /setup/setup --only front \
 && rm -rf /setup /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
 && useradd --uid 10001 --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin peculiar
COPY deploy/nginx/ /etc/peculiar/nginx/
USER 10001:10001
# Calls in progress end before nginx does.
STOPSIGNAL SIGQUIT
ENTRYPOINT ["nginx", "-e", "stderr", "-c", "/etc/peculiar/nginx/nginx.conf"]
