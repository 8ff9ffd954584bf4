/** True for `unknown` (and for what the compiler could not infer): nothing is known, nothing is changed. */
type IsUnknown<T> = unknown extends T ? true : false;

/** What JSON leaves out of objects and cannot carry on its own. */
type NotJson = bigint | symbol | ((...args: never[]) => unknown);

/**
 * What JSON gives back for a value of type `T`: a `Date` comes back as a string, a class instance without its methods.
 *
 * `undefined` stays: as a whole payload it is an absent payload, and comes back as `undefined`.
 */
export type Jsonify<T> =
  IsUnknown<T> extends true
    ? T
    : T extends string | number | boolean | null | undefined | void
      ? T
      : T extends { toJSON(): infer Json }
        ? Jsonify<Json>
        : T extends NotJson
          ? never
          : T extends readonly unknown[]
            ? { [Index in keyof T]: JsonifyElement<T[Index]> }
            : T extends object
              ? JsonifyObject<T>
              : never;

type JsonifyElement<T> = T extends undefined | NotJson ? null : Jsonify<T>;

type JsonifyObject<T> = {
  [Key in keyof T as Key extends symbol ? never : T[Key] extends NotJson ? never : Key]: Jsonify<
    T[Key]
  >;
};

/**
 * Ends the parameters of `define*`: empty where JSON gives back the input as its type says, otherwise a parameter that
 * nobody can pass, whose name tells the reader of the compiler's message what is wrong.
 */
export type InputSurvivesJson<In> = [Jsonify<In>] extends [In]
  ? []
  : [inputDoesNotSurviveJson: { "the type of the input": In; "what JSON gives back": Jsonify<In> }];
