import type { Holding, HostRole, Row } from '../table/row.ts';
import { HOST_ROLES } from '../table/row.ts';
import { ROWS } from '../table/rows.ts';
import type { DesiredFile, DesiredRow } from './desired.ts';
import { pathsOf } from './paths.ts';

/** What a file of a row is to a host: missed where it is not there, allowed, or out of place. */
export type Standing = 'needed' | 'allowed' | 'misplaced';

/** Says whether something is under a logical path. */
export type Presence = (path: string) => boolean;

/** What a kind of host has of a row. */
export function holdingOf({ hosts }: Row, role: HostRole): Holding {
  return role === 'control-plane' ? 'has' : hosts[role];
}

/** Whether a file of a row is a secret: it holds a private key, by itself or in a kubeconfig. */
export function isSecret(row: Row, path: string): boolean {
  if (row.kind === 'kubeconfig') return true;
  return 'key' in row && (path === row.key || ('apart' in row && path === row.apart?.key));
}

/** What the file of a row under this path is to a kind of host. */
export function standingOf(row: Row, path: string, role: HostRole): Standing {
  const holding = holdingOf(row, role);
  const isPublicAlone = holding === 'hasPublic' || holding === 'mayHavePublic';
  if (holding === 'never' || (isPublicAlone && isSecret(row, path))) return 'misplaced';
  return holding === 'has' || holding === 'hasPublic' ? 'needed' : 'allowed';
}

/**
 * What of the rows of a cluster a kind of host is held against: what it has, what it may have and does, and what it should
 * not have where that holds a secret. What else is out of place is not looked into.
 */
export function rowsOnHost(
  rows: readonly DesiredRow[],
  role: HostRole,
  isThere: Presence,
): readonly DesiredRow[] {
  return rows.flatMap((desired): readonly DesiredRow[] => {
    const row = ROWS.find(({ id }) => id === desired.id);
    if (row === undefined) return [desired];
    const standing = ({ path }: DesiredFile): Standing => standingOf(row, path, role);
    const files = desired.files.filter((file) => standing(file) !== 'misplaced' || isThere(file.path));
    const isWanted = files.some((file) => {
      const isAllowed = standing(file) !== 'misplaced' || isSecret(row, file.path);
      return standing(file) === 'needed' || (isAllowed && isThere(file.path));
    });
    return isWanted ? [{ ...desired, files }] : [];
  });
}

/** What decides whether the files are from a kind of host. */
interface Fit {
  readonly role: HostRole;
  /** How many rows are missed, and how many files are out of place. */
  readonly faults: number;
  /** A secret that such a host needs is there, beside whatever one may be left with; or else something, and nothing that it may not have. */
  readonly isShown: boolean;
}

function fitOf(role: HostRole, rows: readonly Row[], isThere: Presence): Fit {
  const files = rows.flatMap((row) => pathsOf(row).map((path) => ({ row, path })));
  const there = files.filter(({ path }) => isThere(path));
  const standing = there.map(({ row, path }) => standingOf(row, path, role));
  const missed = rows.filter((row) => {
    const isNeeded = pathsOf(row).some((path) => standingOf(row, path, role) === 'needed');
    return isNeeded && !pathsOf(row).some(isThere);
  });
  const misplaced = standing.filter((one) => one === 'misplaced').length;
  const isAtWork = there.some(
    ({ row, path }) => isSecret(row, path) && row.kind !== 'ca' && standingOf(row, path, role) === 'needed',
  );
  return {
    role,
    faults: missed.length + misplaced,
    isShown:
      (isAtWork && !(needsEtcd(role) && misplaced > 0)) || (misplaced === 0 && standing.includes('needed')),
  };
}

/**
 * The kind of host that a set of files fits best, by what is there alone. Where nothing shows that it is another it is a
 * control plane: CAs by themselves are one that is about to be made, and what is beside etcd's own is left of one that has
 * lost the rest.
 */
export function inferRole(isThere: Presence): HostRole {
  const isThereOf = (row: Row): boolean => pathsOf(row).some(isThere);
  // What only some clusters and profiles have is missed where some of it is there.
  const rows = ROWS.filter(
    (row) =>
      isThereOf(row) ||
      (row.has === undefined &&
        (row.when === undefined || ROWS.some((other) => other.when === row.when && isThereOf(other)))),
  );
  const fits = HOST_ROLES.map((role) => fitOf(role, rows, isThere));
  const [best] = fits.filter(({ isShown }) => isShown).toSorted((a, b) => a.faults - b.faults);
  return best?.role ?? 'control-plane';
}

/** Whether a kind of host needs rows that only clusters with an etcd of their own have. */
export function needsEtcd(role: HostRole): boolean {
  return (
    role !== 'control-plane' &&
    ROWS.some((row) => row.when === 'stackedEtcd' && holdingOf(row, role) === 'has')
  );
}
