# forklift with the client programs of PostgreSQL. Nothing is installed when it runs.
#
#   docker build -t forklift .
#   docker run --rm -v ./forklift.yaml:/etc/forklift/forklift.yaml:ro forklift \
#     status --config /etc/forklift/forklift.yaml

FROM node:22-bookworm-slim AS build
WORKDIR /opt/forklift
COPY . .
# `prepare` builds; then whatever only the build needs goes, and the PostgreSQL that npm brings along.
RUN npm ci --no-audit --no-fund \
  && npm prune --omit=dev --omit=optional --ignore-scripts \
  && find . -name "*.tsbuildinfo" -delete

FROM node:22-bookworm-slim
# Debian's own release, 15: pg_dump must be at least as new as the server.
RUN apt-get update \
  && apt-get install -y --no-install-recommends postgresql-client-15 ca-certificates tini \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/forklift /opt/forklift
ENV NODE_ENV=production
# What an interrupted run has done: mount a volume there, and the next one goes on with it.
RUN install -d -o 1000 -g 1000 /work
ENV FORKLIFT_WORK_DIR=/work
# `node` of the image, by its number, so that Kubernetes sees that it is not root.
USER 1000:1000
# As process 1, Node would get no signal unless it asked for it, and would reap no child.
ENTRYPOINT ["tini", "--", "node", "/opt/forklift/jobs/bin/forklift.js"]
CMD ["--help"]
