/** Stops the program when something that must hold does not: a fault of ours, never of the input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}

/** For the branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new Error(`Assertion failed: unexpected value ${String(value)}`);
}
