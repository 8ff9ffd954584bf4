type Writable<M> = { -readonly [Name in keyof M]: M[Name] };

/**
 * A constructor of plain objects, as a literal makes them, from the function that assigns their fields.
 *
 * The engine learns from the first objects how many fields those of one constructor have in the end, and keeps room for them in the
 * object. To an object literal it adds fields outside of it, each three in a second object.
 */
export function plain<M, Values extends readonly unknown[] = []>(
  assign: (this: Writable<M>, ...values: Values) => void,
): new (...values: Values) => M {
  assign.prototype = Object.prototype;
  return assign as unknown as new (...values: Values) => M;
}
