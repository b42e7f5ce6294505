import { resolve } from 'node:path';
import type { SpecIssue } from '../errors.ts';
import { obstacleOf } from '../present.ts';
import { readFileState } from '../store/files.ts';
import { assertNoIssues } from './issues.ts';

/** What a file holds that a flag names, or what is wrong with it. */
export type NamedText = { readonly text: string } | { readonly issue: SpecIssue };

/** Reads the file that a flag names. */
export function readNamedText(option: string, path: string, maximumBytes?: number): NamedText {
  const state = readFileState(resolve(path), maximumBytes);
  if (state.kind === 'file') return { text: state.contents };
  const rule = state.kind === 'absent' ? 'is not there' : obstacleOf(state);
  return { issue: { option, value: path, rule, hint: `name a file with --${option}` } };
}

/**
 * The text of the file that a flag names.
 *
 * @throws {PkiError} `ERR_CONFIG` where it cannot be read.
 */
export function readText(path: string, option: string, maximumBytes?: number): string {
  const read = readNamedText(option, path, maximumBytes);
  assertNoIssues('issue' in read ? [read.issue] : []);
  return 'text' in read ? read.text : '';
}
