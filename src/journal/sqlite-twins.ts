/** A row that two indexes know: what only one of them finds, the other one has lost. */

import type { Transactions } from "./group-commit.ts";
import { Damage } from "./sqlite-error.ts";

/** The two ways to one row. */
export interface Twins<Row> {
  readonly find: () => Row | undefined;
  /** Answers something when there is such a row, by the other index. */
  readonly findTwin: () => unknown;
  /** What is wrong when only the other one finds it. */
  readonly lack: string;
}

/** The row; `undefined` when there is none. @throws {Damage} When the first index lacks it. */
export function findByBoth<Row>(db: Transactions, twins: Twins<Row>): Row | undefined {
  const look = () => {
    const found = twins.find();
    return { found, isLost: found === undefined && twins.findTwin() !== undefined };
  };
  const first = look();
  if (!first.isLost) return first.found;
  // Another process may have written it between the two looks: at one moment both must agree.
  const { found, isLost } = atOneMoment(db, look);
  if (isLost) throw new Damage(twins.lack);
  return found;
}

function atOneMoment<Value>(db: Transactions, read: () => Value): Value {
  if (db.isTransaction) return read();
  db.exec("BEGIN");
  try {
    return read();
  } finally {
    db.exec("COMMIT");
  }
}
