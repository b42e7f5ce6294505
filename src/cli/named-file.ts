import { resolve } from 'node:path';
import type { SpecIssue } from '../errors.ts';
import { obstacleOf } from '../present.ts';
import { readFileState } from '../store/files.ts';

/** What a file holds that a flag names, or what is wrong with it. */
export type NamedText = { readonly text: string } | { readonly issue: SpecIssue };

/** Reads the file that a flag names. */
export function readNamedText(option: string, path: string, maximumBytes?: number): NamedText {
  const state = readFileState(resolve(path), maximumBytes);
  if (state.kind === 'file') return { text: state.contents };
  const rule = state.kind === 'absent' ? 'is not there' : obstacleOf(state);
  return { issue: { option, value: path, rule, hint: `name a file with --${option}` } };
}
