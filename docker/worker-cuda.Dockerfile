# peculiar-worker for NVIDIA GPUs: LibTorch with CUDA, the program, and nothing else; no compiler, no root; writes
# /workspace only. 4 GB, nearly all of it LibTorch and CUDA's libraries; the machine brings the driver:
# docker run --gpus all. Build from the root of the sources:
#   docker build -f docker/worker-cuda.Dockerfile -t peculiar-worker-cuda .
ARG BASE=debian:bookworm-slim
# Where nvcc comes from; its major version must be that of the wheel in deploy/libtorch-requirements.txt.
ARG TOOLKIT=nvidia/cuda:13.0.1-devel-ubuntu22.04

FROM ${TOOLKIT} AS toolkit

FROM ${BASE} AS build
ENV LANG=C.UTF-8
ENV PATH=/usr/local/cuda/bin:$PATH
COPY --from=toolkit /usr/local/cuda/ /usr/local/cuda/
WORKDIR /src
COPY deploy/setup deploy/packages.txt deploy/cuda-libtorch deploy/libtorch-requirements.txt deploy/
RUN deploy/setup --only build cuda \
 && deploy/cuda-libtorch
COPY . .
# More options of the build, for example -DPECULIAR_WERROR=ON.
ARG CMAKE_FLAGS=
RUN cmake --preset cuda -DPECULIAR_WITH_GRPC=OFF -DPECULIAR_BUILD_TESTS=OFF ${CMAKE_FLAGS} \
 && cmake --build --preset cuda \
 && DESTDIR=/out cmake --install build/cuda --strip \
 && site=$(dirname "$(deploy/cuda-libtorch)") \
 && mkdir -p /out/usr/local/lib/peculiar/torch \
 && cp -a "$site/torch/lib" /out/usr/local/lib/peculiar/torch/ \
 && rm -f /out/usr/local/lib/peculiar/torch/lib/libtorch_python.so \
 && (cd "$site" && cp -a --parents nvidia/*/lib /out/usr/local/lib/peculiar/)

FROM ${BASE}
COPY --from=build /out/ /
# Of the system LibTorch needs the libraries of C and C++, which the base has.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin peculiar \
 && install -d -o peculiar -g peculiar /workspace
USER 10001:10001
WORKDIR /workspace
# What the driver's container runtime mounts.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENTRYPOINT ["peculiar-worker"]
CMD ["--help"]
