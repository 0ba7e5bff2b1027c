/** What the automations of a model change, and what may never be seen there. */

/** Objects, each put by one step under its key. Counts for itself, and believes no journal. */
export class Objects {
  #world = {
    /** The step by the key of its object. */
    steps: new Map<string, string>(),
    answered: new Set<string>(),
    undone: new Set<string>(),
    failed: new Set<string>(),
    /** How its task had ended when a cleanup was done last, by the cleanup. */
    cleaned: new Map<string, string>(),
  };
  readonly #wrongs = new Set<string>();

  /** The steps whose objects are there. */
  get left(): readonly string[] {
    return [...this.#world.steps.values()].toSorted();
  }

  /** The cleanups that were done, and by which end. */
  get cleaned(): readonly string[] {
    return [...this.#world.cleaned].map((pair) => pair.join(" ")).toSorted();
  }

  /** All that must not be and was. */
  get wrongs(): readonly string[] {
    return [...this.#wrongs];
  }

  /** Everything that tells this world from another, as text. */
  get state(): string {
    return JSON.stringify(Object.values(this.#world).map((part) => [...part]));
  }

  /** Another world in the same state. */
  copy(): Objects {
    const copy = new Objects();
    copy.#world = structuredClone(this.#world);
    for (const wrong of this.#wrongs) copy.#wrongs.add(wrong);
    return copy;
  }

  has(key: string): boolean {
    return this.#world.steps.has(key);
  }

  /** The work of `step` is called. */
  begin(step: string): void {
    if (this.#world.answered.has(step)) this.#wrongs.add(`${step} is finished, and was done again`);
  }

  /** Its effect. */
  put(step: string, key: string, isRepeatable: boolean): void {
    const { steps, undone } = this.#world;
    const keys = [...steps].flatMap(([other, by]) => (by === step ? other : []));
    if (keys.some((other) => other !== key || !isRepeatable)) {
      this.#wrongs.add(`${step} landed twice`);
    }
    steps.set(key, step);
    undone.delete(step);
  }

  /** Its undo's effect. */
  remove(step: string, key: string): void {
    if (this.#world.steps.delete(key)) this.#world.undone.add(step);
  }

  /** Its effect is taken back, whatever its key was. */
  removeAll(step: string): void {
    for (const [key, by] of this.#world.steps) if (by === step) this.remove(step, key);
  }

  /** The program was told that `step` is done, and what it answered: its key. */
  answer(step: string, key: string): void {
    this.#world.answered.add(step);
    if (!this.has(key) && !this.#world.undone.has(step)) this.#wrongs.add(`${step} never happened`);
  }

  /** A cleanup is done. Again, when nobody saw its end, and then by the same end. */
  cleanUp(name: string, outcome: string): void {
    const before = this.#world.cleaned.get(name) ?? outcome;
    if (before !== outcome) this.#wrongs.add(`${name} was told of ${before} and of ${outcome}`);
    this.#world.cleaned.set(name, outcome);
  }

  /** Whether a fault that comes once comes now. */
  failsNow(what: string): boolean {
    const isFirst = !this.#world.failed.has(what);
    this.#world.failed.add(what);
    return isFirst;
  }
}
