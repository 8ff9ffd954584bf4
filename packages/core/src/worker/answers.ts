/** The first try to deliver what came of an item. */
export interface Attempt {
  /** Calls the hub. Does not throw. */
  send(): Promise<unknown>;
  acknowledged(): void;
  refused(error: unknown): void;
}

/**
 * First tries whose answers are to come. An embedded hub answers all results of a batch by one promise: then one reaction is for
 * all of them, and what they hold until the commit is an entry in an array.
 */
export class Answers {
  #answer: Promise<unknown> | undefined;
  #attempts: Attempt[] = [];

  /** Makes the try. */
  expect(attempt: Attempt): void {
    const answer = attempt.send();
    if (answer === this.#answer) this.#attempts.push(attempt);
    else this.#begin(answer, attempt);
  }

  #begin(answer: Promise<unknown>, first: Attempt): void {
    const attempts = [first];
    this.#answer = answer;
    this.#attempts = attempts;
    // Who gets the same promise later on is none of these, whose answer has come.
    const close = (): void => {
      if (this.#answer !== answer) return;
      this.#answer = undefined;
      this.#attempts = [];
    };
    answer.then(
      () => {
        close();
        for (const attempt of attempts) attempt.acknowledged();
      },
      (error: unknown) => {
        close();
        for (const attempt of attempts) attempt.refused(error);
      },
    );
  }
}
