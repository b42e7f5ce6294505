import type { ClusterSpec } from '../cluster/spec.ts';
import { RELOADS, type ReloadRow } from '../table/reloads.ts';
import { desiredArguments } from './arguments.ts';

/** What one component does about what was replaced of it. */
export interface ReloadStep extends ReloadRow {
  /** Those of the arguments whose file was replaced. */
  readonly flags: ReloadRow['flags'];
  /** The logical paths of those files. */
  readonly files: readonly string[];
}

/** What is to be done after files were replaced. */
export interface ReloadPlan {
  /** In this order. */
  readonly steps: readonly ReloadStep[];
  /** The files that no component reads: whoever has a copy has the old one. */
  readonly copies: readonly string[];
}

/** Who reads the files of these logical paths, as this cluster's components are told, and what has to be done about it. */
export function resolveReload(spec: ClusterSpec, replaced: readonly string[]): ReloadPlan {
  const readers = desiredArguments(spec).flatMap(({ argument, value }) =>
    'path' in value && replaced.includes(value.path) ? [{ argument, path: value.path }] : [],
  );
  const steps = RELOADS.flatMap((row): readonly ReloadStep[] => {
    const own = readers.filter(
      ({ argument: { component, flag } }) => component === row.component && row.flags.includes(flag),
    );
    if (own.length === 0) return [];
    const flags = row.flags.filter((flag) => own.some(({ argument }) => argument.flag === flag));
    return [{ ...row, flags, files: [...new Set(own.map(({ path }) => path))] }];
  });
  return { steps, copies: replaced.filter((path) => readers.every((reader) => reader.path !== path)) };
}
