import { join, resolve } from 'node:path';
import type { Arguments } from 'yargs';
import type { ComponentForm, Components, ComponentText } from '../components/command.ts';
import { parseComponents } from '../components/parse.ts';
import { PkiError } from '../errors.ts';
import { obstacleOf } from '../present.ts';
import { type FileState, readFileState } from '../store/files.ts';
import { listTree } from '../store/tree.ts';
import { COMPONENTS } from '../table/row.ts';
import { COMPONENT_FLAGS } from './component-options.ts';

/** The directory of a host's units has those of everything else as well. */
const STARTS_COMPONENT = new RegExp(`\\b(?:${COMPONENTS.join('|')})\\b`);

/** What of a directory is read: as the kubelet itself does, and as systemd lays out drop-ins. */
const IS_READ: Readonly<Record<ComponentForm, (path: string) => boolean>> = {
  manifest: (path) => /^[^./][^/]*$/.test(path),
  unit: (path) => /^[^/]+\.service$|^[^/]+\.service\.d\/[^/]+\.conf$/.test(path),
  arguments: (path) => /^[^./][^/]*$/.test(path),
};

function textOf(path: string, form: ComponentForm, state: FileState): ComponentText {
  return state.kind === 'file'
    ? { path, form, contents: state.contents }
    : { path, form, obstacle: obstacleOf(state) };
}

function readTexts(path: string, form: ComponentForm): readonly ComponentText[] {
  const state = readFileState(path);
  if (state.kind === 'file') return [textOf(path, form, state)];
  if (state.kind !== 'directory') {
    const found = state.kind === 'absent' ? 'nothing' : `one that ${obstacleOf(state)}`;
    throw new PkiError('ERR_STORE', `${path}: expected a file or a directory, found ${found}`, {
      detail: { path, operation: 'read' },
    });
  }
  const texts = listTree(path)
    .files.filter(IS_READ[form])
    .map((name) => textOf(join(path, name), form, readFileState(join(path, name))));
  const starting =
    form === 'unit' ? texts.filter(({ contents = '' }) => STARTS_COMPONENT.test(contents)) : texts;
  // Said, since otherwise it looks as if all were well.
  return starting.length > 0 ? starting : [{ path, form, obstacle: 'holds nothing that starts a component' }];
}

/**
 * Reads what the flags name that starts components; undefined where none was given.
 *
 * @throws {PkiError} `ERR_STORE` where one of them leads to nothing that can be read. A file in a directory that cannot be
 * is a finding.
 */
export async function readComponents(parsed: Arguments): Promise<Components | undefined> {
  const named = Object.entries(COMPONENT_FLAGS).flatMap(([flag, { form }]) => {
    const values: unknown = parsed[flag];
    return Array.isArray(values) ? values.map((value) => ({ form, path: resolve(String(value)) })) : [];
  });
  if (named.length === 0) return undefined;
  return parseComponents(named.flatMap(({ form, path }) => readTexts(path, form)));
}
