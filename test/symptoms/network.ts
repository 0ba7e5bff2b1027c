/** curl, wget, ssh and fetch against servers on loopback that misbehave. */

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { freePort } from "../free-port.ts";
import { folder, ran, threw, type Shown } from "./stage.ts";

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const ANSWERS: Readonly<Record<string, RequestListener>> = {
  "/loop": (_, response) => void response.writeHead(302, { location: "/loop" }).end(),
  "/truncated": (_, response) => {
    response.writeHead(200, { "content-length": "100" }).write("a part");
    setTimeout(() => response.destroy(), 50);
  },
  "/reset": (request) => void request.socket.resetAndDestroy(),
  "/empty": (request) => void request.socket.end(),
  "/silent": () => undefined,
};

const answer: RequestListener = (request, response) => {
  const known = ANSWERS[request.url ?? ""];
  if (known !== undefined) return known(request, response);
  const status = Number(/\d{3}/.exec(request.url ?? "")?.[0] ?? 404);
  response.writeHead(status, status === 401 ? { "www-authenticate": "Basic" } : {}).end();
};

const curl = (...words: string[]) => ["curl", "-sS", "-o", "/dev/null", ...words];
const wget = (...words: string[]) => ["wget", "-t", "1", "-O", "/dev/null", ...words];
const ssh = (...words: string[]) => [
  "ssh",
  "-o",
  "BatchMode=yes",
  "-o",
  "StrictHostKeyChecking=no",
  "-o",
  "UserKnownHostsFile=/dev/null",
  ...words,
  "true",
];

const STATUSES: readonly (readonly [symptom: number, expected: string])[] = [
  [98, "timeout unknown HTTP_408"],
  [98, "transient none HTTP_425"],
  [99, "transient none HTTP_409"],
  [99, "transient none HTTP_423"],
  [100, "transient none HTTP_429"],
  [101, "degraded unknown HTTP_500"],
  [101, "degraded unknown HTTP_502"],
  [101, "timeout unknown HTTP_504"],
  [102, "degraded unknown HTTP_503"],
  [104, "fatal none HTTP_403"],
  [105, "fatal none HTTP_404"],
  [106, "fatal none HTTP_501"],
  [106, "degraded unknown HTTP_507"],
];

export async function* network(): AsyncGenerator<Shown> {
  const sockets = new Set<Socket>();
  const http = createHttp(answer);
  const mute = createServer(() => undefined);
  const closing = createServer((socket) => void socket.end());
  for (const server of [http, mute, closing])
    server.on("connection", (socket: Socket) => sockets.add(socket));
  const port = await listening(http);
  const silent = await listening(mute);
  const closed = await listening(closing);
  const url = `http://127.0.0.1:${port}`;
  yield* nobodyThere();
  yield ran(37, "transient unknown ECONNRESET", curl(`${url}/reset`));
  yield ran(38, "transient unknown EMPTY_REPLY", curl(`${url}/empty`));
  yield ran(39, "transient partial BODY_TRUNCATED", curl(`${url}/truncated`));
  yield threw(37, "transient unknown ECONNRESET", "fetch", () => fetch(`${url}/reset`));
  yield threw(38, "transient unknown UND_ERR_SOCKET", "fetch", () => fetch(`${url}/empty`));
  yield threw(39, "transient unknown UND_ERR_SOCKET", "fetch, text()", async () =>
    (await fetch(`${url}/truncated`)).text(),
  );
  yield ran(40, "timeout unknown ETIMEDOUT", curl("-m", "0.3", `${url}/silent`));
  yield ran(40, "timeout unknown ETIMEDOUT", wget("-T", "0.3", `${url}/silent`));
  yield threw(41, "timeout unknown TIMED_OUT", "fetch", () =>
    fetch(`${url}/silent`, { signal: AbortSignal.timeout(100) }),
  );
  yield threw(41, "fatal unknown ABORTED", "fetch", () =>
    fetch(`${url}/silent`, { signal: AbortSignal.abort() }),
  );
  yield ran(43, "timeout partial ETIMEDOUT", [
    "rsync",
    "--timeout=1",
    `rsync://127.0.0.1:${silent}/x`,
  ]);
  yield ran(
    44,
    "timeout none ETIMEDOUT",
    ssh("-o", "ConnectTimeout=1", "-p", String(silent), "127.0.0.1"),
  );
  yield ran(95, "transient none ECONNRESET", ssh("-p", String(closed), "127.0.0.1"));
  yield ran(48, "fatal none ERR_SSL_WRONG_VERSION_NUMBER", curl(`https://127.0.0.1:${port}/`));
  yield ran(49, "degraded none EADDRINUSE", ["nc", "-l", "127.0.0.1", String(port)]);
  yield ran(51, "fatal unknown EADDRNOTAVAIL", [
    process.execPath,
    "-e",
    'require("net").createServer().listen(0, "203.0.113.1")',
  ]);
  for (const [symptom, expected] of STATUSES) {
    yield ran(symptom, expected, curl("-f", `${url}/${expected.slice(-3)}`));
  }
  const inScript = (status: number) => ["bash", "-c", `set -e; curl -sSf ${url}/${status}; true`];
  yield ran(105, "fatal unknown HTTP_404", inScript(404));
  yield ran(102, "degraded unknown HTTP_503", inScript(503));
  yield ran(102, "degraded unknown HTTP_503", wget(`${url}/503`));
  yield ran(104, "fatal none AUTHENTICATION_FAILED", wget(`${url}/401`));
  yield ran(107, "fatal none REDIRECT_LOOP", curl("-L", "--max-redirs", "5", `${url}/loop`));
  yield ran(28, "fatal none AUTHENTICATION_FAILED", ["git", "ls-remote", `${url}/401`]);
  yield threw(108, "degraded unknown GRPC_UNAVAILABLE", "gRPC", async () => callNobody());
  for (const socket of sockets) socket.destroy();
  for (const server of [http, mute, closing]) server.close();
  yield* tls();
}

async function* nobodyThere(): AsyncGenerator<Shown> {
  yield ran(32, "transient none ENOTFOUND", curl("http://holdfast.invalid/"));
  yield ran(
    32,
    "transient none ENOTFOUND",
    curl("-x", "http://holdfast.invalid:1", "http://127.0.0.1:1/"),
  );
  yield ran(34, "transient none ENOTFOUND", wget("http://holdfast.invalid/"));
  yield ran(34, "transient unknown NETWORK_FAILED", wget("-q", "http://holdfast.invalid/"));
  yield ran(35, "transient none ENOTFOUND", ssh("holdfast.invalid"));
  yield threw(33, "transient none ENOTFOUND", "fetch", () => fetch("http://holdfast.invalid/"));
  yield ran(36, "degraded none ECONNREFUSED", curl("http://127.0.0.1:1/"));
  yield ran(36, "degraded none ECONNREFUSED", wget("http://127.0.0.1:1/"));
  yield ran(36, "degraded none ECONNREFUSED", ["rsync", "rsync://127.0.0.1:1/x"]);
  yield ran(36, "degraded none ECONNREFUSED", ssh("-p", "1", "127.0.0.1"));
  yield threw(36, "degraded none ECONNREFUSED", "fetch", async () =>
    fetch(`http://127.0.0.1:${await freePort()}/`),
  );
}

async function callNobody(): Promise<unknown> {
  const client = new Client("127.0.0.1:1", credentials.createInsecure());
  const bytes = (value: Buffer) => value;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest("/x/y", bytes, bytes, Buffer.alloc(0), (error, value) => {
      client.close();
      if (error === null) resolve(value);
      else reject(error);
    });
  });
}

/** An authority of its own, for `openssl req` makes nothing that is over already. */
const AUTHORITY = `
[ca]
default_ca = own
[own]
new_certs_dir = .
database = index
serial = serial
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = IP:127.0.0.1
`;

/** A server with a certificate that openssl has just signed with the certificate's own key. */
async function served(startdate: string, enddate: string) {
  const cwd = folder();
  writeFileSync(join(cwd, "ca.conf"), AUTHORITY);
  writeFileSync(join(cwd, "index"), "");
  writeFileSync(join(cwd, "serial"), "01\n");
  const openssl = (line: string) => void spawnSync("openssl", line.split(" "), { cwd });
  openssl(
    "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1 -keyout key -out request",
  );
  openssl(
    `ca -batch -notext -selfsign -config ca.conf -keyfile key -in request -out cert -startdate ${startdate} -enddate ${enddate}`,
  );
  const [key, cert] = [join(cwd, "key"), join(cwd, "cert")];
  const server = createHttps({ key: readFileSync(key), cert: readFileSync(cert) });
  return { server, cert, url: `https://127.0.0.1:${await listening(server)}/` };
}

// One certificate that is over, one that nobody signed.
async function* tls(): AsyncGenerator<Shown> {
  const good = await served("20200101000000Z", "20990101000000Z");
  const old = await served("20200101000000Z", "20200102000000Z");
  yield ran(46, "fatal none CERT_HAS_EXPIRED", ["curl", "-sS", "--cacert", old.cert, old.url]);
  yield ran(46, "fatal none CERT_HAS_EXPIRED", [
    "wget",
    "-t",
    "1",
    "-O",
    "/dev/null",
    `--ca-certificate=${old.cert}`,
    old.url,
  ]);
  yield ran(47, "fatal none CERT_UNTRUSTED", ["git", "ls-remote", good.url]);
  yield ran(47, "fatal none DEPTH_ZERO_SELF_SIGNED_CERT", ["curl", "-sS", good.url]);
  yield ran(47, "fatal none CERT_UNTRUSTED", ["wget", "-t", "1", "-O", "/dev/null", good.url]);
  yield threw(46, "fatal none CERT_HAS_EXPIRED", "fetch", () => fetch(old.url));
  yield threw(47, "fatal none DEPTH_ZERO_SELF_SIGNED_CERT", "fetch", () => fetch(good.url));
  good.server.close();
  old.server.close();
}
