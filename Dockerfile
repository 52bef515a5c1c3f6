# Almanac in a container: docker build --tag almanac:0.1.0 .
# How it is run, and what is mounted where: docs/running.md

FROM node:24.22.1-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
# No package runs code of its own at the install, and none of ours needs to.
RUN ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
COPY tsconfig.json ./
COPY bin ./bin
COPY lib ./lib
RUN ["node", "bin/build.mjs"]

FROM node:24.22.1-bookworm-slim
# The command line is one file. Only the engine, a native package, stands beside it, with what it needs itself.
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /src/node_modules/@duckdb ./node_modules/@duckdb
COPY --from=build /src/node_modules/detect-libc ./node_modules/detect-libc
COPY --from=build /src/dist/almanac.js ./dist/almanac.js
# A new volume takes over the owner of the folder that it is mounted on. 1000 is the image's user "node"; Kubernetes can
# tell from the number alone that it is not root.
RUN ["install", "--directory", "--owner=1000", "--group=1000", "/work", "/work/warehouse"]
USER 1000:1000
WORKDIR /work
# A night stops in order on SIGTERM, also as the first process, and starts no other processes: it needs no init.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/almanac.js"]
CMD ["nightly"]
