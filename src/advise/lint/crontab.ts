/** Crontabs: their lines, and the rules about them. */

import type { Hit, RuleFacts } from "./rule.ts";

/** A line's command. */
export interface CronLine {
  readonly command: string;
  /** Where it begins in the text. */
  readonly at: number;
  readonly shell: "bash" | "sh";
}

const FIELD = "[-\\d*/,~]+|(?:[A-Za-z]{3}[-,]?)+";
const SCHEDULE = new RegExp(`^\\s*(?:@[a-z]+|(?:(?:${FIELD})\\s+){4}(?:${FIELD}))\\s+(?=\\S)`);

/** Whether a text without a telling name is a crontab: its first line that says anything does so. */
export function isCrontab(text: string): boolean {
  const lines = text.split("\n").filter((line) => !/^\s*(?:#|$|\w+\s*=)/.test(line));
  return lines.length > 0 && lines.every((line) => SCHEDULE.test(line));
}

/** @param options.hasUsers Whether a user's name stands before the command, as in /etc/cron.d. */
export function cronLines(text: string, options: { readonly hasUsers: boolean }): CronLine[] {
  const found: CronLine[] = [];
  let shell: CronLine["shell"] = "sh";
  let at = 0;
  for (const line of text.split("\n")) {
    const variable = /^\s*SHELL\s*=\s*(?<value>\S+)/.exec(line)?.groups?.["value"];
    if (variable !== undefined) shell = /bash/.test(variable) ? "bash" : "sh";
    const schedule = SCHEDULE.exec(line)?.[0];
    if (schedule !== undefined) {
      const user = options.hasUsers ? (/^\S+\s+/.exec(line.slice(schedule.length))?.[0] ?? "") : "";
      const begin = schedule.length + user.length;
      found.push({ command: line.slice(begin), at: at + begin, shell });
    }
    at += line.length + 1;
  }
  return found;
}

/** A rule about one line's command. */
export interface CronRule extends RuleFacts {
  check(command: string): readonly Hit[];
}

/** See its `why`. */
export const cronPercent: CronRule = {
  id: "cron-percent",
  severity: "error",
  why: "cron ends the command at an unescaped %, and hands on the rest as its input",
  fix: "write \\%",
  check(command) {
    const at = command.search(/(?<!\\)%/);
    return at < 0 ? [] : [{ at }];
  },
};

/** See its `why`. */
export const cronSilenced: CronRule = {
  id: "cron-silenced",
  severity: "warning",
  why: "whatever it says is thrown away, and cron tells nobody of an exit code: no one will hear that it failed",
  fix: "holdfast exec --quiet-on-success -- …, or chronic, which say something only when it failed",
  check(command) {
    const at = command.search(/&>\s*\/dev\/null|>\s*\/dev\/null\s+2>\s*(?:&1|\/dev\/null)/);
    return at < 0 ? [] : [{ at }];
  },
};
