/**
 * A small disk that can be filled: a tmpfs in a mount namespace of its own, by bubblewrap, where it
 * can be had. The processes of a run are put into it by nsenter of util-linux; whoever looks at it
 * from outside goes through /proc.
 */

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findProgram } from "./commands.ts";
import type { Theatre } from "./perform.ts";

/** Beside three times what the run leaves: filled in a moment. */
const SPARE_BYTES = 16 * 1024 * 1024;

/** What a disk is made for. */
export interface DiskParts {
  readonly theatre: Theatre;
  /** How much a run leaves. */
  readonly usedBytes: number;
}

/** See the header. */
export class Disk implements Disposable {
  readonly theatre: Theatre;
  readonly #holder: ChildProcessWithoutNullStreams;

  private constructor(theatre: Theatre, holder: ChildProcessWithoutNullStreams) {
    this.theatre = theatre;
    this.#holder = holder;
  }

  /** Mounts one; text says why there can be none. */
  static async mount({ theatre, usedBytes }: DiskParts): Promise<Disk | string> {
    const path = theatre.env["PATH"] ?? "";
    const missing = ["bwrap", "nsenter"].find((name) => findProgram(name, path) === undefined);
    if (missing !== undefined) return `${missing} is not installed, so no small disk can be made`;
    const mount = join(theatre.base, "disk");
    await mkdir(mount, { recursive: true });
    const size = String(3 * usedBytes + SPARE_BYTES);
    const words = ["--dev-bind", "/", "/", "--size", size, "--tmpfs", mount, "--die-with-parent"];
    // Who holds it lives for as long as its input is open: it goes with us, whatever ends us.
    const holder = spawn("bwrap", [...words, "--", "sh", "-c", "echo $$; exec cat"], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    const answer = await firstLine(holder);
    if ("refusal" in answer) return `bubblewrap can make no small disk here: ${answer.refusal}`;
    const { line: pid } = answer;
    const asUser = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
    const enter = ["nsenter", "--target", pid, "--mount", ...asUser, "--"];
    return new Disk({ ...theatre, base: mount, reach: `/proc/${pid}/root`, enter }, holder);
  }

  [Symbol.dispose](): void {
    this.#holder.kill("SIGKILL");
  }
}

type Answer = { readonly line: string } | { readonly refusal: string };

function firstLine(child: ChildProcessWithoutNullStreams): Promise<Answer> {
  return new Promise((resolve) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.once("error", ({ message }) => resolve({ refusal: message }));
    child.once("close", () => resolve({ refusal: said.trim().replaceAll(/\s+/g, " ") }));
    createInterface({ input: child.stdout }).once("line", (line) => resolve({ line }));
  });
}
