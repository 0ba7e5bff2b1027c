/** The mistakes that a rehearsal tells apart: what each is called, and what to do about it. Data alone. */

/** See `MISTAKES`. */
export type MistakeName = keyof typeof MISTAKES;

/** One kind of mistake. */
export interface Mistake {
  /** What is wrong, in words. */
  readonly title: string;
  readonly advice: string;
}

const UNDO_BEARS =
  "An undo must bear that nothing happened: look first, or use what does nothing when there is nothing, such as rm with force.";

/** Every kind. */
export const MISTAKES = {
  "forgotten-undo": {
    title: "the step has an effect and no undo",
    advice: "Give the step an undo that takes back what it leaves.",
  },
  "undo-assumes-effect": {
    title: "the undo assumes that the work was done",
    advice: `${UNDO_BEARS} It gets no value when the attempt failed; the key is always there.`,
  },
  "undo-not-repeatable": {
    title: "the undo cannot be called a second time",
    advice:
      "An undo is called again when its answer got lost: let it set what should be there, in place of changing what is.",
  },
  "undo-takes-others": {
    title: "the undo takes away what is not its step's",
    advice:
      "Undos run in reverse order, so those of earlier steps come later and need what they were promised. Take back only what the step itself made, by its key.",
  },
  "undo-incomplete": {
    title: "the undo leaves part of what the step did",
    advice: "Let the undo take back everything: partial files and directories too.",
  },
  "undo-loses-mode": {
    title: "the undo brings back the content, and not the permissions or the owner",
    advice:
      "Keep mode and owner with the copy, and restore them: rename the original back, or chmod.",
  },
  "undo-fails": {
    title: "the undo fails for good",
    advice: "Find out why from its error; whatever it needs must still be there when it runs.",
  },
  "verify-accepts": {
    title: "the verify accepts a wrong answer",
    advice:
      "Let verify look at what really is there, such as the size or the checksum of the file, and answer false.",
  },
  "repeated-effect": {
    title: "the work has its effect again when it is repeated",
    advice:
      "The step was done, nobody saw it, and it was done again. Name what it makes by the key, look before you act, or give it a reconcile or an undo in place of repeatable or retry.",
  },
  "reconcile-lies": {
    title: "the reconcile does not tell what is there",
    advice:
      'Let reconcile look at the effect itself, by the key: { value } only when all of it is there, "absent" only when nothing is, else "unknown".',
  },
  "left-behind": {
    title: "a temporary file or directory is left when the step fails",
    advice:
      "Remove it in the undo, or in a finally of the work; named by the key, both can find it. A finally alone does not run at kill -9.",
  },
  "effect-outside": {
    title: "there is an effect outside of any step",
    advice:
      "Code between steps runs again at each resume, and nobody takes back what it does: make a step of it.",
  },
  "effect-in-read": {
    title: "a read has an effect",
    advice: "A read is neither journaled nor undone: make it a step.",
  },
  "in-doubt": {
    title: "the run stops and waits for a human",
    advice:
      "Nobody knows whether the step took effect. Give it a reconcile, an undo, or repeatable: true when doing it twice does no harm.",
  },
  "resume-fails": {
    title: "the resume fails",
    advice:
      "Work that was cut off is begun again and finds what it left: let it replace that, look first, or give the step a reconcile or an undo.",
  },
  "resume-differs": {
    title: "a resumed run ends differently",
    advice:
      "Something depends on what was in memory, or on the time: whatever a later step needs must be the value of a step or a read.",
  },
  "not-replayable": {
    title: "the resume does not fit the journal",
    advice:
      "The function asked for other steps than before: its way may depend only on its input and on the values of steps and reads.",
  },
  unexplained: {
    title: "something is left, and nothing tells whose it is",
    advice: "Repeat it with --keep and look into the world that is left.",
  },
  "not-played": {
    title: "the run did not come to an end",
    advice: "Repeat it with --keep; work must end when its signal aborts.",
  },
} satisfies Readonly<Record<string, Mistake>>;
