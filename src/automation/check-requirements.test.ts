import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { knownFault } from "../core/fault.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { checkRequirements } from "./check-requirements.ts";
import { readRequirements, type Requirements } from "./requirements.ts";

async function check(requires: Requirements, env: Record<string, string> = {}) {
  const { signal } = new AbortController();
  const clock = new VirtualClock();
  return clock.settle(() =>
    checkRequirements(readRequirements(requires, "requires"), { env, signal, clock }),
  );
}

/** A port of this machine that refuses connections. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("what is there passes", async () => {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-"));
  const command = join(directory, "tool");
  await writeFile(command, "");
  await chmod(command, 0o755);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };

  const checking = check(
    {
      commands: ["tool", command],
      free: { [directory]: 1 },
      writable: [directory],
      reachable: [`127.0.0.1:${port}`],
      variables: ["TOKEN"],
      check: () => true,
    },
    { PATH: `/nowhere:${directory}`, TOKEN: "x" },
  );

  await expect(checking).resolves.toBeUndefined();
  server.close();
});

test("everything that lacks is told at once", async () => {
  const port = await closedPort();

  const checking = check(
    {
      commands: ["no-such-tool"],
      free: { "/": "999TB" },
      writable: ["/no/such/place"],
      reachable: [`127.0.0.1:${port}`],
      variables: ["TOKEN"],
      check: () => {
        throw new Error("it is a holiday");
      },
    },
    { TOKEN: "" },
  );

  await expect(checking).rejects.toThrow(
    new RegExp(
      [
        'command "no-such-tool" is not on the PATH',
        "/ has .* free, and 999 TB are needed",
        "/no/such/place is not writable",
        `127.0.0.1:${port} cannot be reached`,
        "it is a holiday",
        "environment variable TOKEN is not set",
      ].join("; "),
    ),
  );
});

test.for<[name: string, requires: Requirements, faultClass: string]>([
  ["space", { free: { "/": "999TB" } }, "degraded"],
  ["a command", { commands: ["no-such-tool"] }, "fatal"],
  ["space and a command", { free: { "/": "999TB" }, commands: ["no-such-tool"] }, "fatal"],
  ["a check that answers false", { check: () => false }, "fatal"],
  ["a directory to measure", { free: { "/no/such/place": 1 } }, "fatal"],
])("without %s it fails as %s", async ([, requires, faultClass]) => {
  const error: unknown = await check(requires).catch((thrown: unknown) => thrown);

  expect(knownFault(error)).toMatchObject({
    class: faultClass,
    code: "REQUIREMENT_UNMET",
    effect: "none",
  });
});

test("a host that refuses is worth trying later", async () => {
  const error: unknown = await check({ reachable: [`127.0.0.1:${await closedPort()}`] }).catch(
    (thrown: unknown) => thrown,
  );

  expect(knownFault(error)).toMatchObject({ class: "transient" });
  expect(error).toMatchObject({ cause: { code: "ECONNREFUSED" } });
});

test.for<[requires: object, message: string]>([
  [{ reachable: ["store.example"] }, 'expected an address such as "store.example:443"'],
  [{ reachable: ["store.example:99999"] }, "expected an address"],
  [{ free: { "/": "2 GB" } }, 'expected a size such as 500 or "2GB"'],
  [{ command: ["tar"] }, "requires.command: unknown"],
])("refuses %o", ([requires, message]) => {
  expect(() => readRequirements(requires, "requires")).toThrow(message);
});

test("a directory is no command", async () => {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-"));

  await expect(check({ commands: [directory] })).rejects.toThrow("is not on the PATH");
});

test("a check of one's own that does not end lacks, and is worth trying later", async () => {
  const checking = check({ check: () => new Promise(() => {}) });

  const error = await checking.catch((thrown: unknown) => thrown);
  expect(knownFault(error)?.class).toBe("timeout");
});
