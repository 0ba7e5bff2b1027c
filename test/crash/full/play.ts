/**
 * One kill on a full disk. The journal's disk is small, and its own: it becomes full at a window of the
 * run, which dies there or some windows later. Starts on the disk that stays full follow, and after
 * somebody has made room it must end as if nothing had been.
 */

import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { examine } from "../../../src/advise/doctor.ts";
import { EXIT } from "../../../src/core/exit-codes.ts";
import { UNFINISHED } from "../../../src/core/journal.ts";
import { systemClock } from "../../../src/core/system.ts";
import { ballastBytes } from "../../../src/journal/ballast.ts";
import { isGone, sqliteJournal } from "../../../src/journal/index.ts";
import type { Ended } from "../command-line.ts";
import type { Kill } from "../many/deal.ts";
import type { Problem } from "../many/ledger.ts";
import { Place } from "../many/place.ts";
import { goOn, judge, TRIES, wrongEnd, type Reference, type Verdict } from "../many/play.ts";
import { describeAim } from "../plan.ts";
import { labelOf } from "../windows.ts";
import { dealDisk, type DiskDeal } from "./deal.ts";
import { fillDisk, makeRoom, mountDisk, unmountDisk } from "./disk.ts";
import { evidenceOf, type Heard } from "./evidence.ts";

/** Enough for a run, and too little for its ballast to be made. */
const NO_ROOM_FOR_BALLAST = Math.floor(1.9 * 2 ** 20);

/** Where the disk becomes full for a kill from outside. */
const EARLY = "run: after the claim";

/** Plays the kills of a campaign with this seed. */
export function playOnFullDisk(seed: string) {
  return async (directory: string, kill: Kill, reference: Reference): Promise<Verdict> => {
    const dealt = dealDisk(seed, kill.number);
    let starts = 0;
    for (let go = 1; go <= TRIES; go++) {
      // The run may have ended by then.
      const deal = { ...dealt, later: dealt.later >> (go - 1) };
      const story = new Story(directory, { ...kill, again: dealt.again }, deal);
      try {
        const isKilled = await story.begin(reference.livedMs / go ** 2);
        if (isKilled) await story.goOn(reference);
        starts += story.starts;
        if (isKilled || story.problems.length > 0) return { ...story.verdict(), kill, starts };
      } finally {
        story.end();
      }
    }
    const problems = [wrongEnd(`it never came to ${describeAim(kill.aim)}`)];
    return { kill, deaths: 0, starts, problems, kept: "" };
  };
}

/** What happens in one world. */
class Story {
  readonly problems: Problem[] = [];
  starts = 0;
  readonly #place: Place;
  readonly #kill: Kill;
  readonly #deal: DiskDeal;
  readonly #heard: Heard[] = [];

  constructor(directory: string, kill: Kill, deal: DiskDeal) {
    this.#place = new Place(directory, `kill-${kill.number}`);
    this.#kill = kill;
    this.#deal = deal;
    mountDisk(this.#place.home);
    if (!deal.hasBallast) fillDisk(this.#place.home, NO_ROOM_FOR_BALLAST);
  }

  /** The run that is to die. Answers whether it did. */
  async begin(livedMs: number): Promise<boolean> {
    const { aim } = this.#kill;
    const isFromOutside = "share" in aim;
    const ended = await this.#start(
      {
        CRASH_FULL_AT: isFromOutside ? EARLY : labelOf(aim.window),
        ...(isFromOutside ? {} : { CRASH_AFTER: String(this.#deal.later) }),
      },
      isFromOutside ? aim.share * livedMs : undefined,
    );
    // With ballast there is room for the whole of what these runs still write.
    await this.#judgeEnd(ended, !this.#deal.hasBallast);
    return ended.signal === "SIGKILL";
  }

  /** The starts on the disk that stays full, and those after somebody has made room. */
  async goOn(reference: Reference): Promise<void> {
    const { home } = this.#place;
    for (const { isRefilled, diesAfter } of this.#deal.whileFull) {
      if (await this.#look()) break;
      if (isRefilled) fillDisk(home);
      const death = diesAfter === undefined ? {} : { CRASH_AFTER: String(diesAfter) };
      await this.#judgeEnd(await this.#start(death), true);
    }
    makeRoom(home);
    const before = this.#heard.length;
    const { deaths, starts, last } = await goOn(this.#place, this.#kill, (windows) =>
      this.#listen({ CRASH_AFTER: String(windows) }),
    );
    for (const heard of this.#heard.slice(before, before + deaths)) heard.isKilled = true;
    this.starts += starts;
    const expected = { reference: this.#expected(reference, last), last };
    this.problems.push(...(await judge(this.#place, this.#kill.aim.scenario, expected)));
    await this.#look();
  }

  verdict(): Omit<Verdict, "kill" | "starts"> {
    const disk = evidenceOf(this.#heard, "share" in this.#kill.aim);
    const deaths = this.#heard.filter(({ isKilled }) => isKilled).length;
    return { deaths, problems: this.problems, kept: this.#place.root, disk };
  }

  /** Keeps what is on the disk only when it is evidence. */
  end(): void {
    const { root, home } = this.#place;
    if (this.problems.length > 0) cpSync(home, `${root}.home`, { recursive: true });
    unmountDisk(home);
    if (this.problems.length > 0) return;
    rmSync(root, { recursive: true });
    for (const { list } of this.#heard) rmSync(list, { force: true });
  }

  async #start(death: Readonly<Record<string, string>>, strikeAfterMs?: number): Promise<Ended> {
    const { aim, isCommandLine } = this.#kill;
    this.starts += 1;
    const ended = await this.#place.start(aim.scenario, {
      isCommandLine,
      death: this.#listen(death),
      ...(strikeAfterMs === undefined
        ? {}
        : { strike: { signal: "SIGKILL", afterMs: strikeAfterMs } }),
    });
    (this.#heard.at(-1) as Heard).isKilled = ended.signal === "SIGKILL";
    return ended;
  }

  /** The environment of a process that tells of its windows, also of those of its disk. */
  #listen(death: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const list = `${this.#place.root}.windows-${this.#heard.length}`;
    this.#heard.push({ list, isKilled: false });
    return { ...death, CRASH_LIST: list, CRASH_DISK: "small" };
  }

  async #judgeEnd({ exitCode, signal, stderr }: Ended, mayBeRefused: boolean): Promise<void> {
    const hasEnded = await this.#look();
    if (signal === "SIGKILL") return;
    const { exitCode: expected } = this.#kill.aim.scenario;
    const wanted = mayBeRefused && !hasEnded ? EXIT.journal : expected;
    if (exitCode === wanted) return;
    const text = `on the full disk it ended by ${exitCode ?? signal}, not ${wanted}: ${stderr}`;
    this.problems.push(wrongEnd(text));
  }

  /** Notes damage, and answers whether the run has ended. Looks at a copy: to open a journal takes room, and may change it. */
  async #look(): Promise<boolean> {
    const copy = `${this.#place.root}.copy`;
    mkdirSync(copy);
    for (const end of ["", "-wal"]) {
      const part = `${this.#place.journal}${end}`;
      if (existsSync(part)) cpSync(part, join(copy, `holdfast.db${end}`));
    }
    try {
      this.problems.push(...damageIn(join(copy, "holdfast.db")));
      return await hasEnded(join(copy, "holdfast.db"));
    } finally {
      rmSync(copy, { recursive: true });
    }
  }

  /** Ballast is made when a run begins, or goes on: not by whoever only looks at one that has ended. */
  #expected(reference: Reference, last: Ended | undefined): Reference {
    const { journal } = this.#place;
    if (last !== undefined || ballastBytes(journal) > 0) return reference;
    const { [join("home", "holdfast.ballast")]: _, ...remains } = reference.remains;
    return { ...reference, remains };
  }
}

/** What `holdfast doctor` says of it. */
function damageIn(file: string): Problem[] {
  const { findings, isDamaged } = examine({
    file,
    logs: join(file, "../logs"),
    version: "0.0.0",
    now: () => systemClock.now(),
    isGone,
  });
  if (!isDamaged) return [];
  const said = findings.filter(({ state }) => state === "problem").map(({ says }) => says);
  return [{ what: "lost result", text: `the doctor says: ${said.join("; ")}` }];
}

async function hasEnded(file: string): Promise<boolean> {
  const journal = sqliteJournal(file, { ballast: 0 });
  try {
    const [run] = await journal.findRuns();
    return run !== undefined && !UNFINISHED.includes(run.status);
  } finally {
    await journal.close();
  }
}
