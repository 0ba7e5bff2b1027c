/** The units, crontabs and manifests of docs/schedules.md, as far as that can be told without their tools. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT } from "../src/core/exit-codes.ts";
import { readPage } from "./docs/markdown.ts";

const PAGE = readPage(readFileSync(join(import.meta.dirname, "../docs/schedules.md"), "utf8"));

/** The exit codes after which another start fails the same way. */
const { ok, signal, locked, gaveUp, ...final } = EXIT;
const FINAL = Object.values(final).toSorted((one, other) => one - other);

function blocks(info: string): string[] {
  return PAGE.blocks.filter((block) => block.info === info).map(({ code }) => code);
}

/** What a unit says, by section and name. */
function readUnit(text: string): Record<string, Record<string, string>> {
  const unit: Record<string, Record<string, string>> = {};
  let section: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const head = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, name, value] = /^(\w+)=(.+)$/.exec(line) ?? [];
    if (head !== undefined) unit[head] = section = {};
    else if (name !== undefined && value !== undefined) section[name] = value;
    else if (line !== "" && !line.startsWith("#")) throw new Error(`No line of a unit: ${line}`);
  }
  return unit;
}

test("units start what there is, and know what its exit codes mean", () => {
  const [server, nightly, timer, failed] = blocks("ini").map(readUnit);

  expect(server?.["Service"]).toMatchObject({
    Type: "exec",
    KillMode: "mixed",
    RestartPreventExitStatus: `${EXIT.usage} ${EXIT.config}`,
  });
  expect(nightly?.["Service"]).toMatchObject({
    Type: "oneshot",
    SuccessExitStatus: String(EXIT.locked),
    Restart: "on-failure",
    RestartPreventExitStatus: FINAL.join(" "),
  });
  expect(timer?.["Timer"]).toMatchObject({ Persistent: "true", RandomizedDelaySec: "5min" });
  expect([nightly?.["Unit"]?.["OnFailure"], failed?.["Service"]?.["Type"]]).toEqual([
    "holdfast-failed@%n.service",
    "oneshot",
  ]);
});

test("a crontab's job has five fields and a journal", () => {
  const [crontab = ""] = blocks("text");
  const lines = crontab.split("\n").filter((line) => line !== "");
  const settings = lines.filter((line) => /^[A-Z_]+=\S+$/.test(line));
  const jobs = lines.filter((line) => /^(\S+ ){5} ?cd \S+ && holdfast run \S+/.test(line));

  expect([settings.length + jobs.length, jobs.length]).toEqual([lines.length, 1]);
  expect(settings).toContain("HOLDFAST_HOME=/var/lib/holdfast");
});

test("manifests are indented by twos, and keep the journal on a disk", () => {
  const manifests = blocks("yaml");

  const wrong = manifests
    .flatMap((text) => text.split("\n"))
    .filter((line) => !/^( {2})*(- )?(\S.*)?$/.test(line) || line.includes("\t"));
  expect([wrong, manifests.length]).toEqual([[], 3]);
  for (const text of manifests) expect(text).toContain("/var/lib/holdfast");
});

test("a job of Kubernetes is tried again after what may be over by then, and after nothing else", () => {
  const [, , manifest = ""] = blocks("yaml");
  const values = JSON.parse(/values: (\[.*\])/.exec(manifest)?.[1] ?? "[]") as number[];

  expect([ok, signal, locked, gaveUp]).toEqual([0, 128, 69, 75]);
  expect(values).toEqual(FINAL);
});
