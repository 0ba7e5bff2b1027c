import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formatMs } from "../core/duration.ts";
import { OptionsError } from "../index.ts";
import { REMEDY_LIMITS, REMEDY_NAMES, remedyFromText } from "./index.ts";

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
  const remedy = remedyFromText(
    "database-lock codes=MY_LOCK,OTHER cool-down=5s budget=2/1d limit=1m",
  );
  const fits = (code: string) =>
    remedy.fits({ error: new Error(), fault: { class: "unknown", code, effect: "none" } });

  expect([fits("OTHER"), fits("SQLITE_BUSY"), fits("ENOSPC")]).toEqual([true, true, false]);
  expect([remedy.coolDownMs, remedy.limitMs, remedy.budget]).toEqual([
    5_000,
    60_000,
    { times: 2, withinMs: 86_400_000 },
  ]);
});

test("a budget without its length of time keeps the remedy's own", () => {
  expect(remedyFromText("service unit=app budget=1").budget).toEqual({
    times: 1,
    withinMs: 3_600_000,
  });
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
    options: ["clear=GLOB", "keep=N", "free=SIZE"],
  });
});

test("each option of each remedy is one of its maker, and read as what its value is called", () => {
  const values = {
    GLOB: "/a/*",
    FILE: "/a/b",
    DIRECTORY: "/a",
    SIZE: "1MB",
    UNIT: "app",
    NAME: "a",
  };
  const others = { URL: "http://a", "HOST:PORT": "a:1", DURATION: "1s", N: "5", PORT: "80" };
  const last = { SHARE: "0.5", COMMAND: "true", "FILE,…": "/a,/b", "N/DURATION": "5/1h" };
  const example: Record<string, string> = { ...values, ...others, ...last, "CODE,…": "A,B" };
  const refused = REMEDY_NAMES.flatMap((remedy) =>
    [...remedy.options, ...REMEDY_LIMITS].flatMap((option) => {
      const [key = "", value = ""] = option.split("=");
      if (remedy.example.includes(` ${key}=`)) return [];
      try {
        remedyFromText(`${remedy.example} ${key}=${example[value]}`);
        return [];
      } catch (error) {
        return [String(error)];
      }
    }),
  );

  // Options that contradict each other are another matter.
  expect(refused.filter((why) => !/expected (?:either|less than|more than) /.test(why))).toEqual(
    [],
  );
});

test.for<[text: string, problem: string]>([
  ["", 'heal: there is no remedy ""; there are disk-full, inodes,'],
  ["constructor", 'heal: there is no remedy "constructor"'],
  ["disk-full keep", 'disk-full: expected options as name=value, received "keep"'],
  [
    "disk-full clean=/a/*",
    "disk-full.clean: unknown; known are clear, keep, free, budget, cool-down, limit, codes",
  ],
  ["disk-full clear=/a/* clear=/b/* keep=1", "disk-full.clear: given twice"],
  ["disk-full clear=/a/* keep=seven", 'disk-full.keep: expected an integer >= 0, received "seven"'],
  ["disk-full clear=/a/*", "disk-full: keep=N is missing"],
  ["port-taken port=1", "port-taken: pid-file=FILE is missing"],
  ["service", 'service: expected either "unit" or "start"'],
  ["service unit=a pidFile=/a", "service.pidFile: unknown; known are unit, start,"],
  ["disk-full clear=/a/* keep=1 budget=0", "disk-full.budget: expected an integer >= 1"],
  ["database-lock cool-down=x", "database-lock.cool-down: expected a duration"],
  [
    "database-lock budget=often",
    'database-lock.budget: expected how often, or how often within how long, such as 3/1h, received "often"',
  ],
  [
    "service start='a | b' probe=a",
    "service.start: | is for a shell: quote it, or write sh -c '…', received \"a | b\"",
  ],
  ["package-lock files=a", 'package-lock.files: expected an absolute path, received "a"'],
  ["disk-full clear='/a/* keep=1", "heal: a quote is not closed in: disk-full clear='/a/* keep=1"],
])("%s is refused", ([text, problem]) => {
  expect(() => remedyFromText(text)).toThrow(OptionsError);
  expect(() => remedyFromText(text)).toThrow(problem);
});

test("the documentation tells the limits of each remedy as they are", () => {
  const page = readFileSync(new URL("../../docs/heal.md", import.meta.url), "utf8");
  const rows = REMEDY_NAMES.map(({ name, example }) => {
    const { budget, coolDownMs, limitMs, isExclusive } = remedyFromText(example);
    const { times, withinMs } = budget;
    const coolDown = coolDownMs === 0 ? "none" : formatMs(coolDownMs);
    const counted = isExclusive ? "all processes" : "each step";
    return `| \`${name}\` | ${times} in ${formatMs(withinMs)} | ${coolDown} | ${formatMs(limitMs)} | ${counted} |`;
  });

  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
});
