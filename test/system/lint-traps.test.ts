/**
 * What the rules say of tools is so: each script exits 0 although it failed and is told of; mended as
 * the rule says, it fails and is not. Runs bash, curl, find, redis-cli and sqlite3.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSocket, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lintShell } from "../../src/advise/lint/shell.ts";

const place = mkdtempSync(join(tmpdir(), "holdfast-traps-"));
const web = createServer((_, response) => response.writeHead(503).end("out of order"));
// Whatever is asked, this Redis refuses it.
const redis = createSocket((socket) => {
  socket.on("data", () => socket.write("-NOAUTH Authentication required.\r\n"));
  socket.on("error", () => socket.destroy());
});
const ports = { web: 0, redis: 0 };

beforeAll(async () => {
  web.listen(0, "127.0.0.1");
  redis.listen(0, "127.0.0.1");
  await Promise.all([once(web, "listening"), once(redis, "listening")]);
  ports.web = (web.address() as AddressInfo).port;
  ports.redis = (redis.address() as AddressInfo).port;
});
afterAll(() => {
  web.close();
  redis.close();
  rmSync(place, { recursive: true });
});

async function bash(script: string): Promise<number> {
  const env = { ...process.env, WEB: `http://127.0.0.1:${ports.web}`, REDIS: String(ports.redis) };
  const child = spawn("bash", ["-c", script], {
    cwd: place,
    env,
    stdio: "ignore",
    timeout: 25_000,
  });
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? -1;
}

function isTold(script: string, rule: string): boolean {
  return lintShell(script).some((problem) => problem.rule === rule);
}

test.for<[rule: string, trap: string, mended: string]>([
  ["curl-fail", 'curl -sS "$WEB"', 'curl -sS --fail "$WEB"'],
  ["pipe-status", "tar c ./none | gzip > a.gz", "set -o pipefail; tar c ./none | gzip > a.gz"],
  ["redis-error", 'redis-cli -p "$REDIS" SET a b', 'redis-cli -e -p "$REDIS" SET a b'],
  [
    "unnoticed-failure",
    "#!/bin/bash\ncp none other\necho done",
    "#!/bin/bash\nset -e\ncp none other\necho done",
  ],
  [
    "errexit-hole",
    "set -e; f() { local x=$(cp none other); echo done; }; f",
    "set -e; f() { local x; x=$(cp none other); echo done; }; f",
  ],
  [
    "errexit-hole",
    "set -e; cp none other && gzip other\necho done",
    "set -e; cp none other\ngzip other\necho done",
  ],
  [
    "errexit-hole",
    "set -e; f() { cp none other; echo done; }\nif f; then echo done; fi",
    "set -e; f() { cp none other; echo done; }\nf; echo done",
  ],
  [
    "substitution-status",
    "set -e; while read x; do :; done < <(cp none other)",
    'set -e; while read x; do :; done < <(cp none other); wait "$!"',
  ],
  ["ignored-failure", "cp none other || true", "cp none other"],
  ["swallowed-failure", "cp none other || echo failed", "cp none other"],
  ["wait-status", "cp none other & wait", 'cp none other & wait "$!"'],
  [
    "find-exec",
    "find . -maxdepth 0 -exec cp none other \\;",
    "find . -maxdepth 0 -exec cp none other {} +",
  ],
  [
    "substitution-status",
    "set -eo pipefail; cat < <(cp none other)",
    "set -eo pipefail; cp none other | cat",
  ],
])("%s: %s exits 0", async ([rule, trap, mended]) => {
  expect([await bash(trap), isTold(trap, rule)]).toEqual([0, true]);
  expect([(await bash(mended)) > 0, isTold(mended, rule)]).toEqual([true, false]);
});

test.for([": | tar x", ": | gunzip", ": | openssl x509", ": | sha256sum -c"])(
  "what looks after its input fails when there is none: %s",
  async (script) => {
    expect(await bash(script)).toBeGreaterThan(0);
  },
);

test("sql-bail: sqlite3 goes on after a statement that failed", async () => {
  const statements = "select * from none;\ncreate table made (a);\n";
  const isMade = "sqlite3 data.db 'select * from made'";
  const [trap, mended] = ["", "-bail "].map((flag) => `sqlite3 ${flag}data.db <<E\n${statements}E`);

  await bash(mended ?? "");
  const afterMended = await bash(isMade);
  await bash(trap ?? "");
  const afterTrap = await bash(isMade);

  expect([afterMended > 0, afterTrap]).toEqual([true, 0]);
  expect([isTold(trap ?? "", "sql-bail"), isTold(mended ?? "", "sql-bail")]).toEqual([true, false]);
});
