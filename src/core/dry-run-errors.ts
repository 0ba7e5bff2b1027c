/** What a dry run is told where the run itself would go on. As in errors.ts. */

import { HoldfastError } from "./errors.ts";

/** A dry run came to what needs something that it did not do. Nothing was done. */
export class NotReachedError extends HoldfastError {
  override get name(): string {
    return "NotReachedError";
  }
  readonly code = "NOT_REACHED";
  /** What it needs, in words. */
  readonly needs: string;

  constructor(what: string, needs: string) {
    super(`${what} is not reached in a dry run: it needs ${needs}`);
    this.needs = needs;
  }
}

/** A dry run was asked to do something that has an effect. It was not done. */
export class DryRunError extends HoldfastError {
  override get name(): string {
    return "DryRunError";
  }
  readonly code = "DRY_RUN";

  /** @param what What was not done, as it begins the message. */
  constructor(what: string) {
    super(`${what} is not done in a dry run`);
  }
}
