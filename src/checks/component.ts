import type { ClusterSpec } from '../cluster/spec.ts';
import type { ComponentCommand, Components } from '../components/command.ts';
import { type DesiredArgument, desiredArguments } from '../resolve/arguments.ts';
import { fileThatHolds } from '../resolve/desired.ts';
import type { Component } from '../table/row.ts';
import type { CheckRow } from './check.ts';
import { type Bases, basesOf, type Place, placeOf, valuesOf } from './component-files.ts';
import type { Evidence, PresentFile, RowEvidence } from './evidence.ts';

/** What components are held against. */
export interface ComponentAudit {
  readonly components: Components;
  readonly spec: ClusterSpec;
  readonly files: readonly PresentFile[];
  readonly evidence: Evidence;
}

/** A component under check, with what is known about all of them. */
export interface ComponentUnderCheck {
  readonly command: ComponentCommand;
  /** The arguments that the table has for it in this cluster. */
  readonly wanted: readonly DesiredArgument[];
  /** The ids of the CAs that sign elsewhere, and for which nobody signs here. */
  readonly keyless: readonly string[];
  readonly bases: Bases;
  /** Every component that is started, this one among them. */
  readonly all: readonly ComponentUnderCheck[];
  readonly audit: ComponentAudit;
}

/** What is wrong with a command; path, code and severity are known by then. */
export interface ComponentHit {
  readonly row?: string;
  readonly field?: string;
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
}

/** One rule about how components are started. */
export interface ComponentCheck extends CheckRow {
  readonly run: (subject: ComponentUnderCheck) => readonly ComponentHit[];
}

/** The CAs whose certificate is here and whose key is not: they sign elsewhere (R2.6). */
function keylessCas(evidence: Evidence): readonly string[] {
  return [...evidence.values()]
    .filter(({ desired, files }) => {
      const isHere = (holds: 'certificate' | 'key'): boolean =>
        files.some(({ path }) => path === fileThatHolds(desired, holds)?.path);
      return desired.kind === 'ca' && isHere('certificate') && !isHere('key');
    })
    .map(({ desired }) => desired.id);
}

/** Every command with what the checks hold it against. */
export function subjectsOf(audit: ComponentAudit): readonly ComponentUnderCheck[] {
  const { commands } = audit.components;
  const bases = basesOf(commands);
  const desired = desiredArguments(audit.spec);
  const keyless = keylessCas(audit.evidence);
  const all: ComponentUnderCheck[] = [];
  for (const command of commands) {
    const wanted = desired.filter(({ argument }) => argument.component === command.component);
    all.push({ command, wanted, keyless, bases: bases.get(command) ?? {}, all, audit });
  }
  return all;
}

/** The values of a flag, see {@link valuesOf}; none where it was not given. */
export function givenTo({ command }: ComponentUnderCheck, flag: string): readonly string[] {
  return valuesOf(command, flag) ?? [];
}

/** The files that a flag names. */
export function placesOf(subject: ComponentUnderCheck, flag: string): readonly Place[] {
  return givenTo(subject, flag).map((value) => placeOf(subject.command, value, subject.bases));
}

/** The row whose file this is, with what is there of it. */
export function rowBehind({ logical }: Place, { evidence }: ComponentAudit): RowEvidence | undefined {
  return [...evidence.values()].find(({ desired }) => desired.files.some(({ path }) => path === logical));
}

/** Those of a component. */
export function ofComponent(
  all: readonly ComponentUnderCheck[],
  component: Component,
): readonly ComponentUnderCheck[] {
  return all.filter(({ command }) => command.component === component);
}

/** An argument as it is spoken of. */
export function argumentName({ command }: ComponentUnderCheck, flag: string): string {
  return `${command.component ?? command.program} ${flag}`;
}
