import type { Arguments } from 'yargs';
import { PkiError } from '../errors.ts';

/** What is wrong with a word or a flag that takes one value and was given another. */
export function givenTwice(name: string): PkiError<'ERR_USAGE'> {
  return new PkiError('ERR_USAGE', `--${name} must be given once, and as one value`, { detail: {} });
}

/**
 * As `check` of yargs, which makes a list of what comes again, and of `choices` takes each by itself.
 *
 * @param options What yargs knows of the flags and words of the command: `array` are those that take several values.
 * @throws {PkiError} `ERR_USAGE` where something else was given several times.
 */
export function assertOnce(parsed: Arguments, { array }: Readonly<Record<string, unknown>>): true {
  const lists: readonly unknown[] = Array.isArray(array) ? array : [];
  // What was typed has its one-letter name as well.
  const twice = Object.keys(parsed).find(
    (name) => name.length > 1 && Array.isArray(parsed[name]) && !lists.includes(name),
  );
  if (twice !== undefined) throw givenTwice(twice);
  return true;
}

/** What was said for a word or a flag that takes one text. */
export function textOf(parsed: Arguments, name: string): string | undefined {
  const value = parsed[name];
  return typeof value === 'string' ? value : undefined;
}
