# The image of the runtime: what a workflow's `evaluate` pods run. Static, without a shell, not as root.
#
#   docker build -t REGISTRY/emr2k8s:1.0.0 .
FROM rust:1.95-alpine3.22 AS build
RUN apk add --no-cache musl-dev gcc make
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked && cp target/release/emr2k8s /emr2k8s

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /emr2k8s /usr/local/bin/emr2k8s
USER nonroot
ENTRYPOINT ["emr2k8s"]
