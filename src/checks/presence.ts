import type { Finding } from '../finding.ts';
import type { DesiredFile } from '../resolve/desired.ts';
import type { Check } from './check.ts';
import type { Evidence } from './evidence.ts';

/** What may lie elsewhere for good: the key of a CA that signs somewhere else (R2.6), and a second copy. */
const MAY_BE_ELSEWHERE: readonly DesiredFile['holds'][] = ['copy'];

function hasKubeconfigs(evidence: Evidence): boolean {
  return [...evidence.values()].some(
    ({ desired, files }) => desired.kind === 'kubeconfig' && files.length > 0,
  );
}

const ROW_ABSENT: Omit<Check, 'run'> = Object.freeze({
  code: 'row-absent',
  only: 'audit',
  severity: 'error',
  says: 'Everything that the table has for this cluster is there, but for what may be locked away',
  citation: 'R2, R3, R6',
  remedy: 'have it made (init makes what is missing and keeps the rest), or bring it from where it is made',
  appliesTo: ['ca', 'certificate', 'keyPair', 'bundle', 'kubeconfig'] as const,
  isOfAbsence: true,
});

/** That a file is missing, to whoever cannot do without it. */
export function absent(row: string, path: string): Finding {
  const { code, severity, remedy } = ROW_ABSENT;
  return { code, severity, row, path, message: 'is missing', remedy };
}

/** Whether everything that a row wants is there. */
export const PRESENCE_CHECKS: readonly Check[] = [
  {
    ...ROW_ABSENT,
    run: ({ desired, files }, { evidence, audit }) => {
      const { expected } = audit ?? {};
      const isExpected = expected === undefined || desired.files.some(({ path }) => expected.includes(path));
      // A certificate directory by itself is a whole thing: it may have come without the host's kubeconfigs.
      const isApart = desired.kind === 'kubeconfig' && !hasKubeconfigs(evidence);
      if (files.length > 0 || isApart || !isExpected || desired.mayBeAway === true) return [];
      return desired.files
        .filter(({ holds }) => !MAY_BE_ELSEWHERE.includes(holds))
        .slice(0, 1)
        .map(({ path }) => ({ path, message: 'is missing' }));
    },
  },
  {
    code: 'authority-key-elsewhere',
    only: 'audit',
    severity: 'notice',
    says: 'The key of a CA may be kept elsewhere: nothing can be issued or renewed here then',
    citation: 'R2.6, kubeadm.md 3.5',
    remedy: 'nothing to do',
    appliesTo: ['ca'],
    isOfAbsence: true,
    run: ({ desired, files }) => {
      const key = desired.files.find(({ holds }) => holds === 'key');
      if (key === undefined || files.length === 0 || files.some(({ path }) => path === key.path)) return [];
      return [{ path: key.path, message: 'is not here: the CA signs elsewhere' }];
    },
  },
];
