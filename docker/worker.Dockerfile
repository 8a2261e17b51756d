# peculiar-worker on the CPU: no compiler, no root; writes /workspace only.
# Build from the root of the sources: docker build -f docker/worker.Dockerfile -t peculiar-worker .
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
ENV LANG=C.UTF-8
WORKDIR /src
COPY deploy/setup deploy/packages.txt deploy/
RUN deploy/setup --only build worker
COPY . .
# More options of the build, for example -DPECULIAR_WERROR=ON.
ARG CMAKE_FLAGS=
RUN cmake --preset release -DPECULIAR_WITH_GRPC=OFF -DPECULIAR_BUILD_TESTS=OFF ${CMAKE_FLAGS} \
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
WORKDIR /workspace
ENTRYPOINT ["peculiar-worker"]
CMD ["--help"]
