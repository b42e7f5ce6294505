import { posix } from 'node:path';
import type { ComponentCommand } from '../components/command.ts';
import { isList } from '../components/flags.ts';
import { knownPaths } from '../resolve/paths.ts';

/** Where a file lies that an argument names. */
export interface Place {
  /** As the argument has it. */
  readonly given: string;
  /** The path on the host; absent where a pod sees something else than the host there. */
  readonly onHost?: string;
  /** Whether a pod sees nothing of outside there. */
  readonly isUnmounted: boolean;
  /** The logical path, where it lies in the directories that the other arguments name. */
  readonly logical?: string;
}

/** The directories of certificates and of kubeconfigs, as a component knows them. */
export interface Bases {
  readonly certificates?: string | undefined;
  readonly kubeconfigs?: string | undefined;
}

const CERTIFICATES = 'pki/';

/** The values of a flag, in a list each by itself; undefined where it was not given. Empty ones are none. */
export function valuesOf({ flags }: ComponentCommand, flag: string): readonly string[] | undefined {
  const given = flags.filter((each) => each.flag === flag);
  const counting = isList(flag) ? given : given.slice(-1);
  const texts = counting.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const values = (isList(flag) ? texts.flatMap((text) => text.split(',')) : texts)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  // A value that is not known is one all the same.
  return values.length === 0 && counting.every(({ value }) => value !== undefined) ? undefined : values;
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/** The path of a file on the host, where a pod has it from there. */
function hostPathOf({ mounts }: ComponentCommand, given: string): Omit<Place, 'logical'> {
  const path = posix.resolve('/', given);
  if (mounts === undefined) return { given, onHost: path, isUnmounted: false };
  const mount = mounts.find(({ mountPath }) => isBelow(path, mountPath));
  if (mount === undefined) return { given, isUnmounted: true };
  // What lies in another volume is taken to be what its path says.
  const { mountPath, hostPath = mountPath } = mount;
  return { given, onHost: posix.join(hostPath, path.slice(mountPath.length)), isUnmounted: false };
}

/** How the path of a file of the table ends, the longest first. */
function endings(group: keyof Bases): readonly string[] {
  return knownPaths()
    .filter(
      (path) => path.startsWith(CERTIFICATES) === (group === 'certificates') && !path.startsWith('root-ca/'),
    )
    .map((path) => `/${path.replace(CERTIFICATES, '')}`)
    .toSorted((a, b) => b.length - a.length);
}

const ENDINGS: Readonly<Record<keyof Bases, readonly string[]>> = {
  certificates: endings('certificates'),
  kubeconfigs: endings('kubeconfigs'),
};

/** The directory in which a path would be that of a file of the table, by the longest name that fits. */
function baseOf(onHost: string, group: keyof Bases): string | undefined {
  const ending = ENDINGS[group].find((each) => onHost.endsWith(each));
  return ending === undefined ? undefined : onHost.slice(0, -ending.length);
}

/** What stands in most of them; of equals the first. */
export function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

function votes(command: ComponentCommand, group: keyof Bases): readonly string[] {
  return command.flags.flatMap(({ value }) => {
    const place = value?.includes('/') === true ? hostPathOf(command, value) : undefined;
    return (place?.onHost === undefined ? undefined : baseOf(place.onHost, group)) ?? [];
  });
}

/**
 * The directories of each component. What was audited may lie elsewhere than where it is used, so that only the
 * arguments themselves tell: that of most of all arguments or, where a component names nothing in there, of most of its own.
 */
export function basesOf(commands: readonly ComponentCommand[]): ReadonlyMap<ComponentCommand, Bases> {
  const directories = (group: keyof Bases): readonly (string | undefined)[] => {
    const all = commands.map((command) => votes(command, group));
    const common = mostFrequent(all.flat());
    return all.map((own) =>
      common !== undefined && own.includes(common) ? common : (mostFrequent(own) ?? common),
    );
  };
  const certificates = directories('certificates');
  const kubeconfigs = directories('kubeconfigs');
  return new Map(
    commands.map((command, index) => [
      command,
      { certificates: certificates[index], kubeconfigs: kubeconfigs[index] },
    ]),
  );
}

/** Where the file lies that a component is given. */
export function placeOf(command: ComponentCommand, given: string, bases: Bases): Place {
  const place = hostPathOf(command, given);
  const { onHost = '' } = place;
  const { certificates, kubeconfigs } = bases;
  if (certificates !== undefined && isBelow(onHost, certificates)) {
    return { ...place, logical: `${CERTIFICATES}${onHost.slice(certificates.length).replace(/^\//, '')}` };
  }
  const name = posix.basename(onHost);
  const isKubeconfig = posix.dirname(onHost) === kubeconfigs && knownPaths().includes(name);
  return isKubeconfig ? { ...place, logical: name } : place;
}

/** The path that a component has to be given for a file of the table. */
export function pathFor(logical: string, { certificates, kubeconfigs }: Bases): string {
  return logical.startsWith(CERTIFICATES)
    ? posix.join(certificates ?? CERTIFICATES, logical.slice(CERTIFICATES.length))
    : posix.join(kubeconfigs ?? '', logical);
}
