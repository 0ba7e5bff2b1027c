/** A line of /proc/<pid>/stat, as text. Pure. Source: proc_pid_stat(5). */

/** One process. Pid and start time together name it: pids are used again. */
export interface ProcessStat {
  readonly pid: number;
  readonly ppid: number;
  readonly group: number;
  readonly session: number;
  /** In the machine's own count; empty where the line does not tell. */
  readonly startTime: string;
  /** It has ended with all of its threads, and only its entry in the table is left. */
  readonly isZombie: boolean;
}

/** Reads the line. */
export function parseProcessStat(stat: string): ProcessStat {
  // The second field is the command in parentheses, and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = "", ppid, group, session] = fields;
  return {
    pid: Number.parseInt(stat, 10),
    ppid: Number(ppid),
    group: Number(group),
    session: Number(session),
    // Field 22, counted from 1; the first of ours is field 3.
    startTime: fields[19] ?? "",
    // A process whose first thread has ended says "Z" too, and goes on in its others: field 20.
    isZombie: state === "X" || (state === "Z" && !(Number(fields[17]) > 1)),
  };
}
