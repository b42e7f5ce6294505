import { anyOf } from '../cluster/choices.ts';
import type { Finding } from '../finding.ts';
import { isSecret, standingOf } from '../resolve/hosts.ts';
import { pathsOf } from '../resolve/paths.ts';
import { HOST_ROLES, type HostRole, type Row } from '../table/row.ts';
import { ROWS } from '../table/rows.ts';
import type { CheckRow } from './check.ts';
import type { PresentFile } from './evidence.ts';

const SIGNING_KEY_MISPLACED: CheckRow = Object.freeze({
  code: 'signing-key-misplaced',
  severity: 'error',
  says: 'The key of a CA, or of the service accounts, lies on no host that does not sign with it: whoever takes that host is everybody',
  citation: 'R9.1, kubeadm.md 3.4',
  remedy: 'see that it is safe where it belongs, remove it here, and take it for known: rotate it',
});

const CREDENTIAL_MISPLACED: CheckRow = Object.freeze({
  code: 'credential-misplaced',
  severity: 'error',
  says: 'A host has no private key and no kubeconfig but its own: whoever takes that host has them, too',
  citation: 'R9.1',
  remedy: 'remove it here, and take it for known: have it made anew where it belongs',
});

const FILE_MISPLACED: CheckRow = Object.freeze({
  code: 'file-misplaced',
  severity: 'notice',
  says: 'A host has the files of what runs on it, and no others',
  citation: 'R9.1',
  remedy: 'remove it unless something on this host reads it',
});

/** What there is to find in files that lie on the wrong kind of host. */
export const HOST_CHECKS: readonly CheckRow[] = Object.freeze([
  SIGNING_KEY_MISPLACED,
  CREDENTIAL_MISPLACED,
  FILE_MISPLACED,
]);

function checkOf(row: Row, path: string): CheckRow {
  if (!isSecret(row, path)) return FILE_MISPLACED;
  return row.kind === 'ca' || row.kind === 'keyPair' ? SIGNING_KEY_MISPLACED : CREDENTIAL_MISPLACED;
}

/** Looks for files of the table that a kind of host should not have. */
export function checkHost(files: readonly PresentFile[], role: HostRole): readonly Finding[] {
  const present = new Set(files.map(({ path }) => path));
  return ROWS.flatMap((row) =>
    pathsOf(row)
      .filter((path) => present.has(path) && standingOf(row, path, role) === 'misplaced')
      .map((path): Finding => {
        const { code, severity, remedy } = checkOf(row, path);
        const others = HOST_ROLES.filter((other) => standingOf(row, path, other) !== 'misplaced');
        return {
          code,
          severity,
          row: row.id,
          path,
          message: 'does not belong on a host of this kind',
          expected: anyOf(others),
          found: role,
          remedy,
        };
      }),
  );
}
