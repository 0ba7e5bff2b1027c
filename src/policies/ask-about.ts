/** Asking a function of the user's about a failure. */

/**
 * What `ask` answers. One that throws is a mistake, and must hide no failure: both are thrown, in an
 * `AggregateError`, unless it threw the failure itself.
 *
 * @param asked Who was asked, as it stands in the message: `The when of "users"`.
 */
export function askAbout<Answer>(asked: string, error: unknown, ask: () => Answer): Answer {
  try {
    return ask();
  } catch (mistake) {
    if (mistake === error) throw error;
    throw new AggregateError(
      [mistake, error],
      `${asked} threw when it was asked about a failure; both are in errors`,
    );
  }
}
