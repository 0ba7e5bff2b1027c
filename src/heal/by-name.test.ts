import { expect, test } from "vitest";
import { OptionsError } from "../index.ts";
import { REMEDY_NAMES, remedyFromText } from "./index.ts";

test.for<[text: string, target: string, blastRadius: string]>([
  [
    "disk-full clear=/var/backups/*.gz keep=7",
    "/var/backups/*.gz",
    "deletes regular files that match /var/backups/*.gz, the oldest first, and never the newest 7",
  ],
  [
    " disk-full  clear='/srv/my files/*.gz' keep=\"0\" ",
    "/srv/my files/*.gz",
    "deletes regular files that match /srv/my files/*.gz, the oldest first, and never the newest 0",
  ],
  [
    "service start='redis-server --daemonize yes' probe=\"redis-cli -e ping\"",
    "redis-server --daemonize yes",
    "starts redis-server --daemonize yes again when it does not answer: it is away for a moment for all who use it",
  ],
])("%s", ([text, target, blastRadius]) => {
  const remedy = remedyFromText(text);

  expect([remedy.target, remedy.blastRadius]).toEqual([target, blastRadius]);
});

test("limits and further codes can be given too", () => {
  const remedy = remedyFromText("database-lock codes=MY_LOCK,OTHER coolDown=5s");
  const fits = (code: string) =>
    remedy.fits({ error: new Error(), fault: { class: "unknown", code, effect: "none" } });

  expect([remedy.coolDownMs, fits("OTHER"), fits("SQLITE_BUSY"), fits("ENOSPC")]).toEqual([
    5_000,
    true,
    true,
    false,
  ]);
});

test.for(REMEDY_NAMES.map(({ name, example }) => [name, example] as const))(
  "the example of %s is one",
  ([name, example]) => {
    expect(remedyFromText(example).name).toBe(name);
  },
);

test("each remedy tells the options that it has", () => {
  expect(REMEDY_NAMES.find(({ name }) => name === "disk-full")).toEqual({
    name: "disk-full",
    summary: "Deletes the oldest files of a glob until there is room, never the newest",
    example: "disk-full clear=/var/backups/*.gz keep=7",
    options: ["clear", "keep", "free", "coolDown", "limit", "codes"],
  });
});

test.for<[text: string, problem: string]>([
  ["", 'heal: there is no remedy ""; there are disk-full, inodes,'],
  ["constructor", 'heal: there is no remedy "constructor"'],
  ["disk-full keep", 'disk-full: expected options as name=value, received "keep"'],
  [
    "disk-full clean=/a/*",
    "disk-full.clean: unknown; known are clear, keep, free, coolDown, limit, codes",
  ],
  ["disk-full clear=/a/* clear=/b/* keep=1", "disk-full.clear: given twice"],
  ["disk-full clear=/a/* keep=seven", 'diskFull.keep: expected an integer >= 0, received "seven"'],
  [
    "disk-full clear=/a/*",
    "diskFull.keep: expected how many of the newest to keep, received undefined",
  ],
  ["disk-full clear='/a/* keep=1", "heal: a quote is not closed in: disk-full clear='/a/* keep=1"],
])("%s is refused", ([text, problem]) => {
  expect(() => remedyFromText(text)).toThrow(OptionsError);
  expect(() => remedyFromText(text)).toThrow(problem);
});
