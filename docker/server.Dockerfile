# peculiar-server and the command line `peculiar`: no compiler, no LibTorch, no root, nothing written.
# Build from the root of the sources: docker build -f docker/server.Dockerfile -t peculiar-server .
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
ENV LANG=C.UTF-8
WORKDIR /src
COPY deploy/setup deploy/packages.txt deploy/
RUN deploy/setup --only build server
COPY . .
# More options of the build, for example -DPECULIAR_WERROR=ON.
ARG CMAKE_FLAGS=
RUN cmake --preset release -DPECULIAR_WITH_TORCH=OFF -DPECULIAR_BUILD_TESTS=OFF ${CMAKE_FLAGS} \
 && cmake --build --preset release \
 && DESTDIR=/out cmake --install build/release --strip \
 && mkdir -p /out/usr/local/share/peculiar \
 && docker/runtime-packages /out/usr/local/bin/* >/out/usr/local/share/peculiar/packages

FROM ${BASE}
COPY --from=build /out/ /
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends $(cat /usr/local/share/peculiar/packages) \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
 && useradd --uid 10001 --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin peculiar \
 && install -d -o peculiar -g peculiar /workspace
USER 10001:10001
# Loopback is that of the container's network, which the front (docker/front.Dockerfile) shares.
ENV PECULIAR_SERVER=127.0.0.1:50051 PECULIAR_SERVER_METRICS_LISTEN=127.0.0.1:9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["peculiar", "--timeout", "3", "status", "--health"]
ENTRYPOINT ["peculiar-server"]
CMD ["--snapshots", "/workspace/snapshots", "--listen", "127.0.0.1:50051"]
