import type { ReloadPlan, ReloadStep } from '../resolve/reload.ts';
import type { ReloadEffect } from '../table/reloads.ts';

type PathOf = (logicalPath: string) => string;

const ACTIONS: Readonly<Record<ReloadEffect, string>> = {
  itself: 'nothing to do',
  restart: 'restart it',
  eachRun: 'nothing to do',
};

function stepLines(
  { component, effect, says, measuredWith, files }: ReloadStep,
  pathOf: PathOf,
): readonly string[] {
  const measured = measuredWith === undefined ? 'not measured' : `measured with ${measuredWith}`;
  return [
    `${component}: ${ACTIONS[effect]}: ${says} (${measured})`,
    ...files.map((path) => `  ${pathOf(path)}`),
  ];
}

/** What is to be done after files were replaced, as people read it. */
export function reloadText({ steps, copies }: ReloadPlan, pathOf: PathOf): readonly string[] {
  const left =
    copies.length === 0
      ? []
      : ['whoever has a copy of these has the old one', ...copies.map((path) => `  ${pathOf(path)}`)];
  return [...steps.flatMap((step) => stepLines(step, pathOf)), ...left];
}

/** The same for programs; it is also what a hook is given. `docs/json.md` describes it. */
export function reloadJson({ steps, copies }: ReloadPlan, pathOf: PathOf): object {
  return {
    schema: 'k8s-pki/reload/v1',
    steps: steps.map(({ files, ...step }) => ({ ...step, files: files.map(pathOf) })),
    copies: copies.map(pathOf),
  };
}
