# Tallystick in a container. The root file system may be read-only and all capabilities dropped:
#
#   docker build -t tallystick .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges \
#     -v tallystick:/data -p 127.0.0.1:6962:6962 tallystick serve --insecure-bind
#
# Inside a container only 0.0.0.0 can be reached, so serve asks for TLS (--tls-cert, --tls-key), a proxy
# (--trust-proxy) or, as above where the port is published on loopback alone, --insecure-bind.

FROM node:26-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Without scripts: the sources that `prepare` builds pages of are not there yet, and no package needs its own.
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --omit=optional && mv node_modules dist/tallystick/

FROM node:26-bookworm-slim
RUN install -d -o 65532 -g 65532 -m 0700 /data
COPY --from=build /src/dist/tallystick /app
USER 65532:65532
ENV NODE_ENV=production TALLYSTICK_DATA_DIR=/data TALLYSTICK_HOST=0.0.0.0 TALLYSTICK_PORT=6962
VOLUME /data
EXPOSE 6962
STOPSIGNAL SIGTERM
# TLS may be set by flag, variable or file, so both are tried, at TALLYSTICK_PORT. The certificate is for the log's public
# name, not for loopback: liveness does not depend on it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["node", "-e", "const at = { host: '127.0.0.1', port: process.env.TALLYSTICK_PORT, path: '/livez', rejectUnauthorized: false, timeout: 2000 }; const probe = (by, otherwise) => require(by).get(at, (reply) => reply.statusCode === 200 ? process.exit(0) : otherwise()).on('timeout', otherwise).on('error', otherwise); probe('http', () => probe('https', () => process.exit(1)))"]
ENTRYPOINT ["node", "/app/command/bin.cjs"]
CMD ["serve"]
