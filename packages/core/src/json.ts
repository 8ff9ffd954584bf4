/** True for `unknown` (and for what the compiler could not infer): nothing is known, nothing is changed. */
type IsUnknown<T> = unknown extends T ? true : false;

/** What JSON carries as it is. Recursive types end here. */
type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined };

/** What JSON leaves out of objects. */
type LeftOut = symbol | ((...args: never[]) => unknown);

/** What JSON writes as an empty object, whatever is in it. */
type Emptied =
  | Error
  | RegExp
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<object, unknown>
  | WeakSet<object>
  | ArrayBuffer
  | DataView;

/**
 * What JSON gives back for a value of type `T`: a `Date` comes back as a string, a class instance without its methods, a
 * `Map` as an empty object. What is refused (a `bigint`, also inside an object, and a promise) is `never`.
 *
 * `undefined` stays: as a whole payload it is an absent payload, and comes back as `undefined`.
 */
export type Jsonify<T> =
  IsUnknown<T> extends true
    ? T
    : T extends void | undefined
      ? T
      : T extends { toJSON(): infer Json }
        ? Jsonify<Json>
        : T extends Plain
          ? T
          : T extends bigint | Promise<unknown> | LeftOut
            ? never
            : T extends Emptied
              ? Record<string, never>
              : T extends ArrayBufferView
                ? Record<string, number>
                : T extends readonly unknown[]
                  ? JsonifyArray<T>
                  : T extends object
                    ? JsonifyObject<T>
                    : never;

/** In an array JSON writes `null` for `undefined`. Optional elements of tuples are simply not there. */
type JsonifyArray<T extends readonly unknown[]> = number extends T["length"]
  ? { [Index in keyof T]: JsonifyItem<T[Index]> }
  : { [Index in keyof T]: Jsonify<T[Index]> };

type JsonifyItem<T> = T extends undefined | LeftOut ? null : Jsonify<T>;

type JsonifyObject<T> = true extends {
  [Key in keyof T]: T[Key] extends bigint | Promise<unknown> ? true : false;
}[keyof T]
  ? never
  : {
      [
        Key in keyof T as Key extends symbol ? never : T[Key] extends LeftOut ? never : Key
      ]: Jsonify<T[Key]>;
    };

/**
 * What is asked of a definition's code besides its shape: nothing where JSON gives back the input as its type says,
 * otherwise something that no function is, which says in the compiler's message what is wrong.
 */
export type InputSurvivesJson<In> = [Jsonify<In>] extends [In]
  ? unknown
  : {
      readonly "JSON changes this input: take plain data, or define it with a schema or a codec": {
        readonly declared: In;
        readonly received: Jsonify<In>;
      };
    };
