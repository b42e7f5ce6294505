import type { Arguments } from 'yargs';

/** What was said for a word or a flag that takes one text. */
export function textOf(parsed: Arguments, name: string): string | undefined {
  const value: unknown = parsed[name];
  return typeof value === 'string' ? value : undefined;
}
