import { absolutePath, USUAL_DIRECTORIES } from '../layout.ts';
import { ISSUING } from '../plan.ts';
import { pathThere } from '../resolve/paths.ts';
import { resolveReload } from '../resolve/reload.ts';
import { count } from './columns.ts';
import { reloadText } from './reload.ts';
import { type RenewReport, renewalJson, rowsText } from './renew.ts';

/** What is to be done with the file that was made for a node. */
interface NodeSteps {
  readonly name: string;
  readonly path: string;
  /** A sentence each, in this order. */
  readonly next: readonly string[];
}

function stepsOf({ nodes, plan, spec, pathOf }: RenewReport): readonly NodeSteps[] {
  const made = new Set(plan.rows.filter(({ action }) => ISSUING.includes(action)).map(({ id }) => id));
  return nodes.flatMap(({ name, rows }) =>
    rows
      .filter(({ id }) => made.has(id))
      .flatMap(({ files }) => files)
      .map((file): NodeSteps => {
        const there = pathThere(name, file.path);
        const path = pathOf(file.path);
        const place = absolutePath(there, USUAL_DIRECTORIES);
        const { steps } = resolveReload(spec, [there]);
        const next = [
          `put ${path} there as ${place}, owned by root, mode ${file.mode.toString(8).padStart(4, '0')}`,
          ...steps.map(({ component, says }) => `restart its ${component}: it ${says}`),
          `once the node is ready, remove ${path}: whoever has it is that node`,
        ];
        return { name, path, next };
      }),
  );
}

function summary(report: RenewReport): string {
  const issued = report.plan.rows.filter(({ action }) => ISSUING.includes(action)).length;
  const left = report.plan.rows.filter(({ action }) => action === 'refuse').length;
  const rest = left === 0 ? '' : `; ${left} could not be made`;
  const before = report.snapshot === undefined ? '' : `; what was there before is in ${report.snapshot}`;
  switch (report.outcome) {
    case 'renewed':
      return `${count(issued, 'certificate')} made again${rest}${before}`;
    case 'planned':
      return `${count(issued, 'certificate')} would be made again${rest}; nothing was changed (--dry-run)`;
    case 'unchanged':
      return left === 0 ? 'nothing to do' : `nothing was changed${rest}`;
  }
}

/** The report of a recovery as people read it: what was made, and what comes next, on this host and then on each node. */
export function recoverText(report: RenewReport): readonly string[] {
  const { reload, pathOf } = report;
  const here =
    reload === undefined
      ? []
      : [
          '',
          'next, on this host; what is down takes up all of it when it starts:',
          ...reloadText(reload, pathOf),
        ];
  const there = stepsOf(report).flatMap(({ name, next }) => [
    '',
    `then, on ${name}:`,
    ...next.map((sentence) => `  ${sentence}`),
  ]);
  return [...rowsText(report), summary(report), ...here, ...there];
}

/** The report for programs: `docs/json.md` describes it. */
export function recoverJson(report: RenewReport): object {
  return {
    schema: 'k8s-pki/recover/v1',
    outcome: report.outcome === 'renewed' ? 'recovered' : report.outcome,
    ...renewalJson(report),
    nodes: stepsOf(report),
  };
}
